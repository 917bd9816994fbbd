"""libultrahdr, a judge that is not ours: variants with a gain map are as bright as their originals.

It comes with libvips: pip install pyvips pyvips-binary.
"""

from __future__ import annotations

from typing import Any

import pytest

from lightpress.image.spec import Size
from tests.image.gain_maps import apple, base, iso, levels, saying, ultra_hdr, ultra_hdr_of_three, ultra_hdr_words
from tools.drawing import file_of, ramp, rendered, rgb_profile, spec

pyvips: Any = pytest.importorskip("pyvips", reason="there is no libvips here: pip install pyvips pyvips-binary")
if not pyvips.type_find("VipsOperation", "uhdrload_buffer"):
    pytest.skip("this libvips is without libultrahdr", allow_module_level=True)

SIZES = (
    Size("whole", 400),
    Size("odd", 333),
    Size("small", 100),
    Size("cover", 150, 150, "cover", (0.5, 0.5)),
    Size("pad", 300, 300, "pad"),
)
READ_BY_IT = {
    "Ultra HDR": ultra_hdr(base(), levels()),
    "darker, too": ultra_hdr(base(), levels(), GainMapMin=-1, Gamma=1.5),
    "ISO 21496-1": iso(base(), levels()),
    "Display P3": ultra_hdr(base(icc_profile=rgb_profile()), levels()),
    "not indexed": base() + saying(file_of(levels(), "JPEG", quality=95), ultra_hdr_words()),
}
CONVERTED = {"Apple": apple(base(), levels(), 4.0), "three channels": ultra_hdr_of_three(base(), ramp((100, 75)))}


def light(data: bytes) -> Any:  # noqa: ANN401  of libvips
    """Linear light of a screen with all the headroom that the picture can use, 1 being white."""
    loaded = pyvips.Image.uhdrload_buffer(data)
    assert loaded.get("gainmap-max-content-boost")
    return loaded.uhdr2scRGB()


def points(shown: Any, size: Size) -> list[tuple[float, float, float]]:  # noqa: ANN401  as above
    """Light at nine places of the original, found again in what is shown of it."""
    across, down = (1.0, 1.0)
    if size.fit == "cover":
        across = 4 / 3  # the original is wider than the square by so much
    if size.fit == "pad":
        down = 3 / 4
    places = [(x, y) for x in (0.3, 0.5, 0.7) for y in (0.2, 0.5, 0.8)]
    return [
        tuple(
            shown(
                min(round((0.5 + (x - 0.5) * across) * shown.width), shown.width - 1),
                round((0.5 + (y - 0.5) * down) * shown.height),
            )
        )
        for x, y in places
    ]


@pytest.mark.parametrize("name", READ_BY_IT)
def test_a_variant_is_as_bright_as_its_original_everywhere(name: str) -> None:
    data = READ_BY_IT[name]
    wanted = points(light(data), Size("original", 400))
    assert max(max(point) for point in wanted) > 1.3, "brighter than white"
    made = rendered(data, spec(*SIZES, formats=("jpeg",), hdr="keep", colors="p3", quality={"jpeg": 95}))
    sizes = {size.name: size for size in SIZES}
    for one in made:
        found = points(light(one.data), sizes[one.names[0]])
        for got, want in zip(found, wanted, strict=True):
            assert got == pytest.approx(want, rel=0.12, abs=0.04), one.names


@pytest.mark.parametrize("name", CONVERTED)
def test_what_it_cannot_read_itself_it_reads_as_a_variant(name: str) -> None:
    for one in rendered(CONVERTED[name], spec(*SIZES, formats=("jpeg",), hdr="keep")):
        assert max(max(point) for point in points(light(one.data), Size("original", 400))) > 1.2


def test_without_the_option_there_is_none() -> None:
    (one,) = rendered(READ_BY_IT["Ultra HDR"], spec(formats=("jpeg",)))
    with pytest.raises(pyvips.error.Error):
        pyvips.Image.uhdrload_buffer(one.data)
