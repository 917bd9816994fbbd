// Viewer request, on cloudfront-js-2.0. Two kinds of address are let through, and nothing else, so that nobody can make
// the CDN ask for what cannot be there, or for the same thing under many names.
//
// /i/HASH OF THE KEY/REVISION-HASH OF THE CONTENTS/SIZE.ENDING   a variant, as it is
// /KEY?w=640&dpr=2&hints=on                                      a permalink; becomes, without a query,
//                                                                /r/HASH OF THE KEY/ACCEPTED/WANTED/~KEY IN BASE64URL
//                                                                for the resolver (lightpress/delivery/resolve.py)
//
// Behind /r/ stand letters, digits and - . _ ~ only. CloudFront signs this path for the resolver's function URL, and what
// it signs is reported not to be what arrives where a path has a plus sign or %20:
// https://github.com/aws-samples/image-optimization/issues/44
//
// The time of a CloudFront Function is limited, and the viewer decides what it reads: so no input is read further than
// it can mean something, and nothing is done character by character.
const crypto = require('crypto');

// `(?![\s\S])`: nothing follows. `$` would let a line's end through on engines of njs's family.
const VARIANT = /^\/i\/[a-z2-7]{26}\/[1-9][0-9]{0,14}-[a-z2-7]{16}\/[a-z0-9_-]{1,40}\.(?:EXTENSIONS)(?![\s\S])/;
const ENCODED_KEY = /^\/~[A-Za-z0-9_-]{2,1366}(?![\s\S])/; // one character is no byte
// Keys that permalinks have in base64: what begins like another address, and what a browser or the CDN would rewrite.
// Looked for by themselves: an expression for all of them costs fifty times the time on njs, and twice that of an ordinary
// request where there are 512 folders.
const MISTAKEN = /^\/(?:~|[ir]\/|favicon\.ico(?![\s\S])|robots\.txt(?![\s\S]))/;
const REWRITTEN = ['//', '/./', '/../']; // at the end, too, without the last slash
const LONGEST_KEY = 1024; // bytes, as in S3
const LONGEST_ACCEPT = 256; // characters; browsers send up to 150
const MOST_LINES = 4; // of the same header
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

const FORMATS = FORMATS_BY_NAME; // format -> media type
const NOT_FOR_ALL = FORMATS_NOT_FOR_ALL; // in the order in which they are written down
const LADDER = ALL_SIDES; // pixels, ascending
const NAMES = ALL_NAMES; // of sizes

const MOUNTED_AT = PATH_OF_PICTURES; // what all paths begin with: '' where the distribution has nothing else

function handler(event) {
  const request = event.request;
  if (request.uri.slice(0, MOUNTED_AT.length) !== MOUNTED_AT) {
    return refuse(404, 'Not Found', { 'cache-control': { value: 'public, max-age=60' } });
  }
  request.uri = request.uri.slice(MOUNTED_AT.length);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'Method Not Allowed', { allow: { value: 'GET, HEAD' } });
  }
  if (!VARIANT.test(request.uri)) {
    const key = keyOf(request.uri);
    if (key === null) {
      return refuse(404, 'Not Found', { 'cache-control': { value: 'public, max-age=60' } });
    }
    const asked = accepted(request) + '/' + wanted(request);
    request.uri = '/r/' + hashOf(key) + '/' + asked + '/~' + key.toString('base64url');
  }
  request.querystring = {};
  return request;
}

// The bytes of the key that a permalink stands for, whatever was encoded and whatever not; null for what is no permalink.
function keyOf(uri) {
  if (uri.length < 2 || uri.length > 3 * LONGEST_KEY + 1) return null;
  if (uri[1] === '~') return ENCODED_KEY.test(uri) ? Buffer.from(uri.slice(2), 'base64url') : null;
  try {
    const path = uri.indexOf('%') < 0 ? uri : decodeURIComponent(uri);
    if (MISTAKEN.test(path) || isRewritten(path + '/')) return null;
    const name = path.slice(1);
    const key = Buffer.from(name);
    // Half a surrogate pair is no character: it comes back as another one.
    return key.length > LONGEST_KEY || key.toString() !== name ? null : key;
  } catch (malformed) {
    return null;
  }
}

function isRewritten(path) {
  for (let at = 0; at < REWRITTEN.length; at++) {
    if (path.indexOf(REWRITTEN[at]) >= 0) return true;
  }
  return false;
}

// As lightpress/pipeline/manifest.py (short_name) has it: what is published of a key, and all its permalinks, are
// removed from the cache by one wildcard each.
function hashOf(key) {
  const digest = crypto.createHash('sha256').update(key).digest();
  let hash = '';
  for (let bit = 0; bit < 130; bit += 5) {
    const at = bit >> 3;
    hash += BASE32[(((digest[at] << 8) | digest[at + 1]) >> (11 - (bit & 7))) & 31];
  }
  return hash;
}

// `hints=on`: what the browser knows of its own screen counts, too; it becomes a rung like everything else.
function wanted(request) {
  const query = request.querystring;
  const name = text(query, 'size');
  if (NAMES.indexOf(name) >= 0) return 'n-' + name;
  const hints = text(query, 'hints') === 'on' ? request.headers : {};
  const sparing = /^on(?![\s\S])/i.test(text(hints, 'save-data'));
  const ratio = number(query, 'dpr') || (sparing ? 1 : number(hints, 'sec-ch-dpr')) || 1;
  const dpr = Math.min(Math.max(ratio, 1), 4);
  const laidOut = sparing ? 0 : number(hints, 'sec-ch-width'); // in pixels of the screen
  if (laidOut > 0) return 'w' + rung(laidOut);
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
  if (Object.prototype.hasOwnProperty.call(FORMATS, asked)) return '~' + asked;
  const ranges = ',' + beginning(request.headers.accept).toLowerCase().replace(/[ \t]+/g, '') + ',';
  const able = [];
  for (let at = 0; at < NOT_FOR_ALL.length; at++) {
    if (accepts(ranges, FORMATS[NOT_FOR_ALL[at]])) able.push(NOT_FOR_ALL[at]);
  }
  return able.length ? able.join('.') : '-';
}

// ranges: media ranges without spaces, each between two commas.
function accepts(ranges, type) {
  const named = ',' + type;
  for (let at = ranges.indexOf(named); at >= 0; at = ranges.indexOf(named, at + 1)) {
    const rest = ranges.slice(at + named.length, ranges.indexOf(',', at + 1));
    if (rest !== '' && rest[0] !== ';') continue; // another type, which begins alike
    const quality = rest.indexOf(';q=');
    return quality < 0 || parseFloat(rest.slice(quality + 3)) > 0;
  }
  return false;
}

// A header of several lines as one, up to the last comma within the limit.
function beginning(header) {
  if (!header) return '';
  let value = header.value || '';
  if (header.multiValue) {
    value = '';
    for (let at = 0; at < header.multiValue.length && at < MOST_LINES; at++) {
      value += (at ? ',' : '') + header.multiValue[at].value;
    }
  }
  if (value.length <= LONGEST_ACCEPT) return value;
  return value.slice(0, Math.max(value.lastIndexOf(',', LONGEST_ACCEPT), 0));
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
