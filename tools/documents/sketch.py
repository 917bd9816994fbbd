"""Draws the dashboard from its own definition: docs/dashboard.svg. The curves are examples, everything else is there.

Nothing here knows a widget by name: title, place and labels are those that CloudWatch is told.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.documents.svg import COLOURS, FAINT, INK, LINE, Drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CELL_WIDTH, _CELL_HEIGHT = 44, 30
_GAP = 4
_MARGIN = 14
_GROUND = "#f2f3f3"
_WELL = "#1d8102"
_POINTS = 48
_LEGEND = 15
_LETTER = 5.6  # wide, on average, in the legend's size
_EXAMPLES = {"%": "73.4", "dollars for 1,000 pictures": "0.09", "dollars": "1.12"}
_REASONS = ("not_a_picture", "corrupt", "too_many_pixels")


@dataclass(frozen=True)
class Widget:
    """One widget: its place in cells, what it says of itself, and the labels of its lines, left and right."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    title: str
    labels: tuple[str, ...]
    stacked: bool = False


def widgets_of(resources: Mapping[str, Any]) -> list[Widget]:
    """The widgets of the one dashboard among a template's resources."""
    (dashboard,) = [row for row in resources.values() if row["Type"] == "AWS::CloudWatch::Dashboard"]
    body = json.loads(_text(dashboard["Properties"]["DashboardBody"]))
    names = {
        id_: row["Properties"]["AlarmName"].split("-")[-1]
        for id_, row in resources.items()
        if row["Type"] == "AWS::CloudWatch::Alarm"
    }
    return [_widget(row, names) for row in body["widgets"]]


def _text(value: Any) -> str:  # noqa: ANN401  a template's
    """What would stand there, with the logical ids of whatever is known only when it is deployed."""
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_text, parts))
        case {"Fn::GetAtt": [id_, attribute]}:
            return f"{id_}.{attribute}"
        case {"Ref": id_}:
            return str(id_)
    raise ValueError(f"a dashboard says {value!r}")


def _widget(row: Mapping[str, Any], alarm_names: Mapping[str, str]) -> Widget:
    properties = row["properties"]
    alarms = tuple(alarm_names[arn.removesuffix(".Arn")] for arn in properties.get("alarms", ()))
    return Widget(
        kind="number" if properties.get("view") == "singleValue" else str(row["type"]),
        x=row["x"],
        y=row["y"],
        width=row["width"],
        height=row["height"],
        title=properties.get("title") or properties.get("markdown", ""),
        labels=alarms or tuple(_labels(properties.get("metrics", ()))),
        stacked=properties.get("stacked", False),
    )


def _labels(rows: Iterable[Sequence[Any]]) -> Iterable[str]:
    """Of the lines that are shown, in their order; a row without options is a metric that is named by itself."""
    for row in rows:
        options = row[-1] if isinstance(row[-1], dict) else {}
        if options.get("visible", True):
            yield options.get("label") or ("" if "expression" in options else str(row[1]))


def sketch(widgets: Sequence[Widget]) -> str:
    """The picture."""
    across = max(one.x + one.width for one in widgets)
    down = max(one.y + one.height for one in widgets)
    drawing = Drawing(across * _CELL_WIDTH + 2 * _MARGIN, down * _CELL_HEIGHT + 2 * _MARGIN + 16)
    drawing.box(0, 0, drawing.width, drawing.height, fill=_GROUND, line=_GROUND, radius=0)
    for number, widget in enumerate(widgets):
        _draw(drawing, widget, number)
    drawing.text(
        _MARGIN,
        drawing.height - 9,
        "Drawn by make docs from the dashboard's definition; curves and numbers are examples.",
        size=11,
        colour=FAINT,
    )
    return drawing.svg("A sketch of the dashboard: is it well, what does it save, what does it cost")


