// The page: joins the account, the queue of pictures and the document. Read this first.

import { makeAccount } from './account.js';
import { makeApi } from './api.js';
import { makeKept } from './kept.js';
import { makeQueue } from './queue.js';
import { accountButton, askWhoIsThere, by, notice, tell } from './sign-in.js';
import { makeView } from './view.js';
import { WORDS, bytes, choosable, isFinished, isUnderWay, stateOf, summaryOf, totalProgress } from './words.js';

const base = new URL('./', location.href);
const kept = makeKept();

try {
  await start();
} catch {
  notice(WORDS.offline);
}

async function start() {
  const config = await (await fetch(new URL('config.json', base))).json();
  const account = await makeAccount(config.auth);
  by('account').hidden = account.kind === 'none';
  if (account.needed()) {
    by('choose').hidden = true; // what was chosen already stays in the input, and is taken up after the sign-in
    askWhoIsThere(account, () => open(account, config));
  } else open(account, config);
}

function open(account, config) {
  if (account.kind !== 'none') {
    accountButton('Sign out', () => {
      account.signOut();
      kept.forget();
      location.reload();
    });
  }
  const limits = {
    maxBytes: config.max_bytes,
    partsFrom: config.parts_from,
    shrinkTo: config.shrink_to,
    types: config.types,
    kinds: config.kinds,
    extensions: config.extensions,
  };
  const views = new Map();
  const api = makeApi({ base, token: account.token, extensions: limits.extensions });
  const queue = makeQueue({ api, limits, changed });

  function changed(picture) {
    if (!views.has(picture.id)) {
      const actions = { retry: () => queue.retry(picture), remove: () => remove(picture), delete: () => erase(picture) };
      const say = { focus: (focus) => correct(picture, focus), words: (words) => describe(picture, words) };
      const view = makeView(picture, config.formats, actions, say);
      views.set(picture.id, view);
      by('pictures').append(view.element);
    }
    views.get(picture.id).update();
    if (picture.problem?.code === 'signed_out' && account.kind !== 'none') accountButton('Sign in', signInAgain);
    if (['ready', 'held', 'failed'].includes(picture.state)) ended(picture);
    summarize();
  }

  /** A token has ended, and nobody has signed out: the list stays, and parts go on where they were. */
  function signInAgain() {
    account.signOut();
    if (account.kind === 'oidc') return account.signIn();
    location.reload();
  }

  function ended(picture) {
    tell(`${picture.file.name}. ${stateOf(picture)}`);
    if (picture.state === 'ready' && queue.pictures.length === 1) views.get(picture.id).open(true);
  }

  function remove(picture) {
    const words = isUnderWay(picture) ? 'is not uploaded' : 'removed from this list';
    queue.remove(picture);
    forget(picture);
    tell(`${picture.file.name} ${words}.`);
  }

  async function erase(picture) {
    if (!confirm(WORDS.confirmDelete(picture.file.name))) return;
    const view = views.get(picture.id);
    view.trouble('');
    try {
      await queue.erase(picture);
    } catch (problem) {
      view.trouble(problem.words ?? WORDS.unknown);
      return;
    }
    forget(picture);
    tell(`${picture.file.name} deleted.`);
  }

  async function correct(picture, focus) {
    await queue.correct(picture, focus);
    const view = views.get(picture.id);
    view.update();
    view.open(true);
    view.element.querySelector('.focus').focus();
    tell(`${picture.file.name}: ${WORDS.followed}`);
  }

  async function describe(picture, words) {
    await queue.describe(picture, words);
    const view = views.get(picture.id);
    view.open(true);
    view.element.querySelector('.say').focus();
    tell(`${picture.file.name}: ${WORDS.described}`);
  }

  function forget(picture) {
    const { element, dispose } = views.get(picture.id);
    // Whoever works with the keyboard goes on at the next picture, not at the top of the page.
    const next = (element.nextElementSibling ?? element.previousElementSibling)?.querySelector('.remove') ?? by('files');
    dispose();
    views.delete(picture.id);
    next.focus();
    summarize();
  }

  function summarize() {
    const { pictures } = queue;
    const underWay = pictures.some(isUnderWay);
    by('all').hidden = pictures.length === 0;
    by('summary').textContent = summaryOf(pictures);
    by('total').hidden = !underWay;
    by('total').value = totalProgress(pictures);
    by('clear').hidden = pictures.length < 2 || !pictures.some(isFinished);
    // Only while something would be lost: a page that always asks is not kept for the way back.
    window.onbeforeunload = underWay ? (event) => event.preventDefault() : null;
    kept.save(pictures);
  }

  by('clear').onclick = () => {
    const finished = queue.pictures.filter(isFinished);
    finished.forEach(queue.remove);
    finished.forEach(forget);
    tell(`${finished.length} removed from this list.`);
  };
  const add = (files) => queue.add(files, by('shrinks').checked);
  by('shrink').hidden = !limits.shrinkTo;
  by('shrink-words').textContent = WORDS.shrinks(limits.shrinkTo);
  by('choose').hidden = false;
  by('limits').textContent = `${config.kinds.join(', ')}. Up to ${bytes(config.max_bytes)} each.`;
  by('files').accept = choosable(limits);
  queue.restore(kept.load());
  for (const input of [by('files'), by('camera')]) {
    const take = () => {
      add([...input.files]);
      input.value = ''; // so that the same file can be chosen again
    };
    input.onchange = take;
    if (input.files.length) take(); // chosen before this script was there
  }
  acceptDrops(by('drop'), add);
}

/** Files may be dropped anywhere; beside the frame a browser would leave the page and show the file. */
function acceptDrops(frame, add) {
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  document.ondragover = (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    frame.classList.add('over');
  };
  document.ondragleave = (event) => {
    if (!event.relatedTarget) frame.classList.remove('over');
  };
  document.ondrop = (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    frame.classList.remove('over');
    add([...event.dataTransfer.files]);
  };
  // A screenshot in the clipboard is a file, too.
  document.onpaste = (event) => event.clipboardData?.files.length && add([...event.clipboardData.files]);
}
