// Decodes a photo, reduces it and encodes it, beside the page. shrink.js starts it, and says what it is for.

self.onmessage = async ({ data }) => {
  self.postMessage(await shrunk(data).catch(() => null)); // null: what cannot be decoded is for the pipeline to judge
};

/** The photo as a smaller JPEG; null where it is small already. */
async function shrunk({ file, side, quality }) {
  const whole = await createImageBitmap(file); // upright: orientation is applied
  const scale = side / Math.min(whole.width, whole.height);
  if (scale >= 1) return null;
  const [width, height] = [whole.width, whole.height].map((pixels) => Math.round(pixels * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { colorSpace: (await isWide(file)) ? 'display-p3' : 'srgb', alpha: false });
  context.imageSmoothingQuality = 'high';
  context.drawImage(whole, 0, 0, width, height);
  whole.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}

/** Whether the photo has an ICC profile, and that is not sRGB's. Profiles say their name in ASCII, or in UTF-16. */
async function isWide(file) {
  const start = new TextDecoder('latin1').decode(await file.slice(0, 1 << 18).arrayBuffer());
  const profile = start.indexOf('ICC_PROFILE\0');
  return profile >= 0 && !start.slice(profile, profile + 4096).replaceAll('\0', '').includes('sRGB');
}
