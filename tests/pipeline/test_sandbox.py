"""A picture that crashes, hangs or bloats its decoder harms nobody else, and whose fault it was is told apart.

The child inherits the spec as it is, behaviour included: so these specs hold traps that go off in the child.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import stat
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.limits import Limits
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.sandbox import Child, SandboxLimits, render_in_sandbox
from tools.drawing import RED, exif_with, file_of, four_corners, plain, ramp, rgb_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.image.job import EncodedVariant
    from lightpress.image.outputs import Output
    from lightpress.image.spec import Pixels

PICTURE = file_of(ramp((64, 48)))
SIZES = (Size("large", 64), Size("small", 16))
FORMATS = ("webp", "jpeg")


@dataclass(frozen=True)
class TrapBeforeDecoding(Limits):
    """Goes off when the file's size is checked: before anything was answered."""

    spring: Callable[[], object] = lambda: None

    def check_bytes(self, count: int) -> None:
        super().check_bytes(count)
        self.spring()


@dataclass(frozen=True)
class TrapWhileEncoding(Spec):
    """Goes off at the second variant: when the facts and one variant were sent."""

    spring: Callable[[], object] = lambda: None
    asked: list[str] = field(default_factory=list)

    def quality_of(self, output: Output, pixels: Pixels) -> int:
        self.asked.append(output.name)
        if len(set(self.asked)) == 2:
            self.spring()
        return super().quality_of(output, pixels)


def pipes() -> list[int]:
    """The open descriptors that are pipes."""
    found = []
    for descriptor in range(256):
        with suppress(OSError):
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                found.append(descriptor)
    return found


PARENTS_PIPES: list[int] = []


def its_pipes() -> list[int]:
    """The pipe that was made for the child."""
    return [descriptor for descriptor in pipes() if descriptor not in PARENTS_PIPES]


def early(spring: Callable[[], object]) -> Spec:
    PARENTS_PIPES[:] = pipes()
    return Spec(SIZES, FORMATS, limits=TrapBeforeDecoding(spring=spring))


def late(spring: Callable[[], object]) -> Spec:
    PARENTS_PIPES[:] = pipes()
    return TrapWhileEncoding(SIZES, FORMATS, spring=spring)


def dies_of(number: int) -> Callable[[], object]:
    def spring() -> None:
        faulthandler.disable()  # pytest's own; it would tell of the death at length
        os.kill(os.getpid(), number)

    return spring


def spins() -> None:
    while True:
        pass


def sleeps() -> None:
    time.sleep(60)


def eats_memory() -> None:
    bytearray(4 << 30)


def says(nonsense: bytes) -> Callable[[], object]:
    def spring() -> None:
        for descriptor in its_pipes():
            os.write(descriptor, nonsense)
        os._exit(0)

    return spring


def hangs_up_and_lives_on() -> None:
    for descriptor in its_pipes():
        os.close(descriptor)
    sleeps()


QUICK = SandboxLimits(cpu_seconds=1, wall_seconds=60, memory_mb=1_024)
HASTY = SandboxLimits(wall_seconds=0.2)
PATIENT = SandboxLimits(wall_seconds=1.5)

THE_PICTURES_FAULT = {
    "a segmentation fault": (dies_of(signal.SIGSEGV), QUICK, Reason.CRASHED_DECODER, "SIGSEGV"),
    "a failed assertion": (dies_of(signal.SIGABRT), QUICK, Reason.CRASHED_DECODER, "SIGABRT"),
    "a bus error": (dies_of(signal.SIGBUS), QUICK, Reason.CRASHED_DECODER, "SIGBUS"),
    "an assertion of Chromium's": (dies_of(signal.SIGTRAP), QUICK, Reason.CRASHED_DECODER, "SIGTRAP"),
    "a division by zero in C": (dies_of(signal.SIGFPE), QUICK, Reason.CRASHED_DECODER, "SIGFPE"),
    "an endless loop": (spins, QUICK, Reason.TOO_SLOW, "CPU time"),
}


def fails() -> None:
    raise RuntimeError("no more paper")


