"""Options of webhooks and topics: who hears of pictures without a rule of their own on the event bus."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import PROD
from lightpress.cdk.options.ingest import networks
from lightpress.cdk.options.option_types import flag, integer, is_token, option
from lightpress.delivery.notify import KINDS
from lightpress.ingest.urls import InvalidUrlError, parse_url

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

MOST_WEBHOOKS = 5  # each has two queues and a rule, and all of them fit into a function's environment
_MAX_JSON_BYTES = 2_400
_OF_SIGNER = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}"
_OF_A_KEY = r"|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+"


@dataclass(frozen=True)
class WebhookRow:
    """One table `[[webhooks]]`.

    Attributes:
        url: Of the receiver, https.
        events: The kinds of events that it gets.
        secret_arn: Of the secret that signs.
        kms_key: ARN of the KMS key that encrypts the secret; "" for that of AWS.

    """

    url: str
    events: tuple[str, ...]
    secret_arn: str
    kms_key: str = ""


def _webhooks(*, doc: str) -> tuple[WebhookRow, ...]:
    return option((), _rows, allowed="tables: [docs/events.md](events.md#a-webhook)", doc=doc)


def _rows(table: Table, key: str) -> tuple[WebhookRow, ...]:
    if not table.has(key):
        return ()
    rows = tuple(map(_row, table.tables(key)))
    if len(rows) > MOST_WEBHOOKS:
        raise table.error(key, f"{len(rows)} are too many; allowed: {MOST_WEBHOOKS}")
    urls = [row.url for row in rows]
    for url in urls:
        if urls.count(url) > 1:
            raise table.error(key, f"{url} is there {urls.count(url)} times; name all its events in one table")
    size = len(json.dumps([(row.url, row.secret_arn) for row in rows]))
    if size > _MAX_JSON_BYTES:
        raise table.error(key, f"the tables take {size} bytes of a function's environment; allowed: {_MAX_JSON_BYTES}")
    return rows


def _row(row: Table) -> WebhookRow:
    kinds = tuple(KINDS.values())
    events = row.texts("events", kinds)
    for event in events:
        if event not in kinds:
            raise row.error("events", f"{event!r} is not allowed; allowed: {', '.join(kinds)}")
    if not events:
        raise row.error("events", f"it is empty; allowed: {', '.join(kinds)}, or leave it out for all")
    read = WebhookRow(
        _url(row),
        tuple(dict.fromkeys(events)),
        _matching(row, "secret_arn", row.text("secret_arn"), _OF_SIGNER),
        _matching(row, "kms_key", row.text("kms_key", ""), _OF_A_KEY),
    )
    row.close()
    return read


def _url(row: Table) -> str:
    text = row.text("url")
    if is_token(text):
        raise row.error("url", "it is not known before the deployment; allowed: such as https://www.example.com/images")
    try:
        url = parse_url(text)
    except InvalidUrlError as error:
        raise row.error("url", f"{error.detail} Allowed: such as https://www.example.com/images") from error
    if url.scheme != "https":
        raise row.error("url", f"{text!r} is not encrypted; allowed: such as https://www.example.com/images")
    return url.url


def _matching(row: Table, key: str, text: str, pattern: str) -> str:
    if not is_token(text) and not re.fullmatch(pattern, text):
        raise row.error(key, f"{text!r} is not allowed; allowed: a whole ARN ({pattern.removeprefix('|')})")
    return text


@dataclass(frozen=True)
class WebhookOptions:
    """Webhooks and topics: who hears of pictures without a rule of their own on the event bus."""

    webhooks: tuple[WebhookRow, ...] = _webhooks(
        doc="Receivers of events, one table `[[webhooks]]` for each, with `url`, `events` and `secret_arn`: each event "
        "is a signed POST (Standard Webhooks), tried again for two days and then kept for `lightpress webhooks replay`."
    )
    webhook_timeout_seconds: int = integer(
        10, low=1, high=30, doc="How long a receiver may take to answer, in seconds, from looking up its name on."
    )
    webhook_allowed_networks: tuple[str, ...] = networks(
        doc="Networks that are not public and that receivers of webhooks may be in nevertheless. Refused in prod."
    )
    event_topic: bool = flag(
        default=False,
        doc="Create an SNS topic that gets every event, for subscribers such as queues, functions and other accounts; "
        "its ARN is the output `EventTopicArn`. SNS charges for what it delivers: docs/events.md.",
    )

    @property
    def by_rules(self) -> bool:
        """Whether rules of the event bus send to what the stack keeps."""
        return bool(self.webhooks or self.event_topic)


def check_webhooks(options: WebhookOptions, event_bus: str, environment: str, table: Table) -> None:
    """Reject receivers of events where there are none, and private networks in prod."""
    for key, chosen in (("webhooks", options.webhooks), ("event_topic", options.event_topic)):
        if chosen and not event_bus:
            raise table.error(key, 'there are no events with event_bus = ""; allowed: with another event_bus')
    if environment == PROD and options.webhook_allowed_networks:
        raise table.error("webhook_allowed_networks", "private networks are not sent to in prod; allowed: none")
