"""A file of a format that is not accepted is refused by its first bytes: its decoder never sees it."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import PIL
import pillow_heif
import pytest
from PIL import features

from lightpress.image.compress import CompressionOptions, compress
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.inputs import ACCEPTED, EXTRA_INPUTS, INPUTS, READABLE
from lightpress.image.refused import REFUSED
from lightpress.image.spec import Size, Spec
from tests.image.files import GOOD, MORE
from tools.drawing import file_of, plain, psd, rendered, spec, summary_of, with_chunk_before

if TYPE_CHECKING:
    from lightpress.image.inputs import Input

JP2, CODESTREAM = GOOD["jpeg2000"], GOOD["jpeg2000, bare"]
DEFAULT = Spec((Size("a", 16),), ("jpeg",))
"""As a recipe that does not say what it accepts."""

NOT_MENDED = (2, 5, 4)
"""OpenJPEG up to here writes beyond its heap over a crafted file (OSV-2025-219)."""


def refusal(data: bytes, what: Spec = DEFAULT) -> PictureRejected:
    with pytest.raises(PictureRejected) as caught:
        rendered(data, what)
    return caught.value


def test_by_default_everything_is_accepted_but_jpeg_2000_and_what_needs_more_than_pillow() -> None:
    assert set(READABLE) - set(ACCEPTED) == {"jpeg2000", "raw", "jxl", "svg", "pdf"}
    assert DEFAULT.accept == ACCEPTED


def test_jpeg_2000_is_accepted_by_default_only_with_a_mended_decoder() -> None:
    version = features.version("jpg_2000")
    assert version is not None
    mended = tuple(map(int, version.split("."))) > NOT_MENDED
    assert mended or "jpeg2000" not in ACCEPTED


@pytest.mark.parametrize("row", INPUTS, ids=lambda row: row.name)
def test_each_format_is_read_where_it_is_accepted_and_refused_by_name_where_not(row: Input) -> None:
    data = (GOOD | MORE)[row.name]
    assert summary_of(data, spec(Size("a", 48), accept=(row.name,))).format == row.name
    others = tuple(name for name in READABLE if name != row.name)
    rejected = refusal(data, spec(accept=others))
    assert rejected.reason is Reason.FORMAT_NOT_ACCEPTED
    accepted = ", ".join(other.label for other in INPUTS if other is not row)
    plainly = f"The file is {row.label}, which is not accepted. Accepted: {accepted}."
    if row.by_default or row.name == "jpeg2000":
        assert rejected.detail == plainly
    else:
        assert rejected.detail.startswith(
            f'{plainly} Operators accept it by naming "{row.name}" in the accept of a recipe'
        )
        assert ("extra_inputs" in rejected.detail) == (row.name in EXTRA_INPUTS)


def test_a_refusal_names_what_is_accepted_in_the_same_order_however_a_recipe_lists_it() -> None:
    assert refusal(GOOD["gif"], spec(accept=("png", "jpeg"))).detail.endswith("Accepted: JPEG, PNG.")
    assert refusal(b"%!PS", spec(accept=("png",))).detail == (
        "The file is PostScript, which is not accepted. Accepted: PNG."
    )


# What JPEG 2000 may come in, or come as.


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def jp2_of_brand(brand: bytes) -> bytes:
    """The same picture as JPX, JPM or one of the others of the family: only the brand differs."""
    assert JP2[12:24] == b"\0\0\0\x14ftypjp2 "
    return JP2[:20] + brand + JP2[24:28] + brand + JP2[32:]


def tiff_of(compression: int, data: bytes) -> bytes:
    """A TIFF of 48 x 40 pixels whose only strip is `data`, packed in a way that its number says."""
    tags = [
        (256, 4, 48), (257, 4, 40), (258, 3, 8), (259, 3, compression), (262, 3, 2), (273, 4, 8), (277, 3, 3),
        (278, 4, 40), (279, 4, len(data)),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def ico_of(data: bytes) -> bytes:
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 48, 40, 0, 0, 1, 32, len(data), 22) + data


def icns_of(data: bytes) -> bytes:
    return b"icns" + struct.pack(">I", 16 + len(data)) + b"ic09" + struct.pack(">I", 8 + len(data)) + data


def bmp_of(data: bytes, compression: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, 48, 40, 1, 24, compression, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, 54) + head + data


def heic_of_jpeg_2000() -> bytes:
    """A HEIC file whose picture is said to be coded as JPEG 2000 (ISO/IEC 15444-16) and is."""
    data = GOOD["heic"].replace(b"hvc1", b"j2k1")
    at = data.index(b"hvcC") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    data = data[:at] + box(b"j2kH", box(b"free", bytes(length - 16))) + data[at + length :]
    at = data.index(b"mdat") - 4
    whole, instead = (struct.pack(">IHII", at + 8, 1, 0, length) for length in (len(data) - at - 8, len(CODESTREAM)))
    assert data.count(whole) == 1, "where the coded picture lies, and how long it is"
    return data[:at].replace(whole, instead) + box(b"mdat", CODESTREAM)


AS_PIXELS = CODESTREAM.ljust(48 * 40 * 3, b"\0")


DISGUISED = {
    "JP2": JP2,
    "a bare codestream": CODESTREAM,
    "JPX": jp2_of_brand(b"jpx "),
    "JPM": jp2_of_brand(b"jpm "),
    "JPH": jp2_of_brand(b"jph "),
    "motion JPEG 2000": jp2_of_brand(b"mjp2"),
    "JP2 with a box in front of its brand": JP2[:12] + box(b"free", bytes(8)) + JP2[12:],
    "JP2 without its signature": JP2[12:],
    "JP2 of HEIC's brands": jp2_of_brand(b"heic"),
    "JP2 of HEIC's brands, without its signature": jp2_of_brand(b"heic")[12:],
    "JP2 with a long box": b"\0\0\0\1jP  \0\0\0\0\0\0\0\x14\r\n\x87\n" + JP2[12:],
    "a codestream that is WebP by its ninth byte": CODESTREAM[:8] + b"WEBP" + CODESTREAM[12:],
    "TIFF, Aperio's YCbCr": tiff_of(33_003, CODESTREAM),
    "TIFF, Aperio's RGB": tiff_of(33_005, CODESTREAM),
    "TIFF, Leadtools'": tiff_of(34_712, JP2),
    "TIFF, a bare codestream as if not packed": tiff_of(1, AS_PIXELS),
    "TIFF, as JPEG": tiff_of(7, CODESTREAM),
    "an icon": ico_of(JP2),
    "an icon of a codestream": ico_of(CODESTREAM),
    "an Apple icon": icns_of(JP2),
    "HEIC": heic_of_jpeg_2000(),
    "BMP, as if not packed": bmp_of(AS_PIXELS, 0),
    "BMP, as JPEG": bmp_of(JP2, 4),
    "BMP, as PNG": bmp_of(JP2, 5),
    "PNG, in a chunk": with_chunk_before(GOOD["png"], b"IDAT", b"jpXk", JP2),
    "behind a JPEG": GOOD["jpeg"] + JP2,
    "Photoshop, in its resources": psd(plain(), resources=b"8BIM\4\x0c\0\0" + struct.pack(">I", len(JP2)) + JP2),
    "PDF": b"%PDF-1.7\n1 0 obj <</Type /XObject /Filter /JPXDecode>> stream\n" + JP2,
}
"""JPEG 2000 by all names that it has, and inside of all that can hold it."""

READ_AS_SOMETHING_ELSE = {
    "TIFF, a bare codestream as if not packed", "BMP, as if not packed", "PNG, in a chunk", "behind a JPEG",
    "Photoshop, in its resources",
}  # fmt: skip
"""In these it is only bytes beside, or instead of, the pixels."""
REJECTIONS = {Reason.FORMAT_NOT_ACCEPTED, Reason.CORRUPT, Reason.NOT_A_PICTURE, Reason.TOO_MANY_PIXELS}

_PROGRAM = """
import json, sys
from pathlib import Path
from lightpress.image.limits import Limits
from lightpress.image.errors import PictureRejected
from lightpress.image.spec import Size, Spec
from lightpress.image.compress import CompressionOptions, compress
from lightpress.image.render import render
from lightpress.image.inputs import ACCEPTED, READABLE

