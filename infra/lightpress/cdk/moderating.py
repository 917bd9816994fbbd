"""Moderating: pictures that wait for the reviewer "moderation" are looked at by Rekognition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events

from lightpress.cdk.account_limits import MODERATED_AT_ONCE
from lightpress.cdk.asking import AskedQueue
from lightpress.cdk.component import Component
from lightpress.cdk.existing import read_attached, send
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import Layers, PythonFunction
from lightpress.cdk.naming import resource
from lightpress.cdk.processing import read_originals
from lightpress.cdk.webhooks import rule_of
from lightpress.delivery.notify import KINDS, SOURCE
from lightpress.pipeline.gate import MODERATION, REVIEWS
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.moderation import Thresholds
from lightpress.pipeline.paths import MANIFESTS

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.reviewing import Reviewing

_TIMEOUT_SECONDS = 90
"""Rendering one original may take 25 s, and Rekognition is waited for up to 51 s."""


class Moderating(Component):
    """A reviewer that ships. It renders what it sends to Rekognition, which reads JPEG and PNG alone.

    Attributes:
        function: The function `moderate`.
        asked: Where events wait for it.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core, reviewing: Reviewing) -> None:
        super().__init__(scope, id_)
        config, images = core.config, core.images
        self.asked = AskedQueue(self, "Moderate", timeout_seconds=_TIMEOUT_SECONDS, config=config)
        options = config.processing
        thresholds = Thresholds(dict(options.moderation_reject), dict(options.moderation_doubt))
        self.function = PythonFunction(
            self,
            "Moderate",
            handler="moderate",
            description="Has Rekognition look at pictures that wait, and says what it finds",
            code=core.code,
            config=config,
            layers=Layers.RENDERING,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={
                "IMAGES_BUCKET": images.bucket_name,
                "REVIEW_QUEUE_URL": reviewing.queue.queue_url,
                "MODERATION": thresholds.to_json(),
            },
        )
        read_originals(self.function, core.originals)
        read_attached(self.function, config.existing.attach)
        # One picture for each invocation: none has to be rendered again because another took long.
        self.function.consume(self.asked.queue, batch_size=1, max_concurrency=MODERATED_AT_ONCE)
        for keys in (f"{MANIFESTS}*", f"{REVIEWS}*"):
            self.function.allow("s3:GetObject", on=images.arn_for_objects(keys))
            self.function.accept_any_key(images, keys)
        self.function.allow("s3:ListBucket", on=images.bucket_arn)
        self.function.allow("sqs:SendMessage", on=reviewing.queue.queue_arn)
        self.function.allow("rekognition:DetectModerationLabels", on="*")
        acknowledge(
            self.function.own_role,
            "AwsSolutions-IAM5[Resource::*]",
            because="This action of Rekognition has no resources that a policy could name.",
        )
        self._ask(config)
        self.functions = (self.function,)

    def _ask(self, config: Config) -> None:
        rule = rule_of(self, "ModerateRule", [KINDS[Status.HELD]], config, "Pictures that wait for moderation")
        resource(rule, events.CfnRule).event_pattern = {
            "source": [SOURCE],
            "detail-type": [KINDS[Status.HELD]],
            "detail": {"deployment": [config.prefix], "reviewers": [MODERATION]},
        }
        send(rule, to=self.asked.queue, otherwise=self.asked.dead_letters)
