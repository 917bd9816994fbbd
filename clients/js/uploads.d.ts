/** What the API or the storage refused. */
export class UploadError extends Error {
  /** For programs: a code of the API, of S3, or the reason of a picture that has failed. */
  readonly code: string;
  /** Of the response; 0 where there was none. */
  readonly status: number;
  constructor(message: string, options?: { code?: string; status?: number });
}

/** The addresses of an upload: both are known before the picture is there. */
export interface Begun {
  key: string;
  permalink: string;
  status_url: string;
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
  url: string;
}

/** What is known of a picture that is published. */
export interface Published {
  status: 'ready';
  width: number;
  height: number;
  color: string;
  thumbhash: string;
  variants: Variant[];
  srcset: Record<string, string>;
  picture: string;
}

export type Status = Published | { status: 'processing' | 'failed' | 'deleted'; reason?: string; title?: string; detail?: string };

export interface Connection {
  /** The output UploadApiUrl. */
  api: string | URL;
  /** Gives the header of that name, such as `Bearer ...`. */
  authorization?: () => string | Promise<string>;
  fetch?: typeof fetch;
}

type Named = string | { key: string };

/** A client of the upload API. */
export class Uploads {
  constructor(connection: Connection);
  begin(file: { name: string; size: number; type: string }, options?: { collection?: string }): Promise<Begun & { upload: Form }>;
  upload(
    file: File,
    options?: { collection?: string; progress?: (share: number) => void; signal?: AbortSignal },
  ): Promise<Begun>;
  status(of: Named, options?: { signal?: AbortSignal }): Promise<Status>;
  published(of: Named, options?: { signal?: AbortSignal; timeout?: number }): Promise<Published>;
  remove(of: Named): Promise<unknown>;
}

/** Upload with Uppy: its plugin AwsS3 (from 6.3 on) sends the forms of the API. */
export function useLightpress(uppy: unknown, AwsS3: unknown, uploads: Uploads): void;
