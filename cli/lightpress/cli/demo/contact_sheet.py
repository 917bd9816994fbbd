"""The contact sheet: one page, readable without a network, that shows what became of every picture of the demo."""

from __future__ import annotations

from pathlib import Path

from lightpress.cli.demo.markup import Markup, beside, element, link, together, web_address
from lightpress.cli.demo.served import ContactSheet, ServedPicture, ServedVariant, SizeRow
from lightpress.image.errors import MESSAGES
from lightpress.image.outputs import OUTPUTS

__all__ = ["ContactSheet", "ServedPicture", "ServedVariant", "write_contact_sheet"]

_STYLE = Path(__file__).with_suffix(".css")
_EXAMPLE_WIDTH = 1280
_THUMBNAIL = "9rem"
_LARGE = "(min-width: 62rem) min(32rem, {widest}px), min(92vw, {widest}px)"  # Small pictures are not enlarged.
_LEGEND = "1 kB is 1000 bytes. Percentages compare each variant with the file that was uploaded."

_SPACE = "\N{NO-BREAK SPACE}"
_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
_TIMES = "\N{MULTIPLICATION SIGN}"


def write_contact_sheet(folder: Path, sheet: ContactSheet) -> Path:
    """Write `index.html` into `folder`, where the files that it shows already lie."""
    page = folder / "index.html"
    page.write_text(f"<!doctype html>\n{_page(sheet)}\n", encoding="utf-8", newline="\n")
    return page


def _page(sheet: ContactSheet) -> Markup:
    frames = tuple(enumerate(sheet.pictures, start=1))
    head = element("h1", sheet.title), element("p", sheet.generated, class_="generated"), _facts(*sheet.facts)
    body = element(
        "body",
        element("header", *head),
        element("nav", *(_thumbnail(number, shown) for number, shown in frames), class_="film", aria_label="Pictures"),
        element("main", *(_frame(number, shown) for number, shown in frames)),
        element("footer", _LEGEND),
    )
    return element("html", _head(sheet.title), body, lang="en")


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content="script-src 'none'"),
        element("title", title),
        element("style", Markup(_STYLE.read_text(encoding="utf-8"))),
    )


def _thumbnail(number: int, shown: ServedPicture) -> Markup:
    view = _view(shown, sizes=_THUMBNAIL) if shown.variants else element("span", shown.status, class_="empty")
    key = element("span", shown.key, class_="hidden")
    return element("a", view, element("span", f"{number} ", key, class_="number"), href=f"#frame-{number}")


def _frame(number: int, shown: ServedPicture) -> Markup:
    key = f"key-{number}"
    heading = element("h2", element("span", f"{number} ", class_="number"), element("bdi", shown.key), id=key)
    about = element("p", shown.about, class_="about")
    told = element("div", heading, about, _facts(*_facts_of(shown)), _outcome(shown))
    return element("article", _figure(shown), told, id=f"frame-{number}", aria_labelledby=key)


def _figure(shown: ServedPicture) -> Markup:
    if shown.variants:
        return element("figure", _view(shown, sizes=_LARGE), _cuts(shown))
    return element("figure", element("p", _why(shown), class_="refused"))


def _cuts(shown: ServedPicture) -> Markup:
    """The sizes that show a part of the picture, beside each other."""
    cuts = shown.cuts()
    if not cuts:
        return Markup()
    around = f", cut around {shown.focus[0]:.2f}, {shown.focus[1]:.2f}" if shown.focus else ""
    images = (
        element(
            "img",
            src=beside(cut.file),
            width=str(cut.width),
            height=str(cut.height),
            alt=shown.about,
            loading="lazy",
        )
        for cut in cuts
    )
    names = ", ".join(cut.name for cut in cuts)
    return together(element("div", *images, class_="cuts"), element("figcaption", f"{names}{around}", class_="small"))


def _outcome(shown: ServedPicture) -> Markup:
    if shown.variants:
        return together(_example(shown), _table(shown), _addresses(shown))
    return element("p", shown.detail, class_="detail") if shown.detail else Markup()


