// Who uploads. The token stays in this tab: sessionStorage is gone when the tab closes.
//
// Three ways, as the stack is configured: "none" (a local cloud), "token" (the owner's own authorizer: a token is asked
// for), and "oidc" (a sign-in at the issuer by authorization code with PKCE, RFC 7636, without a secret in the page).

const TOKEN = 'lightpress.token';
const SIGN_IN = 'lightpress.sign-in';

/**
 * config: {kind, issuer, client_id, scope}. Resolves to {kind, token, needed, refused, signIn, signOut}.
 * refused: whether somebody comes back from the issuer without a token.
 */
export async function makeAccount(config, { storage = sessionStorage, place = location, fetch = globalThis.fetch } = {}) {
  const here = place.origin + place.pathname;
  const said = new URLSearchParams(place.search);
  const isBack = config.kind === 'oidc' && (said.has('code') || said.has('error'));
  const refused = isBack && !(await finish(said));

  async function endpoints() {
    const found = await fetch(`${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (!found.ok) throw new Error(`the issuer answered ${found.status}`);
    return found.json();
  }

  async function begin() {
    const verifier = randomText();
    const state = randomText();
    storage.setItem(SIGN_IN, JSON.stringify({ verifier, state }));
    const { authorization_endpoint: authorize } = await endpoints();
    const challenge = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
    place.assign(
      `${authorize}?${new URLSearchParams({
        response_type: 'code',
        client_id: config.client_id,
        redirect_uri: here,
        scope: config.scope ?? 'openid',
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      })}`,
    );
  }

  /** Whether there is a token now, of what the issuer said in the address (RFC 6749, 4.1.2). */
  async function finish(answer) {
    const begun = JSON.parse(storage.getItem(SIGN_IN) ?? '{}');
    storage.removeItem(SIGN_IN);
    history.replaceState(null, '', here); // a code is good for once: it must not stay in the address or the history
    if (!begun.state || begun.state !== answer.get('state') || !answer.has('code')) return false;
    const { token_endpoint: exchange } = await endpoints();
    const given = await fetch(exchange, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: config.client_id,
        redirect_uri: here,
        code: answer.get('code'),
        code_verifier: begun.verifier,
      }),
    });
    if (!given.ok) return false;
    const tokens = await given.json();
    storage.setItem(TOKEN, `Bearer ${tokens.access_token}`);
    return true;
  }

  return {
    kind: config.kind,
    refused,
    token: () => storage.getItem(TOKEN),
    needed: () => config.kind !== 'none' && !storage.getItem(TOKEN),
    signIn: (token) => (config.kind === 'oidc' ? begin() : storage.setItem(TOKEN, token)),
    signOut: () => storage.removeItem(TOKEN),
  };
}

function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
