"""The whole of it, in the order data moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack

from infra.announcements import announce_on
from infra.dashboard import Dashboard
from infra.delivery import Delivery
from infra.encryption import Encryption
from infra.existing import existing_as_json
from infra.failures import Failures
from infra.functions import FunctionCode
from infra.in_place import InPlace
from infra.monitoring import Monitoring
from infra.processing import Processing
from infra.purging import Purging
from infra.queries import SavedQueries
from infra.readiness import LAMBDA_SRC
from infra.upload_api import UploadApi
from infra.upload_page import UploadPage
from infra.uploads import Uploads
from infra.url_ingest import UrlIngest

if TYPE_CHECKING:
    from pathlib import Path

    from constructs import Construct

    from infra.config import Config


class LightpressStack(Stack):
    """Originals are uploaded, processed and delivered. `source` is the folder of the functions' code."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, source: Path = LAMBDA_SRC) -> None:
        super().__init__(
            scope,
            id_,
            description="Lightpress: every size and format the web needs of every picture dropped into a bucket",
            termination_protection=config.termination_protection,
        )
        Encryption(self, config=config)
        code = FunctionCode(self, "Code", source=source, config=config)
        api = UploadApi(self, "UploadApi", config=config) if config.upload_auth != "off" else None
        uploads = Uploads(self, "Uploads", config=config, page=api.origin if api and config.upload_page else None)
        processing = Processing(self, "Processing", uploads=uploads.bucket, code=code, config=config)
        delivery = Delivery(self, "Delivery", uploads=uploads.bucket, code=code, config=config)
        processing.publish_to(delivery.images)
        failures = Failures(
            self,
            "Failures",
            processing=processing,
            uploads=uploads.bucket,
            images=delivery.images,
            code=code,
            config=config,
        )
        if config.event_bus:
            announce_on(config.event_bus, processing.function, failures.function, base_url=delivery.base_url)
        functions = {
            "ProcessUpload": processing.function,
            "RecordFailure": failures.function,
            "Resolver": delivery.resolver,
        }
        if config.invalidate_deleted:
            purging = Purging(self, "Purging", processing=processing, delivery=delivery, code=code, config=config)
            purging.hear(processing.function, failures.function)
            functions["PurgeDeleted"] = purging.function
        if api:
            functions["UploadApi"] = api.serve(uploads.bucket, delivery, code, ingest=config.url_ingest)
            CfnOutput(self, "UploadApiUrl", value=api.origin)
        if config.url_ingest:
            urls = UrlIngest(self, "UrlIngest", uploads=uploads.bucket, processing=processing, code=code, config=config)
            functions["FetchUrl"] = urls.function
            CfnOutput(self, "UrlQueueUrl", value=urls.queue.queue_url)
            if api:
                urls.serve(functions["UploadApi"], failures)
        if api and config.upload_page:
            UploadPage(
                self,
                "UploadPage",
                api=api,
                uploads=uploads.bucket,
                delivery=delivery,
                max_bytes=code.max_bytes,
                config=config,
            )
        in_place = None
        if config.in_place:
            in_place = InPlace(self, "InPlace", images=delivery.images, code=code, config=config)
            functions["CompressInPlace"] = in_place.function
            CfnOutput(self, "InPlaceQueueUrl", value=in_place.queue.queue_url)
            CfnOutput(self, "InPlaceDeadLetterQueueUrl", value=in_place.dead_letters.queue_url)
        monitoring = Monitoring(
            self, "Monitoring", processing=processing, functions=functions, in_place=in_place, config=config
        )
        if config.dashboard:
            Dashboard(
                self,
                "Dashboard",
                uploads=uploads,
                processing=processing,
                delivery=delivery,
                functions=functions,
                in_place=in_place,
                alarms=monitoring.alarms,
                config=config,
            )
        if config.saved_queries:
            log_groups = [function.log_group for function in functions.values()]
            SavedQueries(self, "Queries", log_groups=log_groups, config=config)
        self._tell(config, code, uploads, processing, delivery, failures, monitoring)

    def _tell(  # noqa: PLR0913, PLR0917  all that has a name to be told
        self,
        config: Config,
        code: FunctionCode,
        uploads: Uploads,
        processing: Processing,
        delivery: Delivery,
        failures: Failures,
        monitoring: Monitoring,
    ) -> None:
        """What the command line and people look up."""
        if config.attach or config.in_place:
            CfnOutput(self, "ExistingBuckets", value=existing_as_json(config.attach, config.in_place))
        CfnOutput(self, "RecipesDigest", value=code.recipes.digest)
        CfnOutput(self, "UploadsBucketName", value=uploads.bucket.bucket_name)
        CfnOutput(self, "ImagesBucketName", value=delivery.images.bucket_name)
        CfnOutput(self, "QueueUrl", value=processing.queue.queue_url)
        CfnOutput(self, "DeadLetterQueueUrl", value=processing.dead_letters.queue_url)
        CfnOutput(self, "ProcessUploadFunctionName", value=processing.function.function_name)
        CfnOutput(self, "RecordFailureFunctionName", value=failures.function.function_name)
        CfnOutput(self, "QuarantineBucketName", value=failures.quarantine.bucket_name)
        CfnOutput(self, "FailuresTableName", value=failures.table.table_name)
        CfnOutput(self, "AlarmTopicArn", value=monitoring.topic.topic_arn)
        CfnOutput(self, "CdnBaseUrl", value=delivery.base_url)
        if config.domain_names:
            CfnOutput(self, "CdnDomainName", value=delivery.distribution.domain_name)
        for number, key in enumerate(delivery.signing_key_ids):
            CfnOutput(self, f"SigningKeyId{number}", value=key)
        CfnOutput(self, "DistributionId", value=delivery.distribution.distribution_id)
