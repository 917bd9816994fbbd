"""What is published of a key, and under which names.

The manifest is the only object that changes, and the only status record. Variants lie under names that are never used
twice: each publication writes under `i/<key hash>/<generation>/`, and a generation's name begins with the revision
that the manifest will have if the publication succeeds. So no write can hit another's, and everything with a revision
below the manifest's is dead for good and may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from lightpress.image.capture import Capture
from lightpress.image.errors import REJECTIONS
from lightpress.image.outputs import FALLBACKS, OUTPUTS
from lightpress.pipeline.facts import Fact, Label, Words, fact_from, nothing, words_from
from lightpress.pipeline.paths import generation_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import DataclassInstance

    from lightpress.image.errors import PictureRejected
    from lightpress.image.job import EncodedVariant, OriginalInfo

SCHEMA = 1
_SELDOM = ("enrichers", "facts", "words", "copies", "copied_as", "past_copies")
_SELDOM_OF_A_SOURCE = ("suggested", "capture", "likeness")
_MOST_KEPT = 64
"""How many manifests are kept that were read: with 100 variants each, some 95 KB with their text, they take 6 MB."""


class Status(StrEnum):
    """What is published of a key.

    ready: all variants. failed: none, with a reason. deleted: none, the source is gone. held: none yet, until it is
    reviewed.
    """

    READY = "ready"
    HELD = "held"
    FAILED = "failed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Variant:
    """One published variant. Several share a path where the picture is smaller than their sizes.

    Attributes:
        name: Of the size.
        format: Of the file, a name in `image.outputs`.
        media_type: Of the file.
        width: In pixels.
        height: In pixels.
        bytes: Size of the file.
        sha256: Of the file, in hexadecimal.
        path: Key in the images bucket, and path on the CDN after the first slash.
        note: How the file differs from what the recipe asks for, in a sentence or two; None if it does not.
        quality: What it was encoded with; None where its format or its encoding has no quality.
        animated: Whether it is an animation.
        look: How it differs from the plain picture (`image.EncodedVariant`); None where the recipe has no steps for it.
    """

    name: str
    format: str
    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    path: str
    note: str | None = None
    quality: int | None = None
    animated: bool = False
    look: str | None = None


@dataclass(frozen=True, slots=True)
class LazyVariant:
    """A variant that is owed: it is made when somebody first asks for it. Its bytes are not known here, made or not.

    Attributes:
        name: Of the size.
        format: Of the file, a name in `image.outputs`.
        media_type: Of the file.
        width: In pixels.
        height: In pixels.
        path: Key in the images bucket once it is made, and path on the CDN after the first slash.
        quality: What it is encoded with; None where its format has no quality.
        animated: Whether it is an animation.
        tries: How often rendering it ended without a verdict.
        reason: Why it cannot be rendered, a code; None if it can, as far as is known.
        detail: The reason in a sentence; None as well.
    """

    name: str
    format: str
    media_type: str
    width: int
    height: int
    path: str
    quality: int | None = None
    animated: bool = False
    tries: int = 0
    reason: str | None = None
    detail: str | None = None

    bytes: ClassVar[None] = None
    """Nobody knows."""
    note: ClassVar[None] = None
    """There is none yet."""
    look: ClassVar[None] = None
    """The plain picture's: recipes with steps have no lazy variants."""


@dataclass(frozen=True, slots=True)
class PublishedSource:
    """The original that the variants were made from.

    Attributes:
        identity: Its version id, or its ETag in a bucket without versioning.
        bytes: Size of the file.
        format: A name in `image.outputs`; None, like everything below, if the original was rejected.
        width: In pixels, upright.
        height: In pixels, upright.
        aspect_ratio: Width divided by height.
        color: The placeholder color, as "#RRGGBB" (`image.placeholder`).
        thumbhash: The placeholder picture, a ThumbHash in base64.
        lqip: Another one, as a data URI (WebP, at most 20 pixels a side); None in those of older releases.
        frames: Of the animation that animated variants show; 1 if there are none.
        duration_ms: Of that animation; 0 if there is none.
        focus: The point around which sizes are cut, as shares of width and height; None if nobody chose it and no size
            looks for it.
        correction: `Manifest.correction` as it was when they were made.
        suggested: Where enrichers had seen the subject when they were made; None if none had, or no size looks for it.
        capture: When and with what it was taken; None where the recipe does not ask, or the file does not say.
        likeness: Its perceptual hash (`image.likeness`); None where the recipe does not ask.
    """

    identity: str
    bytes: int
    format: str | None = None
    width: int | None = None
    height: int | None = None
    aspect_ratio: float | None = None
    color: str | None = None
    thumbhash: str | None = None
    lqip: str | None = None
    frames: int = 1
    duration_ms: int = 0
    focus: tuple[float, float] | None = None
    correction: tuple[float, float] | None = None
    suggested: tuple[float, float] | None = None
    capture: Capture | None = None
    likeness: str | None = None


