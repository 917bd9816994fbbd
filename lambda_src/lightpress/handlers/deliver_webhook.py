"""Entry point of the function `deliver_webhook`: sends events to the receivers that the stack names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.deliver_webhook import deliver, hold_back, set_aside, webhooks
from lightpress.handlers.batch import Expected, process_records, queue_of
from lightpress.telemetry import logger, metrics
from lightpress.webhooks.deliver import Ending, NotDeliveredError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lightpress.webhooks.deliver import Webhook


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  Lambda passes it
    """Deliver a batch of events of one webhook; returns the ids of the messages that SQS must deliver again."""
    webhook = webhooks()[queue_of(event).rpartition(":")[2]]
    return process_records(event, lambda record: _deliver(webhook, record))


def _deliver(webhook: Webhook, record: Mapping[str, Any]) -> None:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        ending = deliver()(webhook, record["body"], message_id=record["messageId"], received=received)
    except NotDeliveredError as error:
        metrics.add_metric(name="WebhooksRefused", unit="Count", value=1)
        hold_back(webhook, record["receiptHandle"], error.pause)
        raise Expected from error  # the receiver's doing
    if ending is Ending.GONE:
        set_aside(webhook, record["body"])
        metrics.add_metric(name="WebhooksRefused", unit="Count", value=1)
    else:
        metrics.add_metric(name="WebhooksDelivered", unit="Count", value=1)
    logger.info("webhook", url=webhook.url.shown, ending=ending, received=received)
