"""What runs on arm64, with nothing on its path but the layer, the functions' code, and botocore as Lambda brings it.

    guest.py pictures FOLDER            works on all jobs of FOLDER/jobs.json; the results go to FOLDER/results.jsonl
    guest.py library                    counts pictures that the pixel library makes to the very bytes of Pillow
    guest.py function MODULE EVENT      loads a handler as Lambda does, and prints what it answers to an event

The host works on the same jobs by the same function, `work_on`.
"""

from __future__ import annotations

import importlib
import io
import json
import platform
import random
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any

_RESIZED = tuple(
    (mode, size, wanted)
    for mode in ("L", "RGB", "RGBA", "CMYK")
    for size, wanted in (((203, 151), (97, 71)), ((203, 151), (90, 9)), ((60, 300), (59, 20)), ((31, 9), (200, 77)))
)
"""Mode, size and wanted size of what `library` resizes."""
_IN_PLANES = ("jpeg", "avif")
_DECODED = {"L": (0, 1), "RGB": (2, 3), "RGBA": (6, 4)}
"""The color type and channels of the PNG files that `library` decodes, by mode."""


def work_on(job: dict[str, Any], data: bytes, folder: Path) -> dict[str, Any]:
    """Work on one original in the sandbox, and write its variants to `folder`.

    Args:
        job: name; work: "render", "faces" or "compress"; options: of `Spec` or `CompressionOptions`; sizes: widths in
            pixels, and of "faces" the sides of squares around them; limits: of `SandboxLimits`.
        data: The file.
        folder: Where the variants go.

    Returns:
        name; variants, each with format, width, height and file, and focus, the point that they were cut around; or
        `rejected`, the reason; or `lost`, why the child gave no verdict.

    """
    from lightpress.image.errors import PictureRejected  # noqa: PLC0415  only the guest's path has it before `main`
    from lightpress.pipeline.ports import ChildLost  # noqa: PLC0415

    try:
        result = _result(job, data)
        variants = [_written(job, number, variant, folder) for number, variant in enumerate(result.variants)]
    except PictureRejected as rejected:
        return {"name": job["name"], "rejected": rejected.reason.value, "detail": rejected.detail}
    except ChildLost as lost:
        return {"name": job["name"], "lost": str(lost)}
    return {"name": job["name"], "variants": variants, "focus": result.original.focus}


def _result(job: dict[str, Any], data: bytes) -> Any:  # noqa: ANN401  a `RenderResult`
    from lightpress.image.compress import CompressionOptions  # noqa: PLC0415
    from lightpress.image.spec import Size, Spec  # noqa: PLC0415
    from lightpress.pipeline.sandbox import (  # noqa: PLC0415
        SandboxLimits,
        compress_in_sandbox,
        render_in_sandbox,
    )

    limits = SandboxLimits(**job["limits"])
    if job["work"] == "compress":
        return compress_in_sandbox(data, CompressionOptions(**job["options"]), limits)
    around: dict[str, Any] = {"fit": "cover", "auto_focus": True, "faces": True} if job["work"] == "faces" else {}
    sizes = tuple(Size(f"w{side}", side, side if around else None, **around) for side in job["sizes"])
    return render_in_sandbox(data, Spec(sizes=sizes, **job["options"]), limits)


def _written(job: dict[str, Any], number: int, variant: Any, folder: Path) -> dict[str, Any]:  # noqa: ANN401
    file = folder / f"{job['name']}-{number}.{variant.format}"
    file.write_bytes(variant.data)
    return {"format": variant.format, "width": variant.width, "height": variant.height, "file": file.name}


def pictures(folder: Path) -> None:
    """Work on all jobs, and write each result at once: what crashes leaves the ones before."""
    from PIL import features  # noqa: PLC0415  the layer's

    made = folder / "arm64"
    made.mkdir(exist_ok=True)
    with (folder / "results.jsonl").open("w", encoding="utf-8") as results:
        about = {"machine": platform.machine(), "python": platform.python_version()}
        about |= {name: str(features.version(name)) for name in ("pil", "avif", "webp", "jpg", "zlib", "littlecms2")}
        print(json.dumps(about), file=results, flush=True)
        for job in json.loads((folder / "jobs.json").read_text(encoding="utf-8")):
            began = time.monotonic()
            result = work_on(job, (folder / "originals" / job["file"]).read_bytes(), made)
            print(json.dumps(result | {"seconds": time.monotonic() - began}), file=results, flush=True)


