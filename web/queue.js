// The pictures and what becomes of each: waiting, uploading, processing, held, ready or failed. No document in here.

import { Problem } from './api.js';
import { sendInParts } from './parts.js';
import { shrink } from './shrink.js';
import { checksumOf, postForm, putPart } from './transport.js';
import { WORDS, refusalOf } from './words.js';

// Browsers open six connections to a host; the API and the storage want some, too.
const AT_ONCE = 3;
// Small files are there at once, large ones take a while: looked at more and more seldom, for five minutes.
const FIRST_LOOK_MS = 400;
const LONGEST_PAUSE_MS = 5000;
const PATIENCE_MS = 300_000;

/**
 * changed(picture) is called after each change of a picture.
 * A picture: {id, file, state, progress, key, published, problem, parts, wanted}. parts: what the API said of an upload
 * in parts that is under way, which trying again goes on with. wanted: the page was loaded anew, and `file` is only its
 * name and size, until the person chooses it again. shrinks: whether its pixels are reduced before it is sent, to the
 * `shrinkTo` of the limits; sentBytes: of what was sent then.
 */
export function makeQueue({ api, limits, changed }) {
  const pictures = [];
  let working = 0;
  let last = 0;

  /** What is taken off the list changes no more: the page would show it again. */
  function update(picture, change) {
    if (picture.stop.signal.aborted) return;
    Object.assign(picture, change);
    changed(picture);
  }

  function join(file, more) {
    last += 1;
    const fresh = { id: last, file, state: 'waiting', progress: 0, key: null, published: null, problem: null, parts: null };
    const picture = { ...fresh, wanted: false, stop: new AbortController(), ...more };
    pictures.push(picture);
    changed(picture);
  }

  function add(files, shrinks = false) {
    for (const file of files) {
      const refused = refusalOf(file, limits);
      const again = pictures.find((picture) => picture.wanted && isSame(picture.file, file));
      if (refused) join(file, { state: 'failed', problem: new Problem(refused, { code: 'refused', retriable: false }) });
      else if (again) retry(Object.assign(again, { file, shrinks, wanted: false }));
      else join(file, { shrinks });
    }
    work();
  }

  /** Go on with what was listed before the page was loaded anew (kept.js). */
  function restore(list) {
    for (const { name, size, modified, key, parts } of list) {
      const file = { name, size, lastModified: modified };
      const problem = new Problem(parts ? WORDS.chooseToGoOn : WORDS.chooseAgain, { code: 'left', retriable: false });
      join(file, key ? { key } : { state: 'failed', problem, parts, wanted: true });
    }
    work();
  }

  function work() {
    while (working < AT_ONCE) {
      const next = pictures.find((picture) => picture.state === 'waiting' && !picture.stop.signal.aborted);
      if (!next) return;
      working += 1;
      follow(next).finally(() => {
        working -= 1;
        work();
      });
    }
  }

  async function follow(picture) {
    try {
      if (!picture.key) await upload(picture);
      await look(picture);
    } catch (error) {
      if (picture.stop.signal.aborted) return;
      const problem = error instanceof Problem ? error : new Problem(WORDS.unknown);
      update(picture, { state: 'failed', problem });
    }
  }

  async function upload(picture) {
    update(picture, { state: 'uploading', progress: 0 });
    const watched = { signal: picture.stop.signal, progress: (progress) => update(picture, { progress }) };
    const file = await smaller(picture);
    if (file === picture.file && file.size >= limits.partsFrom) {
      await uploadInParts(picture, watched);
      return;
    }
    const begun = await api.begin(file, await checksumOf(file));
    try {
      await postForm(begun.upload, file, watched);
    } catch (error) {
      if (watched.signal.aborted) discard(begun);
      throw error;
    }
    Object.assign(picture, { key: begun.key, sentBytes: file.size });
  }

  /** The file, or fewer pixels of it; what goes in parts already goes on as it began. */
  function smaller({ file, parts, shrinks, stop }) {
    return shrinks && !parts ? shrink(file, { side: limits.shrinkTo, signal: stop.signal }) : file;
  }

  async function uploadInParts(picture, watched) {
    const resumed = picture.parts !== null;
    const begun = picture.parts ?? (await api.beginParts(picture.file));
    update(picture, { parts: begun });
    try {
      const there = resumed ? await api.listParts(begun) : { parts: [] };
      const sending = { api, begun, arrived: there.parts, file: picture.file, put: putPart, pause: sleep, ...watched };
      if (!there.completed) await sendInParts(sending); // else only the answer was lost
    } catch (error) {
      if (watched.signal.aborted) giveUp(begun);
      if (!resumed || error.code !== 'not_found') throw error;
      picture.parts = null; // given up in the meantime
      await uploadInParts(picture, watched);
      return;
    }
    if (watched.signal.aborted) discard(begun);
    picture.key = begun.key;
  }

  /** What was taken off the list, whose bytes may have arrived all the same: the page has said that it is not uploaded. */
  function discard(begun) {
    api.remove(begun.key).catch(() => {});
  }

  /** Parts that nobody wants any more would be paid for until the storage clears them away. */
  function giveUp(begun) {
    api.abortParts(begun).catch(() => {});
  }

  /** Look until it is ready, held or failed. */
  async function look(picture) {
    update(picture, { state: 'processing', progress: 1 });
    const began = Date.now();
    for (let wait = FIRST_LOOK_MS; Date.now() - began < PATIENCE_MS; wait = Math.min(LONGEST_PAUSE_MS, wait * 1.5)) {
      await sleep(wait, picture.stop.signal);
      const published = await api.status(picture.key);
      if (published.status === 'ready') return update(picture, { state: 'ready', published });
      if (published.status === 'held') return update(picture, { state: 'held' });
      if (published.status === 'failed') {
        // Sent again, it would fail again.
        throw new Problem([published.title, published.detail].filter(Boolean).join(' '), { code: published.reason, retriable: false });
      }
    }
    throw new Problem(WORDS.late, { code: 'late' });
  }

  function retry(picture) {
    picture.stop = new AbortController();
    update(picture, { state: 'waiting', problem: null, progress: 0 });
    work();
  }

  function remove(picture) {
    picture.stop.abort();
    if (picture.state === 'failed' && picture.parts && !picture.key) giveUp(picture.parts);
    pictures.splice(pictures.indexOf(picture), 1);
    work();
  }

  /** Say where the subject is, and wait until the files follow. Rejects with a Problem. */
  async function correct(picture, focus) {
    await api.correct(picture.key, focus);
    const began = Date.now();
    for (let wait = FIRST_LOOK_MS; Date.now() - began < PATIENCE_MS; wait = Math.min(LONGEST_PAUSE_MS, wait * 1.5)) {
      await sleep(wait, picture.stop.signal);
      const published = await api.status(picture.key);
      if (published.status !== 'ready') throw new Problem(WORDS.replaced, { code: 'replaced', retriable: false });
      if (!published.focus_pending) {
        picture.published = published;
        return;
      }
    }
    throw new Problem(WORDS.late, { code: 'late' });
  }

  /** words: {alt, labels}, or one of them; rejects with a Problem. They are in the manifest once the API has answered. */
  async function describe(picture, words) {
    await api.describe(picture.key, words);
    const published = await api.status(picture.key);
    if (published.status !== 'ready') throw new Problem(WORDS.replaced, { code: 'replaced', retriable: false });
    picture.published = published;
  }

  /** Delete what is published of a picture, and the picture. Rejects with a Problem, and leaves it in the list then. */
  async function erase(picture) {
    await api.remove(picture.key);
    remove(picture);
  }

  return { pictures, add, restore, retry, remove, erase, correct, describe };
}

function isSame(file, other) {
  return file.name === other.name && file.size === other.size && file.lastModified === other.lastModified;
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('removed', 'AbortError'));
    });
  });
}
