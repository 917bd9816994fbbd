"""The first view of a lazy variant: if it is owed, it is rendered, kept and served.

Whoever asks may be anybody, with any address. So what an address costs is bounded by what is owed: one that is not
costs a read of a manifest; a variant is rendered once, or fails once and for all. The order of the steps is what makes
it safe to render while originals are overwritten and deleted; `tests/simulation` breaks each of them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.file_names import saved_as
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.outcomes import Result
from lightpress.pipeline.owed import only
from lightpress.pipeline.paths import generation_in, manifest_path_for
from lightpress.pipeline.ports import ChildLost, PreconditionFailed, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightpress.image.spec import Spec
    from lightpress.pipeline.manifest import LazyVariant, Manifest
    from lightpress.pipeline.ports import Originals, Published, Render
    from lightpress.pipeline.recipe import RecipeBook
    from lightpress.pipeline.source import Source

TRIES = 3
"""So often rendering a variant may end without a verdict."""


@dataclass(frozen=True, slots=True)
class FirstView:
    """What came of it, and what there is to serve.

    Attributes:
        result: What came of it.
        path: Of the variant; of another one where the result is `MOVED`.
        data: Its bytes, where it was rendered or found.
        variant: What was owed; None if nothing was.
        key: Of the original; None if nothing is known.
        reason: Why it cannot be rendered, or read; None if that is not the result.
    """

    result: Result
    path: str
    data: bytes | None = None
    variant: LazyVariant | None = None
    key: str | None = None
    reason: str | None = None


class Images(Protocol):
    """The images bucket, for who makes single variants."""

    def published_at(self, path: str) -> Published | None:
        """The manifest at a path."""

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        """Replace exactly the manifest `replacing`; raises PreconditionFailed if another is stored."""

    def file_at(self, path: str) -> bytes | None:
        """The bytes of a variant; None if it is not there."""

    def write_new(self, path: str, data: bytes, media_type: str, name: str) -> None:
        """Write a variant as `pipeline.ports.Images.write` does; raises PreconditionFailed if it is there."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove variants; what is already gone is fine."""


