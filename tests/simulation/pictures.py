"""What clients upload, and what stands for the picture core: as pure as it, and quicker."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from lightpress.image import EncodedVariant, OriginalInfo, PictureRejected, Reason, RenderResult, Size, Spec
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.sandbox import ChildLost

if TYPE_CHECKING:
    from collections.abc import Generator

    from tools.fakes.s3 import Version

GOOD, BAD, CRASHING, HUGE, RARE = b"good", b"bad", b"crashing", b"huge", b"rare"
"""What contents begin with. CRASHING crashes a decoder, HUGE never fits into the memory of any function, RARE is good
where its format is accepted."""

ARCHIVED: dict[str, Any] = {"storage_class": "GLACIER"}
CUSTOMER_KEY: dict[str, Any] = {"customer_key": True}
DENIALS = {"AccessDenied", "KMS.DisabledException"}
"""An object of another account, which may not be looked at either, and one whose key of KMS is disabled."""
CLOSED = (ARCHIVED, CUSTOMER_KEY, *({"denied": code} for code in sorted(DENIALS)))
"""How contents may be stored so that nobody can read them (`tests.stores.s3.Version`)."""
OPENED: dict[str, dict[str, Any]] = {
    Reason.ARCHIVED: {"restored": True},
    Reason.ACCESS_DENIED: {"denied": ""},
}
"""What has to happen to them; a customer's key is nobody else's."""

IGNORED = "drafts/"
IGNORING = 3
"""The revision of the recipes that leaves the keys under IGNORED alone."""
REFUSING = 4
"""The revision that is the first one but for the format of RARE, which it does not accept."""
REFUSING_ANEW = 5
"""The revision that does not accept it either, and has other sizes."""
REVISIONS = 6


def closed_for(version: Version) -> Reason | None:
    """Why nobody can read this version; None if it can be."""
    if version.denied:
        return Reason.ACCESS_DENIED
    if version.customer_key:
        return Reason.CUSTOMER_KEY
    return Reason.ARCHIVED if version.archived else None


class NativeCrash(BaseException):
    """A decoder crashed in the function's own process, which is no more."""


@cache
def recipe_book(revision: int) -> RecipeBook:
    """Two variants for every key; each revision but REFUSING makes others than those before."""
    sizes = 0 if revision == REFUSING else revision
    accept = ("jpeg",) if revision in {REFUSING, REFUSING_ANEW} else ("jpeg", "jpeg2000")
    spec = Spec((Size("small", 10 + sizes), Size("large", 100 + sizes)), ("jpeg",), accept=accept)
    recipe = Recipe("test", spec)
    ignored = (Rule(f"{IGNORED}**", None),) if revision == IGNORING else ()
    return RecipeBook((*ignored, Rule("**", recipe)), {"test": recipe})


@cache
def spec_of(digest: str) -> Spec:
    """The spec whose recipe has this digest."""
    recipes = [recipe_book(revision).recipes["test"] for revision in range(REVISIONS)]
    return next(recipe.spec for recipe in recipes if recipe.digest == digest)


def rendered(data: bytes, spec: Spec, name: str) -> bytes:
    """The bytes that stand for a variant: nothing else may ever lie under its path."""
    return b"|".join((data, str(spec.sizes).encode(), name.encode()))


def render(data: bytes, spec: Spec) -> RenderResult:
    """What isolation gives: a crash is told as the picture's fault, and nobody else is harmed."""
    if data.startswith(CRASHING):
        raise PictureRejected(Reason.CRASHED_DECODER, "drawn to crash")
    return _render(data, spec)


def render_without_isolation(data: bytes, spec: Spec) -> RenderResult:
    """What happens without: a crash takes the process along."""
    if data.startswith(CRASHING):
        raise NativeCrash
    return _render(data, spec)


def _render(data: bytes, spec: Spec) -> RenderResult:
    form = "jpeg2000" if data.startswith(RARE) else "jpeg"
    if form not in spec.accept:
        raise PictureRejected(Reason.FORMAT_NOT_ACCEPTED, "drawn rare")
    if data.startswith(BAD):
        raise PictureRejected(Reason.CORRUPT, "drawn bad")
    if data.startswith(HUGE):
        raise ChildLost("out of memory")

    def variants() -> Generator[EncodedVariant]:
        for size in spec.sizes:
            yield EncodedVariant((size.name,), "jpeg", 1, 1, rendered(data, spec, size.name))

    return RenderResult(OriginalInfo(form, 1, 1), variants())


@cache
def checksum(data: bytes) -> str:
    """As a manifest has it."""
    return hashlib.sha256(data).hexdigest()
