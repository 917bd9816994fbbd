"""Taking in what an enricher says: it is kept first, and then the key is looked at again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lightpress.pipeline.facts import fact_from
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.source import Source
from lightpress.strict_json import strict_json

if TYPE_CHECKING:
    from lightpress.pipeline.events import FindSource
    from lightpress.pipeline.facts import Fact
    from lightpress.pipeline.ports import Looks, Published


class NotAFact(Exception):
    """A message is none that anybody should have sent: its sender is at fault."""


@dataclass(frozen=True, slots=True)
class FactOf:
    """What an enricher says, and of what.

    Attributes:
        source: Where the original lies.
        identity: The version that it says it of, as `Original.identity` has it.
        fact: What it says.
        said_at: When it was said, in milliseconds since 1970.
    """

    source: Source
    identity: str
    fact: Fact
    said_at: int = 0


class KeepsFacts(Protocol):
    """Where facts are kept."""

    def keep(self, key: str, identity: str, fact: Fact, said_at: int) -> None:
        """Keep it in place of what the enricher has said of this version before; not of what it has said later.

        Raises PreconditionFailed if another answer of it was kept meanwhile.
        """


class Manifests(Protocol):
    """The images bucket, as far as it tells what is published."""

    def published(self, key: str) -> Published | None:
        """The manifest of a source's key."""


@dataclass(frozen=True, slots=True)
class TakeFact:
    """Keeps what an enricher says and has the key looked at again.

    What it says of a version that is not published any more is dropped: nobody would ever look at it, and what was
    erased is not written anew; nor are keys of pictures that look alike and are gone. What comes twice changes nothing;
    of two answers, the one counts that was said later, in whichever order they come.

    Attributes:
        facts: Where they are kept.
        images: Where manifests are.
        looks: Has a key looked at.
    """

    facts: KeepsFacts
    images: Manifests
    looks: Looks

    def __call__(self, given: FactOf) -> bool:
        """Take one; returns whether it was in time.

        Raises PreconditionFailed, and whatever S3 or SQS raise: it may be taken again.
        """
        published = self.images.published(given.source.name)
        if published is None or published.manifest.status is not Status.READY:
            return False
        if not published.manifest.is_of(given.identity):
            return False
        self.facts.keep(given.source.name, given.identity, given.fact.without(self._is_gone), given.said_at)
        self.looks.request_look(given.source)
        return True

    def _is_gone(self, key: str) -> bool:
        """Whether a picture that looks alike has been deleted, or erased, since the enricher has found it."""
        published = self.images.published(key)
        return not (published and published.manifest.status is Status.READY)


def fact_message(source: Source, identity: str, fact: Fact) -> str:
    """The body of a message that says what an enricher says (docs/facts.md)."""
    said = {"bucket": source.bucket, "key": source.key, "version": identity, **asdict(fact)}
    return json.dumps({"fact": said}, allow_nan=False)


def read_fact(body: str, find_source: FindSource, said_at: int = 0) -> FactOf:
    """Read the body of a message; raises NotAFact where it is none, or about an object that is not ours.

    said_at: When it was sent, in milliseconds since 1970.
    """
    try:
        said = strict_json(body)["fact"]
        fact, identity = fact_from(said), _text(said, "version")
        source = Source(_text(said, "bucket"), _text(said, "key"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotAFact(f"The message is no fact: {error!r}") from error
    found = find_source(source)
    if not isinstance(found, Source):
        raise NotAFact(f"The fact is about {source.bucket}/{source.key}, which is not published here.")
    return FactOf(found, identity, fact, said_at)


def _text(values: dict[str, Any], name: str) -> str:
    text = values[name]
    if not isinstance(text, str) or not text:
        raise TypeError(f"{name} is {text!r}, and must be text")
    return text
