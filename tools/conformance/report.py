"""Writes verdicts as a table, as JSON and as docs/conformance.md."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import platform
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table

from tools.conformance.bounds import BOUNDS
from tools.conformance.corpora import CORPORA
from tools.conformance.openers import DECODERS
from tools.conformance.record import REFERENCE
from tools.conformance.rules import (
    MOST_ALPHA_LEVELS,
    MOST_DELTA_E,
    MOST_MISFIT_LEVELS,
    MOST_MS_DIFFERENCE,
    MOST_TIME_DIFFERENCE,
    POLICY,
    RULES,
    Rule,
    Verdict,
    wrong,
)
from tools.markdown import cell, line, replace_between
from tools.peers.engines import CHROMIUM, IMAGEMAGICK, LIBVIPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tools.conformance.corpora import Corpus
    from tools.conformance.record import Record

_LISTED = 40
SCORES = ("<!-- scores: written by make conformance -->", "<!-- end of scores -->")
"""Marks around what the README says of it."""
PEERS = ("<!-- peers: written by make conformance-peers -->", "<!-- end of peers -->")
"""Marks around the section on other libraries in the page."""
INDEPENDENT = (CHROMIUM.name, IMAGEMAGICK.name, LIBVIPS.name)
"""In the order in which they are asked."""
_PACKAGES = ("lightpress", "Pillow", "pillow-heif")
_RESULTS = {"passed": "passed", "failed": "failed", "not applicable": "not applicable"}


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one rule over all files.

    Attributes:
        rule: The rule.
        counts: Number of files by verdict.
        failures: File and reason of each that failed.
    """

    rule: Rule
    counts: Counter[str]
    failures: tuple[tuple[str, str], ...]

    @property
    def percent(self) -> float | None:
        """Share of the files that passed, of those that the rule applies to; None where there are none."""
        judged = self.counts["passed"] + self.counts["failed"]
        return 100 * self.counts["passed"] / judged if judged else None

    @property
    def percent_text(self) -> str:
        """The share with one decimal, never rounded up to 100."""
        if self.percent is None:
            return "-"
        return "100 %" if not self.failures else f"{min(self.percent, 99.9):.1f} %"


def scores(records: Iterable[Record]) -> list[Score]:
    """The score of each rule over these records."""
    records = list(records)
    return [_score(rule, [(record.file, rule.judge(record)) for record in records]) for rule in RULES]


def _score(rule: Rule, verdicts: list[tuple[str, Verdict]]) -> Score:
    counts = Counter(str(verdict.status) for _, verdict in verdicts)
    return Score(rule, counts, tuple((file, verdict.why) for file, verdict in verdicts if verdict.status == "failed"))


def acceptable(results: Iterable[Score]) -> bool:
    """Whether no rule that must pass has a failure."""
    return not any(score.failures for score in results if score.rule.must)


def table(results: list[Score]) -> Table:
    """The scores as a table for the terminal."""
    shown = Table("rule", "promise", box=None, pad_edge=False)
    for heading in (*_RESULTS, "score"):
        shown.add_column(heading, justify="right")
    for score in results:
        shown.add_row(*_row(score))
    return shown


def _row(score: Score) -> list[str]:
    counts = [str(score.counts[status]) for status in _RESULTS]
    return [score.rule.name, score.rule.promise, *counts, score.percent_text]


def as_json(results: list[Score], records: list[Record]) -> str:
    """Scores, cost and versions as JSON, with every failure."""
    made: dict[str, Any] = {"made": made_with(), "files": len(records), "cost": cost(records)}
    rules = [
        {
            "rule": score.rule.name,
            "promise": score.rule.promise,
            **{status.replace(" ", "_"): score.counts[status] for status in _RESULTS},
            "percent": score.percent,
            "failures": [{"file": file, "why": why} for file, why in score.failures],
        }
        for score in results
    ]
    return json.dumps(made | {"rules": rules}, indent=2, ensure_ascii=False) + "\n"


