// Addresses of pictures. No dependencies; runs in browsers, Node, workers and at the edge.

// Keys that browsers or the CDN would rewrite, or mistake for another address, stand in it in base64url.
const MISTAKEN = /(?:^|\/)\.{0,2}(?:\/|$)|^(?:~|[ir]\/|favicon\.ico$|robots\.txt$)/;

/** The path of a key, exactly: what `permalink` of the upload API has after the address of the CDN. */
export function permalink(key) {
  if (!MISTAKEN.test(key)) return '/' + key.split('/').map(encodeURIComponent).join('/');
  const bytes = String.fromCharCode(...new TextEncoder().encode(key));
  return '/~' + btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * What makes addresses. base: the output CdnBaseUrl, or your own domain.
 *
 * A source is a key (`trips/cat nap.jpg`), with or without a slash before it, or a permalink that the API gave, whole or from its
 * path on if that is opaque (`/~...`).
 */
export class Lightpress {
  constructor(base) {
    if (!base) throw new TypeError('Lightpress needs the address of the CDN: the output CdnBaseUrl');
    this.base = String(base).replace(/\/+$/, '');
  }

  /** The address of a picture. query: `w`, `h`, `dpr`, `fm`, `size`, `hints`. */
  url(source, query = {}) {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const text = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
    const address = this.#address(source);
    return text ? `${address}?${text}` : address;
  }

  /** A `srcset` of these widths, in pixels. */
  srcset(source, widths = WIDTHS) {
    return [...widths].sort((one, other) => one - other).map((w) => `${this.url(source, { w })} ${w}w`).join(', ');
  }

  /** The attributes of an `<img>`, for a framework to spread: `<img {...lightpress.image('cat.jpg', { alt: 'A cat' })}>`. */
  image(source, { alt = '', sizes = '100vw', widths = WIDTHS } = {}) {
    const src = this.url(source, { w: Math.max(...widths) });
    return { src, srcSet: this.srcset(source, widths), sizes, alt, loading: 'lazy' };
  }

  #address(source) {
    const said = String(source);
    if (/^https?:\/\//i.test(said)) return said.replace(/[?#].*$/, '');
    if (OPAQUE.test(said)) return this.base + said;
    const key = said.replace(/^\/+/, '');
    if (!key) throw new TypeError('A picture needs a key, such as trips/cat.jpg');
    return this.base + permalink(key);
  }
}

/** Widths for most pages. Each is led to the next larger one of your recipes. */
export const WIDTHS = Object.freeze([320, 640, 1280, 1920]);

const OPAQUE = /^\/~[A-Za-z0-9_-]{2,}$/;
