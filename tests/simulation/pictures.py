"""What clients upload, and what stands for the picture core: as pure as it, and quicker."""

from __future__ import annotations

import hashlib
import itertools
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.copy_pattern import CopyPattern, CopyRules
from lightpress.pipeline.gate import PERSON
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.recipe import DROP, KEEP, Recipe, RecipeBook, Rule, Unanswered

if TYPE_CHECKING:
    from collections.abc import Generator

    from lightpress.pipeline.facts import Point
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

FOCUS, OTHER_FOCUS = (0.4, 0.2), (0.9, 0.1)
"""Where somebody says the subject of a picture is, after it was uploaded."""

WORDS: dict[str, Any] = {"enricher": "words", "alt": "a cat on a mat"}
OTHER_WORDS: dict[str, Any] = {"enricher": "words", "alt": "no cat"}
A_FACE: dict[str, Any] = {"enricher": "faces", "faces": [{"left": 0.1, "top": 0.2, "width": 0.2, "height": 0.2}]}
NO_FACE: dict[str, Any] = {"enricher": "faces"}
"""What enrichers say."""

LARGE = 1_000
"""The sides of pictures whose variants have to differ in their pixels, as lazy ones do."""

IGNORED = "drafts/"
IGNORING = 3
"""The revision of the recipes that leaves the keys under IGNORED alone."""
REFUSING = 4
"""The revision that is the first one but for the format of RARE, which it does not accept."""
REFUSING_ANEW = 5
"""The revision that does not accept it either, and has other sizes."""
REVISIONS = 6
EAGER = 6
"""The revision that is the first one, but leaves nothing for a first view."""
FINER = 7
"""The revision that is the first one in another quality."""
LAZY_REVISIONS = 8
KEEPING = 1
"""The revision that keeps originals, where others drop them."""
GATES = ((PERSON,), ("scan", PERSON))
"""Which reviewers recipes of an even and of an odd revision ask, where there is a gate."""
ASKED = (("words", "faces"), ("faces",))
"""Which enrichers recipes of an even and of an odd revision ask, where any are."""
COPIES = (
    CopyRules(CopyPattern("t/{size}.{ext}")),
    CopyRules(CopyPattern("u/{hash}-{size}.{ext}")),
    CopyRules(CopyPattern("t/{size}.{ext}"), "no-cache"),
    None,
)
"""What recipes of each revision say of copies, where there are any: of the first, all keys want the same addresses."""
COPY_FOLDERS = ("t/", "u/")
FOREIGN = b"foreign"
"""What an object begins with that somebody else has put where copies go."""
FORMER = b"former"
"""What copies are that a stack of the same name has left, which is gone: marked as this one's would be."""
FORMER_REVISION = 1_000
"""And the revision that they say, which this one will not reach."""
GATE_HOURS = 24
"""How long reviewers have, where a recipe says what becomes of what they leave unanswered."""
LAZY = frozenset({("large", "jpeg")})
"""What the other revisions leave for its first view, where anything is lazy."""
ALL_LAZY = 2
"""The revision that leaves everything for its first view, so that nothing may lie there of what is published."""


def closed_for(version: Version) -> Reason | None:
    """Why nobody can read this version; None if it can be."""
    if version.denied:
        return Reason.ACCESS_DENIED
    if version.customer_key:
        return Reason.CUSTOMER_KEY
    return Reason.ARCHIVED if version.archived else None


class NativeCrash(BaseException):
    """A decoder crashed in the function's own process, which is no more."""


def _lazy_in(revision: int) -> frozenset[tuple[str, str]]:
    if revision == EAGER:
        return frozenset()
    return LAZY | {("small", "jpeg")} if revision == ALL_LAZY else LAZY


