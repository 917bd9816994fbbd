"""What the CDN served in a demo: the rows of the contact sheet."""

from __future__ import annotations

from dataclasses import dataclass

from lightpress.delivery.choice import dominant, offered
from lightpress.image.outputs import OUTPUTS


@dataclass(frozen=True)
class ServedVariant:
    """A variant that was served.

    Attributes:
        name, format: Of the variant.
        width, height: In pixels.
        bytes: Its size.
        animated: Whether it moves.
        file: Its path relative to the folder of the sheet.
        url: Where it is served.
    """

    name: str
    format: str
    width: int
    height: int
    bytes: int
    animated: bool
    file: str
    url: str


@dataclass(frozen=True)
class SizeRow:
    """Variants of the same pixels, by format, and the names of the sizes that they serve."""

    names: tuple[str, ...]
    variants: dict[str, ServedVariant]


@dataclass(frozen=True)
class ServedPicture:
    """An uploaded file and its variants.

    Attributes:
        key, about: Of the upload.
        original_file: Its path relative to the folder of the sheet.
        original_bytes: Its size.
        width, height: In pixels, upright; None if it was rejected before they were known.
        seconds_to_ready: From the upload to its manifest.
        status, reason, detail: Of the manifest.
        variants: That were served.
        focus: The point around which sizes are cut, as shares of width and height; None where none was looked for.
    """

    key: str
    about: str
    original_file: str | None
    original_bytes: int
    width: int | None
    height: int | None
    seconds_to_ready: float
    status: str
    reason: str | None = None
    detail: str | None = None
    variants: tuple[ServedVariant, ...] = ()
    focus: tuple[float, float] | None = None

    def formats(self) -> tuple[str, ...]:
        """Name the formats that there are, the newest first."""
        made = {variant.format for variant in self.variants}
        return tuple(name for name in OUTPUTS if name in made)

    def offered(self) -> tuple[str, ...]:
        """Name the formats that a page offers to browsers, in its order; the last one is for all of them."""
        return offered([variant for name in self.formats() for variant in self.whole(name)])

    def whole(self, format_name: str) -> tuple[ServedVariant, ...]:
        """Return the variants that show the whole picture, narrowest first, or all where there is none but crops."""
        made = {variant.width: variant for variant in self.variants if variant.format == format_name}
        whole = {width: variant for width, variant in made.items() if self._is_whole(variant)}
        return tuple(variant for _, variant in sorted((whole or made).items()))

    def widths(self, format_name: str) -> tuple[ServedVariant, ...]:
        """Return those that a browser chooses from, narrowest first: none of which a wider one has fewer bytes."""
        shown = self.whole(format_name)
        return tuple(dominant(shown)) if all(map(self._is_whole, shown)) else shown

    def cuts(self) -> tuple[ServedVariant, ...]:
        """Return the variants that show a part, in the format for all browsers; none where all of them do."""
        made = [variant for variant in self.variants if variant.format == self.offered()[-1]]
        cuts = tuple(variant for variant in made if not self._is_whole(variant))
        return cuts if len(cuts) < len(made) else ()

    def sizes(self) -> tuple[SizeRow, ...]:
        """Gather the variants by size; sizes that a small picture serves from the same files share a row."""
        by_name: dict[str, dict[str, ServedVariant]] = {}
        for variant in self.variants:
            by_name.setdefault(variant.name, {})[variant.format] = variant
        by_files: dict[frozenset[str], list[str]] = {}
        for name, variants in by_name.items():
            by_files.setdefault(frozenset(variant.url for variant in variants.values()), []).append(name)
        return tuple(SizeRow(tuple(names), by_name[names[0]]) for names in by_files.values())

    def _is_whole(self, variant: ServedVariant) -> bool:
        """Compare proportions; sides are whole pixels, so each may be half a pixel off."""
        width, height = self.width or 0, self.height or 0
        return abs(variant.width * height - variant.height * width) * 2 <= width + height


@dataclass(frozen=True)
class ContactSheet:
    """The contact sheet of one run.

    Attributes:
        title: Of the page.
        pictures: In order.
        generated: The time, as text.
        facts: Names and values for the head of the page.
    """

    title: str
    pictures: tuple[ServedPicture, ...]
    generated: str
    facts: tuple[tuple[str, str], ...] = ()
