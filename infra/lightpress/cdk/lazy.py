"""Lazy rendering: variants that a recipe leaves for their first view are made by a function behind the CDN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lightpress.cdk.existing import read_attached
from lightpress.cdk.functions import Layers, PythonFunction
from lightpress.cdk.naming import global_name
from lightpress.cdk.processing import read_originals

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import FunctionCode

# CloudFront waits for an origin for up to 60 seconds, without asking AWS for more.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_CDN_WAITS_SECONDS = 60
LAZY_TIMEOUT_SECONDS = 55
"""After it, nobody renders for an old manifest any more."""
# From when a late look is requested until the manifest is replaced: at most two requests of 27 seconds
# (`lightpress.aws.session.WAITING`).
_REPLACED_WITHIN_SECONDS = 60


class LazyRendering(Construct):
    """Makes single variants, for the CDN alone.

    Attributes:
        function: The function `render_lazy`.
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
        self.function = PythonFunction(
            self,
            "RenderLazy",
            handler="render_lazy",
            description="Makes lazy variants when somebody first asks for them",
            code=code,
            config=config,
            layers=Layers.RENDERING,
            timeout_seconds=LAZY_TIMEOUT_SECONDS,
            reserved_concurrency=config.delivery.lazy_concurrency,
            environment={"IMAGES_BUCKET": images.bucket_name},
        )
        read_originals(self.function, uploads)
        read_attached(self.function, config.existing.attach)
        self.function.allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=images.arn_for_objects("i/*"))
        self.function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects("m/*"))
        # Without, S3 would say 403 of what is not there.
        self.function.allow("s3:ListBucket", on=images.bucket_arn)
        self.function.accept_any_key(images, "i/*", "m/*")

    def origin(self, shield: str | None) -> cloudfront.IOrigin:
        """The function's URL, which requires IAM's permission; only the CDN has it. shield: region of Origin Shield."""
        return origins.FunctionUrlOrigin.with_origin_access_control(
            self.function.live.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM),
            origin_access_control=cloudfront.FunctionUrlOriginAccessControl(
                self,
                "Access",
                origin_access_control_name=global_name(self._config, "render-lazy"),
                description="Asks for lazy variants",
            ),
            origin_shield_region=shield,
            read_timeout=Duration.seconds(_CDN_WAITS_SECONDS),
        )

    def look_later(self, queue: sqs.IQueue, *senders: PythonFunction) -> None:
        """Let `senders` request late looks through the queue of uploads, for when nobody renders any more."""
        for sender in senders:
            sender.tell("LATE_LOOKS_QUEUE_URL", queue.queue_url)
            sender.tell("LATE_LOOK_SECONDS", str(_REPLACED_WITHIN_SECONDS + LAZY_TIMEOUT_SECONDS))
            sender.allow("sqs:SendMessage", on=queue.queue_arn)
