"""What reads and writes pictures is imported once, by the parent, and only when a picture needs it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.image.codecs import load_codecs
from lightpress.image.inputs import INPUTS
from lightpress.image.outputs import OUTPUTS
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "lambda_src"
PROGRAM = """
import json, sys
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox

def codecs():
    return sorted(name for name in sys.modules if name.endswith("ImagePlugin"))

before, data = codecs(), sys.stdin.buffer.read()
list(render_in_sandbox(data, Spec((Size("small", 8),), ("webp",)), SandboxLimits()).variants)
print(json.dumps([before, codecs()]))
"""


def loaded_by_parent(data: bytes) -> tuple[set[str], set[str]]:
    """The codecs that an interpreter holds before and after a child of its own has rendered `data`."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=data, env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, check=True
    )
    before, after = json.loads(done.stdout)
    return set(before), set(after)


def test_the_parent_loads_what_the_recipe_writes_and_what_the_picture_was() -> None:
    before, after = loaded_by_parent(file_of(ramp(), "TIFF"))
    assert after - before >= {"PIL.WebPImagePlugin", "PIL.TiffImagePlugin"}


def test_and_nothing_besides() -> None:
    before, after = loaded_by_parent(file_of(ramp(), "GIF"))
    assert before == set()
    assert "pillow_heif.HeifImagePlugin" not in after
    assert "PIL.AvifImagePlugin" not in after


def test_what_is_written_can_be_read_by_the_codec_of_the_same_name() -> None:
    assert {row.name for row in INPUTS} >= set(OUTPUTS)


def test_a_name_that_no_format_has_loads_nothing() -> None:
    loaded = set(sys.modules)
    load_codecs(("os.path", "PIL.FpxImagePlugin", ""))
    assert set(sys.modules) == loaded


def test_what_the_core_imports_only_when_a_picture_needs_it_is_among_the_helpers() -> None:
    late = {name for path in (PACKAGE / "lightpress" / "image").glob("*.py") for name in imported_late(path)}
    assert len(late) > 10
    program = (
        "import json, sys; from lightpress.image.codecs import load_helpers;"
        "load_helpers(); print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, check=True
    )
    assert late - set(json.loads(done.stdout)) == set()


def imported_late(path: Path) -> Iterator[str]:
    """The modules that functions of this file import."""
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom):
                    whole = {"PIL": [f"PIL.{name.name}" for name in node.names], "lightpress.image": []}
                    yield from whole.get(str(node.module), [str(node.module)])
