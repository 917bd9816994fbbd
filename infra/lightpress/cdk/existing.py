"""Existing buckets: somebody else's, referred to by name, never made, changed or deleted here.

They tell of changes through EventBridge, which leaves their other notifications as they are; their owner switches that
on (docs/existing-buckets.md).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lightpress.cdk.findings import acknowledge
from lightpress.cdk.naming import resource
from lightpress.cdk.queues import WorkQueue
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.options.existing import Existing
    from lightpress.in_place.buckets import InPlace
    from lightpress.pipeline.buckets import Attached, Selection

CREATED, DELETED, RESTORED = "Object Created", "Object Deleted", "Object Restore Completed"

SEE_NAMES = (
    # Without s3:ListBucket, S3 answers 403 for a key that does not exist: deleted would look like forbidden.
    "s3:ListBucket",
    # Of what may not even be looked at, this tells which version it is.
    "s3:ListBucketVersions",
)
"""What telling apart takes, on the bucket of originals: gone, forbidden, and another one."""


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
_MOST_PATTERN_CHARACTERS = 2048
# Only people take messages from there.
_DEAD_LETTERS_HIDDEN_SECONDS = 30


def announce(  # noqa: PLR0913  by keyword
    scope: Construct, id_: str, *, pictures: Selection, changes: Sequence[str], queue: sqs.Queue, config: Config
) -> events.Rule:
    """Send changes of a bucket's objects to a queue, and those that cannot be sent to a dead-letter queue of the rule.

    Args:
        scope: Where the rule is created.
        id_: Of the rule.
        pictures: The bucket, and which of its keys are meant.
        changes: The events of S3, by their detail types.
        queue: Where they are sent.
        config: Of the environment.

    Raises:
        ConfigError: The event pattern is longer than EventBridge allows.
    """
    pattern = _event_pattern(pictures, changes)
    rule = events.Rule(
        scope,
        id_,
        description=f"Changes in {pictures.bucket}, for Lightpress to process",
        event_pattern=events.EventPattern(**pattern),
    )
    send_events(scope, rule, id_, queue=queue, config=config)
    return rule


def send_events(scope: Construct, rule: events.Rule, id_: str, *, queue: sqs.Queue, config: Config) -> None:
    """Send what a rule matches to a queue, and what cannot be sent to a dead-letter queue of the rule.

    Args:
        scope: Where that queue is created.
        rule: The rule.
        id_: What the queue's id begins with.
        queue: Where events are sent.
        config: Of the environment.
    """
    send(rule, to=queue, otherwise=rule_dead_letters(scope, id_, config))


def rule_dead_letters(scope: Construct, id_: str, config: Config) -> WorkQueue:
    """A queue for what a rule cannot send. id_: what its own id begins with."""
    dead_letters = WorkQueue(
        scope,
        f"{id_}DeadLetters",
        logical_id=f"{id_}DeadLetterQueue",
        retention_days=config.processing.dead_letter_retention_days,
        timeout_seconds=_DEAD_LETTERS_HIDDEN_SECONDS,
    )
    acknowledge(
        dead_letters, "AwsSolutions-SQS3", because="It is the dead-letter queue of a rule, which cdk-nag does not see."
    )
    return dead_letters


def _event_pattern(pictures: Selection, changes: Sequence[str]) -> dict[str, Any]:
    detail: dict[str, object] = {"bucket": {"name": [pictures.bucket]}}
    if keys := _patterns(pictures):
        detail["object"] = {"key": keys}
    pattern = {"source": ["aws.s3"], "detail-type": list(changes), "detail": detail}
    characters = len(json.dumps(pattern, separators=(",", ":"), ensure_ascii=False))
    if characters > _MOST_PATTERN_CHARACTERS:
        raise ConfigError(
            f"suffixes of the bucket {pictures.bucket}: the event pattern of its rule has {characters:,} characters; "
            f"allowed: {_MOST_PATTERN_CHARACTERS:,}. Name fewer suffixes, or a shorter prefix"
        )
    return {"source": ["aws.s3"], "detail_type": list(changes), "detail": detail}


def send(rule: events.Rule, *, to: sqs.Queue, otherwise: sqs.Queue) -> None:
    """Set the target of the resource itself.

    `targets.SqsQueue` would restrict EventBridge's use of an encrypted queue and its key by aws:SourceAccount, which
    EventBridge need not send; the key's own statement is in `cdk.encryption`.
    """
    resource(rule, events.CfnRule).targets = [
        events.CfnRule.TargetProperty(
            id="Target0",
            arn=to.queue_arn,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=otherwise.queue_arn),
        )
    ]
    for queue in (to, otherwise):
        accept_from(rule, queue)


def accept_from(rule: events.Rule, queue: sqs.Queue) -> None:
    """Let a rule send to a queue."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.rule_arn}},
        )
    )


