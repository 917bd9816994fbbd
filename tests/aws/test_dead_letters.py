"""A dead letter arrives word for word, with everything that is known about it; and messages can be delayed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue, dead_letter_of
from lightpress.image.errors import Reason
from lightpress.pipeline.failures import DeadLetter, Verdict

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

BODIES = ["hello", '{"Records": [{}]}', "ä 😀 \n\t <&>", " leading and trailing ", "x" * 200_000]
SENT_AT = 1_700_000_000
LETTER = DeadLetter(
    "body",
    "m-1",
    reason="corrupt",
    detail="The decoder says: so.",
    verdict=Verdict("v1", "d1", Reason.CORRUPT, "The decoder says: so."),
    attempts=3,
    first_at=SENT_AT,
    request_ids=("r-1", "r-2"),
)


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName="dead-letters")["QueueUrl"]


def kept(sqs: SQSClient, queue_url: str) -> MessageTypeDef:
    (message,) = sqs.receive_message(
        QueueUrl=queue_url, AttributeNames=["All"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )["Messages"]
    return message


def record(message: MessageTypeDef) -> dict[str, Any]:
    """The same as Lambda hands it over: other names, other cases."""
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": "String"} for name, value in attributes.items()
        },
    }


def arrived(sqs: SQSClient, queue_url: str) -> DeadLetter:
    return dead_letter_of(record(kept(sqs, queue_url)), "r-3")


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body)[:16])
def test_a_dead_letter_arrives_as_it_was_sent_and_counts_its_own_delivery(
    sqs: SQSClient, queue_url: str, body: str
) -> None:
    dead_letter = replace(LETTER, body=body)
    SqsDeadLetters(sqs, queue_url).send(dead_letter)
    assert arrived(sqs, queue_url) == replace(dead_letter, attempts=4, request_ids=("r-1", "r-2", "r-3"))


def test_a_message_that_sqs_moved_tells_its_body_its_age_and_its_deliveries(sqs: SQSClient, queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="body")
    message = kept(sqs, queue_url)
    dead_letter = dead_letter_of(record(message), "r-3")
    assert dead_letter == DeadLetter(
        "body",
        message["MessageId"],
        attempts=1,
        first_at=int(message["Attributes"]["SentTimestamp"]) // 1000,
        request_ids=("r-3",),
    )


def test_a_reason_of_another_release_is_no_verdict(sqs: SQSClient, queue_url: str) -> None:
    SqsDeadLetters(sqs, queue_url).send(replace(LETTER, reason="too_ugly"))
    dead_letter = arrived(sqs, queue_url)
    assert (dead_letter.reason, dead_letter.verdict) == ("too_ugly", None)


@pytest.mark.parametrize("left_out", ["identity", "digest"])
def test_a_reason_without_what_it_is_of_is_no_verdict(sqs: SQSClient, queue_url: str, left_out: str) -> None:
    SqsDeadLetters(sqs, queue_url).send(LETTER)
    message = record(kept(sqs, queue_url))
    del message["messageAttributes"][left_out]
    dead_letter = dead_letter_of(message, "r-3")
    assert (dead_letter.reason, dead_letter.verdict) == ("corrupt", None)


def test_of_many_requests_the_last_ten_are_told(sqs: SQSClient, queue_url: str) -> None:
    requests = tuple(f"r-{number}" for number in range(12))
    SqsDeadLetters(sqs, queue_url).send(replace(LETTER, request_ids=requests))
    assert arrived(sqs, queue_url).request_ids == (*requests[2:], "r-3")


@pytest.mark.parametrize("number", ["many", "²"])
def test_invalid_numbers_do_not_stop_a_dead_letter(sqs: SQSClient, queue_url: str, number: str) -> None:
    words: Any = {name: {"DataType": "String", "StringValue": number} for name in ("attempts", "first_at")}
    sqs.send_message(QueueUrl=queue_url, MessageBody="body", MessageAttributes=words)
    assert arrived(sqs, queue_url).attempts == 1


DETAILS = {
    "control characters": ("a\x00b\x07c\x1b[31m\x7f", "a b c [31m "),
    "several lines": ("one\r\ntwo\tthree", "one  two three"),
    "what no XML can hold": ("\ufffe\uffff\ud800", "   "),
    "a turn of direction": ("a\u202eb", "a b"),
    "far too long": ("ä" * 5_000, "ä" * 1_000),
    "no Latin": ("鍵 😀", "鍵 😀"),
}


@pytest.mark.parametrize(("detail", "shown"), DETAILS.values(), ids=DETAILS)
def test_whatever_the_detail_is_it_is_accepted(sqs: SQSClient, queue_url: str, detail: str, shown: str) -> None:
    SqsDeadLetters(sqs, queue_url).send(replace(LETTER, detail=detail))
    assert arrived(sqs, queue_url).detail == shown


def test_what_is_not_known_is_not_said(sqs: SQSClient, queue_url: str) -> None:
    SqsDeadLetters(sqs, queue_url).send(DeadLetter("body", "m-1", reason="r", detail=""))
    assert set(kept(sqs, queue_url)["MessageAttributes"]) == {"message_id", "reason", "attempts", "first_at"}


def test_a_message_that_is_held_back_is_hidden_and_one_that_is_not_comes_at_once(
    sqs: SQSClient, queue_url: str
) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="body")
    for seconds, visible in ((0, True), (600, False)):
        SqsQueue(sqs, queue_url).hold_back(kept(sqs, queue_url)["ReceiptHandle"], seconds)
        count = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
        assert count["Attributes"]["ApproximateNumberOfMessages"] == str(int(visible))
