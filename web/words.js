// Everything the page says that depends on what happened: sentences for people, numbers as they read them.

import { typeOf } from './media-types.js';

const UNITS = ['bytes', 'KB', 'MB', 'GB'];

/** 1234567 -> "1.2 MB". */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** How much smaller `after` is than `before`, in whole percent; negative where it is larger. */
export function savedPercent(before, after) {
  return before > 0 ? Math.round(100 * (1 - after / before)) : 0;
}

/** What the line under a picture's name says. */
export function stateOf(picture) {
  switch (picture.state) {
    case 'waiting':
      return `Waiting. ${bytes(picture.file.size)}`;
    case 'uploading':
      return `Uploading: ${Math.floor(100 * picture.progress)} % of ${bytes(picture.file.size)}`;
    case 'processing':
      return 'Uploaded. Sizes and formats are being made.';
    case 'held':
      return 'Uploaded. It is in review, and will be published once it is approved.';
    case 'ready':
      return ready(picture.published) + shrunk(picture);
    default:
      return picture.problem.words;
  }
}

function ready(published) {
  const files = new Set(published.variants.map((variant) => variant.url)).size;
  return `Ready: ${published.width} x ${published.height} pixels, ${files} ${files === 1 ? 'file' : 'files'}`;
}

function shrunk({ file, sentBytes }) {
  return sentBytes < file.size ? `. Sent: ${bytes(sentBytes)} of ${bytes(file.size)}` : '';
}

/** Whether it is lost if the page is left now. */
export function isUnderWay(picture) {
  return !picture.key && (picture.state === 'waiting' || picture.state === 'uploading');
}

/** Whether nothing more will happen to it unless somebody asks for it. */
export function isFinished(picture) {
  return picture.state === 'ready' || picture.state === 'held' || (picture.state === 'failed' && !picture.problem.retriable && !picture.wanted);
}

/** How far the upload of all pictures is, from 0 to 1, by bytes; 1 where nothing is to be sent. */
export function totalProgress(pictures) {
  const counted = pictures.filter((picture) => picture.state !== 'failed');
  const all = sum(counted.map((picture) => picture.file.size));
  const sent = sum(counted.map((picture) => picture.file.size * (picture.key ? 1 : picture.progress)));
  return all > 0 ? sent / all : 1;
}

/** One sentence for all pictures. */
export function summaryOf(pictures) {
  const count = (state) => pictures.filter((picture) => picture.state === state).length;
  const parts = [`${count('ready')} of ${pictures.length} ready`];
  const left = pictures.filter(isUnderWay).length;
  if (left) parts.unshift(`${left} to upload, ${Math.floor(100 * totalProgress(pictures))} % sent`);
  if (count('held')) parts.push(`${count('held')} in review`);
  if (count('failed')) parts.push(`${count('failed')} failed`);
  const weighed = (picture) => picture.state === 'ready' && largest(picture.published).bytes !== null;
  const published = pictures.filter(weighed); // how large a file is that is made at its first view, nobody knows
  if (published.length) {
    const before = sum(published.map((picture) => picture.file.size));
    const after = sum(published.map((picture) => largest(picture.published).bytes));
    const saved = savedPercent(before, after);
    if (saved > 0) parts.push(`${bytes(before)} became ${bytes(after)} at the largest size: ${saved} % less`);
  }
  return `${parts.join(', ')}.`;
}

/** The file of the largest size that a current browser on a large screen loads, or another of `picture_formats`. */
export function largest(published, format = published.picture_formats[0]) {
  // What a page offers shows the whole picture: what is cut out of it may be wider.
  const offered = new Set(published.srcset[format].split(', ').map((candidate) => candidate.split(' ')[0]));
  return published.variants
    .filter((variant) => variant.format === format && offered.has(variant.url))
    .reduce((best, variant) => (variant.width > best.width ? variant : best));
}

/** What the page says of a file that it does not even send; null where nothing is wrong. */
export function refusalOf(file, limits) {
  if (file.size === 0) return 'This file is empty.';
  if (file.size > limits.maxBytes) {
    return `This file has ${bytes(file.size)}; at most ${bytes(limits.maxBytes)} are accepted.`;
  }
  const type = typeOf(file, limits.extensions);
  if (!limits.types.includes(type)) {
    return `Files of the type ${type || 'unknown'} are not accepted. Accepted: ${limits.kinds.join(', ')}.`;
  }
  return null;
}

/** What a file chooser offers: the media types, and the extensions for systems that do not know each type. */
export function choosable({ types, extensions }) {
  return [...types, ...Object.keys(extensions).map((extension) => `.${extension}`)].join(',');
}

export const WORDS = {
  setFocus: 'Cut around this point',
  cutting: 'One moment: it is cut anew',
  described: 'described anew.',
  saving: 'One moment: it is saved',
  saveWords: 'Save the words',
  followed: 'cut anew around its focus.',
  replaced: 'It was overwritten or deleted in the meantime.',
  lazy: 'at first view',
  offline: 'The upload service cannot be reached. Check your connection and try again.',
  interrupted: 'The connection broke while the file was sent.',
  noIssuer: 'The sign-in cannot be reached. Check your connection and try again.',
  refused: 'The sign-in did not succeed. Sign in again.',
  signedOut: 'You are signed out. Sign in and try again.',
  shrinks: (side) => `For slow connections. JPEGs get ${side} pixels on the shorter side, and lose metadata and HDR: enough for today's sizes, not for larger ones later.`,
  late: 'This takes unusually long. It may still be published: try again in a while to look.',
  chooseAgain: 'The page was left before this was sent. Choose the file again to upload it.',
  chooseToGoOn: 'The page was left while this was sent. Choose the file again to go on where it was.',
  noOriginal: 'The page was loaded anew: the original is no longer at hand to compare with.',
  notShown: "This browser cannot show the original's format, so there is nothing to compare with.",
  clears: 'Take it off this list. It stays published.',
  confirmDelete: (name) => `Delete ${name}? It disappears from every page that shows it.`,
  unknown: 'Something went wrong. Try again.',
};

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
