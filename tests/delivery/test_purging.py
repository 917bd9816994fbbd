"""Few purges are made folder by folder, as many as CloudFront takes; many are one invalidation of everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from lightpress.delivery.purging import EVERYTHING, FOLDERS_AT_ONCE, Purged, TooManyRequests, purge
from lightpress.pipeline.paths import cached_folders

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class CloudFront:
    """Takes so many requests, and is too busy for more until somebody waits."""

    takes: int = 10**6
    waits: int = 0
    asked: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def forget(self, folders: Iterable[str], *, reference: str) -> None:
        if not self.takes:
            raise TooManyRequests
        self.takes -= 1
        self.asked.append((tuple(folders), reference))

    def wait(self) -> bool:
        self.waits -= 1
        self.takes += 1
        return self.waits >= 0


def messages(count: int) -> dict[str, str]:
    return {f"id-{number:05}": f"i/{number:05}/" for number in range(count)}


def purged(count: int, cloudfront: CloudFront, *, pending: int = 0, all_from: int = 200) -> Purged:
    return purge(messages(count), cloudfront, lambda: pending, cloudfront.wait, all_from=all_from)


def test_a_request_has_seven_folders_since_two_wildcards_each_must_not_be_more_than_15() -> None:
    assert sum(len(cached_folders(folder)) for folder in messages(FOLDERS_AT_ONCE).values()) == 14
    cloudfront = CloudFront()
    found = purged(16, cloudfront)
    assert [len(folders) for folders, _ in cloudfront.asked] == [7, 7, 2]
    assert (len(found.folders), found.put_off, found.everything) == (16, (), False)


@pytest.mark.parametrize(
    ("count", "pending", "all_from", "everything"),
    [
        (200, 0, 200, True),
        (199, 0, 200, False),
        (100, 200, 200, True),
        (100, 199, 200, False),
        (7, 100_000, 200, False),  # they fit into one request, which costs no more
        (8, 100_000, 200, True),
        (1_000, 100_000, 0, False),
    ],
)
def test_from_200_purges_on_everything_is_invalidated_by_one_request(
    count: int,
    pending: int,
    all_from: int,
    everything: bool,
) -> None:
    cloudfront = CloudFront()
    found = purged(count, cloudfront, pending=pending, all_from=all_from)
    assert found.everything is everything
    assert (len(found.folders), found.put_off) == (count, ())
    assert ([folders for folders, _ in cloudfront.asked] == [EVERYTHING]) is everything
    assert {one for folder in EVERYTHING for one in cached_folders(folder)} == {"i/", "r/"}


@pytest.mark.parametrize("all_from", [0, 200])
def test_what_the_queue_might_drop_before_its_turn_is_done_by_everything_however_few_there_are(all_from: int) -> None:
    cloudfront = CloudFront()
    found = purge(messages(1), cloudfront, lambda: 1, cloudfront.wait, all_from=all_from, overdue=True)
    assert (len(found.folders), found.put_off, found.everything) == (1, (), True)
    assert [folders for folders, _ in cloudfront.asked] == [EVERYTHING]


def test_what_cloudfront_is_too_busy_for_stays_in_the_queue_though_it_is_overdue() -> None:
    cloudfront = CloudFront(takes=0)
    found = purge(messages(3), cloudfront, lambda: 3, cloudfront.wait, all_from=200, overdue=True)
    assert (found.folders, len(found.put_off), found.everything) == (frozenset(), 3, False)


def test_a_few_purges_do_not_ask_how_many_there_are() -> None:
    def pending() -> int:
        raise AssertionError("it costs a request")

    cloudfront = CloudFront()
    assert purge(messages(7), cloudfront, pending, cloudfront.wait, all_from=200).put_off == ()


def test_while_cloudfront_is_busy_the_rest_is_put_off_and_what_was_taken_is_not() -> None:
    found = purged(20, CloudFront(takes=1))
    assert found.folders == set(list(messages(20).values())[:7])
    assert found.put_off == tuple(messages(20))[7:]


def test_whoever_has_time_waits_for_cloudfront() -> None:
    cloudfront = CloudFront(takes=1, waits=1)
    assert len(purged(20, cloudfront).put_off) == 6
    assert [len(folders) for folders, _ in cloudfront.asked] == [7, 7]


def test_if_not_even_everything_is_taken_all_is_put_off() -> None:
    found = purged(500, CloudFront(takes=0))
    assert (found.folders, len(found.put_off), found.everything) == (frozenset(), 500, False)


def test_several_messages_about_one_folder_are_one_path_and_all_done() -> None:
    cloudfront = CloudFront()
    found = purge({"a": "i/x/", "b": "i/x/", "c": "r/x/"}, cloudfront, lambda: 0, cloudfront.wait, all_from=200)
    assert cloudfront.asked == [(("i/x/", "r/x/"), "a b c")]
    assert found.put_off == ()


def test_the_same_batch_again_is_the_same_requests_to_cloudfront() -> None:
    one, other = CloudFront(), CloudFront()
    purged(20, one)
    purged(20, other)
    assert one.asked == other.asked
    assert len({reference for _, reference in one.asked}) == 3
