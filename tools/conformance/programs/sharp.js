// sharp as its careful users call it: upright, and in sRGB, which is its default. It speaks as answering.py does.
"use strict";
const fs = require("node:fs");
const readline = require("node:readline");
const sharp = require("sharp");

sharp.cache(false);

const STATUS = "/proc/self/status";

// As in answering.py.
function peakMb() {
  const told = fs.existsSync(STATUS) && /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync(STATUS, "utf8"));
  return ((told ? Number(told[1]) : process.resourceUsage().maxRSS) * 1024) / 1e6;
}

function say(answer) {
  console.log(JSON.stringify(answer));
}

async function answer(line) {
  const job = JSON.parse(line);
  const result = {};
  try {
    fs.writeFileSync(job.made, await sharp(fs.readFileSync(job.picture)).autoOrient().png().toBuffer());
  } catch (error) {
    result.error = String(error);
  }
  say({ ...result, peak_mb: peakMb() });
}

(async () => {
  say({ versions: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}` });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await answer(line);
  }
})();
