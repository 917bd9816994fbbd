// sharp as a careful user calls it, on one thread. The protocol is that of answering.py.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const sharp = require("sharp");

const EXTENSIONS = { jpeg: "jpg", webp: "webp", avif: "avif" };
const STATUS = "/proc/self/status";
sharp.cache(false);
sharp.concurrency(1);

// The whole picture: upright, and in sRGB, which is sharp's default.
function toPng(data) {
  return sharp(data).autoOrient().png().toBuffer();
}

// An option that is an object has a value for each width.
function atWidth(options, width) {
  const own = Object.entries(options).map(([name, value]) => [name, typeof value === "object" ? value[width] : value]);
  return Object.fromEntries(own);
}

// Every width in every format: one decode, then each width from the pixels of the largest.
async function toVariants(data, widths, formats) {
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
    for (const [format, options] of Object.entries(formats)) {
      made[`${width}.${EXTENSIONS[format]}`] = await sharp(image.data, { raw: image.info })[format](atWidth(options, width)).toBuffer();
    }
  }
  return made;
}

// As in answering.py: rusage also counts what the process that started this one had in memory.
function peakMb() {
  const peak = fs.existsSync(STATUS) && /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync(STATUS, "utf8"));
  return ((peak ? Number(peak[1]) : process.resourceUsage().maxRSS) * 1024) / (1 << 20);
}

function write(answer) {
  console.log(JSON.stringify(answer));
}

async function work(job) {
  const data = fs.readFileSync(job.picture);
  const before = process.cpuUsage();
  const began = process.hrtime.bigint();
  const made = job.widths ? await toVariants(data, job.widths, job.formats) : await toPng(data);
  const used = process.cpuUsage(before);
  const wall_ms = Number(process.hrtime.bigint() - began) / 1e6;
  if (job.widths) {
    for (const [name, bytes] of Object.entries(made)) {
      fs.writeFileSync(path.join(job.out, name), bytes);
    }
  } else {
    fs.writeFileSync(job.out, made);
  }
  return { cpu_ms: (used.user + used.system) / 1000, wall_ms };
}

(async () => {
  write({ versions: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}` });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await work(JSON.parse(line));
    } catch (error) {
      answer = { error: String(error) };
    }
    write({ ...answer, peak_mb: peakMb() });
  }
})();
