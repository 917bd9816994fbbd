"""What a page writes to show a picture: pure functions from a manifest to HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lightpress.image.formats import FALLBACKS, OUTPUTS

if TYPE_CHECKING:
    from lightpress.manifest import Manifest, Variant


def srcset(manifest: Manifest, form: str, base_url: str) -> str:
    """Every width of one format, smallest first, as `srcset` wants it; empty where there is none."""
    by_width = {variant.width: variant for variant in _variants(manifest, form)}
    return ", ".join(f"{_url(by_width[width], base_url)} {width}w" for width in sorted(by_width))


def picture(manifest: Manifest, base_url: str, *, alt: str, sizes: str = "100vw") -> str:
    """A `<picture>` with a source for each format that is worth it; empty where nothing is published."""
    last = next((form for form in (*FALLBACKS, *OUTPUTS) if _variants(manifest, form)), None)
    if last is None:
        return ""
    sources = [
        f'  <source type="{OUTPUTS[form].media_type}" srcset="{escape(srcset(manifest, form, base_url))}"'
        f' sizes="{escape(sizes)}">'
        for form in _sources(manifest, last)
    ]
    largest = max(_variants(manifest, last), key=lambda variant: variant.width)
    image = (
        f'  <img src="{escape(_url(largest, base_url))}" srcset="{escape(srcset(manifest, last, base_url))}"'
        f' sizes="{escape(sizes)}" width="{largest.width}" height="{largest.height}" alt="{escape(alt)}"'
        f' loading="lazy"{_background(manifest)}>'
    )
    return "\n".join(("<picture>", *sources, image, "</picture>"))


def _sources(manifest: Manifest, last: str) -> list[str]:
    """The formats to offer before the last one. A browser takes the first that it knows.

    So where something moves, only what moves is offered; else what is smaller than the last one.
    """
    moving = [form for form in OUTPUTS if any(variant.animated for variant in _variants(manifest, form))]
    if moving:
        return [form for form in moving if form != last]
    most = _bytes(manifest, last)
    return [form for form in OUTPUTS if form not in FALLBACKS and form != last and 0 < _bytes(manifest, form) < most]


def _variants(manifest: Manifest, form: str) -> list[Variant]:
    return [variant for variant in manifest.variants if variant.format == form]


def _bytes(manifest: Manifest, form: str) -> int:
    return sum(variant.bytes for variant in _variants(manifest, form))


def _background(manifest: Manifest) -> str:
    colour = manifest.source and manifest.source.colour
    return f' style="background-color: {escape(colour)}"' if colour else ""


def _url(variant: Variant, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/{variant.path}"