def _why(shown: ServedPicture) -> str:
    """Say in plain words why there are no variants; a reason that has no words here is better than none."""
    message_for = {str(reason): words for reason, words in MESSAGES.items()}
    return message_for.get(shown.reason or "", shown.reason or f"There are no variants: {shown.status}.")


def _facts(*facts: tuple[str, str]) -> Markup:
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in facts))


def _facts_of(shown: ServedPicture) -> tuple[tuple[str, str], ...]:
    weight = kilobytes(shown.original_bytes)
    original = link(beside(shown.original_file), weight) if shown.original_file else weight
    pixels = (("Pixels", f"{shown.width} {_TIMES} {shown.height}"),) if shown.width and shown.height else ()
    verdict = "Ready after" if shown.variants else "Verdict after"
    return (*pixels, ("Original", original), (verdict, f"{shown.seconds_to_ready:.1f}{_SPACE}s"))


def _example(shown: ServedPicture) -> Markup:
    """Tell the gain by one variant: the best format, at about the width of a picture that fills a laptop's page."""
    example = min(shown.whole(shown.offered()[0]), key=lambda variant: abs(variant.width - _EXAMPLE_WIDTH))
    saved = shown.original_bytes - example.bytes
    gain = f"{kilobytes(abs(saved))} {'saved' if saved >= 0 else 'more than the original'}"
    name = f"{example.width} px {_title(example.format)}: {kilobytes(example.bytes)}, "
    return element("p", name, element("strong", gain), class_="example")


def _view(shown: ServedPicture, *, sizes: str) -> Markup:
    """Let the browser choose, as a page would: the first format it knows, the width it needs."""
    *better, last = shown.offered()
    widest = shown.whole(last)[-1]
    sizes = sizes.format(widest=widest.width)
    sources = (
        element("source", type=OUTPUTS[name].media_type, srcset=_srcset(shown.widths(name)), sizes=sizes)
        for name in better
    )
    fallback = element(
        "img",
        src=beside(widest.file),
        srcset=_srcset(shown.widths(last)),
        sizes=sizes,
        width=str(widest.width),
        height=str(widest.height),
        alt=shown.about,
        loading="lazy",
    )
    return element("picture", *sources, fallback)


def _srcset(variants: tuple[ServedVariant, ...]) -> str:
    return ", ".join(f"{beside(variant.file)} {variant.width}w" for variant in variants)


def _table(shown: ServedPicture) -> Markup:
    titles = (element("th", title, scope="col") for title in ("Size", *map(_title, shown.formats())))
    rows = (_row(row, shown) for row in shown.sizes())
    return element("table", element("thead", element("tr", *titles)), element("tbody", *rows))


def _row(row: SizeRow, shown: ServedPicture) -> Markup:
    one = next(iter(row.variants.values()))
    pixels = element("span", f"{one.width} {_TIMES} {one.height}", class_="small")
    cells = (_cell(row.variants.get(name), shown.original_bytes) for name in shown.formats())
    return element("tr", element("th", ", ".join(row.names), pixels, scope="row"), *cells)


def _cell(variant: ServedVariant | None, original_bytes: int) -> Markup:
    if variant is None:
        return element("td")
    weight = kilobytes(variant.bytes)
    size = link(beside(variant.file), weight, aria_label=f"{variant.name} {_title(variant.format)}, {weight}")
    return element("td", size, element("span", compared(variant.bytes, original_bytes), class_="small"))


def _addresses(shown: ServedPicture) -> Markup:
    urls = dict.fromkeys(web_address(variant.url) for variant in shown.variants)
    return element(
        "details", element("summary", "Addresses"), element("ul", *(element("li", link(url, url)) for url in urls))
    )


def _title(format_name: str) -> str:
    return OUTPUTS[format_name].label


def kilobytes(count: int) -> str:
    """Write a number of bytes for people, always in the same unit, so that columns compare."""
    return f"{count / 1000:,.1f}{_SPACE}kB".replace(",", _THIN_SPACE)


def compared(count: int, original: int) -> str:
    """Write by how much a file is smaller, or larger, than the original."""
    change = (count / original - 1) * 100
    return f"{change:+.1f}{_SPACE}%".replace("-", "\N{MINUS SIGN}")
