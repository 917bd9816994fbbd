"""The rules, and their verdicts on a record: passed, failed, or not applicable, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from tools.conformance.record import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.conformance.record import Moves, Record

Status = Literal["passed", "failed", "not applicable"]

MOST_DELTA_E = 2.0
MOST_ALPHA_LEVELS = 4.0
MOST_MISFIT_LEVELS = 1.0
MOST_MEMORY_MB = 1_700
MOST_TIME_DIFFERENCE = 0.05
"""Of an animation's play, as a share."""
MOST_MS_DIFFERENCE = 20

_CRASHED_OR_HUNG = {"crashed_decoder", "too_slow"}
_TOO_MUCH = {"too_many_bytes", "too_many_pixels", "too_long_side"}
POLICY = _TOO_MUCH | {"format_not_accepted"}
_FOUND = {"damaged": "cannot decode it", "unidentified": "does not identify it"}
_UNDECODABLE = POLICY | {"corrupt", "not_a_picture"}
_OWN_FORMAT = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
_LOSSLESS = {"png"}
_WORDS_FOR_DAMAGE = ("cut short", "missing", "damaged")
_WORDS_FOR_FRAMES = ("animat", "frame", "page", "poster")


class Verdict(NamedTuple):
    """The verdict of a rule on a file."""

    status: Status
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise about every file that it applies to.

    Attributes:
        name: In tables.
        promise: In words.
        judge: Gives the verdict on a record.
        must: Whether `make conformance` fails where one file fails.
        seen: Whether it is about what is seen of a published file.
    """

    name: str
    promise: str
    judge: Callable[[Record], Verdict]
    must: bool = False
    seen: bool = False


def wrong(record: Record) -> tuple[str, ...]:
    """What is wrong by what a judge shows: it is refused for no policy, or breaks a rule about what is seen."""
    if record.outcome != "ready":
        return (f"{record.reason or record.outcome}: {record.detail}",)
    verdicts = [(rule.name, rule.judge(record)) for rule in RULES if rule.seen]
    return tuple(f"{name}: {verdict.why}" for name, verdict in verdicts if verdict.status == "failed")


def _passed_if(*, good: bool, otherwise: str) -> Verdict:
    return Verdict("passed") if good else Verdict("failed", otherwise)


def _skipped(why: str) -> Verdict:
    return Verdict("not applicable", why)


def handled(record: Record) -> Verdict:
    """Every file has a result, within the limits of CPU time and memory."""
    if record.outcome == "lost":
        return Verdict("failed", f"no result: {record.detail}")
    if record.reason in _CRASHED_OR_HUNG:
        return Verdict("failed", record.detail)
    used = record.peak_rss_mb
    return _passed_if(good=used <= MOST_MEMORY_MB, otherwise=f"it took {used} MB")


def reason(record: Record) -> Verdict:
    """A file that a judge shows is published, or rejected by policy; any other is rejected, or its damage noted."""
    state, judge = record.reference.state, record.expected.judge
    if record.outcome == "lost":
        return _skipped("it has no result")
    if state == "unknown" and not judge:
        return _skipped(f"the reference did not finish: {record.reference.says}")
    answer = record.reason or record.outcome
    if record.bytes == 0:
        return _passed_if(good=answer == "empty", otherwise=f"{answer}, but the file is empty")
    if judge:
        why = f"{answer}, but {judge} shows it: {record.detail}"
        return _passed_if(good=answer in POLICY | {"ready"}, otherwise=why)
    noted = answer == "ready" and _says(record, _WORDS_FOR_DAMAGE)
    says = f": {record.reference.says}" if record.reference.says else ""
    kind = f" as {record.reference.format}" if record.reference.format else ""
    return _passed_if(
        good=noted or answer in _UNDECODABLE,
        otherwise=f"{answer}, but no judge shows it, and {REFERENCE} {_FOUND[state]}{kind}{says}",
    )


def _says(record: Record, words: tuple[str, ...]) -> bool:
    return any(word in note.lower() for note in record.notes for word in words)


def _compared(record: Record) -> Verdict | None:
    """A verdict where there is nothing to compare, else None."""
    if record.outcome != "ready":
        return _skipped("it was not published")
    if not record.expected.judge:
        return _skipped("no judge shows it")
    return None


def readable(record: Record) -> Verdict:
    """Every variant opens, in Pillow and in the openers that are not Pillow."""
    broken = record.measured.unreadable
    if record.outcome != "ready":
        return _skipped("it was not published")
    return _passed_if(good=not broken, otherwise="; ".join(broken))


def orientation(record: Record) -> Verdict:
    """Variants are upright where the original declares an orientation."""
    if skipped := _compared(record):
        return skipped
    tag, misfit = record.reference.orientation, record.measured.orientation
    if tag is None and not record.shown.judge:
        return _skipped("its orientation cannot be read independently")
    if tag == 1:
        return _skipped("it is stored upright")
    if misfit is None:
        return _skipped(record.measured.why.get("orientation", "not measured"))
    return _passed_if(
        good=misfit <= MOST_MISFIT_LEVELS,
        otherwise=f"declared {tag or 'in its container'}; another fits {misfit} levels better",
    )


def size(record: Record) -> Verdict:
    """The published width and height are those of the original as seen, upright."""
    if skipped := _compared(record):
        return skipped
    published = f"{record.width} x {record.height}"
    seen = f"{record.expected.width} x {record.expected.height}"
    return _passed_if(good=published == seen, otherwise=f"published {published}, seen {seen}")


def color(record: Record) -> Verdict:
    """Pixels are those that a color-managed viewer shows of the original; judged in lossless formats."""
    return _near(record, {name: value for name, value in record.measured.color.items() if name in _LOSSLESS})


def encoded_color(record: Record) -> Verdict:
    """Lossy formats keep the colors, block by block."""
    return _near(record, {name: value for name, value in record.measured.color.items() if name not in _LOSSLESS})


def _near(record: Record, distances: dict[str, float]) -> Verdict:
    if skipped := _compared(record):
        return skipped
    if not distances:
        return _skipped(record.measured.why.get("color", "not measured"))
    far = {name: distance for name, distance in distances.items() if distance >= MOST_DELTA_E}
    return _passed_if(good=not far, otherwise=", ".join(f"{name} {value}" for name, value in sorted(far.items())))


def alpha(record: Record) -> Verdict:
    """Transparency is kept in formats that support it."""
    if skipped := _compared(record):
        return skipped
    if not record.measured.alpha:
        return _skipped("it is opaque")
    far = {name: levels for name, levels in record.measured.alpha.items() if levels > MOST_ALPHA_LEVELS}
    return _passed_if(
        good=not far, otherwise=", ".join(f"{name} {value} levels off" for name, value in sorted(far.items()))
    )


def frames(record: Record) -> Verdict:
    """Frames and pages are kept, or a note says that they are not."""
    if skipped := _compared(record):
        return skipped
    moves = record.shown.moves
    expected = moves.frames if moves else record.reference.frames
    if expected <= 1:
        return _skipped("it has one frame")
    kept = max(record.measured.frames.values(), default=0)
    declared = _says(record, _WORDS_FOR_FRAMES)
    return _passed_if(good=declared or kept == expected, otherwise=f"{kept} of {expected} frames, and no note")


def times(record: Record) -> Verdict:
    """Animations play as long and as often as Chromium plays the original."""
    original = record.shown.moves
    if skipped := _compared(record):
        return skipped
    if original is None or not record.measured.moves:
        return _skipped("Chromium plays no animation of it, or none is published")
    far = [
        f"{name}: {_played(made)} from {_played(original)}"
        for name, made in record.measured.moves.items()
        if not _alike(made, original)
    ]
    return _passed_if(good=not far, otherwise=", ".join(far))


def _alike(made: Moves, original: Moves) -> bool:
    most = max(MOST_MS_DIFFERENCE, MOST_TIME_DIFFERENCE * original.ms)
    return made.plays == original.plays and abs(made.ms - original.ms) <= most


def _played(moves: Moves) -> str:
    return f"{moves.ms} ms, {moves.plays or 'endless'} plays"


def never_larger(record: Record) -> Verdict:
    """A variant with the original's dimensions and format has no more bytes than the original."""
    if skipped := _compared(record):
        return skipped
    format_ = _OWN_FORMAT.get(record.reference.format)
    pixels = (record.expected.width, record.expected.height)
    same = [made.bytes for made in record.variants if made.format == format_ and (made.width, made.height) == pixels]
    if not same:
        return _skipped("no variant has its dimensions and format")
    return _passed_if(good=min(same) <= record.bytes, otherwise=f"{min(same)} bytes from {record.bytes} ({format_})")


