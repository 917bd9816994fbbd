/** What a picture can be asked for: a width or height in CSS pixels, a factor, a format, a size of a recipe, client hints. */
export interface Query {
  w?: number | null;
  h?: number | null;
  dpr?: number | null;
  fm?: string | null;
  size?: string | null;
  hints?: 'on' | null;
}

export interface ImageOptions {
  alt?: string;
  sizes?: string;
  widths?: readonly number[];
}

export interface ImageAttributes {
  src: string;
  srcSet: string;
  sizes: string;
  alt: string;
  loading: 'lazy';
}

/** The path of a key, exactly: what `permalink` of the upload API has after the address of the CDN. */
export function permalink(key: string): string;

/** Widths for most pages. */
export const WIDTHS: readonly number[];

/** What makes addresses; a source is a key, with or without a slash before it, or a permalink that the API gave. */
export class Lightpress {
  readonly base: string;
  /** base: the output CdnBaseUrl, or your own domain. Throws a TypeError where it is empty. */
  constructor(base: string | URL);
  url(source: string, query?: Query): string;
  srcset(source: string, widths?: readonly number[]): string;
  image(source: string, options?: ImageOptions): ImageAttributes;
}
