"""The few shapes that our pictures consist of."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

INK, FAINT, PAPER, LINE = "#16191f", "#687078", "#ffffff", "#d5dbdb"
# Told apart also by those who see fewer colours (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_FONT = "font-family='-apple-system, Segoe UI, Helvetica, Arial, sans-serif'"


@dataclass
class Drawing:
    """A picture in the making; what is added later lies above."""

    width: float
    height: float
    _shapes: list[str] = field(default_factory=list)

    def box(  # noqa: PLR0913
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = PAPER,
        line: str = LINE,
        radius: float = 4,
    ) -> None:
        self._shapes.append(
            f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}' rx='{radius:g}' fill='{fill}' "
            f"stroke='{line}'/>"
        )

    def text(  # noqa: PLR0913
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        colour: str = INK,
        bold: bool = False,
        anchor: str = "start",
    ) -> None:
        weight = " font-weight='600'" if bold else ""
        self._shapes.append(
            f"<text x='{x:g}' y='{y:g}' font-size='{size:g}' fill='{colour}' text-anchor='{anchor}'{weight}>"
            f"{escape(text)}</text>"
        )

    def path(  # noqa: PLR0913
        self,
        path: str,
        *,
        colour: str,
        width: float = 1.5,
        fill: str = "none",
        opacity: float = 1,
        arrow: bool = False,
        both: bool = False,
        dashed: bool = False,
    ) -> None:
        ends = " marker-end='url(#arrow)'" if arrow else ""
        ends += " marker-start='url(#arrow)'" if both else ""
        dashes = " stroke-dasharray='4 3'" if dashed else ""
        self._shapes.append(
            f"<path d='{path}' stroke='{colour}' stroke-width='{width:g}' fill='{fill}' fill-opacity='{opacity:g}'"
            f"{ends}{dashes}/>"
        )

    def label(self, x: float, y: float, text: str) -> None:
        """A text on a line: what lies under it is covered."""
        self._shapes.append(
            f"<text x='{x:g}' y='{y:g}' font-size='10.5' fill='{INK}' text-anchor='middle' stroke='{PAPER}' "
            f"stroke-width='3' paint-order='stroke'>{escape(text)}</text>"
        )

    def svg(self, title: str, description: str = "") -> str:
        """The picture, a shape a line. description: for those who cannot see it."""
        said = [f"<desc>\n{escape(description)}\n</desc>"] if description else []
        marker = (
            "<defs><marker id='arrow' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
            f"orient='auto-start-reverse'><path d='M0,0 L8,4 L0,8 z' fill='{FAINT}'/></marker></defs>"
        )
        head = (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width:g} {self.height:g}' "
            f"width='{self.width:g}' height='{self.height:g}' role='img' {_FONT}>"
        )
        return "\n".join((head, f"<title>{escape(title)}</title>", *said, marker, *self._shapes, "</svg>", ""))
