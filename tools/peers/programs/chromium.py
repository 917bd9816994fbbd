"""Chromium as a judge: what it shows of a file, and whether it opens files.

Answers {"picture", "out"} with the picture that an `<img>` shows, as PNG in sRGB, and {"moves"}: frames, plays (0: for
ever) and milliseconds of the animation, or null. Answers {"files": [...]} with {"opened": {file: {"width", "height",
"moves"} or {"error"}}}. The executable's path is in the variable CHROMIUM. No request leaves the process.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from answering import answer_all
from playwright.sync_api import Error, Page, sync_playwright

_ARGUMENTS = (
    "--force-color-profile=srgb",
    "--allow-file-access-from-files",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_SHOW = """async ([address, whole]) => {
  const image = new Image();
  await new Promise((good, bad) => {
    image.onload = good;
    image.onerror = () => bad(new Error("it shows nothing"));
    image.src = address;
  });
  await image.decode();
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  if (!whole) return { width, height };
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return { width, height, png: canvas.toDataURL("image/png").split(",")[1] };
}"""
_MOVES = """async ([address, type]) => {
  const data = await new Promise((good, bad) => {
    const request = new XMLHttpRequest();  // fetch knows no files
    request.responseType = "arraybuffer";
    request.onload = () => good(request.response);
    request.onerror = bad;
    request.open("GET", address);
    request.send();
  });
  const decoder = new ImageDecoder({ data, type });
  await Promise.all([decoder.tracks.ready, decoder.completed]);
  const track = decoder.tracks.selectedTrack;
  let ms = 0;
  for (let at = 0; at < track.frameCount; at++) {
    const { image } = await decoder.decode({ frameIndex: at });
    const lasts = (image.duration ?? 0) / 1000;
    ms += lasts <= 10 ? 100 : lasts;  // as an <img> plays it
    image.close();
  }
  const plays = track.repetitionCount === Infinity ? 0 : track.repetitionCount + 1;
  const found = { frames: track.frameCount, plays, ms: Math.round(ms) };
  decoder.close();
  return found;
}"""


def media_type(data: bytes) -> str | None:
    """Of a file that may move, by its signature; None of any other."""
    if data[:4] == b"GIF8":
        return "image/gif"
    if data[:4] == b"\x89PNG" and b"acTL" in data:
        return "image/png"
    if data[8:16] == b"WEBPVP8X" and b"ANIM" in data[:64]:
        return "image/webp"
    if data[4:8] == b"ftyp" and b"avis" in data[8:64]:
        return "image/avif"
    return None


def work(page: Page, job: dict[str, Any]) -> dict[str, Any]:
    """The answer to a job."""
    if "files" in job:
        return {"opened": {file: _opened(page, Path(file)) for file in job["files"]}}
    file = Path(job["picture"])
    shown = page.evaluate(_SHOW, [file.as_uri(), True])
    Path(job["out"]).write_bytes(base64.b64decode(shown["png"]))
    return {"moves": _moves(page, file)}


def _opened(page: Page, file: Path) -> dict[str, Any]:
    try:
        shown: dict[str, Any] = page.evaluate(_SHOW, [file.as_uri(), False])
    except Error as error:
        return {"error": str(error).splitlines()[0]}
    return shown | {"moves": _moves(page, file)}


def _moves(page: Page, file: Path) -> dict[str, int] | None:
    """Null, too, where it decodes some frames and not all."""
    if (type_ := media_type(file.read_bytes())) is None:
        return None
    try:
        found: dict[str, int] = page.evaluate(_MOVES, [file.as_uri(), type_])
    except Error:
        return None
    return found if found["frames"] > 1 else None


def main() -> None:
    """Answer jobs with one page of one browser, which lies in a file as pictures do."""
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=list(_ARGUMENTS), chromium_sandbox=os.geteuid() != 0
        )
        page = browser.new_page()
        blank = Path(folder, "blank.html")
        blank.write_text("<body>")
        page.goto(blank.as_uri())
        answer_all(f"Chromium {browser.version}", lambda job: work(page, job))


if __name__ == "__main__":
    main()
