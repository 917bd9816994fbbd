"""What drawings take at each width, as docs/decisions/0144 tells it."""

from __future__ import annotations

from tools.benchmarks import flat
from tools.drawing import hatching, page_of_text

WIDTHS = (120, 240, 480)


def test_of_each_width_that_there_is_its_own_bytes_are_told_and_those_that_are_given() -> None:
    found = flat.rows("text", page_of_text((480, 360), 20).convert("1"), (*WIDTHS, 960))
    assert [row.asked for row in found] == [480, 240, 120]
    assert [row.given for row in found] == [min(wider.bytes for wider in found[: at + 1]) for at in range(3)]
    assert [row.png_given for row in found] == [min(wider.png for wider in found[: at + 1]) for at in range(3)]
    assert found[1].given < found[1].bytes
    assert found[1].width == 480


def test_few_colors_are_counted_of_the_very_pixels_of_a_size() -> None:
    widest, *_, narrowest = flat.rows("hatching", hatching((480, 320)).convert("1"), WIDTHS)
    assert widest.few == widest.bytes  # it has two colors
    assert narrowest.few <= narrowest.bytes
    assert narrowest.avif > 0


def test_a_line_of_the_table_is_as_wide_as_its_head() -> None:
    row = flat.Row("a", 1, 2, 3, 4, 5, 6, 7, 8, (0.4, 12.6))
    assert flat._line(row) == "| a | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 0, 13 |"  # noqa: SLF001
