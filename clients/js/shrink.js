// Makes photos smaller before they are sent. The upload page and the npm package share this file.

import { typeOf } from './media-types.js';

// What a JPEG is called where the browser knows no type of it.
const PHOTOS = { jpg: 'image/jpeg', jpeg: 'image/jpeg' };

let last = Promise.resolve();

/**
 * A JPEG of which the shorter side is longer than `side` pixels, reduced to that; any other file as it is, and also where
 * nothing is gained, or the browser cannot do it. Upright as it was shown, and in Display P3 where the photo has other
 * colors than sRGB; its metadata (camera, place, time) and a gain map (HDR) are not kept.
 *
 * The work is done in a worker, one photo at a time: a decoded photo of 48 megapixels has 192 MB.
 */
export function shrink(file, { side, quality = 0.92, signal } = {}) {
  if (!(side > 0)) throw new TypeError('shrink needs a side, in pixels: that of the largest size of your recipes');
  const isPhoto = typeOf(file, PHOTOS) === 'image/jpeg';
  if (!isPhoto || typeof Worker === 'undefined' || typeof OffscreenCanvas === 'undefined') return Promise.resolve(file);
  const done = last.then(() => inWorker(file, { side, quality, signal }));
  last = done.catch(() => {});
  return done;
}

/** null where a bundler made a classic script, which knows no address of its own. */
function started() {
  try {
    return new Worker(new URL('./shrink-worker.js', import.meta.url), { type: 'module' });
  } catch {
    return null;
  }
}

function inWorker(file, { side, quality, signal }) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = started();
    if (!worker) {
      resolve(file);
      return;
    }
    const abort = () => end(reject, signal.reason);
    const end = (settle, value) => {
      signal?.removeEventListener('abort', abort);
      worker.terminate();
      settle(value);
    };
    worker.onmessage = ({ data }) => {
      const smaller = data && data.size < file.size;
      end(resolve, smaller ? new File([data], file.name, { type: data.type, lastModified: file.lastModified }) : file);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // the original is as good
      end(resolve, file);
    };
    signal?.addEventListener('abort', abort);
    worker.postMessage({ file, side, quality });
  });
}
