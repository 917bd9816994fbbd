// What both pages say and ask before somebody is there: the sign-in, and notices. Who is there: account.js.

import { WORDS } from './words.js';

export const by = (id) => document.getElementById(id);

/** Asks for a sign-in at the issuer, or for a token; `opened` is called once there is a token. */
export function askWhoIsThere(account, opened) {
  if (account.refused) notice(WORDS.refused);
  if (account.kind === 'oidc') {
    accountButton('Sign in', () => account.signIn());
    return;
  }
  by('sign-in').hidden = false;
  by('sign-in').onsubmit = (event) => {
    event.preventDefault();
    account.signIn(by('token').value.trim());
    by('sign-in').hidden = true;
    opened();
  };
}

export function accountButton(words, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = words;
  button.onclick = () => Promise.resolve(act()).catch(() => notice(WORDS.noIssuer));
  by('account').hidden = false;
  by('account').replaceChildren(button);
}

/** Says what is wrong, at the top of the page. */
export function notice(words) {
  by('notice').textContent = words;
  by('notice').hidden = false;
}

/** Tells a screen reader what has just happened. */
export function tell(words) {
  by('news').textContent = words;
}
