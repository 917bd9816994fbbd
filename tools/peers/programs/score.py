"""SSIMULACRA2 of encoded pictures: answers {"picture", "files"} with {"scores": {file: score}}.

The reference is the original, fully decoded, upright, in sRGB, reduced to the file's dimensions in one Lanczos step.
"""

from __future__ import annotations

import io
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from answering import answer_all
from PIL import Image, ImageCms, ImageOps
from ssimulacra2 import compute_ssimulacra2


def scores(job: dict[str, Any]) -> dict[str, Any]:
    """The score of each file against the original."""
    original = _in_srgb(job["picture"])
    return {"scores": {file: _score(original, file) for file in job["files"]}}


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
    answer_all(f"ssimulacra2 {version('ssimulacra2')}", scores)