accept = {"by default": ACCEPTED, "everything": READABLE}[sys.argv[1]]
spec = Spec((Size("a", 16),), ("jpeg",), accept=accept)
told = {}
for path in sorted(Path(sys.argv[2]).iterdir()):
    said = []
    for work, options in ((render, spec), (compress, CompressionOptions())):
        try:
            rendering = work(path.read_bytes(), options)
            list(rendering.variants)
            said.append(rendering.original.format)
        except PictureRejected as rejected:
            said.append(rejected.reason)
    told[path.name] = [*said, "PIL.Jpeg2KImagePlugin" in sys.modules]
print(json.dumps(told))
"""


def outcomes(accept: str, folder: Path, files: dict[str, bytes]) -> dict[str, list[str | bool]]:
    """What becomes of the files in a process of its own, and whether Pillow's door to OpenJPEG was opened by then."""
    for number, data in enumerate(files.values()):
        (folder / f"{number:03}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM, accept, str(folder)],
        env={"PYTHONPATH": "lambda_src"},
        capture_output=True,
        check=True,
        text=True,
    )
    return dict(zip(files, json.loads(done.stdout).values(), strict=True))


def test_no_jpeg_2000_reaches_its_decoder_by_default_whatever_it_is_called_or_packed_in(tmp_path: Path) -> None:
    told = outcomes("by default", tmp_path, DISGUISED)
    assert {name for name, (_, _, opened) in told.items() if opened} == set()
    assert {name for name, (made, _, _) in told.items() if made not in REJECTIONS} == READ_AS_SOMETHING_ELSE


