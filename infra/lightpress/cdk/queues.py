"""The one way a queue is made here: encrypted, TLS only. Alone, or with a dead-letter queue of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs

from lightpress.cdk.encryption import key_of
from lightpress.cdk.naming import pin

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config

# What AWS advises: a function that is throttled may hold messages for a while before it can work on them; and they are
# invisible while a batch is gathered.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_VISIBLE_AGAIN_AFTER_TIMEOUTS = 6


class WorkQueue(sqs.Queue):
    """Messages for a function that takes `timeout_seconds` at most, once a batch was gathered for `window_seconds`."""

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        logical_id: str,
        retention_days: int,
        timeout_seconds: int,
        window_seconds: int = 0,
        dead_letters: sqs.Queue | None = None,
        max_receive_count: int = 1000,
    ) -> None:
        key = key_of(scope)
        super().__init__(
            scope,
            id_,
            retention_period=Duration.days(retention_days),
            visibility_timeout=Duration.seconds(_VISIBLE_AGAIN_AFTER_TIMEOUTS * timeout_seconds + window_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=max_receive_count)
            if dead_letters
            else None,
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
            enforce_ssl=True,
        )
        pin(self, logical_id)


def queue_and_dead_letters(
    scope: Construct, *, config: Config, name: str = "", looked_at_for_seconds: int
) -> tuple[WorkQueue, WorkQueue]:
    """A queue for a function with the timeout `config.processing.timeout_seconds`, and its dead-letter queue.

    Both are children of `scope` itself: a construct around them would change the logical ids of their policies.

    Args:
        scope: Where they are created.
        config: Of the environment.
        name: What their logical ids begin with.
        looked_at_for_seconds: Visibility timeout of the dead-letter queue, from the timeout of the function that reads
            it.
    """
    dead_letters = WorkQueue(
        scope,
        "DeadLetters",
        logical_id=f"{name}DeadLetterQueue",
        retention_days=config.processing.dead_letter_retention_days,
        timeout_seconds=looked_at_for_seconds,
    )
    queue = queue_of_pictures(
        scope,
        "Queue",
        logical_id=f"{name}Queue",
        timeout_seconds=config.processing.timeout_seconds,
        dead_letters=dead_letters,
        config=config,
    )
    return queue, dead_letters


MOST_RECEIVES = 1_000  # that SQS counts


def queue_of_pictures(  # noqa: PLR0913  by keyword
    scope: Construct,
    id_: str,
    *,
    logical_id: str,
    timeout_seconds: int,
    dead_letters: sqs.Queue,
    config: Config,
    receives: int | None = None,
) -> WorkQueue:
    """A queue whose messages are kept, and tried, as often and as long as `config.processing` says.

    receives: How often they are tried instead.
    """
    return WorkQueue(
        scope,
        id_,
        logical_id=logical_id,
        retention_days=config.processing.queue_retention_days,
        timeout_seconds=timeout_seconds,
        dead_letters=dead_letters,
        max_receive_count=receives or config.processing.max_receive_count,
    )