@cache
def recipe_book(  # noqa: PLR0913  kinds of recipes
    revision: int,
    *,
    lazy: bool = False,
    gated: bool = False,
    unanswered: Unanswered = Unanswered.HOLD,
    dropping: bool = False,
    enriched: bool = False,
    copying: bool = False,
) -> RecipeBook:
    """Two variants for every key; each revision but REFUSING and EAGER makes others than those before.

    lazy: the large one is made at its first view, in ALL_LAZY both. gated: nothing is published before it is reviewed.
    unanswered: what becomes of what is not reviewed in time. dropping: originals leave once they are published, but for
    those of the revision KEEPING. enriched: enrichers are asked for facts, and the small one looks for the subject.
    copying: there are copies of variants elsewhere.
    """
    sizes = 0 if revision in {REFUSING, EAGER, FINER} else revision
    accept = ("jpeg",) if revision in {REFUSING, REFUSING_ANEW} else ("jpeg", "jpeg2000")
    spec = Spec(
        (_looking(10 + sizes) if enriched else Size("small", 10 + sizes), Size("large", 100 + sizes)),
        ("jpeg",),
        {"jpeg": 90} if revision == FINER else {},
        accept=accept,
        lazy=_lazy_in(revision) if lazy else frozenset(),
    )
    gate, enrichers = GATES[revision % 2] if gated else (), ASKED[revision % 2] if enriched else ()
    hours = GATE_HOURS if unanswered is not Unanswered.HOLD else 0
    originals = DROP if dropping and revision != KEEPING else KEEP
    copies = COPIES[revision % len(COPIES)] if copying else None
    recipe = Recipe("test", spec, gate, unanswered, hours, originals, enrichers, copies)
    ignored = (Rule(f"{IGNORED}**", None),) if revision == IGNORING else ()
    return RecipeBook((*ignored, Rule("**", recipe)), {"test": recipe})


@cache
def spec_of(digest: str) -> Spec:
    """The spec whose recipe has this digest."""
    recipes = _every_recipe()
    return next(recipe.spec for recipe in recipes if recipe.digest == digest)


@cache
def digests() -> frozenset[tuple[str, frozenset[tuple[str, str]]]]:
    """The digests of all recipes that there are, and what each may leave for first views."""
    digests = [recipe.digest for recipe in _every_recipe()]
    lazy = {frozenset(), *map(_lazy_in, range(LAZY_REVISIONS))}
    return frozenset(itertools.product(digests, lazy))


@cache
def _every_recipe() -> tuple[Recipe, ...]:
    kinds = [(revision, enriched) for enriched in (False, True) for revision in range(LAZY_REVISIONS)]
    return tuple(recipe_book(revision, enriched=enriched).recipes["test"] for revision, enriched in kinds)


def _looking(width: int) -> Size:
    return Size("small", width, width, "cover", auto_focus=True)


@cache
def rendered_by_any(
    data: bytes, name: str, width: int, focus: Point | None, suggested: Point | None
) -> frozenset[bytes]:
    """The bytes that a lazy variant may have: of any recipe that has it in this width, around the one focus.

    focus: as somebody has said. suggested: as enrichers have, where nobody has.
    """
    specs = [recipe.spec.with_subject(suggested) for recipe in _every_recipe()]
    having = [spec for spec in specs if any((size.name, size.width) == (name, width) for size in spec.sizes)]
    return frozenset(rendered(data, spec.kept_in_focus(focus), name) for spec in having)


def rendered(data: bytes, spec: Spec, name: str) -> bytes:
    """The bytes that stand for a variant: nothing else may ever lie under its path."""
    return b"|".join(
        (
            data,
            _as_text(spec.sizes),
            name.encode(),
            *(str(spec.quality).encode(),) * bool(spec.quality),
            *(str(spec.focus).encode(),) * bool(spec.focus),
        )
    )


@cache
def _as_text(sizes: tuple[Size, ...]) -> bytes:
    return str(sizes).encode()


@lru_cache(maxsize=4096)
def rendered_by(digest: str, data: bytes, focus: Point | None, suggested: Point | None) -> dict[str, bytes]:
    """The bytes of each variant of a recipe, by the name of its size. The arguments are those of `rendered_by_any`."""
    spec = spec_of(digest).with_subject(suggested).kept_in_focus(focus)
    return {size.name: rendered(data, spec, size.name) for size in spec.sizes}


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
            if not spec.leaves_out((size.name,), "jpeg"):
                side = (size.width or 1) if spec.lazy else 1
                yield EncodedVariant((size.name,), "jpeg", side, side, rendered(data, spec, size.name))

    side = LARGE if spec.lazy else 1
    return RenderResult(OriginalInfo(form, side, side), variants())


@cache
def checksum(data: bytes) -> str:
    """As a manifest has it."""
    return hashlib.sha256(data).hexdigest()
