"""The summary of a manifest for programs, in the upload API, events and the `--json` of every command."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lightpress.delivery.markup import dominated, picture_formats
from lightpress.image.errors import MESSAGES
from lightpress.pipeline.copy_pattern import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.manifest import LazyVariant, Manifest, Variant

_SENTENCES = {code.value: sentence for code, sentence in MESSAGES.items()}
OF_THE_PICTURE = (
    "format",
    "width",
    "height",
    "aspect_ratio",
    "bytes",
    "color",
    "thumbhash",
    "lqip",
    "frames",
    "duration_ms",
)
OF_A_VARIANT = ("name", "format", "media_type", "width", "height", "bytes", "quality", "animated", "note")


def summary_of(manifest: Manifest | None, address: Callable[[Variant | LazyVariant], dict[str, str]]) -> dict[str, Any]:
    """Summarize a manifest.

    Args:
        manifest: None gives the same fields, without values.
        address: Returns the fields that say where a variant is, such as {"url": ...}.
    """
    source = manifest and manifest.source
    heavy = dominated(manifest) if manifest else frozenset()
    return {
        "reason": manifest and manifest.reason,
        "detail": manifest and manifest.detail,
        **{name: source and getattr(source, name) for name in OF_THE_PICTURE},
        "picture_formats": picture_formats(manifest) if manifest else [],
        "notes": list(manifest.notes) if manifest else [],
        "variants": [
            {name: getattr(variant, name) for name in OF_A_VARIANT}
            | {"lazy": variant.bytes is None, "dominated": (variant.name, variant.format) in heavy}
            | address(variant)
            for variant in (manifest.offered if manifest else ())
        ],
        "facts": facts_of(manifest) if manifest else None,
        **copies_of(manifest),
    }


def copies_of(manifest: Manifest | None) -> dict[str, Any]:
    """Where copies of variants are, or why there is none: `copies`, which only pictures have whose recipe asks."""
    if manifest is None or not manifest.copies:
        return {}
    served = {variant.path: variant for variant in manifest.variants}
    return {
        "copies": [
            {
                "path": one.path,
                "name": served[one.variant].name,
                "format": served[one.variant].format,
                "refused": one.refused,
                "detail": one.refused and REFUSALS.get(one.refused),
            }
            for one in manifest.copies
        ]
    }


def facts_of(manifest: Manifest) -> dict[str, Any] | None:
    """What is known of a published picture besides, for whoever owns it; None where nobody asks or says anything.

    `missing` are the enrichers that have not answered yet, and `version` is what they answer about.
    """
    source = manifest.source
    if source is None or not (
        manifest.enrichers or manifest.facts or manifest.words or source.capture or source.likeness
    ):
        return None
    return {
        "version": source.identity,
        "alt": manifest.alt,
        "labels": [asdict(label) for label in manifest.labels],
        "faces": [asdict(face) for fact in manifest.facts for face in fact.faces],
        "looks_like": [key for fact in manifest.facts for key in fact.looks_like],
        "capture": source.capture and asdict(source.capture),
        "likeness": source.likeness,
        "missing": list(manifest.missing),
    }


def message_for(reason: str | None) -> str:
    """Say in a sentence why an original failed; a general one for a reason that only another release knows."""
    return _SENTENCES.get(reason or "", "The picture could not be processed.")
