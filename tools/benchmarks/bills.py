"""A year's bill beside that of other services, by the list prices that they publish.

    python -m tools.benchmarks bills

Ours is that of `lightpress estimate --months 12`. All originals come at the beginning, are kept for the year, and are
viewed evenly, in files of the same size whoever makes them. Free tiers of the others count, taxes and discounts do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.costs.bill import Arrival, Keeping, Use, bill
from lightpress.costs.estimate import Assumptions
from lightpress.costs.prices import MILLION, prices_of
from lightpress.units import GB

if TYPE_CHECKING:
    from collections.abc import Callable

MONTHS = 12


@dataclass(frozen=True)
class Shop:
    """What is kept and viewed.

    Attributes:
        originals: Kept all year.
        views: A month.
        sizes: Of each original, in `files` files.
        files: See `sizes`.
    """

    originals: int
    views: int
    sizes: int = 4
    files: int = 8

    @property
    def stored_gb(self) -> float:
        """Of originals."""
        return self.originals * Assumptions().original_bytes / GB

    @property
    def derived_gb(self) -> float:
        """Of all files that are made of them."""
        return self.originals * Assumptions().variant_bytes / GB

    @property
    def viewed_gb(self) -> float:
        """A month."""
        return self.views * Use().view_bytes / GB


SHOPS = (Shop(10_000, MILLION), Shop(MILLION, 100 * MILLION))


def lightpress(shop: Shop) -> float:
    """Dollars of a year."""
    keeping = Keeping(MONTHS, shop.views, files=shop.files)
    return bill(Arrival("upload", shop.originals), keeping, Assumptions(), Use(), prices_of("us-east-1")).dollars


_RENDERED = (113.00 + 112.08 + 119.17) / 12.5
"""For a million renderings: API Gateway, Lambda and CloudWatch of 125 million images served, a tenth of them made."""


def dit(shop: Shop) -> float:
    """Dynamic Image Transformation for CloudFront, on Lambda: nothing is stored but originals; misses are rendered."""
    plain = replace(Use(), permalink_share=0.0)
    keeping = Keeping(MONTHS, shop.views)
    ours = bill(Arrival("upload", shop.originals), keeping, Assumptions(), plain, prices_of("us-east-1"))
    same = sum(item.dollars for item in ours.items if item.name in {"keeping originals", "views"})
    put = shop.originals / MILLION * prices_of("us-east-1").s3_write
    return same + put + MONTHS * shop.views * plain.cdn_misses / MILLION * _RENDERED


def cloudflare(shop: Shop) -> float:
    """Cloudflare Images with originals stored there: $5 for 100,000 stored, and $1 for 100,000 delivered, a month."""
    lot = 100_000
    return MONTHS * (math.ceil(shop.originals / lot) * 5.0 + shop.views / lot * 1.0)


def imagekit(shop: Shop) -> float:
    """ImageKit, Lite or Pro, whichever is less: a month, so many GB of views and of originals, and a price beyond."""
    plans = ((9.0, 40, 0.50, 10, 0.10), (89.0, 225, 0.45, 225, 0.09))
    return MONTHS * min(
        month + max(0.0, shop.viewed_gb - views) * more + max(0.0, shop.stored_gb - kept) * each
        for month, views, more, kept, each in plans
    )


def cloudinary(shop: Shop) -> float | None:
    """Cloudinary, Plus, Advanced or Advanced Extra. None where no plan with a list price has as many credits."""
    monthly, first = _credits(shop)
    plans = ((99.0, 225), (249.0, 600), (549.0, 1_350))
    return next((MONTHS * month for month, included in plans if monthly + first <= included), None)


def cloudinary_reported(shop: Shop) -> float:
    """Cloudinary's plan for more, Pro PAYG, as others report it: $1,099, 2,750 credits, and $0.45 for each more.

    Cloudinary names the plan, and how it bills, and no price that we found:
    https://cloudinary.com/documentation/billing_and_plans.md
    """
    month, included, more = 1_099.0, 2_750, 0.45
    monthly, first = _credits(shop)
    beyond = (MONTHS - 1) * max(0.0, monthly - included) + max(0.0, monthly + first - included)
    return MONTHS * month + beyond * more


def _credits(shop: Shop) -> tuple[float, float]:
    """Cloudinary's credits of each month, and more of the first, in which each file is transformed once.

    One is 1,000 transformations, a GB of storage, or a GB of views.
    """
    return shop.stored_gb + shop.derived_gb + shop.viewed_gb, shop.originals * shop.files / 1_000


@dataclass(frozen=True)
class Service:
    """A service: its name, a year's dollars, and where its prices stand."""

    name: str
    dollars: Callable[[Shop], float | None]
    source: str


SERVICES = (
    Service("Lightpress", lightpress, "`lightpress estimate --months 12`; AWS, November 2026"),
    Service(
        "Dynamic Image Transformation, on Lambda",
        dit,
        "[its cost table](https://docs.aws.amazon.com/solutions/latest/dynamic-image-transformation-for-amazon-cloudfront/"
        "lambda-architecture-costs.html), November 2026; S3 and CloudFront as above",
    ),
    Service(
        "Cloudflare Images",
        cloudflare,
        "[pricing](https://developers.cloudflare.com/images/pricing/), November 2026; originals stored there",
    ),
    Service(
        "ImageKit",
        imagekit,
        "[plans](https://imagekit.io/plans/) Lite and Pro, by a "
        "[copy](https://github.com/api-evangelist/imagekit/blob/main/plans/imagekit-plans-pricing.yml) of 2026",
    ),
    Service(
        "Cloudinary",
        cloudinary,
        "[pricing](https://cloudinary.com/pricing) of Plus, Advanced and Advanced Extra by the month, by copies of "
        "[May 2026](https://github.com/api-evangelist/cloudinary/blob/main/plans/cloudinary-plans-pricing.yml) and "
        "[2022](https://github.com/scout-ch/thilo/issues/10)",
    ),
)


def table() -> str:
    """As Markdown: dollars a year."""
    heads = [f"{shop.originals:,} originals, {shop.views // MILLION:,} M views a month" for shop in SHOPS]
    lines = [f"| dollars a year | {' | '.join(heads)} | prices |", "|---|--:|--:|---|"]
    for one in SERVICES:
        told = [_told(one.dollars(shop)) for shop in SHOPS]
        lines.append(f"| {one.name} | {' | '.join(told)} | {one.source} |")
    return "\n".join(lines)


def _told(dollars: float | None) -> str:
    return "no list price" if dollars is None else f"{dollars:,.0f}"
