"""Files made to harm end in a reason, and never take more than a sound picture may."""

from __future__ import annotations

from functools import cache

import pytest

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tests.image.bombs import BOMBS, HEAVY, webp_of_34_bytes
from tests.memory import inherited_mb
from tools.drawing import spec

MOST_CPU_MS = 5_000
MOST_MB = 512
LADDER = spec(Size("w320", 320), Size("w640", 640), formats=("avif", "webp", "jpeg"))


def outcome(data: bytes) -> tuple[Reason | None, int, int]:
    """Why it was rejected, the CPU in milliseconds, and the memory in MB that it took beside what was there before."""
    inherited, reason = inherited_mb(), None
    with Child(data, LADDER, SandboxLimits(), render) as child:
        try:
            list(child.result().variants)
        except PictureRejected as rejected:
            reason = rejected.reason
    return reason, child.cost.cpu_ms, child.cost.peak_rss_mb - inherited


@cache
def outcome_of_bomb(name: str) -> tuple[Reason | None, int, int]:
    """That of a bomb, which two tests look at."""
    return outcome(BOMBS[name]())


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_in_a_reason_and_harms_nobody(name: str) -> None:
    reason, cpu_ms, mb = outcome_of_bomb(name)
    assert reason not in {None, Reason.TOO_SLOW, Reason.CRASHED_DECODER}
    assert cpu_ms < MOST_CPU_MS
    assert mb < MOST_MB


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", HEAVY)
def test_what_is_heavy_and_sound_stays_within_the_same_bounds(name: str) -> None:
    _, cpu_ms, mb = outcome(HEAVY[name]())
    assert cpu_ms < MOST_CPU_MS
    assert mb < MOST_MB


REASONS = {
    "png, 100,000 comments": Reason.TOO_MANY_PARTS,
    "jpeg, 2,000 scans": Reason.TOO_MANY_PARTS,
    "jpeg, 100,000 segments": Reason.TOO_MANY_PARTS,
    "jpeg, 119 megapixels in a scan for each color": Reason.TOO_MANY_PIXELS,
    "jpeg, 81 megapixels in a scan for each of four inks": Reason.TOO_MANY_PIXELS,
    "gif, 2 million parts of one byte": Reason.TOO_MANY_PARTS,
    "gif, 2 million empty extensions": Reason.TOO_MANY_PARTS,
    "icon of a huge PNG behind a thousand others": Reason.TOO_MANY_PIXELS,
    "webp, animation of 31 megapixels": Reason.TOO_MANY_PIXELS,
    "gif, its frame behind what is no block": Reason.TOO_MANY_PIXELS,
    "gif, 2 million bytes that are no block": Reason.TOO_MANY_PARTS,
    "tiff, 16 pixels of a tile of 14,000": Reason.TOO_MANY_PIXELS,
    "jpeg, 2,000 scans behind a segment without a length": Reason.TOO_MANY_PARTS,
    "icon of a huge PNG with a small header": Reason.TOO_MANY_PIXELS,
    "icon of a PNG with 100,000 comments": Reason.TOO_MANY_PARTS,
    "jpeg, 90 scans of much": Reason.TOO_MANY_PARTS,
    "tiff, 100,000 directories": Reason.TOO_MANY_PARTS,
    "webp, 34 bytes": Reason.TOO_MANY_PIXELS,
    "webp, 34 bytes within the limit of pixels": Reason.TOO_MANY_PIXELS,
    "heic, within the limit of pixels": Reason.TOO_MANY_PIXELS,
    "jpeg2000, within the limit of pixels": Reason.TOO_MANY_PIXELS,
    "icon of a huge bitmap": Reason.TOO_MANY_PIXELS,
    "icon of a huge PNG": Reason.TOO_MANY_PIXELS,
    "psd": Reason.TOO_MANY_PIXELS,
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", REASONS)
def test_a_bomb_is_told_what_is_too_much(name: str) -> None:
    assert outcome_of_bomb(name)[0] is REASONS[name]


def test_the_smallest_bomb_is_a_sound_file_that_is_too_large() -> None:
    assert len(webp_of_34_bytes(16_383, 16_383)) <= 34
    assert outcome(webp_of_34_bytes(100, 100))[0] is None
