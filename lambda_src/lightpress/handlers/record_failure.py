"""Entry point of the function `record_failure`: a dead letter is published after all, or recorded as a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.aws.dead_letters import dead_letter_of
from lightpress.composition.record_failure import recorder
from lightpress.handlers.batch import process_records
from lightpress.telemetry import count_age, logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of dead letters; returns the ids of those that SQS must deliver again."""
    record = recorder()  # wrongly configured, it fails with the whole batch, and raises an alarm

    def one(message: Mapping[str, Any]) -> None:
        received = int(message["attributes"]["ApproximateReceiveCount"])
        try:
            record(dead_letter_of(message, context.aws_request_id), message["receiptHandle"], received)
        except BaseException:  # whatever it is, it comes back
            count_age(int(message["attributes"]["SentTimestamp"]) / 1000)
            raise

    return process_records(event, one)
