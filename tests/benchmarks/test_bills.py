"""A year's bill beside others': against arithmetic by hand, and the page that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks.bills import (
    SHOPS,
    Shop,
    cloudflare,
    cloudinary,
    cloudinary_reported,
    dit,
    imagekit,
    lightpress,
    table,
)

SMALL, LARGE = SHOPS
PAGE = Path(__file__).parents[2] / "docs" / "faq.md"


def test_each_service_costs_what_its_price_list_says() -> None:
    """Of the large shop: 2.9 TB of originals, 0.38 TB of files, 4.75 TB a month of views."""
    assert cloudflare(LARGE) == 12 * (10 * 5 + 1_000 * 1)
    assert cloudflare(SMALL) == 12 * (1 * 5 + 10 * 1), "stored ones are sold by the hundred thousand"
    kept, viewed = 2.9e12 / 2**30, 4.75e12 / 2**30
    assert imagekit(LARGE) == pytest.approx(12 * (89 + (viewed - 225) * 0.45 + (kept - 225) * 0.09))
    assert imagekit(SMALL) == pytest.approx(12 * (9 + (viewed / 100 - 40) * 0.5 + (kept / 100 - 10) * 0.1))
    assert cloudinary(SMALL) == 12 * 99, "27 GB, 4 GB, 44 GB, and 80,000 transformations: 155 of 225 credits"
    assert cloudinary(Shop(20_000, 2_000_000)) == 12 * 249
    assert cloudinary(Shop(45_000, 5_000_000)) == 12 * 549
    assert cloudinary(LARGE) is None, "7,500 credits a month, and 8,000 in the first"
    used = (2.9e12 + 0.38e12 + 4.75e12) / 2**30
    assert cloudinary_reported(LARGE) == pytest.approx(12 * (1_099 + (used - 2_750) * 0.45) + 8_000 * 0.45)


def test_on_aws_keeping_and_sending_cost_the_same_and_rendering_at_each_miss_costs_more_with_the_views() -> None:
    more, fewer = Shop(LARGE.originals, 2 * LARGE.views), Shop(LARGE.originals, LARGE.views)
    per_view = (dit(more) - dit(fewer)) - (lightpress(more) - lightpress(fewer))
    assert per_view == pytest.approx(12 * 10 * 27.54 - 12 * 100 * 0.056, rel=0.1), "ten million renderings a month"


def test_the_page_shows_these_numbers() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table() in page
    assert f"which would be ${cloudinary_reported(LARGE):,.0f} for the large one" in " ".join(page.split())
