"""Options of processing: the functions that publish originals, their queues, and the failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.moderation import percents
from lightpress.cdk.options.option_types import choice, flag, integer, matching, option
from lightpress.image.inputs import EXTRA_INPUTS

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

_EVENT_BUS = r"[A-Za-z0-9._-]{1,256}"
INVOCATIONS_OF_A_POLLER = 10
# Lambda's API says 10,000 for SQS, CloudFormation 2,000, and whatever a stack has goes through CloudFormation.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-eventsourcemapping-provisionedpollerconfig.html
_MOST_POLLERS = 2_000
_MOST_FOR_BACKFILLS = 1_000
_MOST_RESERVED = INVOCATIONS_OF_A_POLLER * _MOST_POLLERS + _MOST_FOR_BACKFILLS
# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
_MINUTES_OF_A_CANARY = (0, 5, 10, 15, 30)

# Of SQS. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_LONGEST_RETENTION_DAYS = 14


def _canary(*, doc: str) -> int:
    def read(table: Table, key: str) -> int:
        minutes = table.integer(key, 0, low=min(_MINUTES_OF_A_CANARY), high=max(_MINUTES_OF_A_CANARY))
        if minutes not in _MINUTES_OF_A_CANARY:
            raise table.error(key, f"{minutes} is not allowed; allowed: {', '.join(map(str, _MINUTES_OF_A_CANARY))}")
        return minutes

    return option(0, read, allowed=", ".join(map(str, _MINUTES_OF_A_CANARY)), doc=doc)


def _extra_inputs(*, doc: str) -> tuple[str, ...]:
    schema = {"type": "array", "items": {"enum": list(EXTRA_INPUTS)}}
    allowed = f"a list of {', '.join(EXTRA_INPUTS)}"
    return option(
        (), lambda table, key: table.texts(key, (), allowed=EXTRA_INPUTS), allowed=allowed, doc=doc, schema=schema
    )


@dataclass(frozen=True)
class ProcessingOptions:
    """The functions that publish originals, their queues, and the failures."""

    architecture: str = choice(
        "arm64",
        "arm64",
        "x86_64",
        "host",
        doc='Processor of the functions. "host" is the processor and the Python version of the machine that runs '
        "`cdk synth`; it is for the local cloud only.",
    )
    extra_inputs: tuple[str, ...] = _extra_inputs(
        doc="Formats that are read, or written, with a layer of their own, which the functions that render get: "
        f"{', '.join(EXTRA_INPUTS)}. Recipes name them, too, in `accept` or `formats`: docs/recipes.md, "
        '"SVG, PDF, RAW and JPEG XL". The library for jxl is under the GPL-3.0: docs/licenses.md.',
    )
    face_focus: bool = flag(
        default=False,
        doc='Add the layer that finds faces, for recipes with `focus = "faces"`, to the functions that render: LiteRT '
        'and NumPy, 67 MB. docs/recipes.md, "Focus".',
    )
    memory_mb: int = integer(
        1769,
        low=512,
        high=10_240,
        doc="Memory of the functions, in MB. Lambda gives CPU in proportion to memory: 1,769 MB is one full vCPU, "
        "which is what processing an original uses. New AWS accounts may be limited to 3,008 MB.",
    )
    failure_memory_mb: int = integer(
        3008,
        low=512,
        high=10_240,
        doc="Memory of the function that tries dead letters once more, in MB; at least `memory_mb` is used. New AWS "
        "accounts may be limited to 3,008 MB: request a higher quota before setting more.",
    )
    timeout_seconds: int = integer(
        60,
        low=60,
        high=900,
        doc="Timeout of an invocation, which handles one batch. Processing one original is stopped after 25 seconds; "
        "messages that the invocation has no time left for are returned to the queue.",
    )
    batch_size: int = integer(
        5,
        low=1,
        high=10,
        doc="Messages per invocation. They are processed one after the other, so larger batches save little.",
    )
    max_concurrency: int = integer(
        50,
        low=2,
        high=1000,
        doc="Maximum concurrent invocations of the function that publishes. It limits what a burst of uploads costs, "
        "and how much of the account's concurrency it uses.",
    )
    reserved_concurrency: int = integer(
        0,
        low=0,
        high=_MOST_RESERVED,
        doc="Reserved concurrency of the function that publishes, taken from the account's; 0 reserves none. Must not "
        "be below `max_concurrency` and `backfill_max_concurrency` together, because a throttled invocation counts as "
        "a receive of its messages.",
    )
    provisioned_pollers: int = integer(
        0,
        low=0,
        high=200,
        doc="Minimum number of provisioned pollers of the queue, which react sooner to a burst of uploads; 0 uses "
        "Lambda's ordinary pollers. Each is billed by the hour and runs up to 10 invocations at a time. Replaces "
        "`max_concurrency`.",
    )
    provisioned_pollers_max: int = integer(
        20,
        low=2,
        high=_MOST_POLLERS,
        doc="Maximum number of provisioned pollers, which run up to 10 invocations each: the account's concurrency has "
        "to allow them. Has no effect while `provisioned_pollers` is 0.",
    )
    max_receive_count: int = integer(
        8,
        low=1,
        high=1000,
        doc="Receives of a message before SQS moves it to the dead-letter queue, where it is tried once more, alone. "
        "The pause between receives grows to 15 minutes, so that 8 take half an hour. Throttled invocations count "
        "too: below 5, messages that could be processed may be moved.",
    )
    queue_retention_days: int = integer(
        10,
        low=1,
        high=_LONGEST_RETENTION_DAYS - 1,
        doc="How long messages may wait in the queues before SQS deletes them, without a dead letter. "
        "*MessagesExpireSoon* is raised when half of this is over.",
    )
    dead_letter_retention_days: int = integer(
        _LONGEST_RETENTION_DAYS,
        low=2,
        high=_LONGEST_RETENTION_DAYS,
        doc="How long dead letters are kept, counted from the upload. Must exceed `queue_retention_days`.",
    )
    failure_retention_days: int = integer(
        30,
        low=1,
        high=3650,
        doc="How long a failed original's copy in quarantine and its row in the failures table are kept.",
    )
    backfill_max_concurrency: int = integer(
        20,
        low=2,
        high=_MOST_FOR_BACKFILLS,
        doc="Maximum concurrent invocations of the function that publishes for the queue of backfills, besides those "
        "for uploads.",
    )
    backfill_children: int = integer(
        10,
        low=1,
        high=1000,
        doc="How many shards of about 10,000 originals a backfill looks at at once. Each invokes a function.",
    )
    nightly_look: bool = flag(
        default=True,
        doc="Whether what was uploaded or deleted in the last two days, and in the two before its message expired "
        "(`queue_retention_days`), is looked at every night, so that lost events and messages heal themselves: "
        'docs/operations.md, "The nightly look".',
    )
    event_bus: str = matching(
        _EVENT_BUS,
        such_as="default",
        default="default",
        doc="EventBridge event bus that gets an event for each original that is published, fails or is deleted. "
        '"default" is the account\'s default bus, any other must exist, "" sends none. A million events cost $1: '
        "docs/events.md.",
    )
    detect_labels: bool = flag(
        default=False,
        doc='Have Rekognition name what is in published pictures whose recipe has "labels" in `facts`: docs/facts.md. '
        "$1 for each thousand pictures, and less from a million a month on.",
    )
    detect_faces: bool = flag(
        default=False,
        doc='Have Rekognition find faces in published pictures whose recipe has "faces" in `facts`: sizes with '
        '`focus = "auto"` are cut around them (docs/facts.md). $1 for each thousand pictures.',
    )
    alt_text_model: str = matching(
        r"|[a-z0-9][a-z0-9.:-]{2,99}",
        such_as="eu.amazon.nova-lite-v1:0",
        doc="The id of a model on Bedrock, or of its profile for several regions, that describes published pictures "
        'whose recipe has "alt" in `facts`: docs/facts.md. It must take pictures, and be enabled in the account.',
    )
    moderation_reject: tuple[tuple[str, int], ...] = percents(
        doc='Have Rekognition look at pictures whose recipe has "moderation" in its `gate`: labels, each with the '
        "confidence in percent from which on it rejects a picture (docs/how-to/moderation.md). $1 for each thousand "
        "pictures, and less from a million a month on.",
    )
    moderation_doubt: tuple[tuple[str, int], ...] = percents(
        doc="The same labels or others, each with the confidence from which on a person has to look, with "
        "`moderation_reject`.",
    )
    pixel_library: bool = flag(
        default=True,
        doc="Whether originals are resized, photos in JPEG taken to their variants without RGB in between, and plain "
        "PNG files decoded, by the pixel library, which takes less CPU. `false` has Pillow alone do it: for the case "
        "that something is wrong with the library. Variants are the same but for rounding, and nothing is published "
        "again when this changes.",
    )
    canary_minutes: int = _canary(
        doc="Minutes during which a deployment has a tenth of all invocations run the new version of a function, "
        "before the rest does. Errors or many retries in that time roll the deployment back: docs/deploying.md, "
        '"A tenth first". 0 moves all at once.'
    )


def check_retention(options: ProcessingOptions, table: Table) -> None:
    """Reject dead letters that would expire before the messages of the queue do: SQS counts from the first sending.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    """
    if options.dead_letter_retention_days <= options.queue_retention_days:
        raise table.error(
            "dead_letter_retention_days",
            f"{options.dead_letter_retention_days} is not more than queue_retention_days "
            f"({options.queue_retention_days}): messages would be gone before anybody could look at them",
        )


def check_concurrency(options: ProcessingOptions, table: Table) -> None:
    """Reject a concurrency that throttles invocations: throttling counts as a receive of each message."""
    most = options.max_concurrency
    if options.provisioned_pollers:
        _check_pollers(options, table)
        most = INVOCATIONS_OF_A_POLLER * options.provisioned_pollers_max
    most += options.backfill_max_concurrency
    if 0 < options.reserved_concurrency < most:
        raise table.error(
            "reserved_concurrency",
            f"{options.reserved_concurrency} is less than the {most} that may be started; "
            f"allowed: 0, {most:,} to {_MOST_RESERVED:,}",
        )


def _check_pollers(options: ProcessingOptions, table: Table) -> None:
    if options.provisioned_pollers_max < options.provisioned_pollers or options.provisioned_pollers == 1:
        raise table.error(
            "provisioned_pollers",
            f"{options.provisioned_pollers} is not allowed; "
            f"allowed: 0, 2 to provisioned_pollers_max ({options.provisioned_pollers_max})",
        )
    if table.has("max_concurrency"):
        raise table.error(
            "max_concurrency",
            "cannot stand beside provisioned_pollers; "
            f"allowed: provisioned_pollers_max, {INVOCATIONS_OF_A_POLLER} invocations each",
        )
