// A client of the upload API (docs/api.md), for browsers and Node, and what Uppy needs.

import { EXTENSIONS } from './extensions.js';
import { typeOf } from './media-types.js';
import { sendInParts } from './parts.js';
import { shrink as shrunk } from './shrink.js';

export { shrink } from './shrink.js';

/** Files of this size and more are sent in parts. */
export const PARTS_FROM = 16 * 2 ** 20;

/**
 * What the API or the storage refused. code: for programs. status: of the response; 0 where there was none.
 * retriable: whether the same may be accepted later. parts: of an upload in parts, what `upload` goes on with.
 */
export class UploadError extends Error {
  constructor(message, { code = 'unknown', status = 0, retriable = false } = {}) {
    super(message);
    this.name = 'UploadError';
    this.code = code;
    this.status = status;
    this.retriable = retriable;
    this.parts = null;
  }
}

/** api: the output UploadApiUrl. authorization: gives the header of that name, such as `Bearer ...`; may be asynchronous. */
export class Uploads {
  constructor({ api, authorization, fetch = (...request) => globalThis.fetch(...request) }) {
    this.api = String(api).replace(/\/+$/, '');
    this.authorization = authorization;
    this.fetch = fetch;
  }

  /** What the upload of a file needs: `key`, `permalink`, `status_url`, and the form in `upload`. */
  begin(file, about = {}) {
    return this.#call('POST', 'uploads', described(file, about));
  }

  /**
   * Upload a File. Gives `key`, `permalink` and `status_url`; the picture is there once `published` says so.
   *
   * collection, focus: as in docs/api.md; focus is `[x, y]`, too. progress: called with 0 to 1. signal: an AbortSignal.
   * shrink: pixels of the shorter side to which a JPEG is reduced before (shrink.js), in browsers; 0 sends it as it is.
   * partsFrom: the bytes from which on a file goes in parts. parts: of an UploadError, to go on where it was with the bytes
   * that were sent; where they are not there any more (parts were kept as text, and the photo had been reduced), it begins anew.
   */
  async upload(file, { collection, focus, progress, signal, shrink = 0, partsFrom = PARTS_FROM, parts = null } = {}) {
    const about = { collection, focus };
    const watched = { signal: signal ?? new AbortController().signal, progress: progress ?? (() => {}) };
    if (parts) {
      // Of what was sent with fewer pixels, no part is of the original. A parts object that was text meanwhile has no file.
      const begunWith = parts.file instanceof Blob ? parts.file : file;
      if (begunWith.size === (parts.size ?? begunWith.size)) return this.#uploadInParts(begunWith, about, watched, parts);
      await this.#giveUp(parts);
    }
    const sent = shrink ? await shrunk(file, { side: shrink, signal }) : file;
    if (sent.size >= partsFrom) return this.#uploadInParts(sent, about, watched, null);
    const { upload, ...begun } = await this.begin(sent, about);
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
    form.append('file', sent, sent.name); // the last field: S3 ignores what comes after it
    await this.#send('POST', upload.url, form, watched);
    return begun;
  }

  /** What the API says of a picture now. of: its key, or what `upload` gave. */
  status(of, { signal } = {}) {
    return this.#call('GET', pathOf(of), undefined, signal);
  }

  /**
   * Wait until a picture is published, around the focus that was last said of it; also past answers that fail. Gives what
   * the API says of it; throws the reason of one that has failed, and `held` of one that is in review.
   */
  async published(of, { signal, timeout = 300_000 } = {}) {
    const deadline = Date.now() + timeout;
    for (let pause = 500; ; pause = Math.min(5000, pause * 1.5)) {
      const said = await this.status(of, { signal }).catch((error) => {
        if (!error.retriable || Date.now() + pause > deadline) throw error;
        return { status: 'processing' }; // as far as anybody knows
      });
      if (said.status === 'ready' && !said.focus_pending) return said;
      if (said.status !== 'processing' && said.status !== 'ready') {
        throw new UploadError(said.title ?? `The picture is ${said.status}.`, { code: said.reason ?? said.status });
      }
      if (Date.now() + pause > deadline) {
        throw new UploadError('It is not published yet.', { code: 'timeout', retriable: true });
      }
      await wait(pause, signal);
    }
  }

  /** Say where the subject of a published picture is, as `[x, y]` or `'x,y'`; null takes it back. `published` waits for it. */
  correct(of, focus) {
    return this.#call('PATCH', pathOf(of), { focus: focus === null ? 'none' : pointOf(focus) });
  }

  /**
   * Say what a published picture shows, whatever programs say of it. alt: a text, '' where it only decorates a page. labels:
   * texts without commas. null takes back what was said; what is left out stays as it is.
   */
  describe(of, { alt, labels }) {
    const words = { ...(alt !== undefined && { alt: alt ?? 'none' }), ...(labels !== undefined && { labels: labels?.join(', ') ?? 'none' }) };
    return this.#call('PATCH', pathOf(of), words);
  }

  /** Delete a picture, and all that is published of it. */
  remove(of) {
    return this.#call('DELETE', pathOf(of));
  }

