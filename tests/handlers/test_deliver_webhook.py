"""The function that delivers, over moto and a receiver with TLS: what comes back, and its calls to AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
import trustme

from lightpress.composition import deliver_webhook
from lightpress.handlers.deliver_webhook import handler
from lightpress.ingest import connection
from tests.handlers.conftest import DEAD_LETTERS, QUEUE, REGION, Context, Deployed, batch, url_of
from tests.handlers.recorder import Call, recorded
from tests.webhooks.receiver import KEY, Receiver, receiving
from tests.webhooks.test_deliver import EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aws_lambda_powertools.utilities.typing import LambdaContext

SECRET = "the secret"
READ = Call("secretsmanager", "GetSecretValue", SECRET)
HOLD_BACK = Call("sqs", "ChangeMessageVisibility", QUEUE)
SET_ASIDE = Call("sqs", "SendMessage", DEAD_LETTERS)
DELIVER_WEBHOOK = {READ, HOLD_BACK, SET_ASIDE}


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deployed: Deployed) -> Iterator[Receiver]:
    """A receiver that the stack sends to, of an authority that this machine trusts."""
    assert deployed
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name=SECRET, SecretString=KEY)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with receiving(authority) as world:
        row = {
            "url": world.url,
            "secret_arn": SECRET,
            "queue_url": url_of(QUEUE),
            "dead_letters_url": url_of(DEAD_LETTERS),
        }
        told = {"webhooks": [row], "allowed_networks": ["127.0.0.0/8", "::1/128"], "timeout_seconds": 3}
        monkeypatch.setenv("WEBHOOKS", json.dumps(told))
        forget()
        yield world
        forget()


def forget() -> None:
    for one in (deliver_webhook.deliver, deliver_webhook.webhooks, deliver_webhook.queues, connection.verifying):
        one.cache_clear()
    deliver_webhook.settings.cache_clear()


def invoke(deployed: Deployed, *bodies: str) -> list[str]:
    """Invoke the function with messages that are really in the queue."""
    for body in bodies:
        deployed.sqs.send_message(QueueUrl=url_of(QUEUE), MessageBody=body)
    event: dict[str, Any] = batch(*bodies)
    taken = deployed.sqs.receive_message(QueueUrl=url_of(QUEUE), MaxNumberOfMessages=10, VisibilityTimeout=60)
    for record, message in zip(event["Records"], taken.get("Messages", []), strict=False):
        record["receiptHandle"] = message["ReceiptHandle"]
        record["eventSourceARN"] = f"arn:aws:sqs:{REGION}:123456789012:{QUEUE}"
    answer = handler(event, cast("LambdaContext", Context()))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_events_are_delivered_and_the_secret_is_read_once(deployed: Deployed, receiver: Receiver) -> None:
    with recorded() as calls:
        assert invoke(deployed, EVENT, EVENT) == []
    assert receiver.ids == ["lightpress-dev-abc-3"] * 2
    assert calls == {READ}


def test_only_the_event_that_was_refused_comes_back_and_not_at_once(deployed: Deployed, receiver: Receiver) -> None:
    receiver.answers = [204, 500]
    with recorded() as calls:
        assert invoke(deployed, EVENT, EVENT) == ["id-1"]
    assert calls == {READ, HOLD_BACK}


def test_a_receiver_that_refuses_is_no_failure_of_the_function_and_a_bad_secret_is(
    deployed: Deployed, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or a receiver that is down would stop each gradual deployment."""
    receiver.answers = [500]
    assert invoke(deployed, EVENT) == ["id-0"]
    refused = capsys.readouterr().out
    assert "WebhooksRefused" in refused
    assert "Retries" not in refused
    assert invoke(deployed, "no JSON") == ["id-0"]
    assert "Retries" in capsys.readouterr().out


def test_an_event_of_a_receiver_that_is_gone_is_set_aside_as_it_came(deployed: Deployed, receiver: Receiver) -> None:
    receiver.answers = [410]
    with recorded() as calls:
        assert invoke(deployed, EVENT) == []
    assert calls == {READ, SET_ASIDE}
    assert [message["Body"] for message in deployed.dead_letters()] == [EVENT]


def test_neither_the_secret_nor_the_signature_nor_the_token_is_logged(
    deployed: Deployed, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answers = [500, 204]
    invoke(deployed, EVENT, EVENT)
    logged = capsys.readouterr().out
    assert "answers 500" in logged
    assert "WebhooksDelivered" in logged
    signature = receiver.taken[0][1]["webhook-signature"].partition(",")[2]
    assert not any(secret in logged for secret in (KEY.removeprefix("whsec_"), signature, "token=t"))