def _draw(drawing: Drawing, widget: Widget, seed: int) -> None:
    x, y = _MARGIN + widget.x * _CELL_WIDTH + _GAP / 2, _MARGIN + widget.y * _CELL_HEIGHT + _GAP / 2
    width, height = widget.width * _CELL_WIDTH - _GAP, widget.height * _CELL_HEIGHT - _GAP
    if widget.kind == "text":
        heading, _, note = widget.title.partition("\n")
        drawing.text(x + 2, y + 26, heading.lstrip("# "), size=19, bold=True)
        drawing.text(x + 2, y + 46, note, colour=FAINT)
        return
    drawing.box(x, y, width, height)
    drawing.text(x + 10, y + 19, widget.title, size=12.5, bold=True)
    {"alarm": _alarms, "number": _numbers, "metric": _curves}[widget.kind](
        drawing, widget, seed, (x + 10, y + 30, width - 20, height - 38)
    )


Area = tuple[float, float, float, float]


def _alarms(drawing: Drawing, widget: Widget, _seed: int, area: Area) -> None:
    x, y, width, _ = area
    columns = 6
    for number, label in enumerate(widget.labels):
        left = x + number % columns * width / columns
        top = y + number // columns * 25
        drawing.box(left, top, width / columns - 8, 20, fill="#f1faf0", line=_WELL, radius=3)
        drawing.text(left + 8, top + 14, label, size=10.5, colour=_WELL)


def _numbers(drawing: Drawing, widget: Widget, _seed: int, area: Area) -> None:
    x, y, width, height = area
    each = height / len(widget.labels)
    for number, label in enumerate(widget.labels):
        shown = next(example for part, example in _EXAMPLES.items() if part in label)
        middle = y + (number + 0.5) * each
        drawing.text(x + width / 2, middle + 4, shown, size=34, anchor="middle")
        drawing.text(x + width / 2, middle + 24, label, size=11.5, colour=FAINT, anchor="middle")


def _curves(drawing: Drawing, widget: Widget, seed: int, area: Area) -> None:
    x, y, width, height = area
    labels = [label for label in widget.labels if label] or list(_REASONS)
    rows = _legend(labels, width)
    height -= len(rows) * _LEGEND
    for part in range(4):
        level = y + height * part / 3
        drawing.path(f"M{x:g},{level:.1f} h{width:g}", colour=LINE, width=0.7)
    floor = [0.0] * _POINTS
    for number, _ in enumerate(labels):
        values = _example(seed * 7 + number, share=0.8 / (len(labels) if widget.stacked else 1 + 0.6 * number))
        top = [low + value for low, value in zip(floor, values, strict=True)] if widget.stacked else values
        points = [(x + width * at / (_POINTS - 1), y + height * (1 - value)) for at, value in enumerate(top)]
        line = "M" + " L".join(f"{px:.1f},{py:.1f}" for px, py in points)
        colour = COLOURS[number % len(COLOURS)]
        if widget.stacked:
            back = " L".join(
                f"{px:.1f},{y + height * (1 - low):.1f}" for (px, _), low in zip(points[::-1], floor[::-1], strict=True)
            )
            drawing.path(f"{line} L{back} z", colour="none", fill=colour, opacity=0.35)
            floor = top
        drawing.path(line, colour=colour)
    for down, row in enumerate(rows):
        left, base = x, y + height + 14 + down * _LEGEND
        for number in row:
            drawing.box(left, base - 8, 8, 8, fill=COLOURS[number % len(COLOURS)], line="none", radius=1)
            drawing.text(left + 12, base, labels[number], size=10.5, colour=INK)
            left += _wide(labels[number])


def _legend(labels: Sequence[str], width: float) -> list[list[int]]:
    """Which labels stand in which line."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for number, label in enumerate(labels):
        if rows[-1] and used + _wide(label) > width:
            rows.append([])
            used = 0
        rows[-1].append(number)
        used += _wide(label)
    return rows


def _wide(label: str) -> float:
    return 24 + _LETTER * len(label)


def _example(seed: int, share: float) -> list[float]:
    """A day: quiet at night, busy by day, and never quite even. The same for the same seed."""
    return [
        share
        * (
            0.45
            + 0.4 * math.sin(2 * math.pi * (at / _POINTS - 0.3))
            + 0.05 * math.sin(at * (1.3 + seed % 5) + seed)
            + 0.05
        )
        for at in range(_POINTS)
    ]
