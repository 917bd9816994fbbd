"""Numbers and lists that stand in the middle of sentences are those of the code."""

from __future__ import annotations

import re

import pytest

from lightpress.aws.uploads import VALID_SECONDS
from lightpress.backfill.look import Stale
from lightpress.cdk.config import Config
from lightpress.cdk.readiness import PROJECT
from lightpress.costs.bill import Arrival, Keeping, Use, bill
from lightpress.costs.estimate import Assumptions
from lightpress.costs.keeping import CLASSES, retrieval_in
from lightpress.costs.prices import prices_of
from lightpress.units import GB
from tests.stores.cases import CASES, MINISTACK, MOTO
from tools.benchmarks.backfills import SETTINGS, machine

MINUTES = VALID_SECONDS // 60
IN_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def said(page: str) -> str:
    """A page as one line: sentences are broken wherever a line is full."""
    return " ".join((PROJECT / "docs" / page).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("api.md", f"checksum, within {MINUTES} minutes, and nothing else"),
        ("operations.md", f"Whoever holds a presigned form may upload for up to {MINUTES} minutes yet"),
        ("security.md", f"checksum under the agreed key, for {MINUTES} minutes"),
    ],
)
def test_a_form_lets_a_file_in_for_as_long_as_the_pages_say(page: str, sentence: str) -> None:
    assert sentence in said(page)


def test_every_reason_why_an_original_is_stale_is_listed_and_no_other() -> None:
    (listed,) = re.findall(
        r"What is stale then is named with its reason \(exit code 1\): (.+?)\. - ", said("existing-buckets.md")
    )
    assert {*re.findall(r"`(\w+)`", listed)} == {*Stale}


def test_where_a_region_is_gone_a_backfill_into_another_takes_as_long_as_the_manual_says() -> None:
    default, more, _ = SETTINGS
    hours = {
        (originals, setting): f"{machine(originals, setting) / 3_600:.1f} hours"
        for originals in (100_000, 1_000_000)
        for setting in (default, more)
    }
    options = Config("prod").processing
    assert (options.backfill_max_concurrency, options.backfill_children) == (default.concurrency, default.children)
    (region,) = re.findall(r"\*\*A region is gone\.\*\* .+? \| \| lost at most", said("operations.md"))
    assert f"take {hours[100_000, default]} with the defaults, and a million {hours[1_000_000, default]}" in region
    assert f"sends them at {default.rate:.0f} a second (`--rate`)" in region
    assert f"`backfill_max_concurrency` ({default.concurrency}) bounds" in region
    wider = f"`backfill_max_concurrency = {more.concurrency}` in that environment and `--rate {more.rate:.0f}`"
    assert f"With {wider}, a million take {hours[1_000_000, more]}" in region


def test_a_replica_costs_what_the_manual_and_its_decision_say() -> None:
    photo, prices, months = Assumptions().original_bytes, prices_of("us-east-1"), 12
    gb = 1_000_000 * photo / GB
    kept_there = {storage: gb * CLASSES[storage](prices).tiers[0].month for storage in CLASSES}
    read = 1_000_000 * retrieval_in(prices)["GLACIER_IR"].dollars(photo)
    page = said("operations.md")
    assert f"${gb * prices.s3_elsewhere_gb:.0f} for the way at $0.02 a GB, $5 for PUT" in page
    each = [kept_there[one] for one in ("standard", "infrequent-access", "glacier-instant-retrieval")]
    assert "each month ${:.0f} in Standard, ${:.0f} in Standard-IA, ${:.0f} in Glacier".format(*each) in page
    assert f"which takes ${read:.0f} for processing all of them once" in page
    assert f"Time control is ${gb * prices.s3_in_time_gb:.0f} more" in page
    decision = said("decisions/0146-replicas-in-a-bucket-that-the-owner-names.md")
    for storage in ("standard", "infrequent-access", "glacier-instant-retrieval"):
        keeping = Keeping(months, replicas=storage)
        made = bill(Arrival("upload", 1_000_000), keeping, Assumptions(), Use(), prices)
        once, year = (
            next(one.dollars for one in made.items if one.name == name)
            for name in ("replicating originals", "keeping replicas")
        )
        assert f"| `{storage}` | ${once:.0f} | ${year:.0f} |" in decision


def test_a_million_deletions_take_on_every_page_what_they_take_in_the_decision() -> None:
    (minutes, dollars) = re.findall(
        r"\| 1,000,000 \| (\d+) min \| 2,000 \| (\d)\.00 \|", said("decisions/0086-everything-or-one-by-one.md")
    )[0]
    assert f"a million within {minutes} minutes and for ${dollars}" in said("operations.md")
    assert f"a million deletions cost some ${dollars} and not $9,995" in said("faq.md")
    assert f"of a million at once for up to {minutes}," in said("faq.md")


def test_the_stores_are_asked_as_many_questions_as_the_page_says_and_differ_in_as_many() -> None:
    page = said("simulation.md")
    assert f"`tests/stores/cases.py` asks {len(CASES)} questions" in page
    for name, store in (("moto", MOTO), ("The local cloud", MINISTACK)):
        assert f"{name}, in {IN_WORDS[sum(store in case.differs for case in CASES)]}: it " in page