THE_WORLDS_FAULT = {
    "killed, as by a machine without memory": (dies_of(signal.SIGKILL), QUICK, "signal 9"),
    "asked to stop": (dies_of(signal.SIGTERM), QUICK, "signal 15"),
    "out of memory": (eats_memory, QUICK, "MemoryError"),
    "gone without a word": (lambda: os._exit(3), QUICK, "exited early"),
    "an error that is not about the picture": (fails, QUICK, "RuntimeError: no more paper"),
    "waiting for ever": (sleeps, HASTY, "too long"),
    "hanging up and living on": (hangs_up_and_lives_on, PATIENT, "lives on"),
    "announcing more than there is": (says(struct.pack(">IQ", 2, 1 << 62) + b"{}"), QUICK, "nonsense"),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("trap", [early, late])
@pytest.mark.parametrize(("spring", "bounds", "reason", "words"), THE_PICTURES_FAULT.values(), ids=THE_PICTURES_FAULT)
def test_what_the_picture_is_to_blame_for(
    trap: Callable[..., Spec], spring: Callable[[], object], bounds: SandboxLimits, reason: Reason, words: str
) -> None:
    with pytest.raises(PictureRejected) as caught:
        list(render_in_sandbox(PICTURE, trap(spring), bounds).variants)
    assert caught.value.reason is reason
    assert words in caught.value.detail


@pytest.mark.sampled(6)
@pytest.mark.parametrize("trap", [early, late])
@pytest.mark.parametrize(("spring", "bounds", "words"), THE_WORLDS_FAULT.values(), ids=THE_WORLDS_FAULT)
def test_what_is_worth_another_try(
    trap: Callable[..., Spec], spring: Callable[[], object], bounds: SandboxLimits, words: str
) -> None:
    started = time.monotonic()
    with pytest.raises(ChildLost, match=words):
        list(render_in_sandbox(PICTURE, trap(spring), bounds).variants)
    assert time.monotonic() - started < 30


NONSENSE = {
    "not JSON": struct.pack(">IQ", 8, 0) + b"nonsense",
    "not text": struct.pack(">IQ", 4, 0) + b"\xff\xfe\xfd\xfc",
    "not an object": struct.pack(">IQ", 2, 0) + b"17",
    "an unknown verdict": struct.pack(">IQ", 32, 0) + b'{"rejected": "boring", "detail":1}'[:32],
    "a number that is none": struct.pack(">IQ", 12, 0) + b'{"wide":NaN}',
    "half a header": b"\0\0",
    "half a frame": struct.pack(">IQ", 100, 0) + b"{",
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("trap", [early, late])
@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_never_held_against_the_picture(
    trap: Callable[..., Spec], nonsense: bytes, nothing_is_left: Callable[[], bool]
) -> None:
    with pytest.raises((ChildLost, ValueError, TypeError)):
        list(render_in_sandbox(PICTURE, trap(says(nonsense)), QUICK).variants)
    assert nothing_is_left()


def test_what_was_finished_before_a_crash_has_arrived() -> None:
    arrived: list[EncodedVariant] = []
    with pytest.raises(PictureRejected):
        arrived.extend(render_in_sandbox(PICTURE, late(dies_of(signal.SIGSEGV)), QUICK).variants)
    assert [(one.names, one.format) for one in arrived] == [(("large",), "webp")]


def test_a_rejection_arrives_as_it_was_spoken() -> None:
    for data in (b"", b"%PDF-1.4", PICTURE[:100]):
        with pytest.raises(PictureRejected) as here:
            render(data, Spec(SIZES, FORMATS))
        with pytest.raises(PictureRejected) as there:
            render_in_sandbox(data, Spec(SIZES, FORMATS), QUICK)
        assert (there.value.reason, there.value.detail) == (here.value.reason, here.value.detail)


@pytest.mark.parametrize(
    "data",
    [
        PICTURE,
        file_of(four_corners(), "JPEG", exif=exif_with(6)),
        file_of(plain((1, 2, 3, 4), mode="RGBA"), icc_profile=rgb_profile()),
        file_of(plain(RED), "TIFF", icc_profile=b"broken"),
        file_of(plain(RED), "GIF", save_all=True, append_images=[plain((0, 0, 0))]),
    ],
)
def test_the_child_makes_what_would_have_been_made_here(data: bytes) -> None:
    what = Spec((*SIZES, Size("face", 20, 20, "cover"), Size("huge", 9_999)), ("avif", "webp", "jpeg", "png"))
    here, there = render(data, what), render_in_sandbox(data, what, SandboxLimits())
    assert there.original == here.original
    assert list(there.variants) == list(here.variants)


def test_the_cost_of_a_picture_is_known_afterwards() -> None:
    with Child(PICTURE, Spec(SIZES, FORMATS), SandboxLimits(), render) as child:
        list(child.result().variants)
    assert 0 < child.cost.cpu_ms < 2_000
    assert 5 < child.cost.peak_rss_mb < 2_000


def test_the_cost_of_a_picture_that_took_too_much_is_known_too() -> None:
    with Child(PICTURE, early(spins), QUICK, render) as child, pytest.raises(PictureRejected):
        child.result()
    assert 500 <= child.cost.cpu_ms <= 2_500  # of the second that it may take, as far as the kernel counted


def descriptors() -> int:
    open_ones = 0
    for descriptor in range(512):
        with suppress(OSError):
            os.fstat(descriptor)
            open_ones += 1
    return open_ones


def children() -> set[str]:
    """The children of this process, running or dead. Where there is no /proc, none are seen."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state_and_parent = path.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state_and_parent[1] == str(os.getpid()):
                found.add(path.parent.name)
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[Callable[[], bool]]:
    """Whether no child is left but those of other tests, such as CDK's Node. Asked again at the end of each test."""
    before = children()
    yield lambda: children() <= before
    assert children() <= before


def test_a_rendering_that_is_abandoned_ends_its_child(nothing_is_left: Callable[[], bool]) -> None:
    before = descriptors()
    rendering = render_in_sandbox(PICTURE, late(sleeps), SandboxLimits())
    rendering.variants.close()
    assert nothing_is_left()
    rendering = render_in_sandbox(PICTURE, late(sleeps), SandboxLimits())
    next(rendering.variants)
    rendering.variants.close()
    assert nothing_is_left()
    rendering = render_in_sandbox(PICTURE, late(sleeps), SandboxLimits())
    del rendering
    assert nothing_is_left()
    with Child(PICTURE, late(sleeps), SandboxLimits(), render):
        pass
    assert nothing_is_left()
    assert descriptors() == before


def test_sixteen_pictures_of_all_kinds_leave_nothing_behind(nothing_is_left: Callable[[], bool]) -> None:
    kinds = [
        Spec((Size("small", 8),), ("jpeg",)),
        early(dies_of(signal.SIGSEGV)),
        late(dies_of(signal.SIGKILL)),
        early(lambda: os._exit(1)),
        late(fails),
        early(says(b"\0" * 20)),
        Spec(SIZES, ("jpeg",), limits=Limits(max_bytes=1)),
        late(eats_memory),
    ]
    before = descriptors()
    for number in range(16):
        with suppress(PictureRejected, ChildLost, ValueError, TypeError, KeyError):
            rendering = render_in_sandbox(PICTURE, kinds[number % len(kinds)], QUICK)
            if number % 3:
                list(rendering.variants)
            else:
                rendering.variants.close()
    assert nothing_is_left()
    assert descriptors() == before
