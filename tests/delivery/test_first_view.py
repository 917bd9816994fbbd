"""What a viewer, and the CDN, are told of a first view."""

from __future__ import annotations

import pytest

from lightpress.delivery.first_view import answer_to, path_in
from lightpress.delivery.resolve import MOST_BYTES
from lightpress.pipeline.first_view import FirstView
from lightpress.pipeline.manifest import LazyVariant
from lightpress.pipeline.outcomes import Result

PATH = "i/qjkmgknjfbipnvjz3u3w6saw5y/1-jdwlu5r7dzvreq27/w640.avif"
OWED = LazyVariant("w640", "avif", "image/avif", 640, 427, PATH)


@pytest.mark.parametrize("result", [Result.RENDERED, Result.FOUND])
def test_the_first_viewer_gets_the_file_as_s3_sends_it_to_the_others(result: Result) -> None:
    answer = answer_to(FirstView(result, PATH, b"made", OWED, "trips/cat.jpg"), "")
    assert (answer.status, answer.body) == (200, b"made")
    assert answer.headers == {
        "cache-control": "public, max-age=31536000, immutable",
        "content-type": "image/avif",
        "content-disposition": "inline; filename*=UTF-8''cat.avif",
    }


def test_what_a_function_cannot_send_is_asked_of_s3_by_a_redirect_that_nobody_keeps() -> None:
    answer = answer_to(FirstView(Result.RENDERED, PATH, bytes(MOST_BYTES + 1), OWED, "cat.jpg"), "")
    assert (answer.status, answer.body) == (302, None)
    assert answer.headers == {"cache-control": "no-store", "location": f"/{PATH}?made"}


@pytest.mark.parametrize(
    ("result", "status", "seconds"),
    [
        (Result.NOT_OWED, 404, 60),
        (Result.CHANGED, 404, 5),
        (Result.UNREADABLE, 404, 60),
        (Result.NO_RECIPE, 404, 60),
        (Result.FAILED, 404, 86_400),
        (Result.FAILED_BEFORE, 404, 86_400),
        (Result.LOST, 503, 10),
        (Result.MOVED, 302, 60),
    ],
)
def test_the_cdn_keeps_every_other_answer_for_so_many_seconds(result: Result, status: int, seconds: int) -> None:
    answer = answer_to(FirstView(result, PATH), "")
    assert (answer.status, answer.headers["cache-control"]) == (status, f"public, max-age={seconds}")


def test_of_the_generation_before_it_leads_to_the_variant_of_now() -> None:
    assert answer_to(FirstView(Result.MOVED, PATH), "").headers["location"] == f"/{PATH}"


@pytest.mark.parametrize(
    ("view", "location"),
    [
        (FirstView(Result.MOVED, PATH), f"/pictures/{PATH}"),
        (FirstView(Result.RENDERED, PATH, bytes(MOST_BYTES + 1), OWED, "cat.jpg"), f"/pictures/{PATH}?made"),
    ],
    ids=["moved", "large"],
)
def test_behind_a_path_of_another_distribution_it_leads_to_that_path(view: FirstView, location: str) -> None:
    assert answer_to(view, "/pictures").headers["location"] == location


def test_the_reason_of_a_failure_is_in_a_header() -> None:
    answer = answer_to(FirstView(Result.FAILED, PATH, None, OWED, "a.jpg", "too_slow"), "")
    assert answer.headers["x-lightpress-reason"] == "too_slow"


def test_only_the_path_of_a_variant_is_one() -> None:
    assert path_in(f"/{PATH}") == PATH
    for path in (
        "/",
        "/m/a.json",
        f"/{PATH}/",
        f"//{PATH}",
        f"/{PATH}\n",
        f"/{PATH.replace('1-', '0-')}",
        "/i/a/1-b/c",
    ):
        assert path_in(path) is None
    assert answer_to(None, "").status == 404
