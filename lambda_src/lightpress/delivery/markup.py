"""HTML that shows a picture: pure functions from a manifest to markup.

The parameter `names` chooses among the sizes of the recipe. By default, those that show the whole picture are offered;
if every size is cropped or padded, those with the aspect ratio of the widest one. A browser may choose any of them, so
all must look the same.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lightpress.image.formats import FALLBACKS, OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightpress.pipeline.manifest import Manifest, Variant

# Formats for `<img>`, which every browser must be able to show: the oldest ones first.
_WIDELY_READ = (*FALLBACKS, *(form for form in reversed(tuple(OUTPUTS)) if form not in FALLBACKS))


def srcset(manifest: Manifest, form: str, base_url: str, names: Collection[str] | None = None) -> str:
    """Return the value of `srcset` for one format, the smallest width first; empty if there is no variant in it.

    Args:
        manifest: Of the original.
        form: The format's name, as in `image.formats`.
        base_url: Address of the CDN, without a slash at its end.
        names: The sizes to offer, by name; None for all.
    """
    return _srcset(_offered(manifest, names), form, base_url)


def picture(
    manifest: Manifest, base_url: str, *, alt: str, sizes: str = "100vw", names: Collection[str] | None = None
) -> str:
    """Return a `<picture>` element with a source for each format that saves bytes; empty if nothing is published.

    Args:
        manifest: Of the original.
        base_url: Address of the CDN, without a slash at its end.
        alt: The alternative text.
        sizes: How wide the image is shown, as in the HTML attribute `sizes`.
        names: The sizes to offer, by name; None for all.
    """
    offered = _offered(manifest, names)
    last = next((form for form in _WIDELY_READ if _of(form, offered)), None)
    if last is None:
        return ""
    sources = [
        f'  <source type="{OUTPUTS[form].media_type}" srcset="{escape(_srcset(offered, form, base_url))}"'
        f' sizes="{escape(sizes)}">'
        for form in _sources(offered, last)
    ]
    largest = max(_of(last, offered), key=lambda variant: variant.width)
    image = (
        f'  <img src="{escape(_url(largest, base_url))}" srcset="{escape(_srcset(offered, last, base_url))}"'
        f' sizes="{escape(sizes)}" width="{largest.width}" height="{largest.height}" alt="{escape(alt)}"'
        f' loading="lazy"{_background(manifest)}>'
    )
    return "\n".join(("<picture>", *sources, image, "</picture>"))


def whole_pictures(manifest: Manifest) -> list[Variant]:
    """The variants that show the whole picture; if none does, those with the aspect ratio of the widest one."""
    ratio = (manifest.source and manifest.source.aspect_ratio) or 0.0
    whole = [variant for variant in manifest.variants if _has_shape(variant, ratio)]
    if whole or not manifest.variants:
        return whole
    widest = max(manifest.variants, key=lambda variant: variant.width)
    return [variant for variant in manifest.variants if _has_shape(variant, widest.width / widest.height)]


def _offered(manifest: Manifest, names: Collection[str] | None) -> list[Variant]:
    if names is None:
        return whole_pictures(manifest)
    return [variant for variant in manifest.variants if variant.name in names]


def _has_shape(variant: Variant, ratio: float) -> bool:
    """Whether width by height is `ratio`, but for the rounding of each to whole pixels."""
    return abs(variant.width - ratio * variant.height) <= max(1.0, ratio)


def _srcset(variants: list[Variant], form: str, base_url: str) -> str:
    by_width = {variant.width: variant for variant in _of(form, variants)}
    return ", ".join(f"{_url(by_width[width], base_url)} {width}w" for width in sorted(by_width))


def _sources(variants: list[Variant], last: str) -> list[str]:
    """The formats to offer before the last one. A browser takes the first one that it can show.

    Of an animation, only the animated formats are offered; otherwise those that are smaller than the last one.
    """
    moving = [form for form in OUTPUTS if any(variant.animated for variant in _of(form, variants))]
    if moving:
        return [form for form in moving if form != last]
    most = _bytes(_of(last, variants))
    return [
        form for form in OUTPUTS if form not in FALLBACKS and form != last and 0 < _bytes(_of(form, variants)) < most
    ]


def _of(form: str, variants: list[Variant]) -> list[Variant]:
    return [variant for variant in variants if variant.format == form]


def _bytes(variants: list[Variant]) -> int:
    return sum(variant.bytes for variant in variants)


def _background(manifest: Manifest) -> str:
    color = manifest.source and manifest.source.color
    return f' style="background-color: {escape(color)}"' if color else ""


def _url(variant: Variant, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/{variant.path}"