def made_with() -> dict[str, str]:
    """Date and versions."""
    versions = {"date": dt.datetime.now(tz=dt.UTC).date().isoformat(), "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def cost(records: list[Record]) -> dict[str, int]:
    """CPU time in milliseconds and peak memory in MB over all files."""
    cpu = sorted(record.cpu_ms for record in records) or [0]
    return {
        "cpu_ms_median": cpu[len(cpu) // 2],
        "cpu_ms_99th": cpu[min(len(cpu) - 1, len(cpu) * 99 // 100)],
        "cpu_ms_most": cpu[-1],
        "peak_rss_mb_most": max((record.peak_rss_mb for record in records), default=0),
    }


def as_markdown(
    results: list[Score], records: list[Record], peers: str = "", versions: Mapping[str, str] | None = None
) -> str:
    """The page. peers: its section on other libraries, which is kept; versions: of judges and openers."""
    used = {record.file.split("/", 1)[0] for record in records}
    lines = [
        "# Conformance",
        "",
        "Generated by `make conformance`; do not edit. The image core renders the test files of other projects,",
        "damaged and unusual ones included, and the variants are compared with what independent programs show of the",
        "originals. The rules are in `tools/conformance/rules.py`. Every format that can be read is accepted here,",
        "JPEG 2000 too, which recipes do not accept by default. What of a file turns a picture is in",
        "[orientation.md](orientation.md).",
        "",
        f"{len(records)} files; {', '.join(f'{name} {version}' for name, version in made_with().items())}.",
        _took(records),
        "",
        *_score_lines(results),
        "",
        "*Not applicable* is not a pass: the score is the share of the files that a rule applies to.",
        "",
        *_judges(records, versions or {}),
        "",
        *_differences(records),
        "",
        PEERS[0],
        *([peers, ""] if peers else []),
        PEERS[1],
        "",
        "## Results by format",
        "",
        line(("format, by the reference", "result", "files")),
        line(("---", "---", "---:")),
        *(line((*kind, str(count))) for kind, count in sorted(_outcomes(records).items())),
        "",
        "## Sources of the test files",
        "",
        "Source packages from PyPI, and upstream archives from Debian. They are downloaded, and never committed.",
        "Of a package from Debian, and of some from PyPI, files count whose names are those of pictures.",
        "",
        *(_source(corpus) for corpus in CORPORA if corpus.name in used),
        "",
        "## Failures",
        *(line for score in results if score.failures for line in _failures(score)),
    ]
    return "\n".join(lines) + "\n"


class Count(NamedTuple):
    """Files that one judge was the first to show: right, wrong, and refused by policy."""

    right: int
    wrong: int
    refused: int


def by_judge(records: Iterable[Record]) -> dict[str, Count]:
    """The counts of each judge, in the order in which they are asked; files that none shows are in none."""
    found: dict[str, Counter[str]] = {name: Counter() for name in (*INDEPENDENT, REFERENCE)}
    for record in records:
        if judge := record.expected.judge:
            found[judge][_judged(record)] += 1
    return {name: Count(each["right"], each["wrong"], each["refused"]) for name, each in found.items()}


def _judged(record: Record) -> str:
    if record.reason in POLICY:
        return "refused"
    return "wrong" if wrong(record) else "right"


def _judges(records: list[Record], versions: Mapping[str, str]) -> list[str]:
    counts = by_judge(records)
    right, total = _independently_right(counts)
    heads = line(("judge", "files", "right", "wrong", "refused by a limit or recipe"))
    rows = [
        line((name, str(sum(one)), str(one.right), str(one.wrong), str(one.refused))) for name, one in counts.items()
    ]
    none = sum(not record.expected.judge for record in records)
    return [
        "## Who judges",
        "",
        "For each file it is the first of these that shows it: Chromium, because variants are for browsers;",
        f"else ImageMagick, else libvips, else {REFERENCE} with every plugin, which shares decoders with",
        "the image core. Files that only the last shows are counted in its row and in no share. A judge shows a file's",
        "first picture or frame. An area where it paints no pixel, of a file that Lightpress rejects, shows nothing.",
        "Where Lightpress refuses a file by a limit, or because no recipe accepts it, only the last is asked.",
        "Right is a file that is published and breaks none of the rules on what is seen:",
        ", ".join(rule.name for rule in RULES if rule.seen) + ".",
        "",
        heads,
        line(("---", *["---:"] * 4)),
        *rows,
        "",
        f"By independent judges, **{right} of {total} files are right ({_share(right, total)})**.",
        f"No judge shows {none} files.",
        "",
        "Every published variant with the most pixels of its format is opened by Chromium and exiftool, and, unless it",
        f"is animated, by {', '.join(command[0] for command in DECODERS.values())}.",
        f"Judges and openers: {'; '.join(versions.values())}.",
        "",
        "The measures: colors are compared on white, at no more than 96 pixels a side, by CIEDE2000",
        f"(below {MOST_DELTA_E:g} on average; lossy formats by blocks of 8 x 8); alpha by its mean difference (at most",
        f"{MOST_ALPHA_LEVELS:g} of 255 levels); orientation by whether another would fit better (by more than",
        f"{MOST_MISFIT_LEVELS:g} level); width and height exactly; animations by frames, by plays exactly, and by time",
        f"(within {MOST_TIME_DIFFERENCE:.0%} or {MOST_MS_DIFFERENCE} ms).",
    ]


def _differences(records: list[Record]) -> Iterable[str]:
    """Every file that an independent judge shows otherwise, with by how much."""
    found = [record for record in records if record.shown.judge and _judged(record) == "wrong"]
    yield from (f"## Differences from independent judges: {len(found)}", "")
    for record in found:
        yield f"- `{record.file}` ({record.shown.judge}): {cell('; '.join(wrong(record)))}"


def with_scores(readme: str, records: list[Record]) -> str:
    """The README with the share that is right."""
    return replace_between(readme, *SCORES, "\n".join(["", *_summary(records), ""]))


def _summary(records: list[Record]) -> list[str]:
    counts = by_judge(records)
    right, total = _independently_right(counts)
    each = ", ".join(f"{name} {counts[name].right + counts[name].wrong:,}" for name in INDEPENDENT)
    return [
        f"Of {len(records):,} files, {total:,} are judged by a program that is not Pillow ({each}): {right:,}",
        f"are right, {_share(right, total)}.",
    ]


def _independently_right(counts: Mapping[str, Count]) -> tuple[int, int]:
    right = sum(counts[name].right for name in INDEPENDENT)
    return right, right + sum(counts[name].wrong for name in INDEPENDENT)


def _share(part: int, whole: int) -> str:
    """With one decimal, never rounded up to 100."""
    return "100 %" if part == whole else f"{min(100 * part / whole, 99.9):.1f} %"


def _score_lines(results: list[Score]) -> list[str]:
    heads = ("rule", "promise", *_RESULTS, "score")
    return [line(heads), line(["---", "---", *["---:"] * 4]), *(line(_row(score)) for score in results)]


def _source(corpus: Corpus) -> str:
    folders = ", ".join(f"`{folder}`" for folder in corpus.folders)
    return f"- {corpus.registry}: {corpus.package} {corpus.version}, {folders}, sha256 `{corpus.sha256}`"


def _took(records: list[Record]) -> str:
    took = cost(records)
    cpu = f"{took['cpu_ms_median']} ms at the median, {took['cpu_ms_99th']} ms at the 99th percentile"
    most = f"{took['cpu_ms_most']} ms and {took['peak_rss_mb_most']} MB at most"
    return (
        f"Limits for each file: {BOUNDS.cpu_seconds} s of CPU and {BOUNDS.memory_mb} MB. CPU and memory: {cpu}, {most}."
    )


def _outcomes(records: list[Record]) -> Counter[tuple[str, str]]:
    return Counter(
        (
            record.reference.format if record.reference.state == "decodes" else f"*{record.reference.state}*",
            record.reason or record.outcome,
        )
        for record in records
    )


def _failures(score: Score) -> Iterable[str]:
    yield from ("", f"### {score.rule.name}: {len(score.failures)}", "")
    for file, why in score.failures[:_LISTED]:
        yield f"- `{file}`: {cell(why)}"
    if (rest := len(score.failures) - _LISTED) > 0:
        yield f"- and {rest} more: see `.local/conformance/score.json`"
