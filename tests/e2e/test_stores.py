"""The local cloud's stores answer as AWS does, and as the simulation: see tests/stores."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from tests.stores.cases import CASES, MINISTACK, Case
from tests.stores.places import make_place

if TYPE_CHECKING:
    from lightpress.local import Outputs


@pytest.mark.emulator("this is about the emulator itself")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_local_cloud_answers_as_aws(case: Case, cloud: Outputs) -> None:
    session = cloud.session()
    case.check(make_place(session.s3(), session.dynamodb(), name=f"case-{zlib.crc32(case.says.encode())}"), MINISTACK)
