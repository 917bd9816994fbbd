"""The local cloud's stores answer as AWS does, and as the simulation: see tests/stores."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lightpress.aws.upload_counters import OWNER_DAY, DynamoUploadCounters
from lightpress.uploads.quota import Usage
from tests.aws.tables import make_table
from tests.stores.cases import CASES, MINISTACK, Case
from tests.stores.places import make_place

if TYPE_CHECKING:
    from lightpress.local import Outputs


@pytest.mark.emulator("this is about the emulator itself")
@pytest.mark.sampled(15)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_local_cloud_answers_as_aws(case: Case, cloud: Outputs) -> None:
    session = cloud.session()
    case.check(make_place(session.s3(), session.dynamodb(), name=f"case-{zlib.crc32(case.says.encode())}"), MINISTACK)


@pytest.mark.emulator("it makes a table of its own")
def test_of_30_uploads_that_begin_at_once_a_quota_of_10_lets_10_through(cloud: Outputs) -> None:
    dynamodb = cloud.session().dynamodb()
    make_table(dynamodb, "upload-counters-at-once", OWNER_DAY)
    counters = DynamoUploadCounters(dynamodb, "upload-counters-at-once")

    def begin(_: int) -> Usage | None:
        return counters.reserve("alice 2026-11-28", Usage(1, 5), Usage(10, 1_000), until=2_000_000_000)

    with ThreadPoolExecutor(10) as at_once:
        found = list(at_once.map(begin, range(30)))
    allowed = [usage for usage in found if usage]
    assert sorted(usage.files for usage in allowed) == [*range(1, 11)]
