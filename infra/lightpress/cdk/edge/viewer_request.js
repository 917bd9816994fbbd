// Viewer request, on cloudfront-js-2.0. Two kinds of address are let through, and nothing else, so that nobody can make
// the CDN ask for what cannot be there, or for the same thing under many names.
//
// /i/HASH OF THE KEY/REVISION-HASH OF THE CONTENTS/SIZE.ENDING   an image, as it is
// /KEY?w=640&dpr=2                                               a permalink; becomes /r/ACCEPTED/WANTED/KEY for the
//                                                                resolver (lightpress/resolve.py), without a query
// `(?![\s\S])`: nothing follows. `$` would let a line's end through on engines of njs's family.
const VARIANT = /^\/i\/[a-z2-7]{26}\/[1-9][0-9]{0,14}-[a-z2-7]{16}\/[a-z0-9_-]{1,40}\.(?:EXTENSIONS)(?![\s\S])/;
const ENCODED_KEY = /^\/~[A-Za-z0-9_-]{1,1366}(?![\s\S])/;
const NO_KEY = /^(?:~|[ir]\/|favicon\.ico(?![\s\S])|robots\.txt(?![\s\S]))/; // such keys are written in base64
const LONGEST_KEY = 1024; // bytes, as in S3

const FORMATS = FORMATS_BY_NAME; // format -> media type
const NOT_FOR_ALL = FORMATS_NOT_FOR_ALL; // in the order in which they are written down
const LADDER = ALL_SIDES; // pixels, ascending
const NAMES = ALL_NAMES; // of sizes

function handler(event) {
  const request = event.request;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'Method Not Allowed', { allow: { value: 'GET, HEAD' } });
  }
  if (!VARIANT.test(request.uri)) {
    const key = canonical(request.uri);
    if (key === null) {
      return refuse(404, 'Not Found', { 'cache-control': { value: 'public, max-age=60' } });
    }
    request.uri = '/r/' + accepted(request) + '/' + wanted(request.querystring) + key;
  }
  request.querystring = {};
  return request;
}

// One way to write each key, whatever was encoded and whatever not; null for what is no permalink.
function canonical(uri) {
  if (ENCODED_KEY.test(uri)) return uri;
  if (uri.length < 2 || uri.length > 3 * LONGEST_KEY + 1) return null;
  try {
    const key = decodeURIComponent(uri.slice(1));
    if (NO_KEY.test(key)) return null;
    const segments = key.split('/');
    for (let at = 0; at < segments.length; at++) {
      if (segments[at] === '' || segments[at] === '.' || segments[at] === '..') return null;
      segments[at] = encodeURIComponent(segments[at]);
    }
    const written = '/' + segments.join('/');
    return written.replace(/%../g, '_').length > LONGEST_KEY + 1 ? null : written;
  } catch (malformed) {
    return null;
  }
}

function wanted(query) {
  const name = text(query, 'size');
  if (NAMES.indexOf(name) >= 0) return 'n-' + name;
  const dpr = Math.min(Math.max(number(query, 'dpr') || 1, 1), 4);
  if (number(query, 'w') > 0) return 'w' + rung(number(query, 'w') * dpr);
  if (number(query, 'h') > 0) return 'h' + rung(number(query, 'h') * dpr);
  return '-';
}

function rung(pixels) {
  for (let at = 0; at < LADDER.length; at++) {
    if (LADDER[at] >= pixels) return LADDER[at];
  }
  return LADDER[LADDER.length - 1];
}

// A format counts only where it is named: `image/*` is said by programs that can show neither AVIF nor WebP.
function accepted(request) {
  const asked = text(request.querystring, 'fm');
  if (Object.prototype.hasOwnProperty.call(FORMATS, asked)) return '=' + asked;
  const able = [];
  for (let at = 0; at < NOT_FOR_ALL.length; at++) {
    if (accepts(request.headers, FORMATS[NOT_FOR_ALL[at]])) able.push(NOT_FOR_ALL[at]);
  }
  return able.length ? able.join('+') : '-';
}

function accepts(headers, type) {
  const ranges = all(headers.accept).toLowerCase().split(',');
  for (let at = 0; at < ranges.length; at++) {
    const parts = ranges[at].split(';');
    if (parts[0].trim() !== type) continue;
    for (let next = 1; next < parts.length; next++) {
      const pair = parts[next].split('=');
      if (pair[0].trim() === 'q' && !(parseFloat(pair[1]) > 0)) return false;
    }
    return true;
  }
  return false;
}

function all(header) {
  if (!header) return '';
  if (!header.multiValue) return header.value || '';
  const values = [];
  for (let at = 0; at < header.multiValue.length; at++) values.push(header.multiValue[at].value);
  return values.join(',');
}

function text(query, name) {
  const found = Object.prototype.hasOwnProperty.call(query, name) ? query[name] : null;
  return found && typeof found.value === 'string' ? found.value : '';
}

function number(query, name) {
  const found = text(query, name);
  return /^[0-9]{1,5}(?:\.[0-9]{1,3})?(?![\s\S])/.test(found) ? parseFloat(found) : 0;
}

function refuse(status, reason, headers) {
  headers['content-type'] = { value: 'text/plain; charset=utf-8' };
  return {
    statusCode: status,
    statusDescription: reason,
    headers: headers,
    body: { encoding: 'text', data: reason + '\n' },
  };
}
