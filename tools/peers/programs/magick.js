// ImageMagick, as npm's magick-wasm. Answers {"picture", "out"} as answering.py says: the first picture of the file,
// upright, in sRGB by the embedded profile. The variable SRGB_PROFILE names an sRGB profile.
"use strict";
const fs = require("node:fs");
const readline = require("node:readline");
const magick = require("@imagemagick/magick-wasm");

function toPng(data, srgb) {
  const settings = new magick.MagickReadSettings({ frameIndex: 0, frameCount: 1 });
  return magick.ImageMagick.read(data, settings, (image) => {
    image.autoOrient();
    if (image.getColorProfile()) {
      try {
        image.transformColorSpace(srgb);
      } catch {
        // An unusable profile is ignored.
      }
    }
    image.colorSpace = magick.ColorSpace.sRGB;
    image.strip();
    image.depth = 8;
    return image.write(magick.MagickFormat.Png, (png) => Buffer.from(png));
  });
}

function write(answer) {
  console.log(JSON.stringify(answer));
}

(async () => {
  await magick.initializeImageMagick(fs.readFileSync(require.resolve("@imagemagick/magick-wasm/magick.wasm")));
  const srgb = new magick.ColorProfile(new Uint8Array(fs.readFileSync(process.env.SRGB_PROFILE)));
  write({ versions: magick.Magick.imageMagickVersion });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const answer = { peak_mb: 0 };
    try {
      fs.writeFileSync(job.out, toPng(new Uint8Array(fs.readFileSync(job.picture)), srgb));
    } catch (error) {
      answer.error = String(error).split("\n")[0];
    }
    answer.peak_mb = (process.resourceUsage().maxRSS * 1024) / 1e6;
    write(answer);
  }
})();
