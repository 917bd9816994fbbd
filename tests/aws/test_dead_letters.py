"""A message that no retry can help is kept word for word, with the reason beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.aws.dead_letters import SqsDeadLetters

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

BODIES = ["hello", '{"Records": [{}]}', "ä 😀 \n\t <&>", " leading and trailing ", "x" * 200_000]


@pytest.fixture
def queue_url(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName="dead-letters")["QueueUrl"]


def kept(sqs: SQSClient, queue_url: str) -> MessageTypeDef:
    (message,) = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)[
        "Messages"
    ]
    return message


def attributes(message: MessageTypeDef) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body)[:16])
def test_the_body_stays_as_it_was(sqs: SQSClient, queue_url: str, body: str) -> None:
    SqsDeadLetters(sqs, queue_url).send(body, message_id="m-1", reason="not_json", detail="It is not JSON.")
    message = kept(sqs, queue_url)
    assert message["Body"] == body
    assert attributes(message) == {"message_id": "m-1", "reason": "not_json", "detail": "It is not JSON."}


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
    SqsDeadLetters(sqs, queue_url).send("body", message_id="m-1", reason="r", detail=detail)
    assert attributes(kept(sqs, queue_url))["detail"] == shown


def test_without_a_detail_there_is_none(sqs: SQSClient, queue_url: str) -> None:
    SqsDeadLetters(sqs, queue_url).send("body", message_id="m-1", reason="r", detail="")
    assert attributes(kept(sqs, queue_url)) == {"message_id": "m-1", "reason": "r"}
