"""Compares the records of several engines: engines in columns, rules in rows, passed of applicable."""

from __future__ import annotations

import json
from collections import Counter
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

# By Pillow's names. MPO is a JPEG file with further images after the first, as cameras and phones write it.
COMMON_FORMATS = {
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
    """A rule of the comparison: its name, its promise in words, and what gives the verdict."""

    name: str
    promise: str
    judge: Callable[[Record], Verdict]


def is_common(record: Record) -> bool:
    """Whether a judge shows the file, and its format is one that cameras, phones and designers use."""
    return bool(record.expected.judge) and record.reference.format in COMMON_FORMATS


def reads(record: Record) -> Verdict:
    """A PNG is made, and decodes."""
    if not is_common(record):
        return Verdict("not applicable", "no judge shows it, or its format is not common")
    if record.outcome != "ready":
        return Verdict("failed", record.detail)
    unreadable = record.measured.unreadable
    return Verdict("failed", "; ".join(unreadable)) if unreadable else Verdict("passed")


def _if_read(judge: Callable[[Record], Verdict]) -> Callable[[Record], Verdict]:
    def judged(record: Record) -> Verdict:
        if reads(record).status != "passed":
            return Verdict("not applicable", "there is no PNG to judge")
        return judge(record)

    return judged


_SHOWN = (
    Row("size", "width and height as seen, upright", _if_read(rules.size)),
    Row("orientation", "upright, as its EXIF data or container declares", _if_read(rules.orientation)),
    Row("color", f"mean delta-E 2000 below {MOST_DELTA_E:g}, pixel by pixel", _if_read(rules.color)),
    Row("alpha", "transparency kept", _if_read(rules.alpha)),
)


def correct(record: Record) -> Verdict:
    """Read, and no other rule broken."""
    read = reads(record)
    if read.status != "passed":
        return read
    broken = [f"{row.name}: {verdict.why}" for row in _SHOWN if (verdict := row.judge(record)).status == "failed"]
    return Verdict("failed", "; ".join(broken)) if broken else Verdict("passed")


ROWS = (
    Row("correct", "read, and none of size, orientation, color and alpha broken", correct),
    Row("reads", "a PNG is made", reads),
    *_SHOWN,
    Row(
        "survives",
        f"a PNG or an error, of all files: no crash, no more than {MOST_SECONDS:g} s and {MOST_MEMORY_MB} MB",
        rules.handled,
    ),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """The result of one engine by one rule.

    Attributes:
        passed: Number of files that passed.
        failures: File and reason of each that failed.
    """

    passed: int
    failures: tuple[tuple[str, str], ...]

    @property
    def applicable(self) -> int:
        """Number of files that passed or failed."""
        return self.passed + len(self.failures)

    def __str__(self) -> str:
        return f"{self.passed} of {self.applicable}"


def tally(row: Row, records: Iterable[Record]) -> Tally:
    """The tally of one engine's records by one rule."""
    verdicts = [(record.file, row.judge(record)) for record in records]
    failures = tuple((file, verdict.why) for file, verdict in verdicts if verdict.status == "failed")
    return Tally(sum(verdict.status == "passed" for _, verdict in verdicts), failures)


def tallies(records: Records) -> dict[str, dict[str, Tally]]:
    """All tallies, by rule, then by engine."""
    return {row.name: {engine: tally(row, each) for engine, each in records.items()} for row in ROWS}


def by_format(records: Records) -> dict[str, dict[str, Tally]]:
    """Tallies of `reads` for common formats, by format, then by engine."""
    row = next(one for one in ROWS if one.judge is reads)
    return {
        shown: {
            engine: tally(row, [record for record in each if COMMON_FORMATS.get(record.reference.format) == shown])
            for engine, each in records.items()
        }
        for shown in dict.fromkeys(COMMON_FORMATS.values())
    }


def by_other_format(records: Records) -> dict[str, dict[str, Tally]]:
    """The same for all other formats."""
    formats = sorted(
        {
            record.reference.format
            for each in records.values()
            for record in each
            if record.expected.judge and not is_common(record)
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
                [one for one in each if one.expected.judge and one.reference.format == name],
            )
            for engine, each in records.items()
        }
        for name in formats
    }


def better_elsewhere(records: Records) -> list[tuple[str, str, list[str]]]:
    """Files that a peer renders correctly and Lightpress does not: the file, what is wrong, and which peers."""
    found = []
    for ours in records[OURS]:
        verdict = correct(ours)
        if verdict.status != "failed":
            continue
        if engines := _engines_with(records, ours.file, lambda one: correct(one).status == "passed"):
            found.append((ours.file, verdict.why, engines))
    return found


def beyond_judges(records: Records) -> list[tuple[str, str, list[str]]]:
    """Files that only peers read, no judge and not Lightpress: the file, our result, and which peers."""
    found = []
    for ours in records[OURS]:
        if is_common(ours) or ours.outcome == "ready":
            continue
        if engines := _engines_with(records, ours.file, lambda one: one.outcome == "ready"):
            found.append((ours.file, ours.reason or ours.detail, engines))
    return found


def _engines_with(records: Records, file: str, good: Callable[[Record], bool]) -> list[str]:
    return [engine for engine, each in records.items() if any(record.file == file and good(record) for record in each)]


def table(records: Records) -> Table:
    """The tallies as a table for the terminal."""
    shown = Table("rule", *records, box=None, pad_edge=False)
    for name, each in tallies(records).items():
        shown.add_row(name, *map(str, each.values()))
    return shown


def as_json(records: Records, versions: Mapping[str, str]) -> str:
    """Versions and tallies as JSON, with every failure."""
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
            "## Compared with sharp, libvips and plain Pillow",
            "",
            *_what_is_compared(records),
            "",
            f"{'; '.join(f'{engine}: {version}' for engine, version in versions.items())}.",
            "",
            *_rows("rule", results, {row.name: row.promise for row in ROWS}),
            "",
            "Files that are read, by format:",
            "",
            *_rows("format", by_format(records)),
            "",
            "Other formats, which are not counted:",
            "",
            *_rows("format", by_other_format(records)),
            *_listed("Correct with a peer and not with Lightpress", better_elsewhere(records)),
            *_listed(
                "Read by a peer and not by Lightpress, and not counted",
                beyond_judges(records),
            ),
            *_failures(results),
        ]
    )