def read_attached(function: PythonFunction, existing: Sequence[Existing[Attached]]) -> None:
    """Have `function` look at the pictures of attached buckets; it may not change them."""
    for one in existing:
        function.allow("s3:GetObject", on=objects_of(one.pictures))
        function.allow(*SEE_NAMES, on=arn_of(one.pictures))
        if one.kms_key:
            function.allow("kms:Decrypt", on=one.kms_key)
        accept_any_key(function, one.pictures)
    name_attached(function, existing)


def name_attached(function: PythonFunction, existing: Sequence[Existing[Attached]]) -> None:
    """Tell `function` which keys are those of attached buckets; this grants nothing."""
    if existing:
        function.tell("ATTACHED", as_json([one.pictures for one in existing]))


def accept_any_key(function: PythonFunction, pictures: Selection) -> None:
    """Answer cdk-nag for grants on the selected objects, of a bucket whose name is known: a finding has no tokens."""
    if Token.is_unresolved(pictures.bucket):
        return
    acknowledge(
        function.own_role,
        f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{pictures.bucket}/{pictures.prefix}*]",
        because="Which keys there will be is not known at deploy time; the actions are those on single objects.",
    )


def arn_of(pictures: Selection) -> str:
    """The ARN of a selection's bucket, without its objects."""
    return f"arn:{Aws.PARTITION}:s3:::{pictures.bucket}"


def objects_of(pictures: Selection) -> str:
    """The ARN of the objects under the prefix; IAM knows no capitals to ignore, so suffixes do not narrow it."""
    return f"{arn_of(pictures)}/{pictures.prefix}*"


def as_json(pictures: Sequence[Selection]) -> str:
    """JSON for an environment variable of a function: a list of selections."""
    return json.dumps([asdict(one) for one in pictures], separators=(",", ":"))


def existing_as_json(attached: Sequence[Existing[Attached]], in_place: Sequence[Existing[InPlace]]) -> str:
    """For the command line, which works on what is deployed and not on what a file says by now."""
    rows = {
        "attached": [asdict(one.pictures) for one in attached],
        "in_place": [asdict(one.pictures) for one in in_place],
    }
    return json.dumps(rows, separators=(",", ":"))


def _patterns(pictures: Selection) -> list[dict[str, str]]:
    """What EventBridge compares keys with, in small letters and in capitals; the function ignores capitals entirely."""
    if pictures.suffixes:
        endings = sorted({form for suffix in pictures.suffixes for form in (suffix.lower(), suffix.upper())})
        return [{"wildcard": f"{_literal(pictures.prefix)}*{_literal(ending)}"} for ending in endings]
    return [{"prefix": pictures.prefix}] if pictures.prefix else []


def check_place(bucket: s3.IBucket, near: Construct, who: str) -> None:
    """Refuse a bucket in another account or region than `near`, as far as that is known.

    who: what the error begins with, with the argument's name.
    """
    stack = Stack.of(near)
    for what, theirs, ours in (
        ("account", bucket.env.account, stack.account),
        ("region", bucket.env.region, stack.region),
    ):
        if not Token.is_unresolved(theirs) and not Token.is_unresolved(ours) and theirs != ours:
            raise ConfigError(
                f"{who}: the bucket is in the {what} {theirs}, and this stack in {ours}: S3 sends a bucket's events to "
                "EventBridge of its own account and region alone. Deploy a Lightpress there, or copy the originals "
                "here with S3 replication"
            )


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")