def test_jpeg_2000_reaches_its_decoder_where_it_is_accepted_and_never_by_another_format(tmp_path: Path) -> None:
    hidden = {name: data for name, data in DISGUISED.items() if not data.startswith((JP2[:12], CODESTREAM[:4]))}
    assert len(hidden) > 15
    (tmp_path / "one").mkdir()
    assert not any(opened for _, _, opened in outcomes("everything", tmp_path / "one", hidden).values())
    (tmp_path / "two").mkdir()
    plainly = {"JP2": JP2, "a bare codestream": CODESTREAM, "JPX": DISGUISED["JPX"]}
    told = outcomes("everything", tmp_path / "two", plainly)
    assert {name: (made, opened) for name, (made, _, opened) in told.items()} == dict.fromkeys(
        plainly, ("jpeg2000", True)
    )


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("name", DISGUISED)
def test_a_decoder_that_another_recipe_has_opened_stays_shut_for_those_that_do_not_accept_it(name: str) -> None:
    rendered(JP2, spec(accept=("jpeg2000",)))
    if name in READ_AS_SOMETHING_ELSE:
        assert summary_of(DISGUISED[name], DEFAULT).format != "jpeg2000"
    else:
        assert refusal(DISGUISED[name]).reason in REJECTIONS


def test_only_these_parsers_of_pillow_know_of_openjpeg_and_none_is_asked_by_default() -> None:
    """A later Pillow may have more: then this says so."""
    sources = {path.stem: path.read_text() for path in Path(PIL.__file__).parent.glob("*Plugin.py")}
    assert {name for name, text in sources.items() if "jpeg2k" in text.lower()} == {
        "Jpeg2KImagePlugin",
        "IcnsImagePlugin",  # icons of Apple: refused by name
        "PdfImagePlugin",  # it only writes
    }
    asked = {row.plugin for row in INPUTS if row.name in ACCEPTED}
    assert asked.isdisjoint({"PIL.Jpeg2KImagePlugin", "PIL.IcnsImagePlugin", "PIL.PdfImagePlugin"})
    assert {refused.magic for refused in REFUSED} >= {b"icns"}


def test_what_decodes_heic_has_no_decoder_of_jpeg_2000() -> None:
    """libheif can be built with one (ISO/IEC 15444-16); the wheel's is not."""
    assert set(pillow_heif.libheif_info()["decoders"]) == {"libde265"}
    assert "not been built in: JPEG 2000" in refusal(DISGUISED["HEIC"]).detail


@pytest.mark.parametrize("name", ["jpeg2000", "jpeg2000, bare", "heic", "tiff", "avif", "psd", "ico", "bmp"])
def test_what_cannot_be_made_smaller_in_place_is_not_decoded_there(name: str) -> None:
    """Nor is it looked whether it is sound: cut off, it says the same."""
    for data in (GOOD[name], GOOD[name][:40]):
        rendering = compress(data, CompressionOptions())
        assert not list(rendering.variants)
        form = name.partition(",")[0]
        assert rendering.original.notes == (
            f"No way is known to make a file of the format {form} smaller and keep all that is in it.",
        )


def test_a_document_is_refused_in_place_with_what_could_be_made_smaller() -> None:
    with pytest.raises(
        PictureRejected, match=r"is PostScript, which is not accepted. Accepted: JPEG, PNG, GIF, WebP\."
    ) as one:
        compress(b"%!PS-Adobe-3.0\n" + JP2, CompressionOptions())
    assert one.value.reason is Reason.FORMAT_NOT_ACCEPTED


def test_a_picture_of_two_formats_is_decoded_as_the_one_that_is_checked() -> None:
    """The first bytes decide what is accepted, and no other parser is asked afterwards."""
    data = DISGUISED["a codestream that is WebP by its ninth byte"]
    assert refusal(data, spec(accept=("webp",))).reason is Reason.CORRUPT
    assert "is WebP, which is not accepted" in refusal(data, spec(accept=("jpeg2000",))).detail
    assert file_of(plain(), "JPEG2000").startswith(JP2[:12])
