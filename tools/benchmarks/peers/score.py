"""SSIMULACRA2 of encoded pictures. `score.py` answers each line {"picture", "files"} with {file: score}.

The reference is the original, fully decoded, upright, in sRGB, reduced to the file's pixels in one Lanczos step.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageCms, ImageOps
from ssimulacra2 import compute_ssimulacra2


def main() -> None:
    """Answer until there are no more lines."""
    for line in sys.stdin:
        job = json.loads(line)
        original = _in_srgb(job["picture"])
        print(json.dumps({file: _score(original, file) for file in job["files"]}), flush=True)  # noqa: T201


def _in_srgb(picture: str) -> Image.Image:
    with Image.open(picture) as opened:
        profile = opened.info.get("icc_profile")
        image = ImageOps.exif_transpose(opened).convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), inPlace=True)
    image.info.clear()
    return image


def _score(original: Image.Image, file: str) -> float:
    with tempfile.TemporaryDirectory() as folder, Image.open(file) as opened:
        reference, decoded = Path(folder, "reference.png"), Path(folder, "decoded.png")
        original.resize(opened.size, Image.Resampling.LANCZOS).save(reference, compress_level=1)
        opened.convert("RGB").save(decoded, compress_level=1)
        return float(compute_ssimulacra2(str(reference), str(decoded)))


if __name__ == "__main__":
    main()
