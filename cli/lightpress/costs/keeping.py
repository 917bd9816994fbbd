"""What it costs to keep objects in a storage class over months, with what lifecycle rules do to them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.backfill.run import READS_OF_AN_ORIGINAL
from lightpress.costs.prices import MILLION
from lightpress.units import GB

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.costs.prices import Prices

DAYS_OF_A_MONTH = 30
_A_YEAR = 12
SMALLEST_MOVED = 128 * 1024
"""Bytes: lifecycle rules move no smaller object, and INTELLIGENT_TIERING would not watch it."""


@dataclass(frozen=True)
class Tier:
    """One tier of a class.

    Attributes:
        from_day: The first day in it, counted from the move into the class; nobody reads the object.
        month: The price for a GB and a month.
    """

    from_day: int
    month: float


@dataclass(frozen=True)
class Retrieval:
    """What reading an object costs beside its requests in STANDARD.

    Attributes:
        gb: For a GB.
        read: For a million GET and HEAD requests, beyond those of STANDARD.
    """

    gb: float
    read: float

    def dollars(self, size: float) -> float:
        """Of processing one original of so many bytes."""
        return size / GB * self.gb + READS_OF_AN_ORIGINAL / MILLION * self.read

    def of_gets(self, count: float, each: float) -> float:
        """Dollars of so many GET requests, of so many bytes each."""
        return count * (each / GB * self.gb + self.read / MILLION)


@dataclass(frozen=True)
class StorageClass:
    """Where objects are moved to.

    Attributes:
        tiers: In the order in which an object that nobody reads sinks into them.
        moved: The price of moving a million objects there.
        watched: The price for a million objects and a month of watching.
        retrieval: What reading costs there.
    """

    tiers: tuple[Tier, ...]
    moved: float = 0
    watched: float = 0
    retrieval: Retrieval = Retrieval(0, 0)


CLASSES: dict[str, Callable[[Prices], StorageClass]] = {
    "standard": lambda prices: StorageClass((Tier(0, prices.s3_month),)),
    "infrequent-access": lambda prices: StorageClass(
        (Tier(0, prices.s3_infrequent_month),), prices.s3_moved, retrieval=retrieval_in(prices)["STANDARD_IA"]
    ),
    "intelligent-tiering": lambda prices: StorageClass(
        (Tier(0, prices.s3_month), Tier(30, prices.s3_infrequent_month), Tier(90, prices.s3_archive_month)),
        prices.s3_moved,
        prices.s3_monitored,
    ),
    "glacier-instant-retrieval": lambda prices: StorageClass(
        (Tier(0, prices.s3_archive_month),), prices.s3_archived, retrieval=retrieval_in(prices)["GLACIER_IR"]
    ),
}
"""By the names of the options `originals_storage` and `variants_storage`."""


@dataclass(frozen=True)
class Moved:
    """A lifecycle rule.

    Attributes:
        storage: The class that objects are moved to, a key of `CLASSES`.
        after_days: The age at which they are.
    """

    storage: str = "standard"
    after_days: int = 30

    def takes(self, each: float) -> bool:
        """Whether it moves objects of so many bytes."""
        return self.storage != "standard" and each >= SMALLEST_MOVED

    def days_there(self, each: float, months: int) -> int:
        """How many days of so many months an object of so many bytes has been moved."""
        return max(0, months * DAYS_OF_A_MONTH - self.after_days) if self.takes(each) else 0


STAYS = Moved()


def kept(objects: float, each: float, months: int, rule: Moved, prices: Prices) -> float:
    """The dollars for keeping so many objects of so many bytes each, for months of 30 days."""
    found = CLASSES[rule.storage](prices)
    days, gb = months * DAYS_OF_A_MONTH, objects * each / GB
    after = rule.days_there(each, months)
    dollars = gb * prices.s3_month * (days - after) / DAYS_OF_A_MONTH
    if not after:
        return dollars
    for tier, days_in_it in _days(found.tiers, after):
        dollars += gb * tier.month * days_in_it / DAYS_OF_A_MONTH
    return dollars + objects / MILLION * (found.moved + found.watched * after / DAYS_OF_A_MONTH)


def read_there(gets: float, each: float, months: int, rule: Moved, prices: Prices) -> float:
    """What so many GET requests a month cost beyond those of STANDARD, once what they read has been moved."""
    count = gets * rule.days_there(each, months) / DAYS_OF_A_MONTH
    return CLASSES[rule.storage](prices).retrieval.of_gets(count, each)


def times_standard(storage: str, prices: Prices, each: float = SMALLEST_MOVED) -> float:
    """How many times what it costs in STANDARD a file costs that is moved: kept for a year, and read once a month."""

    def year(rule: Moved) -> float:
        reads = _A_YEAR * prices.s3_read / MILLION + read_there(1, each, _A_YEAR, rule, prices)
        return kept(1, each, _A_YEAR, rule, prices) + reads

    return year(Moved(storage)) / year(STAYS)


def _days(tiers: tuple[Tier, ...], days: int) -> list[tuple[Tier, int]]:
    """How many of so many days are spent in each tier."""
    ends = [*(tier.from_day for tier in tiers[1:]), days]
    return [(tier, max(0, min(end, days) - tier.from_day)) for tier, end in zip(tiers, ends, strict=True)]


def retrieval_in(prices: Prices) -> dict[str, Retrieval]:
    """Of each class whose objects are read for a fee, by the name that S3 gives it.

    INTELLIGENT_TIERING has none, and what is in an archive is not read at all before somebody restores it.
    """
    infrequent = Retrieval(prices.s3_infrequent_gb, prices.s3_infrequent_read - prices.s3_read)
    archive = Retrieval(prices.s3_archive_gb, prices.s3_archive_read - prices.s3_read)
    return {"STANDARD_IA": infrequent, "ONEZONE_IA": infrequent, "GLACIER_IR": archive}
