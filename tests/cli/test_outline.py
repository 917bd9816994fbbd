"""What a backfill on the state machine says before it asks: at once, however much is in the bucket."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from lightpress.cli.backfilling import job_for
from lightpress.cli.console import Terminal
from lightpress.cli.main import app
from lightpress.cli.outline import Metered, Outline, first_keys, metered, outline
from lightpress.cli.project import RECIPES
from lightpress.cli.tables import print_outline
from lightpress.costs.prices import prices_of
from lightpress.pipeline.recipe_file import load_recipes
from tests.cli.deployed import IMAGES, REGION, UPLOADS, Rig, deployed
from tests.cli.test_requests import Counted, Store
from tools.fakes.s3 import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.cli.backfilling import Job

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 28, tzinfo=UTC)
PRICES = prices_of("us-east-1")


@dataclass
class Metrics:
    """CloudWatch, as S3 tells it once a day. values: of each metric and storage, the newest first."""

    values: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    refuses: bool = False

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, "GetMetricData")
        assert asked["EndTime"] - asked["StartTime"] > timedelta(days=2)
        assert asked["ScanBy"] == "TimestampDescending"
        return {"MetricDataResults": [self._result(query) for query in asked["MetricDataQueries"]]}

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        metric = query["MetricStat"]["Metric"]
        of = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
        assert (metric["Namespace"], of["BucketName"], query["MetricStat"]["Period"]) == ("AWS/S3", UPLOADS, 86_400)
        values = self.values.get((metric["MetricName"], of["StorageType"]), [])
        days = [YESTERDAY - timedelta(days=number) for number in range(len(values))]
        return {"Id": query["Id"], "Timestamps": days, "Values": values}


def metrics(objects: int, **sizes: int) -> Metrics:
    counted = {("BucketSizeBytes", storage): [float(size), 1.0] for storage, size in sizes.items()}
    return Metrics(counted | {("NumberOfObjects", "AllStorageTypes"): [float(objects), 1.0]})


def job(rig: Rig, store: Store | None = None, told: Metrics | None = None, since: datetime | None = None) -> Job:
    s3: Any = store
    deployment = replace(rig.deployment, s3=s3) if store else rig.deployment
    deployment = replace(deployment, metrics=lambda: told) if told else deployment
    recipes = load_recipes(RECIPES)
    return job_for(deployment, bucket=None, prefix="", mode="variants", since=since, inventory=None, recipes=recipes)


def bucket_of(keys: int, wire: Counted) -> Store:
    """Originals, none of which is published."""
    uploads = Bucket()
    for number in range(keys):
        uploads.put(f"{number:06}.jpg", b"data")
    return Store({UPLOADS: uploads, IMAGES: Bucket()}, wire)


def said(found: Outline, rate: float = 50.0) -> list[str]:
    stream = io.StringIO()
    print_outline(Terminal(file=stream, width=300), found, lambda sent, reads: sent / 1e4 + reads / 1e6, rate, PRICES)
    return stream.getvalue().splitlines()


def test_of_a_bucket_of_any_size_eleven_pages_are_listed_and_five_hundred_originals_looked_at(rig: Rig) -> None:
    wire = Counted()
    found = outline(job(rig, bucket_of(30_000, wire), metrics(100_000_000)), NOW)
    assert wire.requests == {"ListObjectsV2": 11, "GetObject": 500}, "no manifest, so no HEAD"
    assert (found.listed, found.complete, found.wanted, found.sampled) == (10_000, False, 10_000, 500)
    assert (found.todo_of_sample, found.endings, found.at_most) == (500, {}, 100_000_000)


def test_where_few_of_many_are_new_enough_they_are_not_looked_for_one_by_one(rig: Rig) -> None:
    wire = Counted()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    asked = job(rig, bucket_of(30_000, wire), metrics(30_000), since=tomorrow)
    assert sum(1 for _ in first_keys(asked)) == 10_000
    assert wire.requests == {"ListObjectsV2": 10}
    found = outline(asked, NOW)
    assert (found.wanted, found.sampled, found.at_most) == (0, 0, 30_000)


def test_of_a_small_bucket_the_number_is_exact_and_cloudwatch_is_not_asked(rig: Rig) -> None:
    found = outline(job(rig, bucket_of(1_200, Counted()), Metrics(refuses=True)), NOW)
    assert (found.listed, found.complete, found.at_most, found.unmetered) == (1_200, True, 1_200, "")
    assert outline(job(rig, bucket_of(10_000, Counted()), Metrics(refuses=True)), NOW).complete


def test_the_newest_count_of_s3_is_taken_with_the_bytes_of_each_storage_class(rig: Rig) -> None:
    found = metered(metrics(5_000_000, StandardStorage=7_000, GlacierInstantRetrievalStorage=9_000), UPLOADS, NOW)
    assert found == Metered(
        date(2026, 11, 28), 5_000_000, {"StandardStorage": 7_000, "GlacierInstantRetrievalStorage": 9_000}
    )
    assert metered(Metrics(), UPLOADS, NOW) is None
    rig.upload("a.jpg")
    counted = metered(boto3.client("cloudwatch"), UPLOADS, datetime.now(UTC))
    assert counted is not None
    assert (counted.objects, set(counted.bytes)) == (1, {"StandardStorage"})


def test_reading_what_is_in_classes_with_a_fee_is_priced_at_most() -> None:
    """2 GiB at $0.03 and 1 GiB at $0.01; three reads of each object at no more than $9.60 a million beyond $0.40."""
    sizes = {"GlacierInstantRetrievalStorage": 2 << 30, "StandardIAStorage": 1 << 30, "StandardStorage": 9 << 30}
    assert Metered(YESTERDAY.date(), 1_000_000, sizes).retrieval(PRICES) == pytest.approx(0.07 + 3 * 9.60)
    assert Metered(YESTERDAY.date(), 1_000_000, {"StandardStorage": 9 << 30}).retrieval(PRICES) == 0


def test_what_is_said_is_a_bound_and_where_the_first_ones_differ_what_they_suggest() -> None:
    counted = Metered(YESTERDAY.date(), 100_000_000, {"StandardStorage": 290_000_000_000_000})
    checked = Outline(10_000, complete=False, wanted=10_000, sampled=500, todo_of_sample=125, endings={"ready": 375})
    found = replace(checked, metered=counted)
    cost = "$10,000.00 for these and $400.00 for checking, 27.78 hours at 1000 a second"
    assert said(found, rate=1_000) == [
        "More than 10,000 keys; of 500 checked of these first ones, 125 are to be processed, 375 ready",
        "S3 counted 100,000,000 objects, 290.0 TB, in the whole bucket on 2026-11-28, former versions included",
        f"At most: 100,000,000 originals through the queue, {cost}",
        "If all are as those checked: 25,000,000 originals, $2,900.00",
    ]
    archive = replace(counted, bytes={"GlacierInstantRetrievalStorage": 1 << 30})
    assert said(replace(found, metered=archive))[-1] == (
        "Reading those in classes that charge for it: $2,880.03 more at most"
    )


def test_where_nobody_counts_it_says_so_and_what_a_million_takes(rig: Rig) -> None:
    refused = outline(job(rig, bucket_of(10_001, Counted()), Metrics(refuses=True)), NOW)
    assert refused.at_most is None
    first, second, third = said(refused)
    assert first.startswith("More than 10,000 keys; of 500 checked of these first ones, 500 are to be processed")
    assert "not known. You may not do this in AWS (GetMetricData: AccessDenied" in second
    assert second.endswith("--dry-run lists and counts them.")
    assert third.startswith("Of each million: 1,000,000 originals through the queue, $100.00 for these")
    unknown = outline(job(rig, bucket_of(10_001, Counted()), Metrics()), NOW)
    assert "It has counted nothing yet, which it does once a day." in said(unknown)[1]


@pytest.fixture
def with_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name, value in (("AWS_DEFAULT_REGION", REGION), ("LIGHTPRESS_ENV", "dev"), ("COLUMNS", "200")):
        monkeypatch.setenv(name, value)
    with deployed(backfills=True) as other:
        yield other


def test_the_command_says_it_and_asks_and_a_dry_run_lists_everything(with_machine: Rig) -> None:
    for number in range(3):
        with_machine.upload(f"{number}.jpg")
    asked = CliRunner().invoke(app, ["backfill", "--engine", "machine"])
    assert asked.exit_code == 1
    assert "3 objects; of 3 checked, 3 are to be processed, none up to date" in asked.stdout
    assert "At most: 3 originals through the queue, $0.00 for these" in asked.stdout
    assert "Add --yes to send without asking" in asked.output
    dry = CliRunner().invoke(app, ["backfill", "--engine", "machine", "--dry-run"])
    assert dry.exit_code == 0
    assert "Expected: 3 originals through the queue" in dry.stdout
