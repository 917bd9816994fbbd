// A client of the upload API (docs/api.md), for browsers and Node, and what Uppy needs.

/** What the API or the storage refused. code: for programs. status: of the response; 0 where there was none. */
export class UploadError extends Error {
  constructor(message, { code = 'unknown', status = 0 } = {}) {
    super(message);
    this.name = 'UploadError';
    this.code = code;
    this.status = status;
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
  begin(file, { collection } = {}) {
    const said = { filename: file.name, size: file.size, type: file.type };
    return this.#call('POST', 'uploads', collection ? { ...said, collection } : said);
  }

  /**
   * Upload a File. Gives `key`, `permalink` and `status_url`; the picture is there once `published` says so.
   * progress: called with 0 to 1, in browsers. signal: an AbortSignal.
   */
  async upload(file, { collection, progress, signal } = {}) {
    const { upload, ...begun } = await this.begin(file, { collection });
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
    form.append('file', file, file.name); // the last field: S3 ignores what comes after it
    const inBrowser = progress && typeof XMLHttpRequest !== 'undefined';
    await (inBrowser ? sendWatched(upload.url, form, progress, signal) : this.#send(upload.url, form, signal));
    progress?.(1);
    return begun;
  }

  /** What the API says of a picture now. of: its key, or what `upload` gave. */
  status(of, { signal } = {}) {
    return this.#call('GET', pathOf(of), undefined, signal);
  }

  /** Wait until a picture is published. Gives what the API says of it; throws the reason of one that has failed. */
  async published(of, { signal, timeout = 300_000 } = {}) {
    const deadline = Date.now() + timeout;
    for (let pause = 500; ; pause = Math.min(5000, pause * 1.5)) {
      const said = await this.status(of, { signal });
      if (said.status === 'ready') return said;
      if (said.status !== 'processing') {
        throw new UploadError(said.title ?? `The picture is ${said.status}.`, { code: said.reason ?? said.status });
      }
      if (Date.now() + pause > deadline) throw new UploadError('It is not published yet.', { code: 'timeout' });
      await wait(pause, signal);
    }
  }

  /** Delete a picture, and all that is published of it. */
  remove(of) {
    return this.#call('DELETE', pathOf(of));
  }

  async #call(method, path, body, signal) {
    const headers = {};
    const authorization = await this.authorization?.();
    if (authorization) headers.authorization = authorization;
    if (body) headers['content-type'] = 'application/json';
    const answer = await this.fetch(`${this.api}/${path}`, { method, headers, signal, body: body && JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const words = said.errors?.map((error) => error.detail).join(' ') || said.detail || said.title || said.message;
    throw new UploadError(words || `The upload API answered ${answer.status}.`, { code: said.code, status: answer.status });
  }

  async #send(url, form, signal) {
    const answer = await this.fetch(url, { method: 'POST', body: form, signal });
    if (!answer.ok) throw refused(answer.status, await answer.text());
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

function sendWatched(url, form, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve() : reject(refused(request.status, request.responseText)));
    request.onerror = () => reject(new UploadError('The connection broke.', { code: 'interrupted' }));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal?.removeEventListener('abort', abort);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort);
    request.open('POST', url);
    request.send(form);
  });
}

function refused(status, body) {
  const code = /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? 'storage';
  return new UploadError(`The storage did not accept the file (${status} ${code}).`, { code, status });
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
