"""A record becomes verdicts: one per rule, each passed, failed, or not applicable, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.conformance.record import Record

Status = Literal["passed", "failed", "not applicable"]

MOST_DELTA_E = 2.0
MOST_ALPHA_LEVELS = 4.0
MOST_MISFIT_LEVELS = 1.0
MOST_MEMORY_MB = 1_700

_CRASHED_OR_HUNG = {"crashed_decoder", "too_slow"}
_TOO_MUCH = {"too_many_bytes", "too_many_pixels", "too_long_side"}
_POLICY = _TOO_MUCH | {"format_not_accepted"}
_UNDECODABLE = _POLICY | {"corrupt", "not_a_picture"}
_OWN_FORMAT = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
_LOSSLESS = {"png"}
_SPEAKS_OF_FRAMES = ("animat", "frame", "page", "poster")


class Verdict(NamedTuple):
    """What a rule says of a picture."""

    status: Status
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is promised of every picture it applies to. must: anything short of all of them is a failure."""

    name: str
    promise: str
    judge: Callable[[Record], Verdict]
    must: bool = False


def _passed_if(*, good: bool, otherwise: str) -> Verdict:
    return Verdict("passed") if good else Verdict("failed", otherwise)


def _skipped(why: str) -> Verdict:
    return Verdict("not applicable", why)


def handled(record: Record) -> Verdict:
    """Every file gets an answer, within bounds."""
    if record.outcome == "lost":
        return Verdict("failed", f"no verdict: {record.detail}")
    if record.reason in _CRASHED_OR_HUNG:
        return Verdict("failed", record.detail)
    used = record.peak_rss_mb
    return _passed_if(good=used <= MOST_MEMORY_MB, otherwise=f"it took {used} MB")


def reason(record: Record) -> Verdict:
    """Who can be read is published or refused by policy; who cannot is told so."""
    state = record.reference.state
    if record.outcome == "lost":
        return _skipped("it got no verdict")
    if state == "unknown":
        return _skipped(f"the reference does not know: {record.reference.says}")
    answer = record.reason or record.outcome
    if record.bytes == 0:
        return _passed_if(good=answer == "empty", otherwise=f"{answer}, but the file is empty")
    allowed = _POLICY | {"ready"} if state == "decodes" else _UNDECODABLE
    says = f": {record.reference.says}" if record.reference.says else ""
    kind = f" as {record.reference.format}" if record.reference.format else ""
    return _passed_if(good=answer in allowed, otherwise=f"{answer}, but for the reference it {state}{kind}{says}")


def _compared(record: Record) -> Verdict | None:
    """Why the picture cannot be compared, if so."""
    if record.outcome != "ready":
        return _skipped("it was not published")
    if record.reference.state != "decodes":
        return _skipped("the reference cannot read it")
    return None


def readable(record: Record) -> Verdict:
    """Every variant opens again."""
    broken = record.measured.unreadable
    return _compared(record) or _passed_if(good=not broken, otherwise="; ".join(broken))


def orientation(record: Record) -> Verdict:
    """Pictures that declare to be turned or mirrored are shown so."""
    if skipped := _compared(record):
        return skipped
    tag, misfit = record.reference.orientation, record.measured.orientation
    if tag is None:
        return _skipped("what it declares is not read independently")
    if tag == 1:
        return _skipped("it lies as it is seen")
    if misfit is None:
        return _skipped(record.measured.why.get("orientation", "not measured"))
    return _passed_if(
        good=misfit <= MOST_MISFIT_LEVELS, otherwise=f"declared {tag}; another fits {misfit} levels better"
    )


def size(record: Record) -> Verdict:
    """The published width and height are those of the picture as seen."""
    if skipped := _compared(record):
        return skipped
    told, true = (record.width, record.height), (record.reference.width, record.reference.height)
    return _passed_if(good=told == true, otherwise=f"told {told[0]} x {told[1]}, seen {true[0]} x {true[1]}")


