"""Entry point of the function `backfill`, which the state machine of backfills invokes: one task at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.backfill import machine
from lightpress.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# For the page that is being listed, the file of the part, and whatever has to be tried again.
_TIME_TO_FINISH_MS = 120_000


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what `event["task"]` says with `event["state"]`; returns what the state machine goes on with."""
    task, state = event["task"], event["state"]
    if task == "begin":
        answer = machine().begin(state, event["execution"])
    elif task == "plan":
        answer = machine().plan(state, lambda: context.get_remaining_time_in_millis() >= _TIME_TO_FINISH_MS)
    elif task == "step":
        answer = machine().step(state)
    elif task == "settle":
        answer = machine().settle(state)
    else:
        answer = machine().drain(state)
    logger.info(f"backfill {task}", state=state, answer=answer)
    return answer
