"""Which variants a picture is owed besides those that are made at upload. Their pixels follow from the original's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Pixels
from lightpress.pipeline.manifest import LazyVariant
from lightpress.pipeline.paths import variant_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lightpress.image.job import OriginalInfo
    from lightpress.image.spec import Rung, Spec
    from lightpress.pipeline.manifest import Publication, PublishedSource, Variant


class _File(NamedTuple):
    """What a file is named after (`manifest.Served`)."""

    names: tuple[str, ...]
    format: str


def owed_of(
    spec: Spec, facts: OriginalInfo, made: tuple[Variant, ...], publication: Publication
) -> tuple[LazyVariant, ...]:
    """List the variants that a spec leaves for their first view.

    Args:
        spec: What the picture was rendered by, with the focus that somebody has said.
        facts: Of the original.
        made: The variants that were made. Where the kind of the picture chooses its formats, theirs are all there are.
        publication: Whose generation the variants will be of.
    """
    if not spec.lazy:
        return ()
    formats = tuple(dict.fromkeys(variant.format for variant in made)) if spec.auto else spec.formats
    there = {(variant.name, variant.format) for variant in made}
    # Planned as it was rendered: which sizes are the same pixels depends on where they are cut.
    cut = spec if facts.focus is None else spec.around(facts.focus, by_hand=spec.focus is not None)
    return tuple(
        owed
        for rung in cut.rungs(Pixels(facts.width, facts.height))
        for form in formats
        if (rung.names[0], form) not in there
        for owed in _owed(spec, rung, form, facts, publication)
    )


def _owed(spec: Spec, rung: Rung, form: str, facts: OriginalInfo, publication: Publication) -> Iterator[LazyVariant]:
    """One for each size that the file serves."""
    output = OUTPUTS[form]
    animated = facts.frames > 1 and spec.moves_in(output)
    written = output if animated else spec.row_of(output, rung)
    for name in rung.names:
        yield LazyVariant(
            name=name,
            format=form,
            media_type=output.media_type,
            width=rung.result.width,
            height=rung.result.height,
            path=variant_path(publication.key, publication.generation, _File(rung.names, form)),
            quality=spec.quality_of(written, rung.result) if output.lossy else None,
            animated=animated,
        )


def only(owed: LazyVariant, spec: Spec, source: PublishedSource) -> Spec | None:
    """Narrow a spec down to one variant that is owed; None if it has no such variant any more.

    It is cut around the subject that was found when the picture was published, as what is there already.

    Args:
        owed: The variant, of an older manifest maybe.
        spec: Of the recipe that the picture has now.
        source: The original, as the manifest has it.
    """
    if source.width is None or source.height is None or owed.format not in spec.formats:
        return None
    spec = spec.with_subject(source.focus)
    for rung in spec.rungs(Pixels(source.width, source.height)):
        if owed.name in rung.names and rung.result == (owed.width, owed.height):
            others = _all_but(rung.names, owed.format, spec)
            # The kind of the picture has chosen its formats already. All of them stay in the spec: which sizes are the
            # same pixels depends on it.
            return replace(spec, auto=False, lazy=others)
    return None


def _all_but(names: Collection[str], form: str, spec: Spec) -> frozenset[tuple[str, str]]:
    every = {(size.name, one) for size in spec.sizes for one in spec.formats}
    return frozenset(every - {(name, form) for name in names})
