// A loader for next/image. NEXT_PUBLIC_LIGHTPRESS_URL is the output CdnBaseUrl.

import { Lightpress } from './index.js';

let lightpress;

/** Next's `quality` is not passed on: recipes decide. */
export default function loader({ src, width }) {
  lightpress ??= new Lightpress(process.env.NEXT_PUBLIC_LIGHTPRESS_URL);
  return lightpress.url(src, { w: width });
}
