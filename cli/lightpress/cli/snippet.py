"""`lightpress snippet`: the <picture> element of an original."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.delivery.markup import picture, srcset
from lightpress.delivery.summary import summary_of
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.manifest import Status

if TYPE_CHECKING:
    from lightpress.cli.console import Terminal
    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.manifest import Manifest


class NoSuchSizeError(Exception):
    """The original has no size of that name; the message lists those that it has."""


@dataclass(frozen=True)
class Snippet:
    """The markup of an original.

    Attributes:
        manifest: Of the original.
        base_url: Of the CDN.
        markup: The <picture> element.
        srcsets: The attribute srcset by format.
    """

    manifest: Manifest
    base_url: str
    markup: str
    srcsets: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        facts = summary_of(self.manifest, lambda variant: {"url": f"{self.base_url}/{variant.path}"})
        return {"key": self.manifest.key, "picture": self.markup, "srcset": self.srcsets} | facts

    def print(self, console: Terminal) -> None:
        """Print the markup, ready to be copied, after a comment with size, format, color and ThumbHash."""
        source = self.manifest.source
        if source:
            console.print(
                f"<!-- {source.width} x {source.height} {source.format}; color {source.color};"
                f" ThumbHash {source.thumbhash} -->"
            )
        console.print_lines(self.markup)


def snippet_of(  # noqa: PLR0913  as `delivery.markup.picture`
    manifest: Manifest, base_url: str, *, alt: str | None, sizes: str, names: list[str] | None, lqip: bool = False
) -> Snippet:
    """The snippet of an original that is ready; raises NoSuchSizeError. lqip: as in `delivery.markup.picture`."""
    there = list(dict.fromkeys(variant.name for variant in manifest.offered))
    if unknown := [name for name in names or () if name not in there]:
        raise NoSuchSizeError(f"{manifest.key} has no size {unknown[0]!r}; it has: {', '.join(there)}")
    base = base_url.rstrip("/")
    sets = {form: srcset(manifest, form, base, names) for form in OUTPUTS}
    text = (manifest.alt or "") if alt is None else alt
    markup = picture(manifest, base, alt=text, sizes=sizes, names=names, lqip=lqip)
    return Snippet(manifest, base, markup, {form: value for form, value in sets.items() if value})


def ready_manifest(deployment: Deployment, key: str) -> Manifest | None:
    """The manifest of a key, if it is ready."""
    manifest = deployment.manifest(key)
    return manifest if manifest and manifest.status is Status.READY else None
