"""Which variant a service looks at: what each takes of pictures in a request."""

from __future__ import annotations

import pytest

from lightpress.pipeline.asking import BEDROCK, REKOGNITION, Sight, seen_by
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status, Variant

MIB = 1024 * 1024


def seen(sight: Sight, *sizes: tuple[int, int, int]) -> tuple[int, int] | None:
    """The pixels of the variant that is looked at, of those with these widths, heights and bytes."""
    variants = tuple(
        Variant(f"w{width}", "jpeg", "image/jpeg", width, height, size, "0" * 64, f"i/x/1-y/w{width}.jpg")
        for width, height, size in sizes
    )
    source = PublishedSource("v", 1, aspect_ratio=round(sizes[-1][0] / sizes[-1][1], 4))
    variant = seen_by(sight, Manifest("cat.jpg", Status.READY, 1, source, variants=variants))
    return (variant.width, variant.height) if variant else None


@pytest.mark.parametrize(
    ("sight", "taken", "not_taken"),
    [
        (REKOGNITION, (800, 600, 5 * MIB), (800, 600, 5 * MIB + 1)),
        (REKOGNITION, (800, 80, 1), (800, 79, 1)),
        (REKOGNITION, (10_000, 600, 1), (10_001, 600, 1)),
        (BEDROCK, (800, 600, 3_750_000), (800, 600, 3_750_001)),
        (BEDROCK, (8_000, 600, 1), (8_001, 600, 1)),
    ],
)
def test_a_service_looks_at_no_more_bytes_and_pixels_than_it_takes(
    sight: Sight, taken: tuple[int, int, int], not_taken: tuple[int, int, int]
) -> None:
    assert seen(sight, taken) == taken[:2]
    assert seen(sight, not_taken) is None


def test_where_what_is_large_enough_has_too_many_bytes_a_smaller_variant_is_looked_at() -> None:
    assert seen(BEDROCK, (400, 300, 100_000), (1600, 1200, 4_000_000)) == (400, 300)
    assert seen(REKOGNITION, (400, 300, 100_000), (1600, 1200, 4_000_000)) == (1600, 1200)
