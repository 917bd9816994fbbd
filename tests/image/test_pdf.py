"""Of a PDF the first page is drawn, on white, at the size of each variant; whatever else it says is let be."""

from __future__ import annotations

import io
import subprocess
import zlib
from shutil import which
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tests.image.drawings import PAGE, pdf
from tools.drawing import file_of, four_corners, mean_difference, pixel, seen, spec, speckled

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.image.spec import Spec

LADDER = spec(Size("large", 480), Size("small", 60))
WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def made(data: bytes, what: Spec = LADDER) -> dict[str, Image.Image]:
    return {one.names[0]: seen(one).convert("RGB") for one in render(data, what).variants}


def refusal(data: bytes) -> PictureRejected:
    with pytest.raises(PictureRejected) as caught:
        made(data)
    return caught.value


def test_the_first_page_is_drawn_at_the_size_of_each_variant_and_that_is_said() -> None:
    data = pdf(PAGE, "0 g 0 0 999 999 re f")
    facts = render(data, LADDER).original
    assert (facts.format, facts.width, facts.height) == ("pdf", 480, 320)
    assert facts.notes == (
        "The page of 320 x 213 is drawn anew for each size.",
        "The file has 2 pages; its variants show the first.",
    )
    for image in made(data).values():
        assert [pixel(image, (x, 0.5)) for x in (0.25, 0.5, 0.75)] == [RED, WHITE, BLUE]
        assert pixel(image, (0.25, 0.9)) == WHITE
    assert {name: one.size for name, one in made(data).items()} == {"large": (480, 320), "small": (60, 40)}


def test_lines_are_sharp_at_each_size() -> None:
    stripes = " ".join(f"{x} 0 1 160 re f" for x in range(0, 240, 2))
    image = made(pdf("0 g " + stripes))["large"].convert("L")
    counts = image.histogram()
    assert counts[0] + counts[255] == image.width * image.height


def test_a_scan_is_shown_as_it_was_scanned() -> None:
    picture = four_corners((400, 300))
    image = made(file_of(picture, "PDF", resolution=72), spec(Size("whole", 400)))["whole"]
    assert image.size == picture.size
    assert mean_difference(image, picture) < 3


@pytest.mark.parametrize(("turn", "size"), [(0, (480, 320)), (90, (480, 720)), (180, (480, 320)), (270, (480, 720))])
def test_a_page_is_turned_as_it_says(turn: int, size: tuple[int, int]) -> None:
    image = made(pdf(PAGE, page=f"/Rotate {turn}"))["large"]
    assert image.size == size
    at = {0: (0.25, 0.5), 90: (0.5, 0.25), 180: (0.75, 0.5), 270: (0.5, 0.75)}[turn]
    assert pixel(image, at) == RED


def test_a_page_is_cut_as_it_says() -> None:
    image = made(pdf(PAGE, page="/CropBox [120 0 240 160]"))["large"]
    assert image.size == (480, 640)
    assert pixel(image, (0.5, 0.5)) == BLUE


@pytest.mark.parametrize("box", [(0, 0, 2.4e5, 1.6e5), (-1e6, -1e6, 1e6, 1e6), (0, 0, 2.4, 1.6), (0, 0, 14_400, 1)])
def test_a_page_of_any_size_is_drawn_with_the_pixels_of_its_variants(box: tuple[float, ...]) -> None:
    (left, bottom, right, top), images = box, made(pdf("0.5 g", box=box))
    shape = (right - left) / (top - bottom)
    assert images["large"].size == (480, max(1, round(480 / shape)))


IMPOSSIBLE = {
    "no page": pdf(),
    "the first bytes of one": b"%PDF-1.7\n",
    "cut short": pdf(PAGE)[:200],
    "something else": b"%PDF-1.7\n" + speckled().tobytes(),
}


