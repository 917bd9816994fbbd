"""What operators are told: one id all the way, numbers that add up, and names that stay few."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.metrics import ENDS, NAMESPACE
from lightpress.image.errors import Reason
from lightpress.pipeline.manifest import LazyVariant, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.outcomes import Action, Outcome
from lightpress.pipeline.sandbox import Cost
from lightpress.pipeline.source import Closed, Source
from lightpress.telemetry import FetchObserver, ReconcileTelemetry, metrics
from tests.handlers.conftest import UPLOADS, Context, batch, notification
from tests.operations.conftest import BAD, GOOD, PHOTO
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.handlers.conftest import Deployed, Told

Lines = list[dict[str, Any]]

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def said(lines: Iterable[dict[str, Any]]) -> Lines:
    """The lines that are no metrics."""
    return [line for line in lines if "_aws" not in line]


def measured(lines: Iterable[dict[str, Any]], *dimensions: str) -> dict[str, list[float]]:
    """The metrics with these dimensions, by name."""
    found: dict[str, list[float]] = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            if any(set(names) == set(dimensions) for names in directive["Dimensions"]):
                for metric in directive["Metrics"]:
                    value = line[metric["Name"]]
                    found.setdefault(metric["Name"], []).extend(value if isinstance(value, list) else [value])
    return found


def caused(body: str, id_: str, time: str = "2026-11-21T10:00:00.000Z") -> str:
    """The notification as S3 sends it of a request with this id."""
    (record,) = json.loads(body)["Records"]
    return json.dumps({"Records": [record | {"eventTime": time, "responseElements": {"x-amz-request-id": id_}}]})


def test_what_a_function_fails_at_is_counted_of_all_functions_and_once_more_by_its_name(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "its-name")
    ReconcileTelemetry().on_error(Source(UPLOADS, GOOD), OSError())
    FetchObserver().on_error("message", OSError())
    metrics.flush_metrics()
    lines = told.lines()
    assert measured(lines, "service")["Retries"] == [1, 1]
    assert measured(lines, "service", "function_name")["Retries"] == [1, 1]
    assert [line["function_name"] for line in lines if measured([line], "service", "function_name").get("Retries")] == [
        "its-name",
        "its-name",
    ]


def test_one_id_is_in_every_line_of_a_pictures_way_whichever_function_writes_it(deployed: Deployed, told: Told) -> None:
    deployed.upload(GOOD, PHOTO)
    deployed.upload(BAD, b"hello")
    deployed.invoke(caused(notification(GOOD), "GOOD1"), caused(notification(BAD), "BAD1"))
    deployed.record(Context(aws_request_id="request-2"))
    ways = [(line["correlation_id"], line["message"], line["key"]) for line in said(told.lines())]
    assert ways == [
        ("GOOD1", "published", GOOD),
        ("BAD1", "rejected", BAD),
        ("BAD1", "recorded", BAD),
        ("BAD1", "failed", BAD),
    ]
    (failure,) = deployed.failures()
    assert failure.correlation_id == "BAD1"


def test_where_s3_names_no_request_the_message_is_the_id(deployed: Deployed, told: Told) -> None:
    deployed.upload(BAD, b"hello")
    deployed.invoke(notification(BAD), "nonsense")
    deployed.record()
    ids = [(line["message"], line["correlation_id"]) for line in said(told.lines())]
    assert ids == [
        ("rejected", "id-0"),
        ("discarded", "id-1"),
        ("recorded", "id-0"),
        ("failed", "id-0"),
        ("recorded", "id-1"),
    ]


@pytest.mark.parametrize("id_", ["", "x" * 65, "two\nlines", 7, None])
def test_an_id_that_is_none_is_not_told(deployed: Deployed, told: Told, id_: Any) -> None:  # noqa: ANN401
    deployed.invoke(caused(notification(GOOD), id_))
    (line,) = said(told.lines())
    assert line["correlation_id"] == "id-0"


@pytest.mark.parametrize("time", ["soon", "9999-99-99", "9999-12-31T23:59:59-23:00", "0001-01-01", "", 7, None])
def test_a_time_that_is_none_harms_nobody(deployed: Deployed, told: Told, time: Any) -> None:  # noqa: ANN401
    deployed.upload(BAD, b"hello")
    assert deployed.invoke(caused(notification(BAD), "A1", time)) == []
    (line,) = said(told.lines())
    assert line["correlation_id"] == "A1"
    assert "waited_seconds" not in line


def test_of_what_stays_as_an_older_recipe_made_it_the_line_says_why(told: Told) -> None:
    closed = Closed(Reason.ARCHIVED, "It is in the storage class GLACIER: restore it.")
    manifest = Manifest(GOOD, Status.READY, 3, recipe="web")
    ReconcileTelemetry().on_done(Outcome(Source(UPLOADS, GOOD), Action.KEPT, manifest, closed=closed))
    (line,) = said(told.lines())
    assert (line["message"], line["key"], line["revision"]) == ("kept", GOOD, 3)
    assert (line["reason"], line["detail"]) == (closed.reason, closed.detail)


def test_every_line_has_an_id(lines: Lines) -> None:
    assert [line["message"] for line in said(lines) if not line.get("correlation_id")] == []


def test_variants_are_listed_and_that_is_counted_where_a_key_was_published_before(
    deployed: Deployed, told: Told
) -> None:
    another = file_of(ramp((64, 48)), "JPEG")
    for contents in (PHOTO, another):
        deployed.upload(GOOD, contents)
        deployed.invoke(notification(GOOD))
    deployed.invoke(notification(GOOD))
    assert measured(told.lines(), "service")["Lists"] == [0, 1]


def test_what_a_picture_took_is_logged_and_counted(deployed: Deployed, told: Told) -> None:
    deployed.upload(GOOD, PHOTO)
    deployed.invoke(notification(GOOD))
    lines = told.lines()
    (line,) = said(lines)
    counts = {name: sum(values) for name, values in measured(lines, "service").items()}
    (manifest,) = [found for found in [deployed.manifest(GOOD)] if found]
    files = {variant.path: variant for variant in manifest.variants}.values()
    assert line["files"] == counts["Files"] == len(files)
    assert line["variant_bytes"] == counts["VariantBytes"] == sum(file.bytes for file in files)
    assert line["original_bytes"] == counts["OriginalBytes"] == len(PHOTO)
    assert line["original_format"] == "jpeg"
    assert {file.format for file in files} == {"avif", "jpeg"}
    for name in ("avif", "jpeg"):
        assert counts[f"{name.capitalize()}Bytes"] == sum(file.bytes for file in files if file.format == name)
    most = max(file.width for file in files)
    assert line["largest_bytes"] == counts["LargestBytes"] == min(file.bytes for file in files if file.width == most)
    for name in ("ReadTime", "RenderTime", "WriteTime", "EncodeCpu", "PeakMemory"):
        assert counts[name] > 0, name
    assert counts["DecodeCpu"] >= 0
    assert counts["SandboxOpen"] == len(line.get("sandbox_open", []))
    assert line["render_ms"] == round(counts["RenderTime"])
    assert counts["TimeToPublish"] > 0


def made(format_: str, side: int, size: int, *, moves: bool = False) -> Variant:
    return Variant(
        f"w{side}", format_, f"image/{format_}", side, side, size, "0" * 64, f"{side}.{format_}", animated=moves
    )


def owed(format_: str, side: int, reason: str | None = None) -> LazyVariant:
    return LazyVariant(f"w{side}", format_, f"image/{format_}", side, side, f"{side}.{format_}", reason=reason)


@pytest.mark.parametrize(
    ("variants", "lazy", "served"),
    [
        ((made("avif", 640, 300), made("jpeg", 640, 400), made("avif", 320, 90)), (), 300),
        ((made("avif", 640, 50), made("webp", 640, 700, moves=True), made("jpeg", 640, 60)), (), 700),
        ((made("avif", 320, 90), made("jpeg", 320, 95)), (owed("avif", 640), owed("jpeg", 640)), 1_000),
        ((made("avif", 320, 90),), (owed("avif", 640, "machine_limit"),), 90),
    ],
    ids=["a photo", "an animation", "the largest at its first view", "one that cannot be made"],
)
def test_the_savings_that_are_told_are_of_the_file_that_is_served(
    told: Told, variants: tuple[Variant, ...], lazy: tuple[LazyVariant, ...], served: int
) -> None:
    source = PublishedSource("v1", 1_000, format="gif", width=640, height=640, aspect_ratio=1.0)
    manifest = Manifest(GOOD, Status.READY, 1, source=source, recipe="web", variants=variants, lazy=lazy)
    published = Outcome(Source(UPLOADS, GOOD), Action.PUBLISHED, manifest)
    metrics.log_metrics(lambda *_: ReconcileTelemetry().on_done(published))({}, Context())
    lines = told.lines()
    assert [line["largest_bytes"] for line in said(lines)] == [served]
    assert measured(lines, "service")["LargestBytes"] == [served]


@pytest.mark.parametrize("refused", [(), ("system_calls",), ("descriptors", "files")])
def test_what_the_kernel_refuses_of_the_sandbox_is_named_and_counted(told: Told, refused: tuple[str, ...]) -> None:
    telemetry = ReconcileTelemetry()
    telemetry.stages.add_cost(Cost(cpu_ms=10, peak_rss_mb=50, open=refused))
    published = Outcome(Source(UPLOADS, GOOD), Action.PUBLISHED, Manifest(GOOD, Status.READY, 1, recipe="web"))
    metrics.log_metrics(lambda *_: telemetry.on_done(published))({}, Context())
    lines = told.lines()
    (line,) = said(lines)
    assert line.get("sandbox_open", []) == list(refused)
    assert measured(lines, "service")["SandboxOpen"] == [len(refused)]


@pytest.mark.parametrize("missing", [True, False])
def test_that_the_pixel_library_is_missing_is_counted(told: Told, missing: bool) -> None:
    telemetry = ReconcileTelemetry()
    telemetry.stages.add_cost(Cost(cpu_ms=10, peak_rss_mb=50, library_missing=missing))
    published = Outcome(Source(UPLOADS, GOOD), Action.PUBLISHED, Manifest(GOOD, Status.READY, 1, recipe="web"))
    metrics.log_metrics(lambda *_: telemetry.on_done(published))({}, Context())
    lines = told.lines()
    assert [line.get("library_missing", 0) for line in said(lines)] == [int(missing)]
    assert measured(lines, "service")["PixelLibraryMissing"] == [int(missing)]


def test_failures_are_counted_by_reasons_of_which_there_are_few(lines: Lines) -> None:
    assert measured(lines, "service", "reason")["FailedByReason"] == [1]
    (reason,) = [line["reason"] for line in lines if "FailedByReason" in line]
    assert reason in set(Reason)


def test_each_dimension_has_few_values(lines: Lines) -> None:
    names = {
        name
        for line in lines
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
        for some in directive["Dimensions"]
        for name in some
    }
    assert names <= {"service", "reason", "function_name"}
    assert {line["service"] for line in lines} == {"lightpress"}


def test_the_ends_of_pictures_add_up_to_the_pictures(deployed: Deployed, told: Told) -> None:
    deployed.upload(GOOD, PHOTO)
    deployed.upload(BAD, b"hello")
    deployed.invoke(*map(notification, (GOOD, GOOD, BAD, "gone.jpg")))
    counts = measured(told.lines(), "service")
    assert sum(sum(counts.get(name, [])) for name in ENDS["ProcessUpload"]) == 4


def test_metrics_are_in_the_namespace_that_is_watched(lines: Lines) -> None:
    found = {
        directive["Namespace"] for line in lines for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
    }
    assert found == {NAMESPACE}


def test_a_batch_is_logged_in_a_line_for_each_picture_and_one_for_its_metrics(deployed: Deployed, told: Told) -> None:
    from lightpress.handlers.process_upload import handler

    for number in range(3):
        deployed.upload(f"{number}.jpg", PHOTO)
    handler(batch(*(notification(f"{number}.jpg") for number in range(3))), Context())
    lines = told.lines()
    assert len(said(lines)) == 3
    assert sum("PicturesPublished" in line for line in lines) == 1
