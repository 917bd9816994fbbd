"""Records of several engines become one table: engines in columns, rules in rows, passed of applicable."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table

from tools.conformance import rules
from tools.conformance.engines import MOST_SECONDS, OURS
from tools.conformance.rules import MOST_DELTA_E, MOST_MEMORY_MB, Verdict
from tools.markdown import cell, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tools.conformance.peers import Records
    from tools.conformance.record import Record

# By the names that Pillow gives them; MPO is a JPEG with a second picture behind it, as cameras and phones write.
COUNTED = {
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "PNG": "PNG",
    "GIF": "GIF",
    "WEBP": "WebP",
    "AVIF": "AVIF",
    "HEIF": "HEIC",
    "TIFF": "TIFF",
    "BMP": "BMP",
    "ICO": "ICO",
    "JPEG2000": "JPEG 2000",
    "PSD": "PSD",
}
_LISTED = 40


class Row(NamedTuple):
    """One rule of the comparison."""

    name: str
    promise: str
    judge: Callable[[Record], Verdict]


def counted(record: Record) -> bool:
    """Whether the reference reads it, and it is of a format that cameras, phones and designers make."""
    return record.reference.state == "decodes" and record.reference.format in COUNTED


def reads(record: Record) -> Verdict:
    """A picture comes out, and opens again."""
    if not counted(record):
        return Verdict("not applicable", "it is not counted")
    if record.outcome != "ready":
        return Verdict("failed", record.detail)
    unreadable = record.measured.unreadable
    return Verdict("failed", "; ".join(unreadable)) if unreadable else Verdict("passed")


def _of_counted(judge: Callable[[Record], Verdict]) -> Callable[[Record], Verdict]:
    def judged(record: Record) -> Verdict:
        if reads(record).status != "passed":
            return Verdict("not applicable", "there is no picture to judge")
        return judge(record)

    return judged


_SHOWN = (
    Row("size", "width and height as seen", _of_counted(rules.size)),
    Row("orientation", "turned as EXIF data says", _of_counted(rules.orientation)),
    Row("colour", f"mean delta-E 2000 below {MOST_DELTA_E:g}, pixel by pixel", _of_counted(rules.colour)),
    Row("alpha", "transparency kept", _of_counted(rules.alpha)),
)


def right(record: Record) -> Verdict:
    """Read, and nothing wrong with it."""
    whole = reads(record)
    if whole.status != "passed":
        return whole
    wrong = [f"{row.name}: {verdict.why}" for row in _SHOWN if (verdict := row.judge(record)).status == "failed"]
    return Verdict("failed", "; ".join(wrong)) if wrong else Verdict("passed")


ROWS = (
    Row("right throughout", "read, and none of the next four rules broken", right),
    Row("reads", "a picture comes out", reads),
    *_SHOWN,
    Row(
        "survives",
        f"a picture or an error, of all files: no crash, no more than {MOST_SECONDS:g} s and {MOST_MEMORY_MB} MB",
        rules.handled,
    ),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How one engine fared by one rule. failures: file and why."""

    passed: int
    failures: tuple[tuple[str, str], ...]

    @property
    def applicable(self) -> int:
        """Passed or failed."""
        return self.passed + len(self.failures)

    def __str__(self) -> str:
        return f"{self.passed} of {self.applicable}"


def tally(row: Row, records: Iterable[Record]) -> Tally:
    """Count."""
    verdicts = [(record.file, row.judge(record)) for record in records]
    failures = tuple((file, verdict.why) for file, verdict in verdicts if verdict.status == "failed")
    return Tally(sum(verdict.status == "passed" for _, verdict in verdicts), failures)


def tallies(records: Records) -> dict[str, dict[str, Tally]]:
    """By rule, then by engine."""
    return {row.name: {engine: tally(row, each) for engine, each in records.items()} for row in ROWS}


def by_format(records: Records) -> dict[str, dict[str, Tally]]:
    """What each engine reads of the counted files, by format, then by engine."""
    row = next(one for one in ROWS if one.judge is reads)
    return {
        shown: {
            engine: tally(row, [record for record in each if COUNTED.get(record.reference.format) == shown])
            for engine, each in records.items()
        }
        for shown in dict.fromkeys(COUNTED.values())
    }


def others(records: Records) -> dict[str, dict[str, Tally]]:
    """The same of formats that are not counted."""
    formats = sorted(
        {
            record.reference.format
            for each in records.values()
            for record in each
            if record.reference.state == "decodes" and not counted(record)
        }
    )

    def readable(record: Record) -> Verdict:
        good = record.outcome == "ready" and not record.measured.unreadable
        return Verdict("passed" if good else "failed", record.detail)

    row = Row("reads", "", readable)
    return {
        name: {
            engine: tally(
                row,
                [one for one in each if one.reference.state == "decodes" and one.reference.format == name],
            )
            for engine, each in records.items()
        }
        for name in formats
    }


