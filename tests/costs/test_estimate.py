"""What pictures cost: the arithmetic, and that every assumption counts."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.costs.estimate import (
    AGAIN,
    HIGH_EFFORT,
    IN_PLACE,
    LAZY,
    Assumptions,
    UnknownAssumptionError,
    assume,
    cost_of,
    estimate,
    why,
)
from lightpress.costs.prices import MILLION, PRICES, Prices, UnknownPriceError, prices_of
from lightpress.pipeline.outcomes import Action
from lightpress.pipeline.reconcile import reconcile
from tests.pipeline.fakes import FakeCloud, book, source

SIMPLE = Assumptions(
    cpu_ms=400,
    processor_factor=2,
    waiting_ms=200,
    memory_mb=2048,
    batch=4,
    writes=10,
    reads=5,
    sqs_requests=2,
    events=3,
    log_bytes=2**10,
    invalidated_paths=2,
    original_bytes=3 * 2**20,
    variant_bytes=2**19,
    first_views=2,
    first_view_cpu_ms=100,
    first_view_waiting_ms=300,
    first_view_bytes=2**18,
)
LOGGED = 10**6 / 2**20 * 0.5
STORED = 10**6 / 2**10 * 0.02
ROUND = Prices("round", 0.00001, 0.00002, 0.2, 5.0, 0.5, 0.02, 0.4, 2.0, 0.5, 4_000.0)


def test_a_million_pictures_are_added_up_line_by_line() -> None:
    bill = estimate(SIMPLE, ROUND)
    assert {line.name: line.dollars for line in bill.lines} == pytest.approx(
        {
            "Lambda, compute": 20.0,  # a second of 2 GB
            "Lambda, requests": 0.05,
            "S3, writes": 50.0,
            "S3, reads": 2.5,
            "SQS": 0.8,
            "EventBridge": 6.0,
            "CloudFront, invalidations": 8_000.0,
            "Logs": LOGGED,  # a million KB of 2^10 bytes, in GB of 2^30, as AWS bills them
            "Lazy variants, first views": 2 * (10.0 + 0.2 + 5.0 + 6 * 0.5),  # half a second of 2 GB each
            "S3, originals": 3 * STORED,
            "S3, variants": STORED,
        }
    )
    assert (bill.once, bill.monthly) == pytest.approx((8_115.75 + LOGGED, 4 * STORED))


def test_the_other_processor_costs_its_own_price() -> None:
    assert estimate(SIMPLE, ROUND, architecture="x86_64").lines[0].dollars == pytest.approx(40.0)


def test_less_memory_is_slower_and_more_than_one_cpu_is_no_quicker() -> None:
    working = replace(SIMPLE, waiting_ms=0.001)
    half, one, two = (replace(working, memory_mb=mb) for mb in (884.5, 1769, 3538))
    assert half.billed_seconds == pytest.approx(2 * one.billed_seconds)
    assert two.billed_seconds == one.billed_seconds
    dollars = [estimate(assumed, ROUND).lines[0].dollars for assumed in (half, one, two)]
    assert dollars == pytest.approx([dollars[1], dollars[1], 2 * dollars[1]])


def test_a_receiver_costs_three_requests_of_its_queue_an_invocation_and_what_it_takes_to_answer() -> None:
    sent = replace(SIMPLE, events=1, webhooks=2, webhook_ms=1000)
    (line,) = (line for line in estimate(sent, ROUND).lines if line.name == "Webhooks")
    each = 0.25 * ROUND.compute("arm64") * 1_000_000 + ROUND.lambda_request + 3 * ROUND.sqs_request
    assert line.dollars == pytest.approx(2 * each * estimate(sent, ROUND).pictures / 1_000_000)
    assert not [line for line in estimate(SIMPLE, ROUND).lines if line.name == "Webhooks"]


def test_eight_copies_cost_46_dollars_a_million_pictures_once_and_their_storage() -> None:
    plain, copied = (estimate(Assumptions(copies=copies), prices_of("us-east-1")) for copies in (0, 8))
    # 8 PUT at $5, and 17 GET and HEAD at $0.40 a million: https://aws.amazon.com/s3/pricing/
    assert copied.once - plain.once == pytest.approx(8 * 5 + 17 * 0.4)
    assert copied.monthly - plain.monthly == pytest.approx(380e9 / 2**30 * 0.023, rel=0.01)


def test_what_had_a_manifest_before_pays_for_a_list_of_its_variants_and_a_new_key_does_not() -> None:
    new, again = (
        {line.name: line.dollars for line in estimate(assumed, prices_of("us-east-1")).lines}
        for assumed in (Assumptions(), replace(Assumptions(), **AGAIN))
    )
    # $0.005 for 1,000 LIST: https://aws.amazon.com/s3/pricing/
    assert again.pop("S3, lists") == pytest.approx(5.0)
    assert again == new


def test_whoever_publishes_lists_as_often_as_is_estimated() -> None:
    cloud = FakeCloud()
    cloud.originals.put("a.jpg", b"one")
    listed = []
    for recipes in (book(10), book(10), book(20), book(30)):
        cloud.recipes, before = recipes, cloud.images.asked["paths"]
        action = reconcile(source("a.jpg"), cloud.dependencies()).action
        listed.append((action, cloud.images.asked["paths"] - before))
    again = (Action.PUBLISHED, AGAIN["lists"])
    assert listed == [(Action.PUBLISHED, Assumptions().lists), (Action.NOTHING, 0), again, again]


def test_x_ray_costs_five_dollars_a_million_traces_and_a_twentieth_where_pictures_come_fast() -> None:
    prices = prices_of("us-east-1")
    off, all_, some = (estimate(Assumptions(traced=traced), prices).once for traced in (0, 1, 0.05))
    # https://aws.amazon.com/xray/pricing/, without the 100,000 of each month that are free
    assert all_ - off == pytest.approx(5.0)
    assert some - off == pytest.approx(0.25)
    assert "X-Ray" not in {line.name for line in estimate(Assumptions(), prices).lines}


def test_dollars_grow_with_the_pictures() -> None:
    assert cost_of(SIMPLE, ROUND)(1000) == pytest.approx((8_115.75 + LOGGED) / 1000)
    assert cost_of(SIMPLE, ROUND)(0) == 0


COUNTED = [row.name for row in fields(Assumptions)]


@pytest.mark.parametrize("name", COUNTED)
def test_every_assumption_counts_and_has_a_reason(name: str) -> None:
    once = replace(SIMPLE, lists=1, traced=1, webhooks=1, copies=1, moderated=1, seen=1, described=1)
    twice = replace(once, **{name: 2 * getattr(once, name)})
    before, after = estimate(once, ROUND), estimate(twice, ROUND)
    assert (before.once, before.monthly) != (after.once, after.monthly)
    assert len(why(name).split()) >= 3


def test_assumptions_and_prices_can_be_changed_by_name() -> None:
    assert assume(["cpu_ms=200", "writes=3"]) == replace(Assumptions(), cpu_ms=200, writes=3)
    assert prices_of("eu-west-1", ["s3_write=5.5"]) == replace(PRICES["eu-west-1"], s3_write=5.5)
    assert {*AGAIN, *IN_PLACE, *LAZY} <= {row.name for row in fields(Assumptions)}


@pytest.mark.parametrize("change", ["cpu=1", "cpu_ms", "cpu_ms=fast", "cpu_ms=-1", "cpu_ms=nan"])
def test_an_unknown_assumption_is_refused_with_those_that_there_are(change: str) -> None:
    with pytest.raises(
        UnknownAssumptionError, match=r"allowed: batch, copies, copy_bytes, cpu_ms|must be a number from 0 up"
    ):
        assume([change])


@pytest.mark.parametrize("change", ["put=1", "s3_write", "s3_write=-5", "region=1"])
def test_an_unknown_price_is_refused_with_those_that_there_are(change: str) -> None:
    with pytest.raises(UnknownPriceError, match=r"allowed: lambda_arm64|must be a number from 0 up"):
        prices_of("us-east-1", [change])


def test_an_unknown_region_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(
        UnknownPriceError, match=r"No prices are recorded for the region 'mars-1'; allowed: us-east-1, .*--price"
    ):
        prices_of("mars-1")


def test_an_unknown_processor_has_no_price_and_the_local_clouds_is_that_of_arm64() -> None:
    assert ROUND.compute("host") == ROUND.compute("arm64")
    with pytest.raises(UnknownPriceError, match="'mips' is not an architecture; allowed: arm64, x86_64"):
        estimate(SIMPLE, ROUND, architecture="mips")


def test_leaving_the_smaller_sizes_of_web_pays_off_while_less_than_35_percent_of_those_files_is_viewed() -> None:
    prices, files = prices_of("us-east-1"), 6
    eager = estimate(Assumptions(), prices)
    lazy = {
        share: estimate(replace(Assumptions(), **LAZY | {"first_views": share * files}), prices)
        for share in (0.2, 0.35, 0.36)
    }
    assert [round(eager.once), round(lazy[0.2].once)] == [63, 48]
    assert lazy[0.35].once < eager.once < lazy[0.36].once
    variants = eager.lines[-1].dollars
    assert lazy[0.2].lines[-1].dollars / variants == pytest.approx(0.63, abs=0.01)
    page = (PROJECT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert "cheaper while less than 35 % of those files is ever viewed" in page


def test_the_page_on_recipes_says_what_high_effort_costs_and_from_when_it_pays() -> None:
    prices = prices_of("us-east-1")
    normal, high = (estimate(Assumptions(**said), prices).once for said in ({}, HIGH_EFFORT[False]))
    of_a_view = 10_400 * prices.cdn_gb / 1e9  # an AVIF of the recipe `web`, the mean of its widths: docs/decisions/0161
    page = (PROJECT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert f"Of a million pictures that is ${high - normal:.0f} more" in page
    assert (high - normal) / MILLION / of_a_view == pytest.approx(40, abs=5)
    assert "from some 40 views of each picture on" in page


def test_without_lazy_variants_an_estimate_has_no_line_for_them() -> None:
    assert "Lazy variants, first views" not in {line.name for line in estimate(Assumptions(), ROUND).lines}


def test_moderation_and_enrichers_cost_what_the_services_charge_and_the_requests_around_them() -> None:
    base = replace(SIMPLE, moderation_ms=1000, enricher_ms=1000)
    none = estimate(base, ROUND).once
    prices = replace(ROUND, seen=1000.0, alt_text=100.0)
    moderated = estimate(replace(base, moderated=1), prices)
    # A second of 2 GB; an event, 2 invocations, 9 requests of SQS, 12 reads and a write.
    assert moderated.once - none == pytest.approx(1000 + 20 + 2.0 + 0.4 + 9 * 0.4 + 12 * 0.5 + 5.0)
    told = estimate(replace(base, seen=2, described=1), prices)
    around = 2.5 + 2 * 2.0 + 3 * 0.2 + 9 * 0.4 + 2 * 5.0 + 8 * 0.5
    lines = {line.name: line.dollars for line in told.lines}
    assert lines["Rekognition, facts"] == pytest.approx(2 * (1000 + around))
    assert lines["Bedrock, alt text"] == pytest.approx(100 + around)


def test_the_page_of_facts_has_what_an_enricher_costs_besides_the_service_that_it_asks() -> None:
    prices = prices_of("us-east-1")
    none = estimate(Assumptions(), prices).once
    labels, alt = (estimate(replace(Assumptions(), **{one: 1}), prices).once - none for one in ("seen", "described"))
    around = labels - prices.seen
    assert around == pytest.approx(alt - prices.alt_text)
    page = " ".join((PROJECT / "docs" / "facts.md").read_text(encoding="utf-8").split())
    assert f"${2 * prices.seen:,.0f} and ${prices.alt_text:,.0f} a million pictures" in page
    assert f"and ${around:.2f} for the requests and functions around each enricher" in page


def test_moderating_a_million_pictures_costs_a_little_more_than_a_thousand_dollars_at_list_prices() -> None:
    base = Assumptions()
    more = estimate(replace(base, moderated=1), prices_of("eu-west-1")).once
    assert 1_020 < more - estimate(base, prices_of("eu-west-1")).once < 1_050