def never_enlarged(record: Record) -> Verdict:
    """No variant is wider or higher than the original."""
    if skipped := _compared(record):
        return skipped
    # Of a file of several pictures, a judge may show a smaller one.
    seen = [record.expected] + ([record.reference] if record.reference.state == "decodes" else [])
    width, height = max(one.width for one in seen), max(one.height for one in seen)
    larger = [made for made in record.variants if made.width > width or made.height > height]
    return _passed_if(good=not larger, otherwise=", ".join(f"{one.width} x {one.height}" for one in larger))


RULES = (
    Rule("handled", "a result without a crash, a hang or too much memory", handled, must=True),
    Rule("reason", "published if readable and accepted, else rejected for the right reason", reason),
    Rule("readable", "every variant opens, in Pillow and in every opener", readable, must=True, seen=True),
    Rule("orientation", "upright, as its EXIF data or container declares", orientation, seen=True),
    Rule("size", "published width and height are those seen, upright", size, seen=True),
    Rule(
        "color", f"converted to sRGB: mean delta-E 2000 below {MOST_DELTA_E:g}, pixel by pixel (PNG)", color, seen=True
    ),
    Rule(
        "encoded color",
        f"mean delta-E 2000 below {MOST_DELTA_E:g}, by blocks of 8 x 8 (AVIF, WebP, JPEG)",
        encoded_color,
        seen=True,
    ),
    Rule("alpha", "transparency kept where the format supports it", alpha, seen=True),
    Rule("frames", "frames kept, or a note says that they are not", frames, seen=True),
    Rule(
        "times",
        f"animations play as often and as long as in Chromium, within {MOST_TIME_DIFFERENCE:.0%}",
        times,
        seen=True,
    ),
    Rule("never larger", "no more bytes than the original, at its dimensions in its format", never_larger),
    Rule("never enlarged", "no more pixels than the original", never_enlarged, must=True),
)