def better_elsewhere(records: Records) -> list[tuple[str, str, list[str]]]:
    """Counted files that are right with another and not with us: the file, what we got wrong, and who is right."""
    found = []
    for ours in records[OURS]:
        verdict = right(ours)
        if verdict.status == "failed" and (who := _who(records, ours.file, lambda one: right(one).status == "passed")):
            found.append((ours.file, verdict.why, who))
    return found


def beyond_the_reference(records: Records) -> list[tuple[str, str, list[str]]]:
    """Files that the reference cannot read, nor we, and another makes a picture of: the file, our answer, and who."""
    found = []
    for ours in records[OURS]:
        if ours.reference.state == "decodes" or ours.outcome == "ready":
            continue
        if who := _who(records, ours.file, lambda one: one.outcome == "ready"):
            found.append((ours.file, ours.reason or ours.detail, who))
    return found


def _who(records: Records, file: str, good: Callable[[Record], bool]) -> list[str]:
    return [engine for engine, each in records.items() if any(record.file == file and good(record) for record in each)]


def table(records: Records) -> Table:
    """For the terminal."""
    shown = Table("rule", *records, box=None, pad_edge=False)
    for name, each in tallies(records).items():
        shown.add_row(name, *map(str, each.values()))
    return shown


def as_json(records: Records, versions: Mapping[str, str]) -> str:
    """Everything, for programs."""
    found = [
        {
            "rule": rule,
            "engine": engine,
            "passed": one.passed,
            "applicable": one.applicable,
            "failures": [{"file": file, "why": why} for file, why in one.failures],
        }
        for rule, each in tallies(records).items()
        for engine, one in each.items()
    ]
    return json.dumps({"versions": dict(versions), "results": found}, indent=2, ensure_ascii=False) + "\n"


def as_markdown(records: Records, versions: Mapping[str, str]) -> str:
    """The section of the page, without the marks around it."""
    results = tallies(records)
    return "\n".join(
        [
            "## Beside others",
            "",
            *_what_is_compared(records),
            "",
            f"{'; '.join(f'{engine}: {version}' for engine, version in versions.items())}.",
            "",
            *_rows("rule", results, {row.name: row.promise for row in ROWS}),
            "",
            "What each reads, by format:",
            "",
            *_rows("format", by_format(records)),
            "",
            "Formats that are not counted, for completeness:",
            "",
            *_rows("format", others(records)),
            *_listed("Right elsewhere, and not with Lightpress", better_elsewhere(records)),
            *_listed(
                "Beyond the reference: a picture, or a part of one, elsewhere and none from Lightpress",
                beyond_the_reference(records),
            ),
            *_failures(results),
        ]
    )


def _what_is_compared(records: Records) -> list[str]:
    ours = records[OURS]
    return [
        "Written by `make conformance-peers`. The same files go through others as their careful users call them, in",
        "what their registries install (`conformance/programs`). Each makes a PNG of the whole picture, which is read",
        "as the original was: a profile that it keeps is heeded.",
        "",
        f"Counted are {sum(map(counted, ours))} files of the {len(ours)}: those that the reference reads, of",
        f"what cameras, phones and designers make: {', '.join(dict.fromkeys(COUNTED.values()))}.",
        "What was refused, for whatever reason, was not read. Size, orientation, colour and alpha are judged of what",
        "was read. An animated PNG may be shown by its first frame or by the still picture beside it. The reference is",
        "Pillow with all its plugins, so a file that Pillow cannot read counts for nobody: below are those of which",
        "another makes a picture, or a part of one.",
    ]


def _rows(head: str, results: dict[str, dict[str, Tally]], promises: Mapping[str, str] | None = None) -> Iterable[str]:
    engines = list(next(iter(results.values()), {}))
    texts = ["promise"] if promises else []
    yield line([head, *texts, *engines])
    yield line(["---", *["---"] * len(texts), *["---:"] * len(engines)])
    for name, each in results.items():
        yield line([name, *([promises[name]] if promises else []), *map(str, each.values())])


def _listed(title: str, found: list[tuple[str, str, list[str]]]) -> Iterable[str]:
    yield from ("", f"### {title}: {len(found)}", "")
    yield from (f"- `{file}`: {cell(why)} ({', '.join(who)})" for file, why, who in found)


def _failures(results: dict[str, dict[str, Tally]]) -> Iterable[str]:
    """What was read and is wrong, or did harm. What was not read, the formats tell."""
    yield from ("", "### What went wrong")
    for rule in [*(row.name for row in _SHOWN), "survives"]:
        for engine, one in results[rule].items():
            if not one.failures:
                continue
            yield from ("", f"{rule}, {engine}: {len(one.failures)}", "")
            yield from (f"- `{file}`: {cell(why)}" for file, why in one.failures[:_LISTED])
            if (rest := len(one.failures) - _LISTED) > 0:
                yield f"- and {rest} more: see `.local/conformance/peers.json`"
