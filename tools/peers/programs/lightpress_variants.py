"""Lightpress as its function runs it: a child process for each picture, and the default settings.

Answers {"picture", "out", "widths", "formats"} only. Qualities are those of the package. A format has two options:
`step`, which is added to all of them, in one process, and `effort`, of a recipe, which is the same for all formats. The
one format `auto` stands for those that suit each picture.
PYTHONPATH decides which package: this checkout's `lambda_src`, or that of the last release.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from answering import serve

from lightpress.image.spec import Size, Spec

try:
    from lightpress.image.outputs import OUTPUTS
    from lightpress.image.revision import REVISION
except ModuleNotFoundError:  # release 0.1.0
    REVISION = import_module("lightpress.image.render").REVISION
    OUTPUTS = import_module("lightpress.image.formats").OUTPUTS

try:
    from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
except ModuleNotFoundError:  # release 0.1.0
    from lightpress.isolation import Bounds as SandboxLimits  # type: ignore[no-redef]
    from lightpress.isolation import render_isolated as render_in_sandbox  # type: ignore[no-redef]

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_PATIENT = SandboxLimits(wall_seconds=600)
"""CPU time is measured, not waiting: on a busy machine, too, a picture comes to its end."""


def _written() -> tuple[str, ...]:
    """The formats that are written by default; in a release that says nothing of that, all."""
    return tuple(row.name for row in OUTPUTS.values() if getattr(row, "by_default", True))


def to_png(_: bytes) -> bytes:
    """Conformance asks the image core directly, in its own process."""
    raise NotImplementedError("this program makes variants only")


def to_variants(data: bytes, widths: Sequence[int], formats: Mapping[str, Any]) -> dict[str, bytes]:
    """Every width in every format."""
    sizes = tuple(Size(f"w{width}", width) for width in widths)
    spec = Spec(sizes, _written(), auto=True) if "auto" in formats else Spec(sizes, tuple(formats))
    if efforts := {options["effort"] for options in formats.values() if "effort" in options}:
        spec = replace(spec, effort=efforts.pop())  # no release has it yet
    steps = {name: options["step"] for name, options in formats.items() if "step" in options}
    result: Any = _stepped(data, spec, steps) if steps else render_in_sandbox(data, spec, _PATIENT)
    variants = result.variants if hasattr(result, "variants") else result.renditions  # so called in release 0.1.0
    return {f"{each.width}.{OUTPUTS[each.format].extension}": each.data for each in variants}


def _stepped(data: bytes, spec: Spec, steps: Mapping[str, int]) -> Any:  # noqa: ANN401  as above
    """All variants, at qualities that differ from the package's."""
    from lightpress.image.encode import encode  # noqa: PLC0415
    from lightpress.image.render import render  # noqa: PLC0415  the last release need not have what this is for

    def shifted(image: Any, output: Any, asked: Spec, embedded: Any) -> bytes:  # noqa: ANN401
        quality = asked.quality[output.name] + steps.get(output.name, 0)
        return encode(image, output, asked.at_quality(output, quality), embedded)

    return render(data, spec, encode=shifted)


if __name__ == "__main__":
    serve(f"Lightpress, revision {REVISION}", to_png, to_variants)
