"""The benchmark writes a Markdown table and an SVG chart."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from tools.benchmarks.engines import OURS
from tools.benchmarks.figures import CorrectionError, Row
from tools.benchmarks.report import chart, figures, table, with_figures

SIZES = {"avif": 76_000.0, "webp": 102_000.0, "jpg": 139_000.0}
SCORES = {"avif": 63.9, "webp": 66.9, "jpg": 77.0}
ROWS = [
    Row(OURS, 610, 700, 120, 90, 0.38, 0.94, 0.96, 0.97, SIZES, SCORES),
    Row("sharp", 1614, 1800, 200, 150, 1, 1, 1, 1, SIZES, SCORES),
]
PAGE = "before\n<!-- figures: written by make bench -->\nold\n<!-- end of figures -->\nafter\n"


def test_the_table_has_a_row_for_each_engine_and_lightpress_in_bold() -> None:
    ours, sharp = table(ROWS).splitlines()[2:]
    assert ours == f"| **{OURS}** | 610 | 0.38 | 0.96 | 0.97 | 0.94 | 76 / 102 / 139 | 63.9 / 66.9 / 77.0 | 90 | 120 |"
    assert sharp.startswith("| sharp | 1614 | 1.00 | 1.00 |")
    assert {line.count("|") for line in table(ROWS).splitlines()} == {11}


def test_less_cpu_is_further_left_and_fewer_bytes_further_down() -> None:
    drawn = ET.fromstring(chart(ROWS))  # noqa: S314  written here
    ours, sharp = sorted(
        (float(circle.attrib["cx"]), float(circle.attrib["cy"]))
        for circle in drawn.iter("{http://www.w3.org/2000/svg}circle")
    )
    assert ours[0] < sharp[0]
    assert ours[1] > sharp[1]


def test_names_of_engines_that_are_alike_cover_neither_each_other_nor_a_dot() -> None:
    alike = [replace(row, engine=f"{row.engine} {number}", cpu_ratio=0.3) for row in ROWS for number in range(4)]
    drawn = ET.fromstring(chart([*ROWS, *alike]))  # noqa: S314  written here
    names = [one for one in drawn.iter("{http://www.w3.org/2000/svg}text") if ": " in (one.text or "")]
    middles = sorted(float(one.attrib["y"]) for one in names if one.attrib["text-anchor"] == "start")
    assert len(middles) == 9
    assert min(after - before for before, after in pairwise(middles)) >= 18


def test_both_axes_of_the_chart_begin_at_0() -> None:
    drawn = ET.fromstring(chart(ROWS))  # noqa: S314  written here
    words = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("0.0") == 2
    ours = min(float(circle.attrib["cx"]) for circle in drawn.iter("{http://www.w3.org/2000/svg}circle"))
    nought, one = 64, 696  # x of 0 and of the largest tick, 1.0
    assert ours == pytest.approx(nought + 0.38 * (one - nought), abs=0.1)


def test_the_text_tells_how_many_photos_were_held_out_and_how_good_the_correction_is() -> None:
    told = figures(ROWS, "make bench", 25, 11, 3, CorrectionError(-0.002, 0.013))
    assert "25 photos, 11 of them held out; 3 turn(s)" in told
    assert "off by 1.3% for one file, and by -0.2% on average" in told


def test_figures_replace_the_text_between_the_marks_and_nothing_else() -> None:
    assert with_figures(PAGE, "new").replace("\n\nnew\n\n", "\nold\n") == PAGE


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="the page lacks"):
        with_figures("no marks", "new")
