// A page in strict TypeScript that uses all of the client: its types have to allow what the documents show.

import { Lightpress, WIDTHS, permalink } from 'lightpress';
import loader from 'lightpress/next';
import { PARTS_FROM, UploadError, Uploads, shrink, useLightpress } from 'lightpress/uploads';
import type { Published, Status, UploadOptions } from 'lightpress/uploads';

const lightpress = new Lightpress('https://images.example.com');
const attributes: { src: string; srcSet: string } = lightpress.image('trips/cat.jpg', { alt: 'A cat', widths: WIDTHS });
const addresses: string[] = [
  lightpress.url('trips/cat.jpg', { w: 640, dpr: 2, fm: null, hints: 'on' }),
  lightpress.srcset(permalink('trips/cat.jpg'), [320, 640]),
  loader({ src: 'trips/cat.jpg', width: 640 }),
  attributes.src,
];

const uploads = new Uploads({ api: new URL('https://api.example.com'), authorization: async () => 'Bearer t' });

async function stubborn(file: File, options: UploadOptions = {}): Promise<Published> {
  try {
    const begun = await uploads.upload(file, { ...options, partsFrom: PARTS_FROM, progress: (share) => share.toFixed(2) });
    return await uploads.published(begun, { timeout: 60_000 });
  } catch (error) {
    if (!(error instanceof UploadError) || !error.retriable) throw error;
    return uploads.published(await uploads.upload(await shrink(file, { side: 1920 }), { parts: error.parts }));
  }
}

function words(status: Status): string {
  return status.status === 'ready' ? `${status.width} x ${status.height}` : (status.detail ?? status.status);
}

export async function show(file: File, uppy: unknown, AwsS3: unknown): Promise<string[]> {
  const published = await stubborn(file, { focus: [0.4, 0.2], signal: AbortSignal.timeout(1_000) });
  await uploads.correct('trips/cat.jpg', 'auto');
  await uploads.describe({ key: 'trips/cat.jpg' }, { alt: published.facts?.alt ?? null, labels: ['cat'] });
  await uploads.remove('trips/cat.jpg');
  useLightpress(uppy, AwsS3, uploads);
  return [...addresses, words(await uploads.status('trips/cat.jpg'))];
}
