// sharp as its best users run it: one decode, then each size from the pixels of the largest, one thread.
// node sharp.js SETTINGS_JSON   Answers each line {"picture", "widths", "out"} with {"cpu_ms", "wall_ms"}.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const sharp = require("sharp");

const settings = JSON.parse(process.argv[2]);
const EXTENSIONS = { jpeg: "jpg", webp: "webp", avif: "avif" };
sharp.cache(false);
sharp.concurrency(1);

async function render(data, widths) {
  const made = {};
  const largest = Math.max(...widths);
  const whole = await sharp(data, { limitInputPixels: false })
    .autoOrient()
    .resize({ width: largest, withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (const width of widths.filter((each) => each <= whole.info.width)) {
    let image = whole;
    if (width !== whole.info.width) {
      image = await sharp(whole.data, { raw: whole.info }).resize({ width }).raw().toBuffer({ resolveWithObject: true });
    }
    for (const [format, options] of Object.entries(settings)) {
      made[`${width}.${EXTENSIONS[format]}`] = await sharp(image.data, { raw: image.info })[format](options).toBuffer();
    }
  }
  return made;
}

async function answer(line) {
  const job = JSON.parse(line);
  const data = fs.readFileSync(job.picture);
  const before = process.cpuUsage();
  const began = process.hrtime.bigint();
  const made = await render(data, job.widths);
  const used = process.cpuUsage(before);
  const wall = Number(process.hrtime.bigint() - began) / 1e6;
  for (const [name, bytes] of Object.entries(made)) {
    fs.writeFileSync(path.join(job.out, name), bytes);
  }
  const peak_mb = (process.resourceUsage().maxRSS * 1024) / 1e6;
  console.log(JSON.stringify({ cpu_ms: (used.user + used.system) / 1000, wall_ms: wall, peak_mb }));
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await answer(line);
  }
})();