@dataclass(frozen=True, slots=True)
class DroppedOriginal:
    """That the original leaves by our own hand: from when a manifest says so, its version counts as gone.

    Attributes:
        marker: The delete marker that lay below it, by which a later deletion is told apart; None if there was none.
        announced: The revision that was announced before.
    """

    marker: str | None
    announced: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a variant where others expect it.

    Attributes:
        path: Its address: its key in the bucket of copies.
        variant: The path of the variant in the images bucket.
        refused: Why there is none, a code (`pipeline.copying`); None if there is one, or is about to be.
    """

    path: str
    variant: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The published state of one key.

    Attributes:
        key: Of the original; "" in a tombstone that was erased, which nobody reads the key from.
        status: "ready", "held", "failed" or "deleted".
        revision: Grows with every publication, so that no manifest ever equals an older one.
        source: The original; None if it was deleted.
        recipe: The recipe's name; None if the original was deleted.
        digest: Of what in the recipe decided the result (`Recipe.digest_for`); None as well.
        generation: Folder of the variants; None if there are none.
        previous: Folder of the variants before, which are kept for pages that still point there; None if there were
            none, or once they have been kept for `previous_days`.
        variants: Those that are there; empty unless the status is "ready".
        lazy: Those that are owed; empty as well. A release that does not know them takes `variants` for all.
        notes: What of the original is missing or different in all variants, a sentence each.
        reason: Why it failed, a code; None if it did not.
        detail: The reason in a sentence; None as well.
        correction: The focus that somebody has said for these contents since they were uploaded, instead of any other;
            None if nobody has. The variants follow it once `source.correction` is the same (`pipeline.correction`).
        gate: The reviewers that it is held for; empty unless the status is "held".
        enrichers: Those that its recipe asks for facts (`pipeline.facts`); empty unless the status is "ready".
        facts: What they have said, in their order.
        words: What somebody has said of these contents since they were uploaded; None if nobody has.
        held_at: Since when they are waited for, in seconds since 1970; None where they have time for ever.
        held_until: How long they are waited for, in seconds since 1970; None as well.
        original_dropped: That the original has left since it was published, or is about to; None if it is kept. It is
            no deletion.
        copies: Copies of the variants elsewhere; empty unless the status is "ready". They are written after this.
        copied_as: Digest of what is said of copies besides their addresses; None where there are none.
        past_copies: Addresses where copies of this key were once, the last first: nothing of it may lie there.
        schema: Version of this format.
    """

    key: str
    status: Status
    revision: int
    source: PublishedSource | None = None
    recipe: str | None = None
    digest: str | None = None
    generation: str | None = None
    previous: str | None = None
    variants: tuple[Variant, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    detail: str | None = None
    lazy: tuple[LazyVariant, ...] = ()
    correction: tuple[float, float] | None = None
    gate: tuple[str, ...] = ()
    enrichers: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    words: Words | None = None
    held_at: int | None = None
    held_until: int | None = None
    original_dropped: DroppedOriginal | None = None
    copies: tuple[Copy, ...] = ()
    copied_as: str | None = None
    past_copies: tuple[str, ...] = ()
    schema: int = field(default=SCHEMA)

    @property
    def offered(self) -> tuple[Variant | LazyVariant, ...]:
        """Every variant that somebody may ask for."""
        return (*self.variants, *self.lazy)

    @property
    def showable(self) -> tuple[Variant | LazyVariant, ...]:
        """Those that are there or can be made: a lazy one whose rendering has failed is a picture for nobody."""
        return (*self.variants, *(variant for variant in self.lazy if variant.reason is None))

    @property
    def is_rejected(self) -> bool:
        """Whether a reviewer has rejected it, or none has answered in time."""
        return self.reason in REJECTIONS

    @property
    def is_withdrawn(self) -> bool:
        """Whether nothing of what was published before may be served any more, not even from the CDN's copies."""
        return self.status is Status.DELETED or self.is_rejected

    def is_of(self, identity: str) -> bool:
        """Whether it speaks of these contents."""
        return self.source is not None and self.source.identity == identity

    @property
    def follows_correction(self) -> bool:
        """Whether it was made with the focus that it says."""
        return self.correction == (self.source.correction if self.source else None)

    @property
    def focus(self) -> tuple[float, float] | None:
        """Where the subject is, as people say: since the upload, else with it; None if nobody says."""
        return self.correction or (self.source.focus if self.source else None)

    @property
    def missing(self) -> tuple[str, ...]:
        """The enrichers that have not answered yet."""
        answered = {fact.enricher for fact in self.facts}
        return tuple(name for name in self.enrichers if name not in answered)

    @property
    def alt(self) -> str | None:
        """The text for those who do not see the picture: a person's, else a program's; None if nobody says any."""
        if self.words is not None and self.words.alt is not None:
            return self.words.alt
        return next((fact.alt for fact in self.facts if fact.alt is not None), None)

    @property
    def labels(self) -> tuple[Label, ...]:
        """What is in the picture: as a person says, else as programs say, each once, where it is said first."""
        if self.words is not None and self.words.labels is not None:
            return tuple(map(Label, self.words.labels))
        found: dict[str, Label] = {}
        for label in (label for fact in self.facts for label in fact.labels):
            found.setdefault(label.name, label)
        return tuple(found.values())

    def to_json(self) -> bytes:
        """Serialise for the images bucket. What few recipes ask for is left out where there is none."""
        values = _values_of(self)
        _leave_out(values, _SELDOM)
        return _ENCODER.encode(values).encode()


@dataclass(frozen=True, slots=True)
class Publication:
    """What is known about a manifest before the original is rendered.

    Attributes:
        key: Of the original.
        revision: The manifest's revision.
        identity: Of the original.
        bytes: Size of the original.
        recipe: The recipe's name.
        digest: Of the whole recipe.
        previous: Folder of the variants that are published now; None if there are none.
        correction: The focus that somebody has said for these contents since they were uploaded; None if nobody has.
        enrichers: Those that the recipe asks for facts.
        facts: What they have said of these contents.
        words: What somebody has said of these contents; None if nobody has.
        suggested: Where facts say that the subject is; None if none does, or no size looks for it.
        lazy: The pairs of size and format that the recipe leaves for their first view.
    """

    key: str
    revision: int
    identity: str
    bytes: int
    recipe: str
    digest: str
    previous: str | None = None
    correction: tuple[float, float] | None = None
    enrichers: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    words: Words | None = None
    suggested: tuple[float, float] | None = None
    lazy: frozenset[tuple[str, str]] = frozenset()

    @property
    def generation(self) -> str:
        """The folder to write the variants to."""
        focus = self.correction or self.suggested
        return generation_name(self.revision, self.identity, self.digest, focus, self.lazy)

    def ready(self, facts: OriginalInfo, variants: tuple[Variant, ...], lazy: tuple[LazyVariant, ...] = ()) -> Manifest:
        """The manifest that publishes the variants. lazy: those that are owed besides."""
        source = PublishedSource(
            self.identity,
            self.bytes,
            format=facts.format,
            width=facts.width,
            height=facts.height,
            aspect_ratio=round(facts.width / facts.height, 4),
            color=facts.color,
            thumbhash=facts.thumbhash,
            lqip=facts.lqip,
            frames=facts.frames,
            duration_ms=facts.duration_ms,
            focus=facts.focus or self.suggested,
            correction=self.correction,
            suggested=self.suggested,
            capture=facts.capture,
            likeness=facts.likeness,
        )
        variants = tuple(_compared(variant, variants) for variant in variants)
        return self._manifest(
            Status.READY,
            source,
            generation=self.generation,
            variants=variants,
            lazy=lazy,
            notes=facts.notes,
            enrichers=self.enrichers,
            facts=self.facts,
        )

    def failed(self, rejected: PictureRejected) -> Manifest:
        """The manifest that says why there are none."""
        source = PublishedSource(self.identity, self.bytes, correction=self.correction)
        return self._manifest(Status.FAILED, source, reason=rejected.reason, detail=rejected.detail)

    def held(self, gate: tuple[str, ...], held_at: int | None = None, held_until: int | None = None) -> Manifest:
        """The manifest that says that there are none until the reviewers of `gate` have approved it.

        held_at, held_until: As in `Manifest`.
        """
        source = PublishedSource(self.identity, self.bytes, correction=self.correction)
        return self._manifest(Status.HELD, source, gate=gate, held_at=held_at, held_until=held_until)

    def _manifest(self, status: Status, source: PublishedSource, **more: Any) -> Manifest:  # noqa: ANN401
        return Manifest(
            key=self.key,
            status=status,
            revision=self.revision,
            source=source,
            recipe=self.recipe,
            digest=self.digest,
            previous=self.previous,
            correction=self.correction,
            words=self.words,
            **more,
        )


def _values_of(one: DataclassInstance) -> dict[str, Any]:
    """The fields of a manifest, or of a part of it, as JSON has them: whoever writes it asks for each part in turn."""
    values = {name: getattr(one, name) for name in _names_of(type(one))}
    if isinstance(one, PublishedSource):
        _leave_out(values, _SELDOM_OF_A_SOURCE)
    return values


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_values_of)


