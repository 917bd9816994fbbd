/** What the API or the storage refused. */
export class UploadError extends Error {
  /** For programs: a code of the API, of S3, or the reason of a picture that has failed. */
  readonly code: string;
  /** Of the response; 0 where there was none. */
  readonly status: number;
  /** Whether the same may be accepted later. */
  readonly retriable: boolean;
  /** Of an upload in parts that broke: what `upload` goes on with. */
  parts: Parts | null;
  constructor(message: string, options?: { code?: string; status?: number; retriable?: boolean });
}

/** The addresses of an upload: both are known before the picture is there. */
export interface Begun {
  key: string;
  permalink: string;
  status_url: string;
}

/** An upload in parts that is under way. */
export interface Parts extends Begun {
  upload_id: string;
  part_size: number;
  /** Bytes of what is sent. */
  size: number;
  /** What is sent: the file, or fewer pixels of it. Text (JSON) keeps all but this. */
  file?: Blob;
}

export interface Form {
  url: string;
  fields: Record<string, string>;
}

export interface Variant {
  name: string;
  format: string;
  width: number;
  height: number;
  bytes: number;
  /** Whether a larger size that looks the same has fewer bytes: pages leave this one out. */
  dominated: boolean;
  url: string;
}

/** What is known of a picture besides its pixels: by people, else by enrichers. */
export interface Facts {
  /** The text for those who do not see it; '' where it only decorates a page, null where nobody knows any. */
  alt: string | null;
  /** confidence: of the program that saw it, 0 to 100; null of a person. */
  labels: { name: string; confidence: number | null }[];
  /** Boxes around faces, as shares of width and height. */
  faces: { left: number; top: number; width: number; height: number }[];
  /** Keys of pictures that look like it. */
  looks_like: string[];
  capture: Record<string, unknown> | null;
  /** The names of enrichers that have not answered yet. */
  missing: string[];
}

export interface Words {
  alt?: string | null;
  labels?: readonly string[] | null;
}

/** What is known of a picture that is published. */
export interface Published {
  status: 'ready';
  width: number;
  height: number;
  color: string;
  thumbhash: string;
  /** A blurred likeness as a data URI; null in what an older release has published. */
  lqip: string | null;
  variants: Variant[];
  srcset: Record<string, string>;
  /** A `<picture>` element, with the alt text that is known. */
  picture: string;
  /** What is known besides the pixels; null where nobody asks or says anything. */
  facts: Facts | null;
  /** Where the subject is, from the left and the top, where anybody says so. */
  focus: [number, number] | null;
  /** Whether the variants do not follow the corrected focus yet. */
  focus_pending: boolean;
}

export type Status =
  | Published
  | { status: 'processing' | 'held' | 'failed' | 'deleted'; reason?: string; title?: string; detail?: string };

export interface Connection {
  /** The output UploadApiUrl. */
  api: string | URL;
  /** Gives the header of that name, such as `Bearer ...`. */
  authorization?: () => string | Promise<string>;
  fetch?: typeof fetch;
}

type Named = string | { key: string };

/** Shares of width and height, from 0 to 1. */
export type Focus = readonly [x: number, y: number] | string;

export interface About {
  /** The first folder of the key. */
  collection?: string;
  /** Where the subject is. */
  focus?: Focus;
}

export interface UploadOptions extends About {
  /** Called with 0 to 1. */
  progress?: (share: number) => void;
  signal?: AbortSignal;
  /** Pixels of the shorter side to which a JPEG is reduced before it is sent, in browsers; 0, the default, sends it as it is. */
  shrink?: number;
  /** The bytes from which on a file goes in parts; PARTS_FROM by default. */
  partsFrom?: number;
  /** Of the UploadError of an upload in parts that broke: what has arrived is not sent again. */
  parts?: Parts | null;
}

/** Files of this size and more, in bytes, are sent in parts. */
export const PARTS_FROM: number;

/**
 * A JPEG of which the shorter side is longer than `side` pixels, reduced to that; any other file as it is. Its metadata
 * and a gain map are not kept.
 */
export function shrink(file: File, options: { side: number; quality?: number; signal?: AbortSignal }): Promise<File>;

/** A client of the upload API. */
export class Uploads {
  constructor(connection: Connection);
  begin(file: { name: string; size: number; type: string }, about?: About): Promise<Begun & { upload: Form }>;
  upload(file: File, options?: UploadOptions): Promise<Begun>;
  status(of: Named, options?: { signal?: AbortSignal }): Promise<Status>;
  published(of: Named, options?: { signal?: AbortSignal; timeout?: number }): Promise<Published>;
  /** Say where the subject of a published picture is; null takes it back. `published` waits until the variants follow. */
  correct(of: Named, focus: Focus | null): Promise<{ key: string; focus: [number, number] | null; focus_pending: boolean }>;
  /** Say what a published picture shows; null takes it back, and what is left out stays as it is. */
  describe(of: Named, words: Words): Promise<{ key: string; alt: string | null; labels: string[] }>;
  remove(of: Named): Promise<unknown>;
}

/** Upload with Uppy: its plugin AwsS3 (from 6.3 on) sends the forms of the API. */
export function useLightpress(uppy: unknown, AwsS3: unknown, uploads: Uploads): void;
