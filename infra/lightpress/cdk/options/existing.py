"""Options of existing buckets: which of their originals are published, or compressed in place."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from lightpress.cdk.options.environment import prefix_of
from lightpress.cdk.options.option_types import is_token, option
from lightpress.image.compress import CREDENTIALS, MODES, CompressionOptions
from lightpress.image.limits import Limits
from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import METADATA
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.buckets import Attached, Selection
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.image.compress import Credentials, Mode
    from lightpress.image.spec import Metadata
    from lightpress.toml_reader import Table

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_PREFIX = r"|[^/].{0,511}"
_SUFFIX = r"\.[A-Za-z0-9]{1,10}"
_UNDER = r"[^/].{0,126}/"
_KMS_KEY = r"|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+"
_TABLES = "tables: [docs/existing-buckets.md](existing-buckets.md)"
MOST_EXISTING = 5  # each needs grants, and the size of a role's policy is limited
_MAX_JSON_BYTES = 3_200
_LONGEST_SIDE = 65_535

_Pictures = TypeVar("_Pictures", bound=Selection)


@dataclass(frozen=True)
class Existing(Generic[_Pictures]):
    """Originals of an existing bucket.

    Attributes:
        pictures: Which bucket, prefix and suffixes, and what is done with them.
        kms_key: ARN of the KMS key that encrypts them; "" where S3 encrypts them with its own.
        malware_plan: Of an attached bucket, whether the stack makes the plan of malware scans where a gate asks for
            them; False where the bucket's owner has one.

    """

    pictures: _Pictures
    kms_key: str = ""
    malware_plan: bool = True


def _attached(*, doc: str) -> tuple[Existing[Attached], ...]:
    return option((), lambda table, key: _rows(table, key, _attachment), allowed=_TABLES, doc=doc)


def _in_place(*, doc: str) -> tuple[Existing[InPlace], ...]:
    return option((), lambda table, key: _rows(table, key, _replacement), allowed=_TABLES, doc=doc)


def _rows(table: Table, key: str, read: Callable[[Table, Selection], _Pictures]) -> tuple[Existing[_Pictures], ...]:
    if not table.has(key):
        return ()
    rows = table.tables(key)
    if len(rows) > MOST_EXISTING:
        raise table.error(key, f"{len(rows)} are too many; allowed: {MOST_EXISTING}")
    return tuple(_existing(row, read) for row in rows)


def _existing(row: Table, read: Callable[[Table, Selection], _Pictures]) -> Existing[_Pictures]:
    selection = Selection(
        bucket=_matching(row, "bucket", _BUCKET),
        prefix=row.text("prefix", "", pattern=_PREFIX),
        suffixes=row.texts("suffixes", ()),
    )
    for suffix in selection.suffixes:
        if not re.fullmatch(_SUFFIX, suffix):
            raise row.error("suffixes", f'{suffix!r} is no suffix; allowed: such as ".jpg"')
    pictures = read(row, selection)
    plan = row.flag("malware_plan", default=True) if isinstance(pictures, Attached) else True
    existing = Existing(pictures, _matching(row, "kms_key", _KMS_KEY, ""), plan)
    row.close()
    return existing


def _matching(row: Table, key: str, pattern: str, default: str | None = None) -> str:
    """Read a text that matches the pattern, or that only a deploy will know."""
    text = row.text(key) if default is None else row.text(key, default)
    return text if is_token(text) else row.text(key, text, pattern=pattern)


def _attachment(row: Table, selection: Selection) -> Attached:
    """Read one `[[attach]]` table. By default, originals are published under the bucket's name."""
    if is_token(selection.bucket) and not row.has("publish_under"):
        raise row.error("publish_under", "it is missing: the bucket's name, which is its default, is not known yet")
    under = row.text("publish_under", f"{selection.bucket}/", pattern=_UNDER)
    return Attached(selection.bucket, selection.prefix, selection.suffixes, under)


def _replacement(row: Table, selection: Selection) -> InPlace:
    limits = Limits(max_bytes=row.integer("max_mb", 64, low=1, high=512) * MB)
    compression = CompressionOptions(
        mode=cast("Mode", row.text("mode", "lossless", allowed=MODES)),
        metadata=cast("Metadata", row.text("metadata", "all", allowed=METADATA)),
        quality=_lossy_quality(row.table("quality", such_as="{ jpeg = 80 }")),
        max_width=row.integer("max_width", _LONGEST_SIDE, low=16, high=_LONGEST_SIDE),
        max_height=row.integer("max_height", _LONGEST_SIDE, low=16, high=_LONGEST_SIDE),
        limits=limits,
        credentials=cast("Credentials", row.text("credentials", "keep", allowed=CREDENTIALS)),
    )
    for key in ("quality", "max_width", "max_height"):
        if row.has(key) and not compression.lossy:
            raise row.error(key, 'changes pixels, which mode = "lossless" never does; allowed: with mode = "lossy"')
    return InPlace(
        selection.bucket,
        selection.prefix,
        selection.suffixes,
        compression,
        min_saving_percent=row.integer("min_saving_percent", 2, low=1, high=90),
        acls=row.flag("acls", default=False),
    )


