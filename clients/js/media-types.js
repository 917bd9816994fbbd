// What a file is called where the browser does not know it. The upload page and the npm package share this file.

const UNKNOWN = new Set(['', 'application/octet-stream']);

/**
 * The media type of a file: what the browser says; by its extension where the browser knows none, from a table with small
 * letters; "" where neither knows.
 */
export function typeOf({ name, type }, extensions) {
  if (!UNKNOWN.has(type ?? '')) return type;
  const extension = /\.([^.]+)$/.exec(name ?? '')?.[1].toLowerCase();
  return Object.hasOwn(extensions, extension ?? '') ? extensions[extension] : '';
}
