"""`lightpress failures`: what is listed is true, what is retried is settled, and nothing is removed before."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner, Result

from lightpress.cli.failures import BadAgeError, Filters, Retry, seconds_of
from lightpress.cli.main import app
from lightpress.ingest.orders import Order, order_in
from lightpress.pipeline.events import read
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.manifest import Status
from tests.cli.deployed import QUARANTINE, UPLOADS, Rig


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["failures", *arguments], input=answer)


def test_what_failed_is_listed_the_last_one_first(rig: Rig) -> None:
    rig.failed("a.jpg", last_at=1)
    rig.failed("b/ü [1].jpg", last_at=2)
    result = run("list", "--json")
    assert [json.loads(line)["key"] for line in result.stdout.splitlines()] == ["b/ü [1].jpg", "a.jpg"]
    shown = run("list").stdout
    assert shown.index("b/ü [1].jpg") < shown.index("a.jpg")
    assert "corrupt" in shown


def test_what_is_past_is_not_listed(rig: Rig) -> None:
    for key in ("replaced", "deleted", "healed", "still"):
        rig.failed(key)
    rig.manifest("replaced", Status.FAILED, "another")
    rig.manifest("deleted", Status.DELETED)
    rig.manifest("healed", Status.READY, "same")
    assert [failure.key for failure in rig.store.failures(Filters())] == ["still"]


def test_what_is_listed_can_be_chosen(rig: Rig) -> None:
    rig.failed("trips/a", last_at=4_000_000_000)
    rig.failed("trips/b", reason="too_slow")
    rig.failed("c")
    rig.message()
    chosen = {
        ("--reason", "too_slow"): ["trips/b"],
        ("--prefix", "trips/"): ["trips/a", "trips/b"],
        ("--since", "1h"): ["trips/a"],
        ("--since", "1h", "--prefix", "c"): [],
    }
    for options, keys in chosen.items():
        lines = run("list", "--json", *options).stdout.splitlines()
        assert [json.loads(line)["key"] for line in lines] == keys, options
    assert run("list", "--prefix", "nothing").stdout == "no failures\n"


def test_everything_that_is_known_is_shown(rig: Rig) -> None:
    failure = rig.failed("a.jpg")
    shown = run("show", "a.jpg").stdout
    for part in ("The decoder says: so.", "still failed", failure.identity, "r-1"):
        assert part in shown
    assert f"aws s3 cp s3://{QUARANTINE}/{failure.quarantine} ." in shown
    assert run("show", "b.jpg").exit_code == 2


def test_a_message_can_be_shown_by_its_id(rig: Rig) -> None:
    rig.message()
    result = run("show", "message:m-1", "--json")
    assert json.loads(result.stdout)["quarantine"] == f"s3://{QUARANTINE}/messages/m"


def test_a_retry_goes_through_the_queue_and_removes_nothing_before_it_is_settled(rig: Rig) -> None:
    failure = rig.failed("a.jpg")
    retries = list(rig.store.send([failure]))
    (body,) = rig.waiting()
    assert {source.key for source in read(body).retries} == {"a.jpg"}
    looks: list[str] = []
    rig.deployment.s3.meta.events.register("before-call.s3", lambda model, **_: looks.append(model.name))
    rig.store.wait(retries, timeout=0.1, settled=lambda _: None)
    assert retries[0].ending is None
    assert looks == ["GetObject"], "half a second is between two looks"
    assert rig.store.failures(Filters()) == [failure]
    assert failure.quarantine in rig.stored(QUARANTINE)


@pytest.mark.parametrize(
    ("status", "ending", "stays"),
    [(Status.READY, "ready", False), (Status.DELETED, "deleted", False), (Status.FAILED, "failed again", True)],
)
def test_a_retry_that_is_settled_is_told_and_what_is_published_is_no_failure(
    rig: Rig, status: Status, ending: str, stays: bool
) -> None:
    failure = rig.failed("a.jpg")
    retries = list(rig.store.send([failure]))
    rig.manifest("a.jpg", status, failure.identity if status is not Status.DELETED else None)
    heard: list[Retry] = []
    rig.store.wait(retries, timeout=30, settled=heard.append)
    assert heard == retries
    assert (retries[0].ending or "").startswith(ending)
    assert (rig.store.table.of(failure.subject) == [failure]) is stays
    assert (failure.quarantine in rig.stored(QUARANTINE)) is stays


def test_a_retry_of_what_was_replaced_and_published_before_is_settled_at_once(rig: Rig) -> None:
    failure = rig.failed("a.jpg")
    rig.manifest("a.jpg", Status.READY, "another")
    retries = list(rig.store.send([failure]))
    rig.store.wait(retries, timeout=30, settled=lambda _: None)
    assert retries[0].ending == "ready"
    assert rig.store.table.of(failure.subject) == []


def test_a_retry_of_what_has_no_manifest_yet_is_told_by_its_first_one(rig: Rig) -> None:
    failure = replace(rig.failed("a.jpg"), subject=subject_of_picture(UPLOADS, "b.jpg"), key="b.jpg")
    (retry,) = rig.store.send([failure])
    assert retry.revision == 0
    rig.manifest("b.jpg", Status.FAILED, failure.identity)
    rig.store.wait([retry], timeout=30, settled=lambda _: None)
    assert retry.ending == "failed again: corrupt"


def test_many_are_sent_in_batches_and_each_once(rig: Rig) -> None:
    failures = [rig.failed(f"{number}") for number in range(23)]
    assert len(list(rig.store.send(failures))) == 23
    count = rig.deployment.sqs().get_queue_attributes(
        QueueUrl=rig.deployment.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert count["Attributes"]["ApproximateNumberOfMessages"] == "23"


def test_the_command_waits_and_says_what_is_not_settled(rig: Rig) -> None:
    rig.failed("a.jpg")
    rig.message()
    result = run("retry", "--timeout", "0")
    assert result.exit_code == 1
    assert "a.jpg: not finished yet" in result.output
    assert "1 messages name no original" in result.output


def test_discarding_asks_and_then_forgets_the_row_and_the_copy_and_nothing_else(rig: Rig) -> None:
    kept, gone = rig.failed("a.jpg"), rig.failed("b.jpg")
    assert run("discard", "b.jpg", answer="n\n").exit_code == 1
    assert len(rig.store.failures(Filters())) == 2
    assert run("discard", "b.jpg", answer="y\n").exit_code == 0
    assert rig.store.failures(Filters()) == [kept]
    assert rig.stored(QUARANTINE) == {kept.quarantine}
    published = rig.published("b.jpg")
    assert published is not None
    assert published.manifest.status is Status.FAILED
    assert gone.key in rig.stored("uploads")


def test_what_fails_anew_meanwhile_is_not_discarded(rig: Rig) -> None:
    failure = rig.failed("a.jpg")
    rig.store.table.record(replace(failure, last_at=failure.last_at + 1))
    assert not rig.store.discard(failure)
    assert failure.quarantine in rig.stored(QUARANTINE)


def test_messages_can_be_discarded_too(rig: Rig) -> None:
    rig.message()
    assert run("discard", "message:m-1", "--yes").exit_code == 0
    assert rig.store.table.of("message:m-1") == []
    assert "messages/m" not in rig.stored(QUARANTINE)


def test_a_key_that_has_no_failure_is_named(rig: Rig) -> None:  # noqa: ARG001
    result = run("discard", "nowhere.jpg", "--yes")
    assert "nowhere.jpg: no failure is recorded" in result.output
    assert "nothing to discard" in result.output


@pytest.mark.parametrize(("age", "seconds"), [("90m", 5_400), ("12h", 43_200), ("7d", 604_800)])
def test_ages_are_read(age: str, seconds: int) -> None:
    assert seconds_of(age) == seconds


@pytest.mark.parametrize("age", ["", "7", "7w", "-1d", "0d", "1.5h"])
def test_what_is_no_age_is_refused_with_what_is_allowed(age: str) -> None:
    with pytest.raises(BadAgeError, match="allowed: such as 90m, 12h or 7d"):
        seconds_of(age)


def test_the_command_says_so_too(rig: Rig) -> None:  # noqa: ARG001
    result = run("list", "--since", "7w")
    assert result.exit_code == 2
    assert "allowed: such as 90m" in result.output


def test_a_url_that_could_not_be_fetched_is_listed_and_shown_like_any_failure(rig: Rig) -> None:
    failure = rig.not_fetched("trips/cat.jpg")
    assert json.loads(run("list", "--prefix", "trips/", "--json").stdout)["url"] == failure.url
    shown = run("show", "trips/cat.jpg").stdout
    for part in ("not_found: The server said so.", "https://example.com/trips/cat.jpg", "none: nothing was fetched"):
        assert part in shown


def test_what_has_come_from_the_url_since_is_no_failure_any_more(rig: Rig) -> None:
    rig.not_fetched("came.jpg")
    rig.not_fetched("came-before.jpg", last_at=4_000_000_000)
    rig.upload("came.jpg")
    rig.upload("came-before.jpg")
    assert [failure.key for failure in rig.store.failures(Filters())] == ["came-before.jpg"]


def test_a_retry_orders_the_url_again_and_is_settled_by_what_comes_of_it(rig: Rig) -> None:
    failures = [rig.not_fetched(key) for key in ("ready", "broken", "gone", "waiting")]
    picture = rig.failed("picture.jpg")
    retries = list(rig.store.send([picture, *failures]))
    orders = [order_in(body) for body in rig.ordered()]
    assert sorted(order.key for order in orders if order) == ["broken", "gone", "ready", "waiting"]
    assert Order(failures[0].url or "", "ready", again=True) in orders
    assert len(rig.waiting()) == 1

    rig.manifest("ready", Status.READY, rig.upload("ready"))
    rig.manifest("broken", Status.FAILED, rig.upload("broken"))
    rig.store.table.record(replace(failures[2], last_at=failures[2].last_at + 9, reason="forbidden"))
    rig.store.wait(retries, timeout=1, settled=lambda _: None)
    assert {retry.failure.key: retry.ending for retry in retries} == {
        "picture.jpg": None,
        "ready": "ready",
        "broken": "failed: corrupt",
        "gone": "failed again: forbidden",
        "waiting": None,
    }
    assert sorted(row.key or "" for row in rig.store.table.all() if row.url) == ["gone", "waiting"]


def test_a_retried_url_is_not_settled_by_the_manifest_of_what_its_key_held_before(rig: Rig) -> None:
    failure = rig.not_fetched("older")
    (retry,) = rig.store.send([failure])
    rig.manifest("older", Status.READY, "the-version-before")
    rig.upload("older")
    rig.store.wait([retry], timeout=1, settled=lambda _: None)
    assert retry.ending is None
    assert rig.store.table.of(failure.subject) == [failure]


@pytest.mark.parametrize(("before", "current"), [(1_700_000_000, []), (4_000_000_000, ["left"])])
def test_what_has_come_from_the_url_and_has_left_since_it_was_published_is_no_failure(
    rig: Rig, before: int, current: list[str]
) -> None:
    """Its recipe drops originals: of what came, the manifest alone tells, and since when."""
    rig.not_fetched("left", last_at=before)
    rig.dropped("left", "the-version-that-came")
    assert [failure.key for failure in rig.store.failures(Filters())] == current


def test_a_retried_url_is_settled_though_its_original_has_left_before_anybody_looked(rig: Rig) -> None:
    failures = [rig.not_fetched(key) for key in ("left", "left-before")]
    rig.dropped("left-before", "the-version-before")
    rig.store.table.record(now := replace(failures[1], last_at=4_000_000_000))
    retries = list(rig.store.send([failures[0], now]))
    rig.dropped("left", "the-version-that-came")
    rig.store.wait(retries, timeout=1, settled=lambda _: None)
    assert [retry.ending for retry in retries] == ["ready", None]
    assert rig.store.table.of(failures[0].subject) == []


def test_a_url_is_discarded_without_a_copy(rig: Rig) -> None:
    failure = rig.not_fetched("cat.jpg")
    assert run("discard", "cat.jpg", "--yes").exit_code == 0
    assert rig.store.table.of(failure.subject) == []


def test_an_original_that_came_in_the_very_second_of_the_failure_has_come_since(rig: Rig) -> None:
    """S3 tells whole seconds, and so does the row: who cannot tell looks at the original."""
    rig.upload("same-second.jpg")
    came = rig.store.deployment.s3.head_object(Bucket=UPLOADS, Key="same-second.jpg")["LastModified"]
    rig.not_fetched("same-second.jpg", last_at=int(came.timestamp()))
    assert rig.store.failures(Filters()) == []


def test_urls_are_not_sent_where_the_deployment_fetches_none_and_pictures_are(rig: Rig) -> None:
    store = replace(rig.store, deployment=replace(rig.store.deployment, url_queue_url=None))
    retries = list(store.send([rig.not_fetched("by-url.jpg"), rig.failed("picture.jpg")]))
    endings = {retry.failure.key: (retry.revision, retry.ending) for retry in retries}
    assert endings == {
        "by-url.jpg": (0, "not sent: this deployment does not fetch URLs"),
        "picture.jpg": (1, None),
    }
    assert rig.ordered() == []
    assert len(rig.waiting()) == 1


def test_a_message_that_made_no_sense_is_a_failure_until_it_is_discarded(rig: Rig) -> None:
    assert rig.store.is_still_true(rig.message())
