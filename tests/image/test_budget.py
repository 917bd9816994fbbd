"""A byte budget: the highest quality that fits, in at most six more encodings, told in a note."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lightpress.image.budget import LOWEST_QUALITY, _qualities_below
from lightpress.image.encode import encode
from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import MOST_TRIES, Size, Spec
from tools.drawing import file_of, four_corners, ramp, speckled

if TYPE_CHECKING:
    from lightpress.image.job import Embedded, EncodedVariant
    from lightpress.image.outputs import Output

PICTURE = file_of(Image.blend(ramp((640, 480)), speckled((640, 480)), 0.7))


class Counting:
    """Encodes, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, image: Image.Image, output: Output, spec: Spec, embedded: Embedded) -> bytes:
        self.count += 1
        return encode(image, output, spec, embedded)


def spec_of(form: str, kb: int | None, **more: object) -> Spec:
    size = Size("w320", 320, max_bytes=kb and kb << 10)
    return replace(Spec((size,), (form,)), **more)  # type: ignore[arg-type]


def made(form: str, kb: int | None, **more: object) -> tuple[EncodedVariant, int]:
    counting = Counting()
    (variant,) = render(PICTURE, spec_of(form, kb, **more), counting).variants
    return variant, counting.count


def bytes_at(form: str, quality: int) -> int:
    return len(made(form, None, quality={form: quality})[0].data)


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif"])
def test_what_exceeds_it_has_the_highest_quality_that_fits_within_six_more_encodings(form: str) -> None:
    free, _ = made(form, None)
    kb = (len(free.data) >> 10) // 2
    variant, count = made(form, kb)
    assert len(variant.data) <= kb << 10
    assert count <= 1 + MOST_TRIES
    assert variant.quality is not None
    assert free.quality is not None
    assert LOWEST_QUALITY < variant.quality < free.quality
    assert variant.note == f"Encoded at quality {variant.quality}, the highest that fits its {kb} KB."
    above = variant.quality + (1 if free.quality <= LOWEST_QUALITY + 64 else 2)
    assert bytes_at(form, above) > kb << 10, "a higher quality would have fitted, too"
    assert bytes_at(form, variant.quality) == len(variant.data), "it is what that quality gives"


def test_what_fits_is_encoded_once_and_is_the_same_bytes() -> None:
    variant, count = made("jpeg", 1_000)
    assert (count, variant.note) == (1, None)
    assert variant.data == made("jpeg", None)[0].data


def test_what_never_fits_is_published_at_the_lowest_quality_and_says_so() -> None:
    variant, count = made("webp", 1)
    assert (variant.quality, count <= 1 + MOST_TRIES) == (LOWEST_QUALITY, True)
    assert variant.note == "Larger than the 1 KB of its size, even at the lowest quality that is tried (10)."


def test_png_has_no_quality_and_stays_with_a_note() -> None:
    variant, count = made("png", 1)
    assert (count, variant.note) == (1, "png has no quality to lower: larger than the 1 KB of its size.")


def test_the_originals_own_bytes_are_encoded_anew_where_they_exceed_it() -> None:
    data = file_of(speckled((300, 200)), "JPEG", quality=80)
    size = Size("w320", 320, max_bytes=20 << 10)
    (variant,) = render(data, Spec((size,), ("jpeg",), lossless=True)).variants
    assert len(variant.data) <= 20 << 10 < len(data)
    assert "the highest that fits" in (variant.note or "")


def test_sizes_of_one_picture_share_a_file_only_where_they_have_one_budget() -> None:
    sizes = (Size("a", 320), Size("b", 320, max_bytes=5 << 10), Size("c", 320), Size("d", 320, max_bytes=9 << 10))
    found = {one.names: len(one.data) for one in render(PICTURE, Spec(sizes, ("jpeg",))).variants}
    assert found.keys() == {("a", "c"), ("b",), ("d",)}
    assert found["b",] <= 5 << 10 < found["d",] <= 9 << 10 < found["a", "c"]


def test_the_kind_of_the_picture_chooses_its_formats_as_without_a_budget() -> None:
    for picture in (PICTURE, file_of(four_corners((400, 300)))):
        formats = []
        for budget in (None, 6 << 10):
            spec = Spec((Size("w320", 320, max_bytes=budget),), tuple(OUTPUTS), auto=True)
            formats.append({one.format for one in render(picture, spec).variants})
        assert formats[0] == formats[1]


@given(st.integers(1, 100))
@settings(deadline=None)
def test_six_tries_choose_among_the_qualities_below_any(asked: int) -> None:
    qualities = _qualities_below(asked)
    assert len(qualities) < 2**MOST_TRIES
    assert qualities[-1] == min(asked, LOWEST_QUALITY)
    assert qualities == sorted(set(qualities), reverse=True)


def test_a_recipe_without_a_budget_never_loads_it() -> None:
    code = (
        "import io, sys; from PIL import Image; from lightpress.image.render import render;"
        "from lightpress.image.spec import MOST_TRIES, Size, Spec;"
        "b = io.BytesIO(); Image.new('RGB', (9, 9)).save(b, 'PNG'); "
        "list(render(b.getvalue(), Spec((Size('a', 9),), ('jpeg',))).variants);"
        "print('lightpress.image.budget' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"
