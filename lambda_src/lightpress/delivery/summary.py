"""A manifest as programs read it: the one shape for the upload API and every command's `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.image import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.manifest import Manifest, Variant

OF_THE_PICTURE = ("format", "width", "height", "aspect_ratio", "bytes", "color", "thumbhash", "frames", "duration_ms")
OF_A_VARIANT = ("name", "format", "media_type", "width", "height", "bytes", "quality", "animated", "note")


def summary_of(manifest: Manifest | None, address: Callable[[Variant], dict[str, str]]) -> dict[str, Any]:
    """What is known of a picture; None where it is not known. address: where a variant is, such as {"url": ...}."""
    source = manifest and manifest.source
    return {
        "reason": manifest and manifest.reason,
        "detail": manifest and manifest.detail,
        **{name: source and getattr(source, name) for name in OF_THE_PICTURE},
        "notes": list(manifest.notes) if manifest else [],
        "variants": [
            {name: getattr(variant, name) for name in OF_A_VARIANT} | address(variant)
            for variant in (manifest.variants if manifest else ())
        ],
    }


def message_for(reason: str | None) -> str:
    """Why a picture failed, for whoever uploaded it; of a reason that another release knew, that it did."""
    known = {code.value: sentence for code, sentence in MESSAGES.items()}
    return known.get(reason or "", "The picture could not be processed.")
