"""The bill over months: what keeping, views, deletions and the stack itself add."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.costs.bill import LAZY_FILES, SCENARIOS, Arrival, Keeping, Use, bill
from lightpress.costs.estimate import IN_PLACE, LAZY, Assumptions, UnknownAssumptionError, assume_each, estimate, why
from lightpress.costs.keeping import CLASSES, Moved, kept, times_standard
from lightpress.costs.prices import MILLION, prices_of
from lightpress.pipeline.recipe import DROP, INFREQUENT, KEEP
from lightpress.units import GB

PRICES = prices_of("us-east-1")
ASSUMED, USE = Assumptions(), Use()
PUBLISHED = {"keeping variants", "nightly looks", "sweeping"}
UPLOADED, A_MONTH = Arrival("upload", MILLION), Keeping(1)


def dollars(arrival: Arrival = UPLOADED, keeping: Keeping = A_MONTH, use: Use = USE) -> dict[str, float]:
    assumed = replace(ASSUMED, **IN_PLACE) if arrival.scenario == "in-place" else ASSUMED
    return {item.name: item.dollars for item in bill(arrival, keeping, assumed, use, PRICES).items}


def test_a_terabyte_that_nobody_reads_sinks_into_cheaper_tiers_month_by_month() -> None:
    def months(count: int, storage: str) -> float:
        return kept(1_000, GB, count, Moved(storage), PRICES)

    assert months(12, "standard") == pytest.approx(12 * 23.0)
    assert months(1, "intelligent-tiering") == months(1, "standard")
    # 30 days in STANDARD, 30 in the frequent tier, 60 in the infrequent one, 240 in the archive instant one.
    watched = 1_000 / MILLION * (10 + 11 * 2.5)
    assert months(12, "intelligent-tiering") == pytest.approx(23 + 23 + 2 * 12.5 + 8 * 4 + watched)
    assert months(12, "glacier-instant-retrieval") == pytest.approx(23 + 11 * 4 + 0.02)
    assert months(12, "infrequent-access") == pytest.approx(23 + 11 * 12.5 + 0.01)


def test_no_rule_moves_what_is_smaller_than_128_kb() -> None:
    small = [kept(MILLION, 100_000, 12, Moved(storage), PRICES) for storage in CLASSES]
    assert small == [pytest.approx(small[0])] * len(CLASSES)


def test_reading_variants_is_paid_by_the_gb_once_they_are_moved_and_only_from_128_kb_on() -> None:
    large = replace(ASSUMED, variant_bytes=8 * 2**18)  # 8 files of 256 KB

    def lines(storage: str, assumed: Assumptions = large) -> dict[str, float]:
        keeping = Keeping(12, views=10 * MILLION, variants_storage=Moved(storage))
        return {item.name: item.dollars for item in bill(UPLOADED, keeping, assumed, USE, PRICES).items}

    # A tenth of the views misses the CDN: a million GET a month of 2^18 bytes, in the eleven months after the first.
    gb = MILLION / 2**12
    assert lines("infrequent-access")["reading variants"] == pytest.approx(11 * (gb * 0.01 + 0.60))
    assert lines("glacier-instant-retrieval")["reading variants"] == pytest.approx(11 * (gb * 0.03 + 9.60))
    for free in ("standard", "intelligent-tiering"):
        assert "reading variants" not in lines(free)
    assert lines("infrequent-access", ASSUMED) == lines("standard", ASSUMED), "47,500 bytes are not moved"


def test_the_bill_says_that_variants_of_the_default_recipe_stay_where_they_are() -> None:
    def how(assumed: Assumptions) -> str:
        found = bill(UPLOADED, Keeping(12, variants_storage=Moved("infrequent-access")), assumed, USE, PRICES)
        return next(item.how for item in found.items if item.name == "keeping variants")

    assert "takes none below 128 KB" in how(ASSUMED)
    assert "takes none" not in how(replace(ASSUMED, variant_bytes=8 * 2**17))


def test_replicas_are_sent_once_written_at_the_price_of_their_class_and_kept_from_the_first_day() -> None:
    """2,701 GB: $54.02 to send, and $62.12, $33.76 or $10.80 a month."""
    gb, metrics = 2_900_000e6 / 2**30, 12 * 4 * 0.30
    of_a_year = {
        "standard": (5.00, 12 * gb * 0.023),
        "infrequent-access": (10.00, 12 * gb * 0.0125),
        "glacier-instant-retrieval": (20.00, 12 * gb * 0.004),
        "intelligent-tiering": (5.00, gb * (0.023 + 2 * 0.0125 + 9 * 0.004) + 12 * 2.50),
    }
    for storage, (put, kept_there) in of_a_year.items():
        found = dollars(keeping=Keeping(12, replicas=storage))
        assert found["replicating originals"] == pytest.approx(gb * 0.02 + put), storage
        assert found["keeping replicas"] == pytest.approx(kept_there + metrics), storage
    in_time = dollars(keeping=Keeping(12, replicas="standard"), use=replace(USE, replicated_in_time=1))
    assert in_time["replicating originals"] == pytest.approx(gb * 0.035 + 5.00)


def test_twenty_provisioned_pollers_are_133_dollars_a_month() -> None:
    idle, polling = (dollars(use=replace(USE, pollers=count))["the stack itself"] for count in (0, 20))
    assert polling - idle == pytest.approx(133.20)


def test_nothing_is_replicated_unless_it_is_asked_for_and_originals_are_ours() -> None:
    names = {"replicating originals", "keeping replicas"}
    assert not names & set(dollars(keeping=Keeping(12)))
    assert not names & set(dollars(Arrival("attach", MILLION), Keeping(12, replicas="standard")))
    assert not names & set(dollars(keeping=Keeping(12, originals_become=DROP, replicas="standard")))


def test_rendering_again_reads_originals_where_they_have_been_moved_to() -> None:
    again, months = replace(USE, rerendered=1), 12
    staying = dollars(keeping=Keeping(months), use=again)["rendering again"]
    read = {
        storage: dollars(keeping=Keeping(months, originals_storage=Moved(storage)), use=again)["rendering again"]
        for storage in ("infrequent-access", "glacier-instant-retrieval", "intelligent-tiering")
    }
    # 2,900,000 bytes each, by HEAD twice and GET
    gb = 2_900_000e6 / 2**30
    assert read["infrequent-access"] - staying == pytest.approx(gb * 0.01 + 3 * 0.60)
    assert read["glacier-instant-retrieval"] - staying == pytest.approx(gb * 0.03 + 3 * 9.60)
    assert read["intelligent-tiering"] == staying
    by_recipe = dollars(keeping=Keeping(months, originals_become=INFREQUENT), use=again)["rendering again"]
    assert by_recipe == read["infrequent-access"]
    assert dollars(keeping=Keeping(1, originals_become=INFREQUENT), use=again)["rendering again"] == staying


def test_a_file_of_128_kb_that_is_read_once_a_month_costs_more_in_every_other_class() -> None:
    # A year in STANDARD: 2^17 bytes, 12 GET.
    gb = 2**17 / 2**30
    standard = 12 * gb * 0.023 + 12 * 0.4e-6
    infrequent = gb * (0.023 + 11 * 0.0125) + 10e-6 + 12 * 0.4e-6 + 11 * (gb * 0.01 + 0.6e-6)
    archived = gb * (0.023 + 11 * 0.004) + 20e-6 + 12 * 0.4e-6 + 11 * (gb * 0.03 + 9.6e-6)
    tiered = gb * (2 * 0.023 + 2 * 0.0125 + 8 * 0.004) + 10e-6 + 11 * 2.5e-6 + 12 * 0.4e-6
    assert times_standard("infrequent-access", PRICES) == pytest.approx(infrequent / standard)
    assert times_standard("glacier-instant-retrieval", PRICES) == pytest.approx(archived / standard)
    assert times_standard("intelligent-tiering", PRICES) == pytest.approx(tiered / standard)
    assert min(times_standard(storage, PRICES) for storage in CLASSES if storage != "standard") > 1.4
    assert times_standard("intelligent-tiering", PRICES, each=2**18) < 1, (
        "of 256 KB, watching one costs less than it saves"
    )


def test_over_a_year_keeping_originals_is_most_of_the_bill_and_intelligent_tiering_takes_more_than_half_of_it() -> None:
    year = dollars(keeping=Keeping(12))
    assert year["keeping originals"] > 0.6 * sum(year.values())
    tiered = dollars(keeping=Keeping(12, originals_storage=Moved("intelligent-tiering")))
    assert tiered["keeping originals"] < 0.45 * year["keeping originals"]


def test_the_processing_of_a_bill_is_the_estimate() -> None:
    assert dollars()["processing"] == pytest.approx(estimate(ASSUMED, PRICES).once)


@pytest.mark.parametrize("changes", [{}, LAZY, {"copies": 8}, {"first_views": 3, "copies": 1}], ids=str)
def test_a_bill_keeps_for_a_month_what_the_estimate_keeps_each_month(changes: dict[str, float]) -> None:
    """Originals, variants, those that viewers have made, and copies."""
    assumed = replace(ASSUMED, **changes)
    kept_for_a_month = [
        item.dollars for item in bill(UPLOADED, A_MONTH, assumed, USE, PRICES).items if item.name.startswith("keeping")
    ]
    assert sum(kept_for_a_month) == pytest.approx(estimate(assumed, PRICES).monthly)


def test_a_sweep_lists_lazy_variants_that_somebody_has_viewed_too() -> None:
    """2 files, 1.2 more, and the manifest twice: 5,200 LIST a week."""
    lazy, keeping = replace(ASSUMED, **LAZY), Keeping(12, files=LAZY_FILES)
    (how,) = [one.how for one in bill(UPLOADED, keeping, lazy, USE, PRICES).items if one.name == "sweeping"]
    assert how.startswith("5,200 LIST a week")


@pytest.mark.parametrize(
    ("scenario", "names", "each"),
    [
        ("upload", {"uploads", "keeping originals", *PUBLISHED}, 5.0 + 2 * 1.2),
        ("url", {"fetching", "keeping originals", *PUBLISHED}, 5.0 + 0.2 * 13.3334 + 3 * 0.4),
        ("attach", {"events of the bucket", *PUBLISHED}, 1.0),
        ("in-place", {"events of the bucket"}, 1.0),
    ],
)
def test_each_way_of_arriving_has_its_own_lines(scenario: str, names: set[str], each: float) -> None:
    found = dollars(Arrival(scenario, MILLION))
    assert set(found) == names | {"processing", "views", "deletions", "the stack itself"}
    (first,) = names & {"uploads", "fetching", "events of the bucket"}
    assert found[first] == pytest.approx(each)
    assert scenario in SCENARIOS


def test_functions_that_fetch_and_that_resolve_permalinks_cost_what_their_processor_costs() -> None:
    arrival, keeping = Arrival("url", MILLION), Keeping(1, views=100 * MILLION)
    on_arm, on_x86 = (
        {item.name: item.dollars for item in bill(arrival, keeping, ASSUMED, USE, PRICES, architecture).items}
        for architecture in ("arm64", "x86_64")
    )
    dearer = (PRICES.lambda_x86_64 - PRICES.lambda_arm64) * MILLION
    assert on_x86["fetching"] - on_arm["fetching"] == pytest.approx(USE.fetch_gb_seconds * dearer)
    asked = 100 * USE.cdn_misses * USE.permalink_share  # millions
    assert asked > 0
    assert on_x86["views"] - on_arm["views"] == pytest.approx(asked * USE.resolve_gb_seconds * dearer)


def test_what_is_rendered_again_is_paid_again_and_its_variants_are_kept_twice_but_never_thrice() -> None:
    for_good = replace(USE, previous_days=0)
    half, twice = (dollars(keeping=Keeping(12), use=replace(for_good, rerendered=count)) for count in (0.5, 2))
    # 9 PUT and a LIST, 4 reads, 3 requests of SQS, an event, an invocation, 0.5401 s of 1,769 MB, 2,700 bytes of log
    again = 10 * 5 + 4 * 0.4 + 3 * 0.4 + 1 + 0.2 + 0.5401 * 1769 / 1024 * 13.3334 + 2_700e6 / 2**30 * 0.5
    assert half["rendering again"] == pytest.approx(0.5 * again)
    assert half["keeping variants before"] == pytest.approx(0.5 * 12 * 380e9 / 2**30 * 0.023)
    assert twice["rendering again"] == pytest.approx(2 * again)
    assert twice["keeping variants before"] == pytest.approx(12 * 380e9 / 2**30 * 0.023) == twice["keeping variants"]
    assert not {"rendering again", "keeping variants before"} & set(dollars(keeping=Keeping(12)))
    assert dollars(Arrival("in-place", MILLION), use=replace(USE, rerendered=1)) == dollars(
        Arrival("in-place", MILLION)
    )


def test_nightly_looks_at_a_million_originals_are_four_each_and_two_listings_a_night() -> None:
    """A look is two reads at $0.40 a million, and 0.007 GB-seconds; a LIST is $5 a million, and 0.35 GB-seconds."""
    looks = 4 * MILLION * (2 * 0.4 / MILLION + 0.007 * 13.3334 / MILLION)
    night = 2_000 * (5 / MILLION + 0.35 * 13.3334 / MILLION)
    assert dollars()["nightly looks"] == pytest.approx(looks + 30 * night)
    assert dollars(keeping=Keeping(12))["nightly looks"] == pytest.approx(looks + 360 * night)
    assert "nightly looks" not in dollars(use=replace(USE, night_looks=0))


@pytest.mark.parametrize(("times", "months"), [(1, 30 / 30), (0.5, 15 / 30), (3, 90 / 30), (20, 12)])
def test_replaced_variants_are_kept_for_some_days_each_time_and_never_for_longer_than_there_are(
    times: float, months: float
) -> None:
    found = dollars(keeping=Keeping(12), use=replace(USE, rerendered=times, previous_days=30))
    assert found["keeping variants before"] == pytest.approx(months * 380e9 / 2**30 * 0.023)


def test_a_weekly_sweep_of_a_million_lists_ten_million_names_and_costs_some_dollars_a_year() -> None:
    """8 variants and a manifest each, and the manifests once more: 10,000 LIST at $5 a million, and Lambda for each."""
    assert dollars(keeping=Keeping(12))["sweeping"] == pytest.approx(
        360 / 7 * 10_000 * (5 / MILLION + 0.35 * 13.3334 / MILLION)
    )
    again = dollars(keeping=Keeping(12), use=replace(USE, rerendered=1))["sweeping"]
    assert again - dollars(keeping=Keeping(12))["sweeping"] == pytest.approx(5 + 2 * 0.4), "a PUT, a GET and a HEAD"
    assert "sweeping" not in dollars(keeping=Keeping(12), use=replace(USE, previous_days=0))
    assert "sweeping" not in dollars(Arrival("in-place", MILLION))


def test_originals_that_leave_are_not_rendered_again() -> None:
    leaving = Keeping(12, originals_become=DROP)
    assert dollars(keeping=leaving, use=replace(USE, rerendered=1)) == dollars(keeping=leaving)


def test_of_the_same_contents_neither_reviewers_nor_enrichers_are_asked_again() -> None:
    asked, use = replace(ASSUMED, moderated=1, seen=2, described=1), replace(USE, rerendered=1)
    found, plain = (bill(UPLOADED, A_MONTH, one, use, PRICES).items for one in (asked, ASSUMED))
    assert [one for one in found if one.name == "rendering again"] == [
        one for one in plain if one.name == "rendering again"
    ]


def test_views_cost_nothing_within_what_cloudfront_gives_each_month_and_list_prices_beyond() -> None:
    few = dollars(keeping=Keeping(1, views=MILLION))["views"]
    assert few < 0.2  # reads of S3 and the resolver, for a tenth
    assert dollars(keeping=Keeping(2, views=MILLION))["views"] == pytest.approx(2 * few)
    many = replace(USE, cdn_misses=0.0, permalink_share=0.0, view_bytes=1e6)
    beyond = dollars(keeping=Keeping(1, views=110 * MILLION), use=many)["views"]
    assert beyond == pytest.approx(100 * 1.00 + 109_000 * 0.085)


def test_with_tracing_permalinks_that_the_cdn_does_not_have_are_traced_too() -> None:
    keeping, traced = Keeping(1, views=100 * MILLION), replace(ASSUMED, traced=0.05)
    off, on = (
        {item.name: item.dollars for item in bill(UPLOADED, keeping, one, USE, PRICES).items}
        for one in (ASSUMED, traced)
    )
    # Half of the views are by permalinks, and a tenth misses the CDN: five million runs, a twentieth of them recorded.
    assert on["views"] - off["views"] == pytest.approx(5 * 0.05 * 5.0)
    assert on["processing"] - off["processing"] == pytest.approx(0.05 * 5.0)


def test_a_flat_rate_plan_is_named_where_it_covers_the_views_and_costs_less() -> None:
    def how(views: int) -> str:
        (item,) = (one for one in bill(UPLOADED, Keeping(1, views), ASSUMED, USE, PRICES).items if one.name == "views")
        return item.how

    assert "plan Business leaves $200" in how(100 * MILLION)
    assert "plan" not in how(MILLION)
    assert "plan" not in how(5_000 * MILLION)


def test_with_a_key_of_ones_own_kms_is_asked_for_each_queue_every_five_minutes_and_for_a_hundredth_of_s3() -> None:
    own = replace(USE, key_share=0.01)
    # 9 PUT and 4 GET or HEAD of a million; 8,640 times five minutes, three requests for each of four queues.
    once, month = 130_000, 4 * 3 * 8_640 - 20_000
    assert dollars(use=own)["requests to KMS"] == pytest.approx((once + month) * 3e-6)
    assert dollars(keeping=Keeping(12), use=own)["requests to KMS"] == pytest.approx((once + 12 * month) * 3e-6)
    viewed = dollars(keeping=Keeping(1, views=100 * MILLION), use=own)["requests to KMS"]
    assert viewed == pytest.approx((once + month + 100_000) * 3e-6), "a tenth of the views misses the CDN"
    assert dollars(use=replace(own, rerendered=1))["requests to KMS"] == pytest.approx((2 * once + month) * 3e-6)
    assert "requests to KMS" not in dollars()


def test_deletions_are_two_paths_each_one_by_one_and_two_for_all_at_once() -> None:
    alone = dollars(keeping=Keeping(1, deletions=MILLION))["deletions"]
    assert alone == pytest.approx(9_995 + 10)
    together = dollars(keeping=Keeping(1, deletions=MILLION), use=replace(USE, deleted_at_once=1_000))["deletions"]
    assert together == pytest.approx(5 + 10)
    assert dollars(keeping=Keeping(12, deletions=500))["deletions"] < 0.1


@pytest.mark.parametrize("name", [row.name for row in fields(Use)])
def test_every_assumption_about_use_counts_and_has_a_reason(name: str) -> None:
    keeping = Keeping(12, views=500 * MILLION, deletions=MILLION, replicas="standard")

    leaving = replace(keeping, originals_become=DROP)

    def together(use: Use) -> float:
        again = sum(dollars(keeping=keeping, use=replace(use, rerendered=use.rerendered or 1)).values())
        kept = sum(sum(dollars(Arrival(one, MILLION), keeping, use).values()) for one in ("upload", "url"))
        return again + kept + sum(dollars(keeping=leaving, use=use).values())

    changed = replace(USE, **{name: 300 * getattr(USE, name) or 1})
    assert together(changed) != together(USE)
    assert len(why(name, Use).split()) >= 3


def test_originals_that_leave_cost_a_fortieth_of_a_year_of_keeping_them_and_moved_ones_three_fifths() -> None:
    kept, moved, left = (dollars(keeping=Keeping(12, originals_become=one)) for one in (KEEP, INFREQUENT, DROP))
    assert "keeping originals" not in left
    assert left["dropping originals"] < kept["keeping originals"] / 39
    assert 0.59 < moved["keeping originals"] / kept["keeping originals"] < 0.6
    assert dollars(keeping=Keeping(60, originals_become=DROP))["dropping originals"] == left["dropping originals"]
    others = {"keeping originals", "dropping originals"}
    assert {name: value for name, value in left.items() if name not in others} == {
        name: value for name, value in kept.items() if name not in others
    }


def test_the_pages_have_what_a_million_originals_cost_over_twelve_months() -> None:
    year = {one: dollars(keeping=Keeping(12, originals_become=one)) for one in (KEEP, INFREQUENT, DROP)}
    recipes, faq = ((PROJECT / "docs" / name).read_text(encoding="utf-8") for name in ("recipes.md", "faq.md"))
    shown = dict(re.findall(r'^\| `"(keep|infrequent|drop_after_publish)"`.* \| \$([\d,]+) \|$', recipes, re.MULTILINE))
    assert shown == {name: f"{sum(items.values()):,.0f}" for name, items in year.items()}
    assert f"${year[KEEP]['keeping originals']:,.0f} of ${shown[KEEP]} for a million photos" in faq


def test_assumptions_of_both_kinds_are_replaced_by_name() -> None:
    assumed, use = assume_each(["cpu_ms=200", "view_bytes=1000"], ASSUMED, USE)
    assert (assumed, use) == (replace(ASSUMED, cpu_ms=200), replace(USE, view_bytes=1000))


@pytest.mark.parametrize("name", [row.name for of in (Assumptions, Use) for row in fields(of)])
def test_every_assumption_may_be_0_but_those_that_divide(name: str) -> None:
    """Such as previous_days, of which its own reason says what 0 is."""
    if name in {"batch", "memory_mb"}:
        with pytest.raises(UnknownAssumptionError, match="must be a number above 0"):
            assume_each([f"{name}=0"], ASSUMED, USE)
        return
    assumed, use = assume_each([f"{name}=0"], ASSUMED, replace(USE, rerendered=1))
    assert isinstance(assumed, Assumptions)
    assert isinstance(use, Use)
    keeping = Keeping(12, views=MILLION, deletions=1_000, variants_storage=Moved("infrequent-access"))
    assert 0 < bill(UPLOADED, keeping, assumed, use, PRICES).dollars < MILLION