def _lossy_quality(row: Table) -> dict[str, int]:
    quality = {
        name: row.integer(name, low=1, high=100)
        for name, output in OUTPUTS.items()
        if output.by_default and output.lossy and row.has(name)
    }
    row.close()
    return quality


@dataclass(frozen=True)
class ExistingOptions:
    """Buckets that exist already and that the stack does not own."""

    attach: tuple[Existing[Attached], ...] = _attached(
        doc="Existing buckets, one table `[[attach]]` for each, whose originals are published under `publish_under`. "
        "The buckets are only read."
    )
    in_place: tuple[Existing[InPlace], ...] = _in_place(
        doc="Existing buckets, one table `[[in_place]]` for each, whose originals are replaced by smaller files "
        "(in-place compression) where that saves at least `min_saving_percent`."
    )


def check_buckets(options: ExistingOptions, environment: str, table: Table) -> None:
    """Reject tables that conflict with each other or with the stack's own buckets, and too many of them."""
    _check_own_buckets(options, environment, table)
    _check_prefixes([one.pictures for one in options.attach], table)
    _check_keys("attach", [one.pictures for one in options.attach], _share_keys, table)
    _check_keys("in_place", [one.pictures for one in options.in_place], _has_all_keys_of, table)
    _check_plans(options.attach, table)
    _check_size("attach", [one.pictures for one in options.attach], table)
    _check_size("in_place", [one.pictures for one in options.in_place], table)


def check_copies_bucket(bucket: str, options: ExistingOptions, environment: str, table: Table) -> None:
    """Reject a bucket whose objects are originals: a copy would be published, and copied again."""
    if not bucket:
        return
    if bucket.startswith(f"{prefix_of(environment)}-"):
        raise table.error("copies_bucket", f"{bucket!r} is named like one of the stack's own buckets")
    existing = [one.pictures.bucket for one in options.attach] + [one.pictures.bucket for one in options.in_place]
    if bucket in existing:
        raise table.error("copies_bucket", f"{bucket!r} has originals, and copies there would become some")


def _check_own_buckets(options: ExistingOptions, environment: str, table: Table) -> None:
    """Reject the stack's own buckets: replacing an original would publish it again, and variants must not change."""
    buckets = {f"attach[{number}]": one.pictures.bucket for number, one in enumerate(options.attach)}
    buckets |= {f"in_place[{number}]": one.pictures.bucket for number, one in enumerate(options.in_place)}
    for key, bucket in buckets.items():
        if bucket.startswith(f"{prefix_of(environment)}-"):
            raise table.error(f"{key}.bucket", f"{bucket!r} is named like one of the stack's own buckets")


def _check_prefixes(attached: Sequence[Attached], table: Table) -> None:
    """Reject prefixes under which two originals could be published with the same key."""
    for number, one in enumerate(attached):
        for other in attached[:number]:
            if one.under.startswith(other.under) or other.under.startswith(one.under):
                raise table.error(
                    f"attach[{number}].publish_under",
                    f"{one.under!r} and {other.under!r} (of {other.bucket}) begin alike; each needs its own",
                )


def _check_keys(
    key: str, pictures: Sequence[Selection], conflict: Callable[[Selection, Selection], bool], table: Table
) -> None:
    """Reject tables of one bucket of which the first that takes a key leaves the other with less than it says."""
    for number, one in enumerate(pictures):
        for before, other in enumerate(pictures[:number]):
            if one.bucket == other.bucket and conflict(other, one):
                raise table.error(
                    f"{key}[{number}].prefix",
                    f"{one.prefix!r} has keys that {key}[{before}] takes before ({other.prefix!r} of {other.bucket}); "
                    "allowed: prefixes or suffixes without a key in common",
                )


def _check_plans(attached: Sequence[Existing[Attached]], table: Table) -> None:
    """Reject tables of one bucket of which some want a plan of GuardDuty and others have one."""
    for number, one in enumerate(attached):
        first = next(other for other in attached if other.pictures.bucket == one.pictures.bucket)
        if first.malware_plan != one.malware_plan:
            raise table.error(
                f"attach[{number}].malware_plan",
                f"is {str(one.malware_plan).lower()}, and of another table of {one.pictures.bucket} it is not; "
                "allowed: the same in all of them, since GuardDuty has one plan for each bucket",
            )


def _share_keys(first: Selection, second: Selection) -> bool:
    nested = first.prefix.startswith(second.prefix) or second.prefix.startswith(first.prefix)
    return nested and (not first.suffixes or not second.suffixes or bool(_endings(first) & _endings(second)))


def _has_all_keys_of(first: Selection, second: Selection) -> bool:
    """Whether nothing is left for the second. Where something is, the first is an exception to it."""
    alike = not first.suffixes or (bool(second.suffixes) and _endings(second) <= _endings(first))
    return second.prefix.startswith(first.prefix) and alike


def _endings(pictures: Selection) -> set[str]:
    return {suffix.lower() for suffix in pictures.suffixes}


def _check_size(key: str, pictures: Sequence[Selection], table: Table) -> None:
    """Reject more than fits into a function's environment variables: Lambda allows 4 KB, and there are others."""
    size = len(json.dumps([asdict(one) for one in pictures]).encode())
    if size > _MAX_JSON_BYTES:
        raise table.error(key, f"the tables take {size} bytes of a function's environment; allowed: {_MAX_JSON_BYTES}")