def _what_is_compared(records: Records) -> list[str]:
    ours = records[OURS]
    counted = Counter(one.expected.judge for one in ours if is_common(one)).most_common()
    return [
        "Written by `make conformance-peers`. The same files are rendered by other libraries, as their registries",
        "install them and as a careful user calls them (`tools/peers/programs`). Each makes a PNG of the whole",
        "file, which is decoded as the original is: a color profile that it keeps is applied.",
        "",
        f"{sum(map(is_common, ours))} of the {len(ours)} files are counted: those that a judge shows, in",
        "formats that cameras, phones and designers use:",
        f"{', '.join(dict.fromkeys(COMMON_FORMATS.values()))}.",
        f"The judge is the first that shows the file: {', '.join(f'{name} {files:,}' for name, files in counted)}.",
        "A rejected file is not read, whatever the reason. Size, orientation, color and alpha are judged for files",
        "that are read. An animated PNG may be shown by its first frame or by its still image. Files that no judge",
        "shows, and that a peer reads, wholly or in part, are listed below.",
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
    """Files that break a rule, by rule and engine. Files that are not read are in the tables by format."""
    yield from ("", "### Failures of each engine")
    for rule in [*(row.name for row in _SHOWN), "survives"]:
        for engine, one in results[rule].items():
            if not one.failures:
                continue
            yield from ("", f"{rule}, {engine}: {len(one.failures)}", "")
            yield from (f"- `{file}`: {cell(why)}" for file, why in one.failures[:_LISTED])
            if (rest := len(one.failures) - _LISTED) > 0:
                yield f"- and {rest} more: see `.local/conformance/peers.json`"