@pytest.mark.parametrize("data", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_drawn_is_damaged(data: bytes) -> None:
    assert refusal(data).reason is Reason.CORRUPT


def test_a_page_behind_a_password_gets_a_reason_that_says_so() -> None:
    words = "<" + "41" * 32 + ">"
    lock = f"<< /Filter /Standard /V 1 /R 2 /O {words} /U {words} /P -4 >>"
    rejected = refusal(pdf(PAGE, encrypt=f"/Encrypt {lock} /ID [<00><00>]"))
    assert (rejected.reason, rejected.detail) == (
        Reason.FORMAT_NOT_ACCEPTED,
        "The file is a PDF that opens only with a password.",
    )


def laughing(depth: int) -> bytes:
    """A page that draws a form ten times, which draws another ten times, and so on."""
    forms = {}
    for number in range(depth):
        inner = b"/F Do " * 10 if number < depth - 1 else b"0 0 240 160 re f "
        resources = f"<< /XObject << /F {101 + number} 0 R >> >>" if number < depth - 1 else "<< >>"
        head = f"<< /Type /XObject /Subtype /Form /BBox [0 0 240 160] /Resources {resources} /Length {len(inner)} >>"
        forms[100 + number] = head.encode() + b"\nstream\n" + inner + b"\nendstream"
    return pdf("/F Do " * 10, page="/Resources << /XObject << /F 100 0 R >> >>", more=forms)


def picture_of(side: int) -> bytes:
    """A page with a huge picture of one color, packed."""
    packed = zlib.compress(bytes(side * side // 8), 9)
    head = (
        f"<< /Type /XObject /Subtype /Image /Width {side} /Height {side} /ColorSpace /DeviceGray /BitsPerComponent 1 "
    )
    image = f"{head} /Filter /FlateDecode /Length {len(packed)} >>".encode() + b"\nstream\n" + packed + b"\nendstream"
    return pdf("240 0 0 160 0 0 cm /I Do", page="/Resources << /XObject << /I 100 0 R >> >>", more={100: image})


BOMBS = {
    "a billion laughs by forms": lambda: laughing(9),
    "a picture of a thousand million pixels": lambda: picture_of(32_000),
    "a million lines": lambda: pdf("0 0 m " + "240 160 l 0 1 l " * 500_000 + "S"),
    "a form in itself": lambda: pdf(
        "/F Do",
        page="/Resources << /XObject << /F 100 0 R >> >>",
        more={
            100: b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 100 0 R >> >> "
            b"/Length 5 >>\nstream\n/F Do\nendstream"
        },
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", BOMBS)
def test_what_takes_too_much_to_draw_is_ended_by_the_limits_of_its_child(name: str) -> None:
    limits = SandboxLimits(cpu_seconds=2, wall_seconds=30, memory_mb=500)
    try:
        variants = list(render_in_sandbox(BOMBS[name](), LADDER, limits).variants)
    except PictureRejected as rejected:
        assert rejected.reason in {Reason.TOO_SLOW, Reason.CRASHED_DECODER, Reason.CORRUPT}  # noqa: PT017
    else:
        assert [one.width for one in variants] == [480, 60]


def test_letters_are_drawn_with_the_fonts_that_the_library_brings_in_a_child_that_can_open_nothing() -> None:
    page = "BT /F1 60 Tf 10 50 Td (Hello) Tj ET"
    data = pdf(page, page="/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>")
    (variant, _) = render_in_sandbox(data, LADDER, SandboxLimits()).variants
    confined = seen(variant).convert("L")
    assert confined.histogram()[0] > 2_000
    assert made(data)["large"].convert("L").tobytes() == confined.tobytes()


@pytest.mark.skipif(which("pdftoppm") is None, reason="needs pdftoppm (Debian's poppler-utils)")
@pytest.mark.parametrize("name", ["shapes", "a curve", "a gradient of gray"])
def test_poppler_draws_the_same(name: str, tmp_path: Path) -> None:
    operators = {
        "shapes": PAGE,
        "a curve": "0 0.5 0 RG 8 w 20 20 m 80 180 160 -20 220 140 c S",
        "a gradient of gray": " ".join(f"{x / 240:.4f} g {x} 0 1 160 re f" for x in range(240)),
    }[name]
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(operators))
    command = ["pdftoppm", "-png", "-singlefile", "-scale-to-x", "480", "-scale-to-y", "320", str(path)]
    png = subprocess.run(command, capture_output=True, check=True).stdout
    theirs = Image.open(io.BytesIO(png)).convert("RGB")
    assert mean_difference(made(path.read_bytes())["large"], theirs) < 1.5
