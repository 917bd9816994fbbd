"""Invalidations are requested with a delay, for many folders at once, and once for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from lightpress.aws.purges import CloudFrontCache, SqsPurges, paths_of
from lightpress.delivery.purging import EVERYTHING, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_sqs import SQSClient


@pytest.fixture(scope="module")
def cloudfront() -> Any:  # noqa: ANN401  a client
    return boto3.client("cloudfront", region_name="eu-west-1")


@pytest.fixture
def answers(cloudfront: Any) -> Iterator[Stubber]:  # noqa: ANN401  a client
    with Stubber(cloudfront) as stubber:
        yield stubber


def test_a_purge_is_delivered_only_after_the_delay(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="purges")["QueueUrl"]
    SqsPurges(sqs, url, delay_seconds=600).request_purge("i/x/")
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert waiting["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    SqsPurges(sqs, url, delay_seconds=0).request_purge("i/y/")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "i/y/"


def test_a_folder_of_permalinks_is_one_wildcard_and_one_of_variants_two(
    answers: Stubber,
    cloudfront: Any,  # noqa: ANN401
) -> None:
    answers.add_response(
        "create_invalidation",
        {},
        {
            "DistributionId": "E1",
            "InvalidationBatch": {
                "Paths": {"Quantity": 5, "Items": ["/i/x/*", "/i/y/*", "/r/x/*", "/r/y/*", "/r/z/*"]},
                "CallerReference": ANY,
            },
        },
    )
    CloudFrontCache(cloudfront, "E1").forget(["i/y/", "i/x/", "i/y/", "r/x/", "r/z/"], reference="m-1")
    answers.assert_no_pending_responses()


def test_everything_is_two_wildcards(answers: Stubber, cloudfront: Any) -> None:  # noqa: ANN401  a client
    paths = {"Quantity": 2, "Items": ["/i/*", "/r/*"]}
    wanted = {"DistributionId": "E1", "InvalidationBatch": {"Paths": paths, "CallerReference": ANY}}
    answers.add_response("create_invalidation", {}, wanted)
    CloudFrontCache(cloudfront, "E1").forget(EVERYTHING, reference="m-1")
    answers.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("cached", "expected"),
    [
        ("thumbs/cat-640.webp", ["/thumbs/cat-640.webp"]),
        ("thumbs/cat-*", ["/thumbs/cat-*"]),
        ("thumbs/Übung 1-*", ["/thumbs/%C3%9Cbung%201-*"]),
        ("thumbs/50%-a#b?c.webp", ["/thumbs/50%25-a%23b%3Fc.webp"]),
        ("thumbs/@cat-*", ["/thumbs/%40cat-*", "/thumbs/@cat-*"]),
        ("thumbs/(1)+a,=&:;$!'-*", ["/thumbs/%281%29%2Ba%2C%3D%26%3A%3B%24%21%27-*", "/thumbs/(1)+a,=&:;$!'-*"]),
        ("thumbs/~cat-*", ["/thumbs/%7Ecat-*"]),
        ("thumbs/[1]|^\\-*", ["/thumbs/%5B1%5D%7C%5E%5C-*"]),
        ("thumbs/*cat.webp", ["/thumbs/%2Acat.webp"]),
        ("", ["/*"]),
    ],
)
def test_what_is_unsafe_is_encoded_and_what_pages_write_in_two_ways_is_purged_in_both(
    answers: Stubber,
    cloudfront: Any,  # noqa: ANN401
    cached: str,
    expected: list[str],
) -> None:
    wanted = {"Paths": {"Quantity": len(expected), "Items": expected}, "CallerReference": ANY}
    answers.add_response("create_invalidation", {}, {"DistributionId": "E1", "InvalidationBatch": wanted})
    CloudFrontCache(cloudfront, "E1").forget([cached], reference="m-1")
    answers.assert_no_pending_responses()


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20, 0x7F)])
def test_no_path_has_a_character_that_rfc_1738_calls_unsafe_and_all_others_as_they_stand(character: str) -> None:
    paths = paths_of(f"thumbs/{character}a.webp")
    assert len(paths) <= 2  # of seven folders at once, fifteen wildcards are in progress at most
    rest = "".join(paths).replace("%", "")
    assert not set(' <>"#{}|\\^~[]`?*') & set(rest)
    assert (f"/thumbs/{character}a.webp" in paths) == (character not in ' <>"#%{}|\\^~[]`?*')


def test_messages_that_can_be_received_or_were_are_counted_and_those_that_are_delayed_are_not(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="counted")["QueueUrl"]
    for delay in (0, 0, 600):
        SqsPurges(sqs, url, delay).request_purge("i/x/")
    assert SqsPurges(sqs, url, 0).pending() == 2
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)
    assert SqsPurges(sqs, url, 0).pending() == 2


def test_the_same_messages_are_one_invalidation_and_others_or_of_other_paths_another(cloudfront: Any) -> None:  # noqa: ANN401
    references: list[str] = []

    def hear(params: Any, **_: object) -> None:  # noqa: ANN401  a request's
        references.append(params["InvalidationBatch"]["CallerReference"])

    cloudfront.meta.events.register("provide-client-params.cloudfront.CreateInvalidation", hear)
    with Stubber(cloudfront) as answers:
        for folder, reference in (("i/x/", "m-1"), ("i/x/", "m-1"), ("i/x/", "m-2"), ("i/", "m-1")):
            answers.add_response("create_invalidation", {})
            CloudFrontCache(cloudfront, "E1").forget([folder], reference=reference)
    assert references[0] == references[1]
    assert len({*references}) == 3, "CloudFront refuses a reference that it knows of other paths"


def test_too_many_at_a_time_is_no_fault(answers: Stubber, cloudfront: Any) -> None:  # noqa: ANN401
    answers.add_client_error("create_invalidation", "TooManyInvalidationsInProgress", http_status_code=400)
    with pytest.raises(TooManyRequests):
        CloudFrontCache(cloudfront, "E1").forget(["i/x/"], reference="m-1")


def test_anything_else_is(answers: Stubber, cloudfront: Any) -> None:  # noqa: ANN401
    answers.add_client_error("create_invalidation", "AccessDenied", http_status_code=403)
    with pytest.raises(cloudfront.exceptions.ClientError, match="AccessDenied"):
        CloudFrontCache(cloudfront, "E1").forget(["i/x/"], reference="m-1")
