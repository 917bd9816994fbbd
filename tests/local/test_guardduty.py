"""GuardDuty's stand-in comes to each of the five results, and tells of it as AWS documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lightpress.local.emulated.guardduty import (
    DETAIL_TYPE,
    EICAR,
    SCAN_STATUS,
    OnePlanForEachBucket,
    Plans,
    detail_of,
    result_of,
)
from lightpress.pipeline.gate import MALWARE
from lightpress.pipeline.review_messages import SCANNED, NoAnswer, read_review
from tools.drawing import file_of, ramp

ARN = "arn:aws:guardduty:us-east-1:000000000000:malware-protection-plan/1"
PHOTO = file_of(ramp((40, 30)), "JPEG")
SOURCE_FIELDS = {"bucketName", "objectKey", "eTag", "versionId", "s3Throttled"}


def plan(bucket: str = "uploads", *prefixes: str, tagging: str | None = None) -> dict[str, Any]:
    """Properties of a template."""
    made = {"BucketName": bucket} | ({"ObjectPrefixes": list(prefixes)} if prefixes else {})
    actions = {"Actions": {"Tagging": {"Status": tagging}}} if tagging else {}
    return {"Role": "arn:aws:iam::000000000000:role/scans", "ProtectedResource": {"S3Bucket": made}} | actions


def test_a_picture_is_clean_and_the_test_file_of_eicar_is_a_threat_with_white_space_up_to_128_bytes_behind_it() -> None:
    assert len(EICAR) == 68
    assert result_of("a/cat.jpg", PHOTO) == "NO_THREATS_FOUND"
    for infected in (EICAR, EICAR + b"\r\n", EICAR + b" " * 60):
        assert result_of("a/cat.jpg", infected) == "THREATS_FOUND"
    for clean in (EICAR + b" " * 61, EICAR + b"x", b"x" + EICAR, PHOTO + EICAR, b""):
        assert result_of("a/cat.jpg", clean) == "NO_THREATS_FOUND"


@pytest.mark.parametrize(
    ("name", "result"),
    [("scan-unsupported", "UNSUPPORTED"), ("scan-access-denied", "ACCESS_DENIED"), ("scan-failed", "FAILED")],
)
def test_the_name_of_a_file_and_not_that_of_its_folder_says_that_nobody_looks(name: str, result: str) -> None:
    assert result_of(f"a/{name}.jpg", PHOTO) == result_of(f"my-{name}", EICAR) == result
    assert result_of(f"{name}/cat.jpg", PHOTO) == "NO_THREATS_FOUND"


def test_what_the_role_may_not_read_is_denied_whatever_its_name() -> None:
    assert result_of("cat.jpg", None) == result_of("scan-failed.jpg", None) == "ACCESS_DENIED"


@pytest.mark.parametrize("result", SCAN_STATUS)
def test_the_event_of_each_result_has_the_fields_that_aws_documents(result: str) -> None:
    detail = detail_of("uploads", "cat.jpg", "etag", "v1", result)
    assert set(detail) == {"schemaVersion", "scanStatus", "resourceType", "s3ObjectDetails", "scanResultDetails"}
    assert (detail["schemaVersion"], detail["resourceType"]) == ("1.0", "S3_OBJECT")
    assert set(detail["s3ObjectDetails"]) == SOURCE_FIELDS
    assert detail["scanResultDetails"]["scanResultStatus"] == result
    assert (detail["scanResultDetails"]["threats"] is not None) == (result == "THREATS_FOUND")


def test_of_five_results_two_were_completed_two_skipped_and_one_failed() -> None:
    statuses = {
        result: detail_of("uploads", "cat.jpg", "etag", None, result)["scanStatus"]
        for result in ("NO_THREATS_FOUND", "THREATS_FOUND", "UNSUPPORTED", "ACCESS_DENIED", "FAILED")
    }
    assert list(statuses.values()) == ["COMPLETED", "COMPLETED", "SKIPPED", "SKIPPED", "FAILED"]


@pytest.mark.parametrize("version", ["v1", None])
@pytest.mark.parametrize("result", SCAN_STATUS)
def test_lightpress_reads_the_event_as_it_reads_that_of_aws(result: str, version: str | None) -> None:
    assert DETAIL_TYPE == SCANNED
    detail = detail_of("uploads", "cat.jpg", "etag", version, result)
    body = json.dumps({"detail-type": DETAIL_TYPE, "detail": detail})
    if result not in {"NO_THREATS_FOUND", "THREATS_FOUND"}:
        with pytest.raises(NoAnswer, match=result):
            read_review(body, lambda source: source)
        return
    given = read_review(body, lambda source: source)
    assert (given.review.reviewer, given.review.approved) == (MALWARE, result == "NO_THREATS_FOUND")
    assert given.identity == (version or "etag")


def test_a_plan_covers_the_prefixes_that_it_names_and_without_any_all_keys() -> None:
    plans = Plans()
    some, every = plans.put(f"{ARN}/some", plan("a", "in/", "new/")), plans.put(f"{ARN}/every", plan("b"))
    keys = ("in/cat.jpg", "new/cat.jpg", "out/in/cat.jpg", "cat.jpg")
    assert [some.covers(key) for key in keys] == [True, True, False, False]
    assert all(map(every.covers, keys))
    assert plans.of_bucket("a") == some
    assert plans.of_bucket("c") is None


def test_a_bucket_has_one_plan_which_may_be_changed_and_removed() -> None:
    plans = Plans()
    plans.put(ARN, plan("a"))
    with pytest.raises(OnePlanForEachBucket, match="a has a protection plan already"):
        plans.put(f"{ARN}/other", plan("a"))
    changed = plans.put(ARN, plan("b", "in/"))
    assert (changed.bucket, changed.prefixes) == ("a", ("in/",)), "an update takes prefixes, and no bucket"
    assert plans.of_bucket("b") is None
    plans.remove(ARN)
    assert plans.of_bucket("a") is None
    assert plans.put(f"{ARN}/other", plan("a"))


@pytest.mark.parametrize(("tagging", "tags"), [(None, False), ("DISABLED", False), ("ENABLED", True)])
def test_a_result_becomes_a_tag_where_the_plan_asks_for_it(tagging: str | None, tags: bool) -> None:
    assert Plans().put(ARN, plan(tagging=tagging)).tags is tags


def test_plans_outlast_an_emulator_that_keeps_its_state() -> None:
    plans, later = Plans(), Plans()
    made = plans.put(ARN, plan("a", "in/"))
    later.load_persisted_state(plans.get_state())
    assert later.of_bucket("a") == made
    later.reset()
    assert later.of_bucket("a") is None
