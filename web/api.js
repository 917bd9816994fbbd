// The upload API as the page uses it. Each call gives what the API says, or throws a Problem with words for people.

import { typeOf } from './media-types.js';
import { WORDS } from './words.js';

export class Problem extends Error {
  /** words: for the uploader. retriable: whether trying again may help. */
  constructor(words, { code = 'unknown', retriable = true } = {}) {
    super(words);
    this.words = words;
    this.code = code;
    this.retriable = retriable;
  }
}

/** Keys are paths: their slashes stay, everything else is encoded. */
export function keyPath(key) {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** extensions: the media type by file name extension, for files whose type the browser does not know. */
export function makeApi({ base, token, extensions, fetch = (...request) => globalThis.fetch(...request) }) {
  async function call(method, path, body) {
    const headers = {};
    if (token()) headers.authorization = token();
    if (body !== undefined) headers['content-type'] = 'application/json';
    let answer;
    try {
      answer = await fetch(new URL(path, base), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
      throw new Problem(WORDS.offline, { code: 'offline' });
    }
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw problemOf(answer.status, said ?? {});
    if (!said) throw new Problem(WORDS.offline, { code: 'offline' }); // cut off, or somebody else's answer
    return said;
  }

  const about = (file) => ({ filename: file.name, size: file.size, type: typeOf(file, extensions) });
  const going = ({ key, upload_id }) => ({ key, upload_id });

  return {
    /** What the upload of a file needs: where to send it, and under which key it will be found. */
    begin: (file, checksum) =>
      call('POST', 'uploads', { ...about(file), ...(checksum && { checksum }) }),
    /** The same for a file that goes in parts. The others want what this one said. */
    beginParts: (file) => call('POST', 'multipart', about(file)),
    signPart: (begun, number, size) =>
      call('POST', 'multipart/sign', { ...going(begun), part_number: number, size }),
    listParts: (begun) => call('POST', 'multipart/list', going(begun)),
    completeParts: (begun, parts) => call('POST', 'multipart/complete', { ...going(begun), parts }),
    abortParts: (begun) => call('POST', 'multipart/abort', going(begun)),
    status: (key) => call('GET', `images/${keyPath(key)}`),
    correct: (key, focus) => call('PATCH', `images/${keyPath(key)}`, { focus }),
    describe: (key, words) => call('PATCH', `images/${keyPath(key)}`, words),
    remove: (key) => call('DELETE', `images/${keyPath(key)}`),
  };
}

/** The API answers errors as RFC 9457 problem details; what stands before it (a gateway) may not. */
function problemOf(status, said) {
  if (status === 401 || status === 403) {
    return new Problem(said.code ? wordsOf(said) : WORDS.signedOut, { code: said.code ?? 'signed_out' });
  }
  const retriable = (status === 429 && said.code !== 'quota_exceeded') || status >= 500; // a quota lasts for the day
  return new Problem(wordsOf(said), { code: said.code, retriable });
}

function wordsOf(said) {
  const fields = (said.errors ?? []).map((error) => error.detail).filter(Boolean);
  return fields.length ? fields.join(' ') : (said.detail ?? said.title ?? WORDS.unknown);
}