def _leave_out(values: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if not values[name]:
            del values[name]


def variants_of(encoded: EncodedVariant, path: str) -> tuple[Variant, ...]:
    """One entry for each size that the encoded variant serves, all of them stored under `path`."""
    output = OUTPUTS[encoded.format]
    checksum = hashlib.sha256(encoded.data).hexdigest()
    return tuple(
        Variant(
            name=name,
            format=output.name,
            media_type=output.media_type,
            width=encoded.width,
            height=encoded.height,
            bytes=len(encoded.data),
            sha256=checksum,
            path=path,
            note=encoded.note,
            quality=encoded.quality,
            animated=encoded.animated,
            look=encoded.look,
        )
        for name in encoded.names
    )


def _compared(variant: Variant, variants: tuple[Variant, ...]) -> Variant:
    """Noted as larger than the same size in the format that every viewer knows, where it is.

    It stays: every size exists in every format that the picture is written in. `markup` leaves such formats out.
    """
    if variant.format in FALLBACKS or variant.animated:
        return variant
    for other in variants:
        if other.name == variant.name and other.format in FALLBACKS and other.bytes < variant.bytes:
            note = f"Larger than the {other.format} of this size ({other.bytes} bytes)."
            return replace(variant, note=f"{variant.note} {note}" if variant.note else note)
    return variant


@lru_cache(maxsize=_MOST_KEPT)
def manifest_from_json(body: bytes) -> Manifest:
    """Read what `Manifest.to_json` wrote; what a later release added is ignored, so that it can be rolled back.

    The last ones are kept: a workflow reads the same manifest before its work and after, and viewers ask for some
    pictures more often than for others.
    """
    values: dict[str, Any] = json.loads(body, parse_constant=nothing)
    source = values["source"]
    return Manifest(
        **_known(Manifest, values)
        | {
            "status": Status(values["status"]),
            "source": PublishedSource(**_known(PublishedSource, _renamed(source))) if source else None,
            "variants": tuple(Variant(**_known(Variant, variant)) for variant in values["variants"]),
            "lazy": tuple(LazyVariant(**_known(LazyVariant, variant)) for variant in values.get("lazy", ())),
            "notes": tuple(values["notes"]),
            "correction": _point(values),
            "gate": tuple(values.get("gate", ())),
            "enrichers": tuple(values.get("enrichers", ())),
            "facts": tuple(fact_from(fact) for fact in values.get("facts", ())),
            "words": words_from(values.get("words")),
            "original_dropped": _dropped(values),
            "copies": tuple(Copy(**_known(Copy, copy)) for copy in values.get("copies", ())),
            "past_copies": tuple(values.get("past_copies", ())),
        }
    )


def _dropped(values: Mapping[str, Any]) -> DroppedOriginal | None:
    dropped = values.get("original_dropped")
    return DroppedOriginal(**_known(DroppedOriginal, dropped)) if dropped else None


def _renamed(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """Release 0.1.0 wrote `colour`. JSON has lists where there are tuples."""
    points = {name: _point(source, name) for name in ("focus", "correction", "suggested")}
    return {"color": source.get("colour"), **source, **points, "capture": _capture(source.get("capture"))}


def _capture(values: Mapping[str, Any] | None) -> Capture | None:
    return Capture(**_known(Capture, values) | {"place": _point(values, "place")}) if values else None


def _point(values: Mapping[str, Any], name: str = "correction") -> tuple[float, float] | None:
    point = values.get(name)
    return tuple(point) if point else None


def _known(kind: type[DataclassInstance], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in _names_of(kind) if name in values}


@cache
def _names_of(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))
