"""Enriching: what enrichers say of published pictures comes in by a queue; those that ship are asked by events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_events as events

from lightpress.cdk.account_limits import ENRICHED_AT_ONCE, FACTS_AT_ONCE
from lightpress.cdk.asking import AskedQueue
from lightpress.cdk.component import Component
from lightpress.cdk.existing import name_attached, send
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.naming import resource
from lightpress.cdk.queues import MOST_RECEIVES
from lightpress.cdk.webhooks import rule_of
from lightpress.delivery.notify import KINDS
from lightpress.pipeline.facts import ALT, DUPLICATES, FACES, FACTS, LABELS
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import LIKENESSES, MANIFESTS, VARIANTS

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core

_MEMORY_MB = 256
_TIMEOUT_SECONDS = 60
_BATCH = 5
_OF_SEVERAL_REGIONS = re.compile(r"(?:us|us-gov|eu|apac|au|jp|ca|sa|global)\.(.+)")


@dataclass(frozen=True, slots=True)
class Shipped:
    """An enricher that ships.

    Attributes:
        id: Of its resources.
        handler: Its function's module in `lightpress.handlers`.
        description: Of the function.
    """

    id: str
    handler: str
    description: str


SHIPPED = {
    LABELS: Shipped("DetectLabels", "detect_labels", "Has Rekognition name what is in pictures"),
    FACES: Shipped("DetectFaces", "detect_faces", "Has Rekognition find faces in pictures"),
    ALT: Shipped("DescribePicture", "describe_picture", "Has a model on Bedrock describe pictures"),
    DUPLICATES: Shipped("FindDuplicates", "find_duplicates", "Finds pictures that look alike"),
}


def shipped_in(config: Config, enrichers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the recipes' enrichers that the stack has itself; the others are the owner's own."""
    chosen = {
        LABELS: config.processing.detect_labels,
        FACES: config.processing.detect_faces,
        ALT: bool(config.processing.alt_text_model),
        DUPLICATES: True,
    }
    return tuple(name for name in SHIPPED if name in enrichers and chosen[name])


class Enriching(Component):
    """Takes facts, keeps them, and has the pictures looked at again. Whoever may send to its queue is an enricher.

    Attributes:
        queue: The fact queue.
        function: The function `take_fact`.
        asked: Where events wait for the enrichers that ship.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core) -> None:
        super().__init__(scope, id_)
        self._images, self._code, self._config = core.images, core.code, core.config
        self.queue = core.processing.queue_beside(
            self, "FactQueue", logical_id="FactQueue", timeout_seconds=_TIMEOUT_SECONDS, receives=MOST_RECEIVES
        )
        self.function = self._function(
            "TakeFact",
            "take_fact",
            "Keeps what enrichers say of pictures, and has them looked at again",
            {
                "UPLOADS_BUCKET": core.originals.bucket_name,
                "QUEUE_URL": core.processing.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": core.processing.dead_letters.queue_url,
            },
        )
        name_attached(self.function, core.config.existing.attach)
        self.function.consume(self.queue, batch_size=10, max_concurrency=FACTS_AT_ONCE)
        self._allow_objects(self.function, "s3:GetObject", f"{FACTS}*")
        self._allow_objects(self.function, "s3:PutObject", f"{FACTS}*")
        self._allow_objects(self.function, "s3:GetObject", f"{MANIFESTS}*")
        self.function.allow("s3:ListBucket", on=core.images.bucket_arn)
        self.function.allow("sqs:SendMessage", on=core.processing.queue.queue_arn)
        self.function.allow("sqs:SendMessage", on=core.processing.dead_letters.queue_arn)
        asked = [self._shipped(name) for name in shipped_in(core.config, core.code.recipes.enrichers)]
        self.functions = (self.function, *(function for function, _ in asked))
        self.asked = tuple(queue for _, queue in asked)
        self.work_queues = (self.queue,)
        self.outputs = {"FactQueueUrl": self.queue.queue_url, "FactQueueArn": self.queue.queue_arn}

    def _shipped(self, name: str) -> tuple[PythonFunction, AskedQueue]:
        """A function that is asked where its own name is missing in an event, and no more."""
        ships, config = SHIPPED[name], self._config
        asked = AskedQueue(self, ships.id, timeout_seconds=_TIMEOUT_SECONDS, config=config)
        model = {"ALT_TEXT_MODEL": config.processing.alt_text_model} if name == ALT else {}
        function = self._function(
            ships.id, ships.handler, ships.description, {"FACT_QUEUE_URL": self.queue.queue_url, **model}
        )
        function.consume(asked.queue, batch_size=_BATCH, max_concurrency=ENRICHED_AT_ONCE)
        self._allow_objects(function, "s3:GetObject", f"{MANIFESTS}*")
        function.allow("s3:ListBucket", on=self._images.bucket_arn)
        function.allow("sqs:SendMessage", on=self.queue.queue_arn)
        if name == DUPLICATES:
            self._allow_objects(function, "s3:PutObject", f"{LIKENESSES}*")
        else:
            self._allow_objects(function, "s3:GetObject", f"{VARIANTS}*")
            self._allow_service(function, name)
        rule = rule_of(self, f"{ships.id}Rule", [KINDS[Status.READY]], config, f"Pictures to be asked for: {name}")
        resource(rule, events.CfnRule).event_pattern = {
            "source": ["lightpress"],
            "detail-type": [KINDS[Status.READY]],
            "detail": {"deployment": [config.prefix], "facts": {"missing": [name]}},
        }
        send(rule, to=asked.queue, otherwise=asked.dead_letters)
        return function, asked

    def _function(self, id_: str, handler: str, description: str, environment: dict[str, str]) -> PythonFunction:
        return PythonFunction(
            self,
            id_,
            handler=handler,
            description=description,
            code=self._code,
            config=self._config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={"IMAGES_BUCKET": self._images.bucket_name, **environment},
        )

    def _allow_objects(self, function: PythonFunction, action: str, keys: str) -> None:
        function.allow(action, on=self._images.arn_for_objects(keys))
        function.accept_any_key(self._images, keys)

    def _allow_service(self, function: PythonFunction, name: str) -> None:
        if name == ALT:
            for arn in _models(self, self._config.processing.alt_text_model):
                function.allow("bedrock:InvokeModel", on=arn)
            acknowledge(
                function.own_role,
                "AwsSolutions-IAM5",
                because="A profile of several regions calls its one model in any of them.",
            )
            return
        function.allow({LABELS: "rekognition:DetectLabels", FACES: "rekognition:DetectFaces"}[name], on="*")
        acknowledge(
            function.own_role,
            "AwsSolutions-IAM5[Resource::*]",
            because="This action of Rekognition has no resources that a policy could name.",
        )


def _models(scope: Construct, model: str) -> list[str]:
    """The ARNs of a model: of its profile, too, where several regions share it.

    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    stack = Stack.of(scope)
    several = _OF_SEVERAL_REGIONS.fullmatch(model)
    if several is None:
        return [f"arn:{stack.partition}:bedrock:{stack.region}::foundation-model/{model}"]
    profile = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:inference-profile/{model}"
    return [profile, f"arn:{stack.partition}:bedrock:*::foundation-model/{several[1]}"]


def read_facts(*functions: PythonFunction, images: PrivateBucket) -> None:
    """Have functions read what enrichers say."""
    for function in functions:
        function.allow("s3:GetObject", on=images.arn_for_objects(f"{FACTS}*"))
        function.accept_any_key(images, f"{FACTS}*")
