"""An event reaches its receiver signed, and only there; the judge is the package `standardwebhooks`."""

from __future__ import annotations

import base64
import json
import ssl
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
import trustme
from standardwebhooks import Webhook as Judge
from standardwebhooks import WebhookVerificationError

from lightpress.ingest.addresses import AddressPolicy
from lightpress.ingest.connection import Connector
from lightpress.ingest.urls import parse_url
from lightpress.webhooks.deliver import MOST_ATTEMPTS, PAUSES, Deliver, Ending, NotDeliveredError, Webhook
from lightpress.webhooks.post import Post
from lightpress.webhooks.signature import BadSecretError, keys_of, signed
from tests.webhooks.receiver import KEY, Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
LONGEST_HELD_BACK = 43_200
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
EVENT = json.dumps(
    {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "ImageReady",
        "source": "lightpress",
        "time": "2026-11-28T00:00:00Z",
        "detail": {"id": "lightpress-dev-abc-3", "key": "trips/\u00e9t\u00e9.jpg", "revision": 3},
    }
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def receiver(authority: trustme.CA) -> Iterator[Receiver]:
    with receiving(authority) as world:
        yield world


def deliver(
    authority: trustme.CA | None, secret: str = KEY, *, networks: tuple[str, ...] = ("127.0.0.0/8",), seconds: float = 5
) -> Deliver:
    context = ssl.create_default_context()
    if authority:
        authority.configure_trust(context)
    policy = AddressPolicy(tuple(map(ip_network, networks)))
    connector = Connector(policy, lambda _: ["127.0.0.1"], lambda: context)
    return Deliver(Post(connector, seconds), lambda _: secret, time.time)


def to(url: str) -> Webhook:
    return Webhook(parse_url(url), "arn", "queue", "dead letters")


def refusal(delivering: Deliver, url: str, received: int = 1) -> NotDeliveredError:
    with pytest.raises(NotDeliveredError) as refused:
        delivering(to(url), EVENT, message_id="m", received=received)
    return refused.value


def test_the_published_package_verifies_what_a_receiver_gets(authority: trustme.CA, receiver: Receiver) -> None:
    assert deliver(authority)(to(receiver.url), EVENT, message_id="m", received=1) is Ending.DELIVERED
    ((taken, headers),) = receiver.taken
    assert taken == {
        "type": "ImageReady",
        "timestamp": "2026-11-28T00:00:00Z",
        "data": {"id": "lightpress-dev-abc-3", "key": "trips/\u00e9t\u00e9.jpg", "revision": 3},
    }
    assert (headers["webhook-id"], headers["content-type"]) == ("lightpress-dev-abc-3", "application/json")


@pytest.mark.parametrize("key", [KEY, OTHER], ids=["old", "new"])
def test_with_two_keys_a_receiver_may_know_either(key: str) -> None:
    headers = dict(signed("a-1", int(time.time()), b"{}", keys_of(f"{OTHER}\n{KEY}")))
    assert Judge(key).verify(b"{}", headers) == {}


def test_the_package_refuses_what_was_changed_on_its_way_or_comes_too_late() -> None:
    now = int(time.time())
    headers = dict(signed("a-1", now, b"{}", keys_of(KEY)))
    for body, changed in ((b"[]", headers), (b"{}", headers | {"webhook-id": "a-2"})):
        with pytest.raises(WebhookVerificationError):
            Judge(KEY).verify(body, changed)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Judge(KEY).verify(b"{}", dict(signed("a-1", now - 600, b"{}", keys_of(KEY))))


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "empty"),
        ("aGVsbG8=", "does not begin with whsec_"),
        ("whsec_!!!!", "not in Base64"),
        ("whsec_" + base64.b64encode(b"SHORT").decode(), "24 to 64 bytes, but 5"),
        (KEY + " whsec_" + base64.b64encode(b"L" * 65).decode(), "24 to 64 bytes, but 65"),
    ],
    ids=["none", "bare", "garbled", "short", "long"],
)
def test_a_secret_that_signs_nothing_is_told_without_telling_it(secret: str, why: str) -> None:
    with pytest.raises(BadSecretError, match=why) as refused:
        keys_of(secret)
    assert not any(part in str(refused.value) for part in secret.split())
    assert refusal(deliver(None, secret), "https://localhost:1/").pause > 0


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_whatever_is_no_2xx_is_tried_again_after_ever_longer_pauses_for_two_days(
    authority: trustme.CA, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status] * MOST_ATTEMPTS
    pauses = [refusal(deliver(authority), receiver.url, received).pause for received in range(1, MOST_ATTEMPTS + 1)]
    for pause, longest in zip(pauses, (*PAUSES, *[PAUSES[-1]] * MOST_ATTEMPTS), strict=False):
        assert longest / 2 <= pause <= longest <= LONGEST_HELD_BACK
    assert 24 * 3600 < sum(PAUSES) + (MOST_ATTEMPTS - 1 - len(PAUSES)) * PAUSES[-1] < 3 * 24 * 3600


def test_a_receiver_that_wants_to_be_left_alone_is_for_as_long_as_it_says_but_not_forever(
    authority: trustme.CA, receiver: Receiver
) -> None:
    for said, longest in (("120", 120), ("999999999", PAUSES[-1]), ("soon", 5)):
        receiver.answers, receiver.fields = [503], {"Retry-After": said}
        assert longest / 2 <= refusal(deliver(authority), receiver.url).pause <= longest


def test_a_receiver_that_is_gone_is_asked_no_more(authority: trustme.CA, receiver: Receiver) -> None:
    receiver.answers = [410]
    assert deliver(authority)(to(receiver.url), EVENT, message_id="m", received=1) is Ending.GONE


def test_a_redirect_is_not_followed(authority: trustme.CA, receiver: Receiver) -> None:
    with receiving(authority) as elsewhere:
        receiver.answers, receiver.fields = [307], {"Location": elsewhere.url}
        assert "answers 307" in str(refusal(deliver(authority), receiver.url))
        assert (receiver.asked, elsewhere.asked) == (1, 0)


def test_silence_ends_in_time(authority: trustme.CA, receiver: Receiver) -> None:
    receiver.answers, began = [0], time.monotonic()
    assert "within 0.5 s" in str(refusal(deliver(authority, seconds=0.5), receiver.url))
    assert time.monotonic() - began < 3


def test_nothing_is_sent_to_who_cannot_prove_to_be_the_receiver(receiver: Receiver) -> None:
    assert "certificate" in str(refusal(deliver(None), receiver.url))
    assert receiver.asked == 0


def test_a_name_that_leads_into_a_private_network_gets_nothing(authority: trustme.CA, receiver: Receiver) -> None:
    assert "not a public address" in str(refusal(deliver(authority, networks=()), receiver.url))
    assert receiver.asked == 0


def test_what_may_be_logged_has_neither_the_secret_nor_the_token_in_the_url(
    authority: trustme.CA, receiver: Receiver
) -> None:
    receiver.answers = [500]
    said = str(refusal(deliver(authority), receiver.url))
    assert "token" not in said
    assert KEY not in said
