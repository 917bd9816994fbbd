// Everything the page says that depends on what happened: sentences for people, numbers as they read them.

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
    case 'ready':
      return ready(picture.published);
    default:
      return picture.problem.words;
  }
}

function ready(published) {
  const files = new Set(published.variants.map((variant) => variant.url)).size;
  return `Ready: ${published.width} x ${published.height} pixels, ${files} ${files === 1 ? 'file' : 'files'}`;
}

/** One sentence for all pictures. */
export function summaryOf(pictures) {
  const count = (state) => pictures.filter((picture) => picture.state === state).length;
  const parts = [`${count('ready')} of ${pictures.length} ready`];
  if (count('failed')) parts.push(`${count('failed')} failed`);
  const published = pictures.filter((picture) => picture.state === 'ready');
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
  return published.variants
    .filter((variant) => variant.format === format)
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

/** The media type of a file, by its extension where the browser does not know the type; "" where neither is known. */
export function typeOf(file, extensions) {
  const extension = file.name.toLowerCase().split('.').pop();
  return file.type || (Object.hasOwn(extensions, extension) ? extensions[extension] : '');
}

export const WORDS = {
  offline: 'The upload service cannot be reached. Check your connection and try again.',
  interrupted: 'The connection broke while the file was sent.',
  signedOut: 'You are signed out. Sign in and try again.',
  late: 'This takes unusually long. It may still be published: try again in a while to look.',
  unknown: 'Something went wrong. Try again.',
};

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
