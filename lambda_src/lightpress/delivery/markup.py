"""HTML that shows a picture: pure functions from a manifest to markup.

The parameter `names` chooses among the sizes of the recipe. By default, those that show the whole picture are offered;
if every size is cropped or padded, those with the aspect ratio of the widest one. A browser may choose any of them, so
all must look the same: those of other steps are left out, and where every size has steps, the widest decides. Left out
is a width, too, of which a wider file has fewer bytes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lightpress.delivery.choice import is_dominated, offered
from lightpress.image.outputs import OUTPUTS, WHOLE

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightpress.pipeline.manifest import LazyVariant, Manifest, Variant

    AnyVariant = Variant | LazyVariant


def srcset(manifest: Manifest, form: str, base_url: str, names: Collection[str] | None = None) -> str:
    """Return the value of `srcset` for one format, the smallest width first; empty if there is no variant in it.

    Args:
        manifest: Of the original.
        form: The format's name, as in `image.outputs`.
        base_url: Address of the CDN, without a slash at its end.
        names: The sizes to choose from; by default, those that show the whole picture.
    """
    return _srcset(manifest, _chosen(manifest, names), form, base_url)


def picture(  # noqa: PLR0913  what a page may choose, nearly all with a default
    manifest: Manifest,
    base_url: str,
    *,
    alt: str,
    sizes: str = "100vw",
    names: Collection[str] | None = None,
    lqip: bool = False,
) -> str:
    """Return a `<picture>` element that gives each browser the fewest bytes; empty if nothing is published.

    Args:
        manifest: Of the picture.
        base_url: Of the CDN.
        alt: The text for those who do not see the picture.
        sizes: How wide the page shows it, as in HTML.
        names: The sizes to choose from; by default, those that show the whole picture.
        lqip: Whether the likeness of the manifest is behind it until it has arrived. It stays there, and would be seen
            through what is see-through.
    """
    chosen = _chosen(manifest, names)
    formats = offered(chosen)
    if not formats:
        return ""
    *better, last = formats
    sources = [
        f'  <source type="{OUTPUTS[form].media_type}" srcset="{escape(_srcset(manifest, chosen, form, base_url))}"'
        f' sizes="{escape(sizes)}">'
        for form in better
    ]
    largest = max(_of(last, chosen), key=lambda variant: variant.width)
    image = (
        f'  <img src="{escape(_url(largest, base_url))}" srcset="{escape(_srcset(manifest, chosen, last, base_url))}"'
        f' sizes="{escape(sizes)}" width="{largest.width}" height="{largest.height}" alt="{escape(alt)}"'
        f' loading="lazy"{_background(manifest, lqip=lqip)}>'
    )
    return "\n".join(("<picture>", *sources, image, "</picture>"))


def whole_pictures(manifest: Manifest) -> list[AnyVariant]:
    """The variants that show the whole picture; if none does, those with the aspect ratio of the widest one."""
    ratio = (manifest.source and manifest.source.aspect_ratio) or 0.0
    shown = manifest.showable
    whole = [variant for variant in shown if not variant.look and _has_shape(variant, ratio)]
    if whole or not shown:
        return whole
    stepped = [variant for variant in shown if (variant.look or "").startswith(WHOLE)]
    widest = max(stepped or shown, key=lambda variant: variant.width)
    alike = [variant for variant in shown if variant.look == widest.look]
    return alike if stepped else [variant for variant in alike if _has_shape(variant, widest.width / widest.height)]


def picture_formats(manifest: Manifest) -> list[str]:
    """The formats that `picture` offers, in its order; the last one is for `<img>`."""
    return list(offered(whole_pictures(manifest)))


def _chosen(manifest: Manifest, names: Collection[str] | None) -> list[AnyVariant]:
    if names is None:
        return whole_pictures(manifest)
    return [variant for variant in manifest.showable if variant.name in names]


def _has_shape(variant: AnyVariant, ratio: float) -> bool:
    """Whether width by height is `ratio`, but for the rounding of each to whole pixels."""
    return abs(variant.width - ratio * variant.height) <= max(1.0, ratio)


def dominated(manifest: Manifest) -> frozenset[tuple[str, str]]:
    """Name the variants, by size and format, that no page offers: a larger size that looks the same has fewer bytes."""
    whole = whole_pictures(manifest)
    larger = [variant for variant in whole if is_filled(manifest, variant)]
    return frozenset((one.name, one.format) for one in whole if is_dominated(one, _of(one.format, larger)))


def is_filled(manifest: Manifest, variant: AnyVariant) -> bool:
    """Whether the picture has the size of the variant, and is not the smaller part of a box that it does not fill.

    No picture is enlarged: in a variant that is longer or broader than the original, it lies in the middle ("pad"), and
    smaller than in a narrower one. What steps add to a picture counts as such a box; they may have turned it.
    """
    source = manifest.source
    sides = sorted((source.width or 0, source.height or 0)) if source else (0, 0)
    return all(own <= side for own, side in zip(sorted((variant.width, variant.height)), sides, strict=True))


def _srcset(manifest: Manifest, variants: list[AnyVariant], form: str, base_url: str) -> str:
    by_width = {variant.width: variant for variant in _of(form, variants)}
    larger = [variant for variant in by_width.values() if is_filled(manifest, variant)]
    offered_widths = (
        f"{_url(one, base_url)} {width}w"
        for width, one in sorted(by_width.items())
        if not is_dominated(one, (other for other in larger if _look_alike(one, other)))
    )
    return ", ".join(offered_widths)


def _look_alike(one: AnyVariant, other: AnyVariant) -> bool:
    """Whether a page may show either: it may name sizes of which it knows that they do not (`names`)."""
    whole = (one.look or "").startswith(WHOLE)
    return one.look == other.look and (whole or _has_shape(one, other.width / other.height))


def _of(form: str, variants: list[AnyVariant]) -> list[AnyVariant]:
    return [variant for variant in variants if variant.format == form]


def _background(manifest: Manifest, *, lqip: bool) -> str:
    source = manifest.source
    if source is None or source.color is None:
        return ""
    if lqip and source.lqip:
        return f' style="background: {escape(source.color)} url({escape(source.lqip)}) center / cover no-repeat"'
    return f' style="background-color: {escape(source.color)}"'


def _url(variant: AnyVariant, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/{variant.path}"
