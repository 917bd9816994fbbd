"""What three catalogs cost in a month, by how delivery was and by how it is: made of the other models.

Before: a permalink is a redirect that is kept for a minute, each variant is made at upload, and each deletion is a path
to invalidate. Now: a permalink is the picture, kept for a week; an archive leaves its smaller sizes for their first
view; and many deletions are one invalidation of everything, of two paths, after which the CDN fetches anew what is
viewed.

    .venv/bin/python -m tools.benchmarks catalogs
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lightpress.costs.estimate import LAZY, Assumptions, estimate
from lightpress.costs.prices import prices_of
from tools.benchmarks import delivery, purges

_FREE_PATHS = 1_000
_LAZY_FILES = 6
_A_MINUTE_BY_REDIRECTS, _A_WEEK = 0, 3  # of delivery.ways


@dataclass(frozen=True)
class Catalog:
    """A site, in a month.

    Attributes:
        name: In a few words.
        pictures: That it has.
        uploads: New ones.
        views: Requests for them.
        viewed: Share of the smaller variants that anybody ever views.
        deletions: At once, each month.
    """

    name: str
    pictures: int
    uploads: int
    views: float
    viewed: float
    deletions: int


CATALOGS = (
    Catalog("hero pictures", 2_000, 200, 20e6, 1.0, 100),
    Catalog("a shop", 200_000, 20_000, 100e6, 0.6, 20_000),
    Catalog("an archive", 5_000_000, 100_000, 10e6, 0.1, 1_000),
)


@dataclass(frozen=True)
class Month:
    """Dollars of a month: processing of uploads, keeping of variants, views without bytes, invalidations."""

    uploads: float
    keeping: float
    views: float
    deletions: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.uploads + self.keeping + self.views + self.deletions


def before(catalog: Catalog) -> Month:
    """As delivery was."""
    paths = max(0, catalog.deletions - _FREE_PATHS)
    purged = paths * delivery.Prices().path / delivery.MILLION
    return Month(*_of_pictures(catalog, Assumptions()), _views(catalog, _A_MINUTE_BY_REDIRECTS), purged)


def now(catalog: Catalog) -> Month:
    """As it is. A catalog is lazy where that is cheaper."""
    lazy = replace(Assumptions(), **{**LAZY, "first_views": catalog.viewed * _LAZY_FILES})
    eager = Assumptions()
    both = [_of_pictures(catalog, one) for one in (eager, lazy)]
    purged = purges.purged_at_most(catalog.deletions, all_from=purges.ALL_FROM)
    lost = refetched(catalog) if catalog.deletions >= purges.ALL_FROM else 0.0
    return Month(*min(both, key=sum), _views(catalog, _A_WEEK), purged.dollars + lost)


def refetched(catalog: Catalog) -> float:
    """Dollars at most for fetching anew what the CDN has, once all of it was invalidated: what a week has viewed."""
    prices = delivery.Prices()
    site, way = delivery.Site(keys=catalog.pictures, views=catalog.views), delivery.ways(prices)[_A_WEEK]
    copies = sum(count * -math.expm1(-rate * way.seconds) for count, rate in site.rates())
    return copies * way.fetch / delivery.MILLION


def _of_pictures(catalog: Catalog, assumed: Assumptions) -> tuple[float, float]:
    """Dollars for the uploads, and for keeping the variants of the whole catalog."""
    prices = prices_of("us-east-1")
    uploads = estimate(assumed, prices, pictures=catalog.uploads).once
    lines = estimate(assumed, prices, pictures=catalog.pictures).lines
    return uploads, sum(line.dollars for line in lines if line.name == "S3, variants")


def _views(catalog: Catalog, way: int) -> float:
    prices = delivery.Prices()
    site = delivery.Site(keys=catalog.pictures, views=catalog.views)
    return delivery.month(site, delivery.ways(prices)[way], prices).dollars


def table() -> str:
    """The table of docs/faq.md."""
    rows = ["| dollars a month | | uploads | keeping variants | views | deletions | all |", "|---|---|" + "---:|" * 5]
    for catalog in CATALOGS:
        for name, month in (("before", before(catalog)), ("now", now(catalog))):
            said = catalog.name if name == "before" else ""
            cells = (month.uploads, month.keeping, month.views, month.deletions, month.total)
            rows.append(f"| {said} | {name} | " + " | ".join(f"{dollars:,.2f}" for dollars in cells) + " |")
    return "\n".join(rows)