  async #uploadInParts(file, about, watched, parts) {
    const begun = parts ?? { ...(await this.#call('POST', 'multipart', described(file, about))), size: file.size, file };
    const { upload_id, part_size, size, file: sent, ...addresses } = begun;
    const going = { key: begun.key, upload_id };
    const api = {
      signPart: (_, part_number, bytes) => this.#call('POST', 'multipart/sign', { ...going, part_number, size: bytes }),
      completeParts: (_, done) => this.#call('POST', 'multipart/complete', { ...going, parts: done }),
    };
    const put = async (url, part, told) => (await this.#send('PUT', url, part, told)).etag;
    try {
      const there = parts ? await this.#call('POST', 'multipart/list', going) : { parts: [] };
      if (there.completed) watched.progress(1); // only the answer was lost
      else await sendInParts({ api, begun, arrived: there.parts, file, put, pause: wait, ...watched });
    } catch (error) {
      if (parts && error.code === 'not_found') return this.#uploadInParts(file, about, watched, null); // given up meanwhile
      if (watched.signal.aborted) await this.#giveUp(going);
      else if (error instanceof UploadError) error.parts = begun;
      throw error;
    }
    return addresses;
  }

  /** Parts that nobody wants any more would be paid for until the storage clears them away. */
  #giveUp({ key, upload_id }) {
    return this.#call('POST', 'multipart/abort', { key, upload_id }).catch(() => {});
  }

  async #call(method, path, body, signal) {
    const headers = {};
    const authorization = await this.authorization?.();
    if (authorization) headers.authorization = authorization;
    if (body) headers['content-type'] = 'application/json';
    const request = { method, headers, signal, body: body && JSON.stringify(body) };
    const answer = await this.fetch(`${this.api}/${path}`, request).catch((error) => broken(error, signal));
    // Of a refusal, the status says enough.
    const said = await answer.json().catch((error) => (answer.ok ? unread(error, this.api, signal) : {}));
    if (answer.ok) return said;
    const words = said.errors?.map((error) => error.detail).join(' ') || said.detail || said.title || said.message;
    const { status } = answer;
    // A quota lasts for the day.
    const retriable = status >= 500 || (status === 429 && said.code !== 'quota_exceeded');
    throw new UploadError(words || `The upload API answered ${status}.`, { code: said.code, status, retriable });
  }

  /** Send bytes to the storage. XMLHttpRequest where there is one, because fetch does not tell how far it is. */
  async #send(method, url, body, watched) {
    const inBrowser = typeof XMLHttpRequest !== 'undefined';
    const sent = await (inBrowser ? sendWatched(method, url, body, watched) : this.#fetched(method, url, body, watched));
    watched.progress(1);
    return sent;
  }

  async #fetched(method, url, body, { signal }) {
    const answer = await this.fetch(url, { method, body, signal }).catch((error) => broken(error, signal));
    if (!answer.ok) throw refused(answer.status, await answer.text().catch(() => ''));
    return { etag: answer.headers.get('etag') };
  }
}

/** Upload with Uppy: its plugin AwsS3 (from 6.3 on) sends the forms of the API. `uppy.getFile(id).meta` has key and addresses. */
export function useLightpress(uppy, AwsS3, uploads) {
  uppy.use(AwsS3, {
    shouldUseMultipart: false, // a form holds S3 to exactly this file, whatever its size
    generateObjectKey: (file) => file.id, // the API makes the real one
    async signRequest(request) {
      const { upload, ...begun } = await uploads.begin(uppy.getFile(request.key));
      uppy.setFileMeta(request.key, begun);
      return { ...upload, key: begun.key };
    },
  });
}

function pathOf(of) {
  const key = typeof of === 'string' ? of : of.key;
  return `images/${key.split('/').map(encodeURIComponent).join('/')}`;
}

function described(file, { collection, focus }) {
  const said = { filename: file.name, size: file.size, type: typeOf(file, EXTENSIONS) || 'application/octet-stream' };
  return { ...said, ...(collection && { collection }), ...(focus && { focus: pointOf(focus) }) };
}

function pointOf(focus) {
  return typeof focus === 'string' ? focus : focus.map((share) => String(+share.toFixed(4))).join(',');
}

function sendWatched(method, url, body, { progress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status < 300
        ? resolve({ etag: request.getResponseHeader('etag') })
        : reject(refused(request.status, request.responseText));
    request.onerror = () => reject(interrupted());
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.throwIfAborted();
    signal.addEventListener('abort', abort);
    request.open(method, url);
    request.send(body);
  });
}

function refused(status, body) {
  const code = /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? 'storage';
  const retriable = status >= 500 || PASSING.has(code);
  return new UploadError(`The storage did not accept the file (${status} ${code}).`, { code, status, retriable });
}

// What S3 answers with 4xx, and takes the second time.
const PASSING = new Set(['BadDigest', 'RequestTimeout', 'SlowDown']);

function interrupted() {
  return new UploadError('The connection broke.', { code: 'interrupted', retriable: true });
}

function broken(error, signal) {
  throw signal?.aborted ? error : interrupted();
}

/** An answer that cannot be read to its end, or is no JSON: without what it says, nothing can go on. */
function unread(error, api, signal) {
  if (error instanceof SyntaxError) throw new UploadError(`This is no upload API: ${api}`, { code: 'no_api' });
  return broken(error, signal);
}

function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
