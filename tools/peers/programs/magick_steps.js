// ImageMagick does what a step of recipes does. Answers {"do", "picture", "mark", "out"}: the name of a step, a picture, a
// mark for the step that needs one, and the PNG to write; with {}, or {"error"}.
"use strict";
const fs = require("node:fs");
const readline = require("node:readline");
const magick = require("@imagemagick/magick-wasm");

const { Channels, CompositeOperator, EvaluateOperator, FilterType, ImageMagick, MagickColor, MagickFormat } = magick;
const { MagickGeometry, Percentage, PixelIntensityMethod, Point } = magick;

const STEPS = {
  blur: (image) => image.gaussianBlur(16, 4),
  // Half of what a blur takes away is added: 1.5 times the picture, less half of its blur.
  sharpen: (image) => image.clone((blurred) => {
    blurred.gaussianBlur(4, 0.7);
    image.composite(blurred, CompositeOperator.Mathematics, new Point(0, 0), "0,-0.5,1.5,0");
  }),
  grayscale: (image) => image.grayscale(PixelIntensityMethod.Rec709Luma),
  brightness: (image) => image.evaluate(Channels.RGB, EvaluateOperator.Multiply, 1.2),
  // What CSS calls contrast, (value - 0.5) * 1.2 + 0.5, in the order that cuts nothing off on the way.
  contrast: (image) => {
    image.evaluate(Channels.RGB, EvaluateOperator.Subtract, (255 * 0.1) / 1.2);
    image.evaluate(Channels.RGB, EvaluateOperator.Multiply, 1.2);
  },
  flip: (image) => image.flop(),
  rotate: (image) => image.rotate(90),
  trim: (image) => { image.colorFuzz = new Percentage(4); image.trim(); },
  pad: (image) => { image.borderColor = new MagickColor("#20407f"); image.border(16, 16); },
  pixelate: (image) => {
    const { width, height } = image;
    image.filterType = FilterType.Box;
    image.resize(new MagickGeometry(width / 8, height / 8));
    const whole = new MagickGeometry(width, height);
    whole.ignoreAspectRatio = true;
    image.filterType = FilterType.Point;
    image.resize(whole);
  },
  watermark: (image, mark) => {
    ImageMagick.read(mark, (logo) => image.composite(logo, CompositeOperator.Over, new Point(image.width - logo.width - 10, image.height - logo.height - 10)));
  },
};

(async () => {
  await magick.initializeImageMagick(fs.readFileSync(require.resolve("@imagemagick/magick-wasm/magick.wasm")));
  console.log(JSON.stringify({ versions: magick.Magick.imageMagickVersion }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const job = JSON.parse(line);
    const answer = {};
    try {
      const mark = job.mark && new Uint8Array(fs.readFileSync(job.mark));
      ImageMagick.read(new Uint8Array(fs.readFileSync(job.picture)), (image) => {
        STEPS[job.do](image, mark);
        image.resetPage?.();
        image.depth = 8;
        image.write(MagickFormat.Png32, (png) => fs.writeFileSync(job.out, png));
      });
    } catch (error) {
      answer.error = String(error).split("\n")[0];
    }
    console.log(JSON.stringify(answer));
  }
})();
