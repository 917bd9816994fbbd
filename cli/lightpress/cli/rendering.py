"""`lightpress render`: the picture core alone, on files of this machine."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from lightpress.delivery.summary import summary_of
from lightpress.image.errors import PictureRejected
from lightpress.pipeline.manifest import Manifest, Publication, Variant, variants_of
from lightpress.pipeline.paths import file_name
from lightpress.pipeline.sandbox import Child, Cost, SandboxLimits, render_and_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from lightpress.cli.files import File
    from lightpress.image.job import RenderResult
    from lightpress.image.spec import Spec
    from lightpress.pipeline.recipe import Recipe

_LIMITS = SandboxLimits(cpu_seconds=120, wall_seconds=300.0)


@dataclass(frozen=True)
class Rendered:
    """A rendered file.

    Attributes:
        source: The file, as it was named; - is the standard input.
        folder: Where its variants and manifest.json are.
        manifest: Its paths are relative to `folder`.
        cost: CPU time and memory of the child process.
    """

    source: str
    folder: Path
    manifest: Manifest
    cost: Cost

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        facts = summary_of(self.manifest, lambda variant: {"path": str(self.folder / variant.path)})
        cost = {"cpu_ms": self.cost.cpu_ms, "peak_rss_mb": self.cost.peak_rss_mb}
        return {"source": self.source, "status": self.manifest.status} | facts | cost


def _go_on() -> None:
    """Nothing else is to be done first."""


def render_file(source: File, folder: Path, recipe: Recipe, before_each: Callable[[], None] = _go_on) -> Rendered:
    """Render the file, or the standard input, into `folder`, with a manifest.json beside the variants.

    A rejected file has a manifest with its reason. Raises OSError if a file cannot be read or written, and ChildLost if
    the machine lacked memory or time. What `before_each` raises, which is called before each variant, ends the child.
    """
    data = source.path.read_bytes() if source.path else sys.stdin.buffer.read()
    folder.mkdir(parents=True, exist_ok=True)
    spec = replace(recipe.spec, lazy=frozenset())  # nobody here makes what is left for later
    with Child(data, spec, _LIMITS, render_and_pack) as child:
        written = partial(_written, folder=folder, before_each=before_each)
        manifest = _manifest(child, PurePath(source.name).name, data, recipe, written)
    (folder / "manifest.json").write_bytes(manifest.to_json())
    return Rendered(str(source), folder, manifest, child.cost)


def _manifest(
    child: Child[Spec], key: str, data: bytes, recipe: Recipe, written: Callable[[RenderResult], Iterator[Variant]]
) -> Manifest:
    identity = hashlib.sha256(data).hexdigest()
    publication = Publication(key, 1, identity, len(data), recipe.name, recipe.digest)
    try:
        rendering = child.result()
        return publication.ready(rendering.original, tuple(written(rendering)))
    except PictureRejected as rejected:
        return publication.failed(rejected)


def _written(rendering: RenderResult, folder: Path, before_each: Callable[[], None]) -> Iterator[Variant]:
    before_each()
    for variant in rendering.variants:
        path = file_name(variant)
        (folder / path).write_bytes(variant.data)
        yield from variants_of(variant, path)
        before_each()


def folders_for(sources: Iterable[File], out: Path) -> Iterator[tuple[File, Path]]:
    """Give each source a folder of its own, named after it; sources of the same name get a number."""
    taken: set[str] = set()
    for source in sources:
        name, number = source.name, 1
        while name in taken:
            number += 1
            name = f"{source.name}-{number}"
        taken.add(name)
        yield source, out / name
