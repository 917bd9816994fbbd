"""The local CDN fails over as CloudFront is documented to."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from lightpress.local.emulated.origin_groups import ask, with_groups

CONFIG = """
<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
  <OriginGroups><Quantity>1</Quantity><Items><OriginGroup>
    <Id>group</Id>
    <FailoverCriteria><StatusCodes><Quantity>1</Quantity><Items><StatusCode>404</StatusCode></Items></StatusCodes>
    </FailoverCriteria>
    <Members><Quantity>2</Quantity><Items>
      <OriginGroupMember><OriginId>bucket</OriginId></OriginGroupMember>
      <OriginGroupMember><OriginId>function</OriginId></OriginGroupMember>
    </Items></Members>
  </OriginGroup></Items></OriginGroups>
</DistributionConfig>
"""
ORIGINS = {"bucket": {"id": "bucket"}, "function": {"id": "function"}}


class Silent(Exception):
    """No answer."""


def asked(status: int | None, method: str = "GET", origin: str = "group") -> tuple[list[str], int]:
    """Which origins are asked, where the bucket answers `status` (None: not at all), and what the viewer gets."""
    origins = with_groups({"origins": ORIGINS}, ET.fromstring(CONFIG))["origins"]  # noqa: S314  our own text
    seen: list[str] = []

    async def fetch(one: dict[str, Any]) -> tuple[int, str, dict[str, Any], bytes]:
        seen.append(one["id"])
        if one["id"] == "bucket" and status is None:
            raise Silent
        return (status or 0) if one["id"] == "bucket" else 200, "", {}, b""

    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(asyncio.run, ask(origins[origin], method, fetch, (Silent,))).result()
    return seen, answer[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_after_404_of_the_bucket_the_function_is_asked_and_its_answer_counts(method: str) -> None:
    assert asked(404, method) == (["bucket", "function"], 200)


@pytest.mark.parametrize("status", [200, 302, 304, 403, 500])
def test_after_any_other_status_only_the_bucket_is_asked(status: int) -> None:
    assert asked(status) == (["bucket"], status)


def test_where_the_bucket_does_not_answer_the_function_is_asked() -> None:
    assert asked(None) == (["bucket", "function"], 200)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_never_fail_over(method: str) -> None:
    assert asked(404, method) == (["bucket"], 404)


def test_an_origin_that_is_asked_by_its_own_name_never_fails_over() -> None:
    assert asked(404, origin="bucket") == (["bucket"], 404)


def test_without_groups_the_origins_stay_as_they_are() -> None:
    assert with_groups({"origins": ORIGINS}, ET.Element("DistributionConfig")) == {"origins": ORIGINS}
