"""A child can import nothing and read nothing, and makes the same of every file, even as the first of its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.declaring import BT_2020, HLG, PQ, avif_with, bars, cicp, heic_with, png_with
from tests.image.files import GOOD, MORE
from tests.image.test_metadata import with_iptc, xmp_of
from tools.drawing import cmyk_profile, exif_with, file_of, plain, ramp, rgb_profile

PROJECT = Path(__file__).parents[2]
_P3 = rgb_profile()
FILES = (
    GOOD
    | {name: MORE[name] for name in ("raw", "raw, of boxes")}
    | {
        "jpeg, with a profile": file_of(ramp(), "JPEG", icc_profile=_P3),
        "jpeg, print colors with a profile": file_of(
            plain((10, 20, 30, 40), mode="CMYK"), "JPEG", icc_profile=cmyk_profile(lambda _: (50.0, 0.0, 0.0))
        ),
        "jpeg, turned": file_of(ramp(), "JPEG", exif=exif_with(6, "Somebody")),
        "jpeg, press data": with_iptc(file_of(ramp(), "JPEG"), "Somebody", "Nobody"),
        "jpeg, XMP": file_of(ramp(), "JPEG", xmp=xmp_of("Zoë", "Nobody")),
        "jpeg, XMP in UTF-16": file_of(ramp(), "JPEG", xmp=xmp_of("Zoë", "Nobody").decode().encode("utf-16")),
        "jpeg, several": file_of(ramp(), "MPO", save_all=True, append_images=[ramp()]),
        "png, bright": png_with(bars(), cicp(BT_2020, PQ)),
        "avif, bright": avif_with(bars(), BT_2020, HLG),
        "heic, bright": heic_with(bars(), BT_2020, PQ),
        "webp, with a profile": file_of(ramp(), "WEBP", icc_profile=_P3, exif=exif_with(3)),
        "tiff, as JPEG": file_of(ramp(), "TIFF", compression="jpeg", icc_profile=_P3),
        "tiff, one bit": file_of(ramp().convert("1"), "TIFF", compression="group4"),
        "tiff, floats": file_of(ramp().convert("F"), "TIFF"),
        "gif, moving": file_of(ramp(), "GIF", save_all=True, append_images=[plain((9, 9, 9), (64, 64))]),
        "png, cut": GOOD["png"][:-40],
        "nothing": b"",
    }
)
PARTS = 4
"""So many tests share the files, each with every fourth."""


PROGRAM = """
import hashlib, json, os, sys
from pathlib import Path
from lightpress.image.compress import CompressionOptions, compress
from lightpress.image.errors import PictureRejected
from lightpress.image.spec import Size, Spec
from lightpress.image.lossless import pack
from lightpress.image.render import render
from lightpress.image.inputs import READABLE
from lightpress.pipeline.sandbox import SandboxLimits, compress_in_sandbox, render_in_sandbox

LIMITS = SandboxLimits()
SPEC = Spec((Size("small", 24), Size("huge", 9_999)), ("avif", "webp", "jpeg", "png"), accept=READABLE, lossless=True)
LOSSY = CompressionOptions(mode="lossy")
WORK = {
    "children": {
        "render": lambda data: render_in_sandbox(data, SPEC, LIMITS),
        "compress": lambda data: compress_in_sandbox(data, CompressionOptions(), LIMITS),
        "compress, lossy": lambda data: compress_in_sandbox(data, LOSSY, LIMITS),
    },
    "here": {
        "render": lambda data: render(data, SPEC, pack=pack),
        "compress": lambda data: compress(data, CompressionOptions(), pack=pack),
        "compress, lossy": lambda data: compress(data, LOSSY, pack=pack),
    },
}

def made(work, data):
    try:
        result = work(data)
        return [result.original.format, *result.original.notes, *(digest(one.data) for one in result.variants)]
    except PictureRejected as rejected:
        return [rejected.reason, rejected.detail]

def digest(data):
    return hashlib.sha256(data).hexdigest()

for path in sorted(Path(sys.argv[1]).iterdir()):
    for name, work in WORK[sys.argv[2]].items():
        sys.stdout.flush()
        if os.fork() == 0:  # each file is the first of its parent, which has loaded no codec yet
            print(json.dumps([path.name, name, made(work, path.read_bytes())]), flush=True)
            os._exit(0)
        os.wait()
"""


def outcomes(folder: Path, where: str) -> dict[tuple[str, str], list[str]]:
    """What is made of each file in the folder, by its name and the kind of work: digests, or the reason why not."""
    environment = {"PYTHONPATH": str(PROJECT / "lambda_src"), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", PROGRAM, str(folder), where]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return {(file, work): made for file, work, made in map(json.loads, ran.stdout.splitlines())}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_confined_child_makes_of_every_kind_of_file_what_a_free_process_makes(part: int, tmp_path: Path) -> None:
    files = dict(list(FILES.items())[part::PARTS])
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    wanted = outcomes(tmp_path, "here")
    assert len(wanted) == 3 * len(files) > 20
    assert sum(len(made) > 2 for made in wanted.values()) > 7
    assert outcomes(tmp_path, "children") == wanted
