"""The publish gate: which reviews a picture needs before anything of it can be fetched, and what they come to.

A review is what one reviewer (a person, a malware scan, a moderation service) says about one version of an original. It
is a fact beside the original and the recipe, which every reconciliation looks at anew: late, doubled and contradicting
reviews, overwrites and deletions need no order. A review of a version that is gone is never looked at again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lightpress.pipeline.paths import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.pipeline.manifest import Manifest

REVIEWS, HELD = "reviews/", "held/"
"""Where reviews, and the list of what waits for them, lie in the images bucket. The CDN can read neither."""
RECORDED = ".recorded"
"""What the name of a note ends with that a rejection was recorded; a review's ends with `.json`."""
PERSON, MALWARE, MODERATION = "person", "malware", "moderation"
"""The reviewers that ship. Any other name is a reviewer of the owner's own."""
LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Review:
    """What one reviewer says about one version of an original.

    Attributes:
        reviewer: Its name, as the recipe's `gate` has it.
        approved: Whether the picture may be published, as far as this reviewer is asked.
        detail: Why not, a sentence for whoever uploaded it; empty if it was approved.
        said_at: When it was said, in milliseconds since 1970; 0 in those that earlier releases kept.
    """

    reviewer: str
    approved: bool
    detail: str = ""
    said_at: int = 0

    def to_json(self) -> bytes:
        """Serialize for the images bucket."""
        return json.dumps(asdict(self)).encode()


def review_from_json(body: bytes) -> Review:
    """Read what `Review.to_json` wrote."""
    values = json.loads(body)
    said_at = int(values.get("said_at", 0))
    return Review(str(values["reviewer"]), bool(values["approved"]), str(values.get("detail", "")), said_at)


def counts_over(review: Review, kept: Review) -> bool:
    """Whether a review takes the place of another one of the same reviewer, in whichever order the two are heard of.

    A person may think again: what was said later counts, and of two at once the rejection. A program may not take back
    its own rejection: of two scans that disagree, the one that found something is right.
    """
    if review.reviewer != PERSON:
        return kept.approved and not review.approved
    return (review.said_at, not review.approved) > (kept.said_at, not kept.approved)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the reviews of one version of an original come to.

    Attributes:
        missing: The reviewers that have not answered yet.
        rejection: The review of one that said no; None if none did.
        gated: Whether any review is needed.
        overdue: Whether the time is over that they had for what is missing.
    """

    missing: tuple[str, ...] = ()
    rejection: Review | None = None
    gated: bool = True
    overdue: bool = False

    @property
    def is_open(self) -> bool:
        """Whether reviews are missing, and none has rejected it."""
        return bool(self.missing) and self.rejection is None


NO_GATE = Standing(gated=False)


def standing_of(reviewers: tuple[str, ...], reviews: Iterable[Review]) -> Standing:
    """What the reviews come to, where all of `reviewers` must approve and any of them may reject."""
    said = {review.reviewer: review for review in reviews}
    rejection = next((said[name] for name in reviewers if name in said and not said[name].approved), None)
    return Standing(tuple(name for name in reviewers if name not in said), rejection)


def reviews_folder(key: str) -> str:
    """The folder, in the images bucket, of all reviews of all versions of `key`."""
    return f"{REVIEWS}{short_name(key)}/"


def review_path(key: str, identity: str, reviewer: str) -> str:
    """Where a reviewer's review of one version lies: each has a path of its own, so that none overwrites another's."""
    return f"{reviews_folder(key)}{_version(identity)}/{reviewer}.json"


def recorded_path(key: str, identity: str) -> str:
    """Where it is noted that a rejection of one version was recorded, or is about to be."""
    return f"{reviews_folder(key)}{_version(identity)}{RECORDED}"


def held_folder(key: str) -> str:
    """The folder of the entries of `key` in the list of what waits."""
    return f"{HELD}{short_name(key)}/"


def held_path(key: str, revision: int, until: int | None = None) -> str:
    """Where the entry of a held manifest lies: a revision is never used twice, so nobody removes another's entry.

    until: When its reviewers have had time enough, in seconds since 1970, for who lists; None if they have for ever.
    """
    return f"{held_folder(key)}{revision}{'' if until is None else f'-{until}'}.json"


def entry_of(manifest: Manifest) -> str:
    """Where the entry of a held manifest lies."""
    return held_path(manifest.key, manifest.revision, manifest.held_until)


def revision_of_entry(path: str) -> int:
    """The revision of the held manifest that an entry is of."""
    return int(_numbers_of(path)[0])


def end_of_entry(path: str) -> int | None:
    """When the reviewers have had time enough, in seconds since 1970; None if they have for ever."""
    _, until = _numbers_of(path)
    return int(until) if until else None


def _version(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _numbers_of(path: str) -> tuple[str, str]:
    revision, _, until = path.rpartition("/")[2].removesuffix(".json").partition("-")
    return revision, until
