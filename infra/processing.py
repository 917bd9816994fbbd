"""Processing: a change of an original is announced, queued, and worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.findings import acknowledge
from infra.functions import FunctionCode, PythonFunction
from infra.naming import pin, resource

if TYPE_CHECKING:
    from infra.buckets import PrivateBucket
    from infra.config import Config

# Every way in which an original comes, changes and goes. A change of its tags alone is none.
_CHANGES = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*")

# What AWS advises: a function that is throttled may hold messages for a while before it can work on them.
_VISIBLE_AGAIN_AFTER_TIMEOUTS = 6


class Processing(Construct):
    """Works off what changes in `uploads`. What no retry can help waits in `dead_letters` for somebody to look."""

    def __init__(
        self, scope: Construct, id_: str, *, uploads: PrivateBucket, code: FunctionCode, config: Config
    ) -> None:
        super().__init__(scope, id_)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=Duration.days(config.dead_letter_retention_days),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            retention_period=Duration.days(config.queue_retention_days),
            visibility_timeout=Duration.seconds(_VISIBLE_AGAIN_AFTER_TIMEOUTS * config.timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=config.max_receive_count),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        pin(self.dead_letters, "DeadLetterQueue")
        pin(self.queue, "Queue")
        _announce_changes(uploads, self.queue)
        self.function = PythonFunction(
            self,
            "ProcessUpload",
            handler="process_upload",
            description="Makes what is published of an original match the original",
            code=code,
            config=config,
            environment={
                "UPLOADS_BUCKET": uploads.bucket_name,
                "DEAD_LETTER_QUEUE_URL": self.dead_letters.queue_url,
            },
        )
        self._read_originals(uploads)
        self.function.may("sqs:SendMessage", on=self.dead_letters.queue_arn)
        self.function.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=config.batch_size,
                max_concurrency=config.max_concurrency,
                report_batch_item_failures=True,
            )
        )

    def publish_to(self, images: PrivateBucket) -> None:
        """Have variants (i/) and manifests (m/) written to `images`."""
        self.function.add_environment("IMAGES_BUCKET", images.bucket_name)
        self.function.may("s3:PutObject", "s3:DeleteObject", on=images.arn_for_objects("i/*"))
        self.function.may("s3:GetObject", "s3:PutObject", on=images.arn_for_objects("m/*"))
        self.function.may("s3:ListBucket", on=images.bucket_arn)
        self._accept_any_key(images, "i/*", "m/*")

    def _read_originals(self, uploads: PrivateBucket) -> None:
        self.function.may("s3:GetObject", on=uploads.arn_for_objects("*"))
        # Who may not list a bucket is told 403 of a key that is not there, and could not tell gone from forbidden.
        self.function.may("s3:ListBucket", on=uploads.bucket_arn)
        self._accept_any_key(uploads, "*")

    def _accept_any_key(self, bucket: PrivateBucket, *keys: str) -> None:
        acknowledge(
            self.function.own_role,
            *(f"AwsSolutions-IAM5[Resource::<{bucket.logical_id}.Arn>/{key}]" for key in keys),
            because="Which keys there will be is not known at deploy time; the actions are those on single objects.",
        )


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