def colour(record: Record) -> Verdict:
    """The pixels are what a colour-managed viewer shows of the original: judged where encoding loses nothing."""
    return _near(record, {name: value for name, value in record.measured.colour.items() if name in _LOSSLESS})


def encoded_colour(record: Record) -> Verdict:
    """Formats with loss keep the colours, block by block."""
    return _near(record, {name: value for name, value in record.measured.colour.items() if name not in _LOSSLESS})


def _near(record: Record, distances: dict[str, float]) -> Verdict:
    if skipped := _compared(record):
        return skipped
    if not distances:
        return _skipped(record.measured.why.get("colour", "not measured"))
    far = {name: distance for name, distance in distances.items() if distance >= MOST_DELTA_E}
    return _passed_if(good=not far, otherwise=", ".join(f"{name} {value}" for name, value in sorted(far.items())))


def alpha(record: Record) -> Verdict:
    """What is see-through stays so, in formats that can."""
    if skipped := _compared(record):
        return skipped
    if not record.measured.alpha:
        return _skipped("it is opaque")
    far = {name: levels for name, levels in record.measured.alpha.items() if levels > MOST_ALPHA_LEVELS}
    return _passed_if(
        good=not far, otherwise=", ".join(f"{name} {value} levels off" for name, value in sorted(far.items()))
    )


def frames(record: Record) -> Verdict:
    """Animations and pages are kept, or it is said that they were not."""
    if skipped := _compared(record):
        return skipped
    there = record.reference.frames
    if there <= 1:
        return _skipped("it has one frame")
    kept = max(record.measured.frames.values(), default=0)
    declared = any(word in note.lower() for note in record.notes for word in _SPEAKS_OF_FRAMES)
    return _passed_if(good=declared or kept == there, otherwise=f"{kept} of {there} frames, and no note")


def never_larger(record: Record) -> Verdict:
    """A variant of the original's own pixels and format is no larger than the original."""
    if skipped := _compared(record):
        return skipped
    format_ = _OWN_FORMAT.get(record.reference.format)
    pixels = (record.reference.width, record.reference.height)
    same = [made.bytes for made in record.variants if made.format == format_ and (made.width, made.height) == pixels]
    if not same:
        return _skipped("no variant has its pixels and its format")
    return _passed_if(good=min(same) <= record.bytes, otherwise=f"{min(same)} bytes from {record.bytes} ({format_})")


def never_enlarged(record: Record) -> Verdict:
    """No variant has more pixels than the original, either way."""
    if skipped := _compared(record):
        return skipped
    width, height = record.reference.width, record.reference.height
    larger = [made for made in record.variants if made.width > width or made.height > height]
    return _passed_if(good=not larger, otherwise=", ".join(f"{one.width} x {one.height}" for one in larger))


RULES = (
    Rule("handled", "an answer without crash, hang or more memory than allowed", handled, must=True),
    Rule("reason", "published if readable and accepted, else refused for the right reason", reason),
    Rule("readable", "every variant opens again", readable, must=True),
    Rule("orientation", "shown the way its EXIF data or container says", orientation),
    Rule("size", "its width and height are told as seen", size),
    Rule("colour", f"converted to sRGB: mean delta-E 2000 below {MOST_DELTA_E:g}, pixel by pixel (PNG)", colour),
    Rule(
        "encoded colour",
        f"mean delta-E 2000 below {MOST_DELTA_E:g}, by blocks of 8 x 8 (AVIF, WebP, JPEG)",
        encoded_colour,
    ),
    Rule("alpha", "transparency kept where the format can", alpha),
    Rule("frames", "frames kept, or said that they were not", frames),
    Rule("never larger", "no more bytes than the original, at its own pixels in its own format", never_larger),
    Rule("never enlarged", "no more pixels than the original", never_enlarged, must=True),
)