@dataclass(frozen=True, slots=True)
class FirstViews:
    """The workflow, and everything that it needs.

    Attributes:
        originals: Where originals are read.
        images: Where variants and manifests are kept.
        recipes: By which recipe each key is rendered.
        render: Makes the variants of an original.
        source_of: Where the original of a key is.
    """

    originals: Originals
    images: Images
    recipes: RecipeBook
    render: Render
    source_of: Callable[[str], Source]

    def __call__(self, path: str) -> FirstView:
        """Serve the variant at a path of the images bucket, whose form somebody has checked.

        Raises whatever the dependencies raise: a later view may succeed.
        """
        published = self.images.published_at(manifest_path_for(path))
        owed = _owed_at(path, published.manifest) if published else None
        if published is None or owed is None:
            return _not_owed(path, published.manifest if published else None)
        if owed.reason is not None:
            return FirstView(Result.FAILED_BEFORE, path, None, owed, published.manifest.key, owed.reason)
        data = self.images.file_at(path)
        if data is not None:
            return self._served(FirstView(Result.FOUND, path, data, owed, published.manifest.key))
        return self._rendered(owed, published)

    def _rendered(self, owed: LazyVariant, published: Published) -> FirstView:
        """Render it, where the original is still the manifest's and its recipe still has such a variant."""
        manifest = published.manifest
        nothing = FirstView(Result.CHANGED, owed.path, None, owed, manifest.key)
        recipe = self.recipes.recipe_for(manifest.key)
        spec = only(owed, recipe.spec, manifest.source) if recipe and manifest.source else None
        if spec is None:
            return replace(nothing, result=Result.NO_RECIPE)
        try:
            data = self._made(manifest, spec)
        except Unreadable as unreadable:
            return replace(nothing, result=Result.UNREADABLE, reason=unreadable.closed.reason)
        except PictureRejected as rejected:
            return self._failed(owed, published, rejected)
        except ChildLost as lost:
            return self._lost(owed, published, lost)
        except PreconditionFailed:
            return nothing
        return self._kept(owed, manifest, data)

    def _made(self, manifest: Manifest, spec: Spec) -> bytes:
        """The bytes; raises PreconditionFailed if the source holds another original by now, or none."""
        source = self.source_of(manifest.key)
        original = self.originals.head(source)
        if original is None or not manifest.is_of(original.identity):
            raise PreconditionFailed
        made_with = manifest.source.correction if manifest.source else None
        focused = spec.kept_in_focus(made_with or original.focus)
        (variant,) = self.render(self.originals.read(source, original), focused).variants
        return variant.data

    def _kept(self, owed: LazyVariant, manifest: Manifest, data: bytes) -> FirstView:
        """Write the variant, or serve what somebody else wrote; nothing, if it is not to be shown any more."""
        view = FirstView(Result.RENDERED, owed.path, data, owed, manifest.key)
        try:
            name = saved_as(manifest.key, OUTPUTS[owed.format].extension)
            self.images.write_new(owed.path, data, owed.media_type, name)
        except PreconditionFailed:
            theirs = self.images.file_at(owed.path)
            if theirs is not None:
                view = replace(view, result=Result.FOUND, data=theirs)
        return self._served(view)

    def _served(self, view: FirstView) -> FirstView:
        """What lies in the bucket now, if its generation is published, or was before what is published; else nothing.

        What nobody shows any more is removed: whoever has replaced or deleted it may have listed what to remove before.
        """
        now = self.images.published_at(manifest_path_for(view.path))
        if now is not None and generation_in(view.path) in {now.manifest.generation, now.manifest.previous}:
            return view
        self.images.remove([view.path])
        return replace(view, result=Result.CHANGED, data=None)

    def _lost(self, owed: LazyVariant, published: Published, lost: ChildLost) -> FirstView:
        """Count it. As a failure where it has been often enough."""
        if owed.tries + 1 >= TRIES:
            detail = f"Rendering it ended without a result {TRIES} times: memory or time ran out ({lost})."
            return self._failed(owed, published, PictureRejected(Reason.MACHINE_LIMIT, detail))
        self._note(replace(owed, tries=owed.tries + 1), published)
        return FirstView(Result.LOST, owed.path, None, owed, published.manifest.key, str(lost))

    def _failed(self, owed: LazyVariant, published: Published, rejected: PictureRejected) -> FirstView:
        self._note(replace(owed, reason=rejected.reason.value, detail=rejected.detail), published)
        return FirstView(Result.FAILED, owed.path, None, owed, published.manifest.key, rejected.reason)

    def _note(self, owed: LazyVariant, published: Published) -> None:
        """Write into the manifest what became of a variant; if it is another by now, the next view finds out."""
        lazy = tuple(
            replace(one, tries=owed.tries, reason=owed.reason, detail=owed.detail) if one.path == owed.path else one
            for one in published.manifest.lazy
        )
        with suppress(PreconditionFailed):
            self.images.publish(replace(published.manifest, lazy=lazy), published)


def _owed_at(path: str, manifest: Manifest) -> LazyVariant | None:
    if manifest.status is not Status.READY:
        return None
    return next((one for one in manifest.lazy if one.path == path), None)


def _not_owed(path: str, manifest: Manifest | None) -> FirstView:
    """Of the generation before, lead to the same variant of now: pages that show the old one are to show a picture."""
    if manifest is not None and manifest.previous is not None and generation_in(path) == manifest.previous:
        same = next((one for one in manifest.offered if _file(one.path) == _file(path)), None)
        if same is not None:
            return FirstView(Result.MOVED, same.path, None, None, manifest.key)
    return FirstView(Result.NOT_OWED, path)


def _file(path: str) -> str:
    return path.rpartition("/")[2]
