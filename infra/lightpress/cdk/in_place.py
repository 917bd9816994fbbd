"""In place: pictures of existing buckets are replaced, where they lie, by smaller ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.cdk.component import Component
from lightpress.cdk.existing import CREATED, accept_any_key, announce, arn_of, as_json, objects_of
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.queues import queue_and_dead_letters

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from constructs import Construct

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.functions import FunctionCode
    from lightpress.cdk.options.existing import Existing
    from lightpress.in_place.buckets import InPlace as Pictures

# Nobody but people take messages from there.
_DEAD_LETTERS_HIDDEN_SECONDS = 30


class InPlace(Component):
    """Processes objects that are created in existing buckets, from a queue of its own: uploads never wait behind them.

    Messages that make no sense or failed too often stay in the dead-letter queue for an operator; their objects are as
    they were.

    Attributes:
        queue: Its queue.
        dead_letters: Its dead-letter queue.
        function: The function `compress_in_place`.
        rules: The EventBridge rules that fill the queue, one for each bucket.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core) -> None:
        super().__init__(scope, id_)
        config = core.config
        self.queue, self.dead_letters = queue_and_dead_letters(
            self, name="InPlace", config=config, looked_at_for_seconds=_DEAD_LETTERS_HIDDEN_SECONDS
        )
        self.function = self._function(core.code, config)
        self.rules: list[events.Rule] = []
        for number, existing in enumerate(config.existing.in_place):
            self.rules.append(self._announce(number, existing, config))
            self._replace(existing)
        self._remember_in(core.images)
        self.function.consume(
            self.queue, batch_size=config.processing.batch_size, max_concurrency=config.processing.max_concurrency
        )
        self.functions = (self.function,)
        self.work_queues = (self.queue,)
        self.outputs = {
            "InPlaceQueueUrl": self.queue.queue_url,
            "InPlaceDeadLetterQueueUrl": self.dead_letters.queue_url,
        }

    def _function(self, code: FunctionCode, config: Config) -> PythonFunction:
        function = PythonFunction(
            self,
            "CompressInPlace",
            handler="compress_in_place",
            description="Compresses objects of existing buckets in place",
            code=code,
            config=config,
            environment={
                "QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
                "IN_PLACE": as_json([one.pictures for one in config.existing.in_place]),
            },
        )
        function.allow("sqs:SendMessage", on=self.dead_letters.queue_arn)
        return function

    def _announce(self, number: int, existing: Existing[Pictures], config: Config) -> events.Rule:
        return announce(
            self,
            f"Changes{number}",
            pictures=existing.pictures,
            changes=[CREATED],
            queue=self.queue,
            config=config,
        )

    def _replace(self, existing: Existing[Pictures]) -> None:
        """Allow to read and write the selected objects, with what they are stored with, and never to delete one."""
        pictures = existing.pictures
        self.function.allow("s3:GetObject", "s3:PutObject", on=objects_of(pictures))
        self.function.allow("s3:GetObjectTagging", "s3:PutObjectTagging", on=objects_of(pictures))
        # Without these two, HEAD keeps silent about Object Lock, and what is locked would look as if it were not:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        self.function.allow("s3:GetObjectLegalHold", "s3:GetObjectRetention", on=objects_of(pictures))
        if pictures.acls:
            self.function.allow("s3:GetObjectAcl", "s3:PutObjectAcl", on=objects_of(pictures))
        self.function.allow("s3:ListBucket", "s3:GetBucketOwnershipControls", on=arn_of(pictures))
        if existing.kms_key:
            self.function.allow("kms:Decrypt", "kms:GenerateDataKey", on=existing.kms_key)
        accept_any_key(self.function, pictures)

    def _remember_in(self, images: PrivateBucket) -> None:
        """Keep the ledger beside the manifests; viewers can reach neither."""
        self.function.tell("IMAGES_BUCKET", images.bucket_name)
        self.function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects("c/*"))
        self.function.allow("s3:ListBucket", on=images.bucket_arn)
        self.function.accept_any_key(images, "c/*")
