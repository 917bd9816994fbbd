"""Lightpress as its function runs it: a child process for each picture, and the settings that ship."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from answering import answer_all

from lightpress.image import Size, Spec
from lightpress.image.formats import OUTPUTS
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMATS = tuple(json.loads(sys.argv[1]))


def render(data: bytes, widths: Sequence[int]) -> dict[str, bytes]:
    """Every width in every format."""
    spec = Spec(tuple(Size(f"w{width}", width) for width in widths), _FORMATS)
    renditions = render_in_sandbox(data, spec, SandboxLimits()).renditions
    return {f"{each.width}.{OUTPUTS[each.format].extension}": each.data for each in renditions}


if __name__ == "__main__":
    answer_all(render)