def library() -> dict[str, int]:
    """Of how many pictures that the pixel library resizes, reads or writes the bytes are Pillow's; -1 without one."""
    from PIL import Image  # noqa: PLC0415  the layer's

    from lightpress.image.pixel_library import pixel_library  # noqa: PLC0415  only the guest's path has it before `main`

    loaded, same, count = pixel_library(), 0, len(_RESIZED) + len(_DECODED) + len(_IN_PLANES)
    if loaded is None:
        return {"same": -1, "of": count}
    for mode, size, wanted in _RESIZED:
        channels = len(Image.new(mode, (1, 1)).getbands())
        image = Image.frombytes(mode, size, random.Random(1).randbytes(size[0] * size[1] * channels))  # noqa: S311
        made = loaded.resized(image, wanted)
        same += made is not None and made.tobytes() == image.resize(wanted, Image.Resampling.BICUBIC).tobytes()
    same += sum(_is_decoded_alike(_png(mode)) for mode in _DECODED)
    same += sum(_is_written_alike(form) for form in _IN_PLANES)
    return {"same": same, "of": count}


def _png(mode: str) -> bytes:
    """A file whose rows have every filter in turn: whatever one is undone from is a picture."""
    from lightpress.image.png import PNG_SIGNATURE, png_chunk  # noqa: PLC0415

    (color_type, channels), (width, height), draw = _DECODED[mode], (203, 151), random.Random(1)  # noqa: S311
    rows = b"".join(bytes([row % 5]) + draw.randbytes(width * channels) for row in range(height))
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0))
    return PNG_SIGNATURE + header + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def _is_decoded_alike(data: bytes) -> bool:
    from PIL import Image  # noqa: PLC0415  the layer's

    from lightpress.image.quick_png import fill_quickly  # noqa: PLC0415

    with Image.open(io.BytesIO(data)) as filled, Image.open(io.BytesIO(data)) as plain:
        fill_quickly(filled, data)
        is_filled = filled.tile != plain.tile
        return is_filled and filled.tobytes() == plain.tobytes()


def _is_written_alike(form: str) -> bool:
    """Whether a JPEG in gray, read to planes, and written in a format is what Pillow makes of what it reads."""
    from PIL import Image  # noqa: PLC0415  the layer's

    from lightpress.image.jpegli import tables  # noqa: PLC0415
    from lightpress.image.outputs import OUTPUTS  # noqa: PLC0415
    from lightpress.image.planar import Planar  # noqa: PLC0415
    from lightpress.image.plane_codecs import in_planes, plane_codecs  # noqa: PLC0415

    levels, file, codecs = random.Random(2).randbytes(40 * 30), io.BytesIO(), plane_codecs()  # noqa: S311  not for security
    gray = Image.frombytes("L", (40, 30), levels).resize((321, 241), Image.Resampling.BICUBIC)
    colored = Image.merge("YCbCr", (gray, Image.linear_gradient("L").resize(gray.size), Image.new("L", gray.size, 90)))
    colored.convert("RGB").save(file, "JPEG", quality=90)
    with Image.open(file) as opened, Image.open(file) as plain:
        planar = in_planes(opened, file.getvalue())
        plain.draft("L", plain.size)
        if codecs is None or planar is None or planar.planes[0].tobytes() != plain.tobytes():
            return False
        settings = dict(OUTPUTS[form].options)
        settings |= {"qtables": tables(55), "subsampling": "4:2:0"} if form == "jpeg" else {"quality": 55}
        none, by_pillow = Image.new("L", planar.planes[1].size, 128), io.BytesIO()
        plain.convert("RGB").save(by_pillow, OUTPUTS[form].pillow, **settings)
        return codecs.encoded(Planar.of(planar.planes[0], none, none), form, settings) == by_pillow.getvalue()


class _Context:
    """What Lambda tells of an invocation."""

    function_name = "function"
    function_version = "1"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:function:live"
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


def function(module: str, event: str) -> None:
    """Load a handler and have it answer; its answer is the last line of the output."""
    answer = importlib.import_module(module).handler(json.loads(event), _Context())
    sys.stdout.write(json.dumps({"answer": answer}) + "\n")


def main(task: str, *arguments: str) -> None:
    """Do one of the three."""
    if task == "pictures":
        pictures(Path(arguments[0]))
    elif task == "library":
        sys.stdout.write(json.dumps(library()) + "\n")
    else:
        function(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
