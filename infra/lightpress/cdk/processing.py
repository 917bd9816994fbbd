"""Processing: a change of an original is announced, queued, and worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from lightpress.cdk.buckets import PrivateBucket
from lightpress.cdk.component import Component
from lightpress.cdk.existing import CREATED, DELETED, RESTORED, SEE_NAMES, announce, read_attached
from lightpress.cdk.functions import Layers, PythonFunction
from lightpress.cdk.naming import resource
from lightpress.cdk.queues import queue_and_dead_letters, queue_of_pictures
from lightpress.pipeline.buckets import Selection

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import FunctionCode
    from lightpress.cdk.queues import WorkQueue

# Every way in which an original comes, changes, goes, or can be read at last. A change of its tags alone is none.
_CHANGES = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "s3:ObjectRestore:Completed")
_CHANGES_ON_EVENTBRIDGE = (CREATED, DELETED, RESTORED)

RECORD_FAILURE_TIMEOUT_SECONDS = 180


class Processing(Component):
    """Processes what changes in the uploads bucket. What no retry can help goes to the dead-letter queue.

    Attributes:
        queue: The queue of uploads.
        dead_letters: Its dead-letter queue.
        function: The function `process_upload`.
        rules: The EventBridge rules of buckets that are not our own, which fill the queue, too.
    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        uploads: s3.IBucket,
        images: PrivateBucket,
        code: FunctionCode,
        config: Config,
    ) -> None:
        super().__init__(scope, id_)
        self._config = config
        self.queue, self.dead_letters = queue_and_dead_letters(
            self, config=config, looked_at_for_seconds=RECORD_FAILURE_TIMEOUT_SECONDS
        )
        self.rules: list[events.Rule] = []
        self._announce_uploads(uploads, config)
        self.function = self._function(code, config)
        read_originals(self.function, uploads)
        read_attached(self.function, config.existing.attach)
        self.rules += self._announce_attached(config)
        self.function.allow("sqs:SendMessage", on=self.dead_letters.queue_arn)
        self._consume(config)
        publish(self.function, images)
        self.functions = (self.function,)
        self.work_queues = (self.queue,)
        self.outputs = {
            "QueueUrl": self.queue.queue_url,
            "DeadLetterQueueUrl": self.dead_letters.queue_url,
            "ProcessUploadFunctionName": self.function.function_name,
        }

    def queue_beside(
        self, scope: Construct, id_: str, *, logical_id: str, timeout_seconds: int, receives: int | None = None
    ) -> WorkQueue:
        """Another queue of messages about pictures, which go to the same dead-letter queue. As `queue_of_pictures`."""
        return queue_of_pictures(
            scope,
            id_,
            logical_id=logical_id,
            timeout_seconds=timeout_seconds,
            dead_letters=self.dead_letters,
            config=self._config,
            receives=receives,
        )

    def _announce_uploads(self, uploads: s3.IBucket, config: Config) -> None:
        """S3 itself fills the queue from our own bucket; from another, which may tell others, a rule does."""
        if isinstance(uploads, PrivateBucket):
            _announce_changes(uploads, self.queue)
            return
        uploads.enable_event_bridge_notification()
        self.rules.append(
            announce(
                self,
                "Uploads",
                pictures=Selection(uploads.bucket_name),
                changes=_CHANGES_ON_EVENTBRIDGE,
                queue=self.queue,
                config=config,
            )
        )

    def _announce_attached(self, config: Config) -> list[events.Rule]:
        return [
            announce(
                self,
                f"Attached{number}",
                pictures=one.pictures,
                changes=_CHANGES_ON_EVENTBRIDGE,
                queue=self.queue,
                config=config,
            )
            for number, one in enumerate(config.existing.attach)
        ]

    def _consume(self, config: Config) -> None:
        pollers = _pollers(config)
        self.function.consume(
            self.queue,
            batch_size=config.processing.batch_size,
            max_concurrency=None if pollers else config.processing.max_concurrency,
            pollers=pollers,
        )

    def _function(self, code: FunctionCode, config: Config) -> PythonFunction:
        return PythonFunction(
            self,
            "ProcessUpload",
            handler="process_upload",
            description="Publishes the variants of originals, and removes those of deleted ones",
            code=code,
            config=config,
            layers=Layers.RENDERING,
            reserved_concurrency=config.processing.reserved_concurrency,
            environment={
                "QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
            },
        )


def _pollers(config: Config) -> lambda_.ProvisionedPollerConfig | None:
    """Those that the queue has for itself, if any."""
    if not config.processing.provisioned_pollers:
        return None
    return lambda_.ProvisionedPollerConfig(
        minimum_pollers=config.processing.provisioned_pollers, maximum_pollers=config.processing.provisioned_pollers_max
    )


def read_originals(function: PythonFunction, uploads: s3.IBucket) -> None:
    """Have `function` look at originals; it may not change them."""
    function.tell("UPLOADS_BUCKET", uploads.bucket_name)
    function.allow("s3:GetObject", on=uploads.arn_for_objects("*"))
    function.allow(*SEE_NAMES, on=uploads.bucket_arn)
    function.accept_any_key(uploads, "*")


def publish(function: PythonFunction, images: PrivateBucket) -> None:
    """Have `function` write variants (i/) and manifests (m/)."""
    function.tell("IMAGES_BUCKET", images.bucket_name)
    function.allow("s3:PutObject", "s3:DeleteObject", on=images.arn_for_objects("i/*"))
    function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects("m/*"))
    function.allow("s3:ListBucket", on=images.bucket_arn)
    function.accept_any_key(images, "i/*", "m/*")


def _announce_changes(uploads: PrivateBucket, queue: sqs.Queue) -> None:
    """Have S3 tell the queue. Said of the resources themselves: the construct's own way would add a function to do it.

    The queue's policy comes first, because S3 tries it at once; so it cannot refer to the bucket, only know its name.
    """
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("s3.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={
                "ArnEquals": {"aws:SourceArn": uploads.known_arn},
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            },
        )
    )
    bucket = resource(uploads, s3.CfnBucket)
    bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        queue_configurations=[
            s3.CfnBucket.QueueConfigurationProperty(event=event, queue=queue.queue_arn) for event in _CHANGES
        ]
    )
    bucket.add_resource_dependency(resource(queue.node.find_child("Policy"), sqs.CfnQueuePolicy))
