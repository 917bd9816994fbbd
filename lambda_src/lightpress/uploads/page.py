"""What the upload page knows about formats: part of its `config.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.image.inputs import INPUTS
from lightpress.image.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.image.inputs import Input
    from lightpress.image.outputs import Output


def page_formats(
    inputs: Iterable[Input] = INPUTS, outputs: Iterable[Output] = tuple(OUTPUTS.values())
) -> dict[str, Any]:
    """The part of the page's configuration that follows from the formats.

    Args:
        inputs: The formats that may be uploaded.
        outputs: The formats that variants are written in.

    Returns:
        `types`: accepted media types. `kinds`: the accepted formats by their names for people. `extensions`: the media
        type by file name extension, for files whose type the browser does not know. `formats`: of each output, its
        `name`, and its `label` for people.
    """
    inputs = tuple(inputs)
    return {
        "types": [media_type for row in inputs for media_type in row.media_types],
        "kinds": [row.label for row in inputs],
        "extensions": {extension: row.media_type_of(extension) for row in inputs for extension in row.extensions},
        "formats": [{"name": row.name, "label": row.label} for row in outputs],
    }
