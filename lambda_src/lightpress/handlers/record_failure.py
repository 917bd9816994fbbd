"""The door of the dead-letter queue: what the queue gave up on is published after all, or recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.aws.dead_letters import dead_letter_of
from lightpress.composition.record_failure import recorder
from lightpress.handlers.batch import process_records
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch of letters; returns the ids of those that must come back."""
    record = recorder()  # a function that is set up wrongly fails as a whole, and is seen to

    def one(message: Mapping[str, Any]) -> None:
        received = int(message["attributes"]["ApproximateReceiveCount"])
        record(dead_letter_of(message, context.aws_request_id), message["receiptHandle"], received)

    return process_records(event, one)
