// Sends bytes to storage, and tells how far it is. XMLHttpRequest, because fetch does not tell.

import { Problem } from './api.js';
import { WORDS } from './words.js';

/**
 * Send a form with the file as its last field, which is what S3 wants.
 * progress is called with 0 to 1. Rejects with a Problem, or with an AbortError where the signal aborted it.
 */
export function postForm({ url, fields }, file, watched) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', file);
  return send('POST', url, form, watched);
}

/** Send one part of a file. Gives its ETag, and is watched like a form. */
export async function putPart(url, part, watched) {
  const request = await send('PUT', url, part, watched);
  return request.getResponseHeader('etag');
}

function send(method, url, body, { progress, signal }) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const settle = (end, value) => {
      signal.removeEventListener('abort', abort);
      end(value);
    };
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status >= 200 && request.status < 300
        ? settle(resolve, request)
        : settle(reject, refusal(request.status, request.responseText));
    request.onerror = () => settle(reject, new Problem(WORDS.interrupted, { code: 'interrupted' }));
    request.onabort = () => settle(reject, new DOMException('removed', 'AbortError'));
    signal.addEventListener('abort', abort);
    request.open(method, url);
    request.send(body);
  });
}

// S3's codes for what a signed form can be refused for, in words for the uploader.
const REFUSALS = {
  EntityTooLarge: ['This file is larger than was agreed.', false],
  EntityTooSmall: ['This file is smaller than was agreed. Was it changed in the meantime?', true],
  BadDigest: ['The file changed on its way. Try again.', true],
  XAmzContentChecksumMismatch: ['The file changed on its way. Try again.', true],
  ExpiredToken: ['The permission to upload has expired. Try again.', true],
  RequestTimeout: [WORDS.interrupted, true],
};

function refusal(status, body) {
  const code = /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? 'storage';
  if (/Policy expired/i.test(body)) return new Problem(REFUSALS.ExpiredToken[0], { code: 'expired' });
  const [words, retriable] = REFUSALS[code] ?? [`The storage did not accept the file (${status} ${code}). Try again.`, true];
  return new Problem(words, { code, retriable });
}

/** The SHA-256 of a file in base64, as S3 wants it; null where the browser computes none (a page without TLS). */
export async function checksumOf(file) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
