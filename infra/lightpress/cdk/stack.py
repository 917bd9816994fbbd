"""The whole of it, in the order data moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack

from lightpress.cdk.announcements import announce_on
from lightpress.cdk.dashboard import Dashboard
from lightpress.cdk.delivery import Delivery
from lightpress.cdk.encryption import Encryption
from lightpress.cdk.existing import existing_as_json
from lightpress.cdk.failures import Failures
from lightpress.cdk.functions import FunctionCode
from lightpress.cdk.in_place import InPlace
from lightpress.cdk.monitoring import Monitoring
from lightpress.cdk.processing import Processing
from lightpress.cdk.purging import Purging
from lightpress.cdk.queries import SavedQueries
from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.cdk.upload_api import UploadApi
from lightpress.cdk.upload_page import UploadPage
from lightpress.cdk.uploads import Uploads
from lightpress.cdk.url_ingest import UrlIngest

if TYPE_CHECKING:
    from pathlib import Path

    from constructs import Construct

    from lightpress.cdk.config import Config


class LightpressStack(Stack):
    """Originals are uploaded, processed and delivered. `source` is the folder of the functions' code."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, source: Path = LAMBDA_SRC) -> None:
        super().__init__(
            scope,
            id_,
            description="Lightpress: every size and format the web needs of every picture dropped into a bucket",
            termination_protection=config.termination_protection,
        )
        self._config = config
        Encryption(self, config=config)
        self._code = FunctionCode(self, "Code", source=source, config=config)
        self._api = UploadApi(self, "UploadApi", config=config) if config.upload_auth != "off" else None
        page = self._api.origin if self._api and config.upload_page else None
        self._uploads = Uploads(self, "Uploads", config=config, page=page)
        uploads = self._uploads.bucket
        self._processing = Processing(self, "Processing", uploads=uploads, code=self._code, config=config)
        self._delivery = Delivery(self, "Delivery", uploads=uploads, code=self._code, config=config)
        self._processing.publish_to(self._delivery.images)
        self._failures = Failures(
            self,
            "Failures",
            processing=self._processing,
            uploads=uploads,
            images=self._delivery.images,
            code=self._code,
            config=config,
        )
        # By what alarms and the dashboard call them.
        self._functions = {
            "ProcessUpload": self._processing.function,
            "RecordFailure": self._failures.function,
            "Resolver": self._delivery.resolver,
        }
        self._announce_endings()
        self._purge_deleted()
        self._answer_requests()
        self._fetch_urls()
        self._show_upload_page()
        in_place = self._replace_in_place()
        monitoring = self._watch(in_place)
        self._tell(monitoring)

    def _announce_endings(self) -> None:
        """Have an event bus hear what became of each picture."""
        if self._config.event_bus:
            announce_on(
                self._config.event_bus,
                self._processing.function,
                self._failures.function,
                base_url=self._delivery.base_url,
            )

    def _purge_deleted(self) -> None:
        """Have the CDN forget deleted pictures."""
        if self._config.invalidate_deleted:
            purging = Purging(
                self,
                "Purging",
                processing=self._processing,
                delivery=self._delivery,
                code=self._code,
                config=self._config,
            )
            purging.hear(self._processing.function, self._failures.function)
            self._functions["PurgeDeleted"] = purging.function

    def _answer_requests(self) -> None:
        """Have a function behind the upload API, which was there before the bucket that lets its page in."""
        if self._api:
            self._functions["UploadApi"] = self._api.serve(
                self._uploads.bucket, self._delivery, self._code, ingest=self._config.url_ingest
            )
            CfnOutput(self, "UploadApiUrl", value=self._api.origin)

    def _fetch_urls(self) -> None:
        """Take orders of pictures by their URLs, through the upload API too."""
        if self._config.url_ingest:
            urls = UrlIngest(
                self,
                "UrlIngest",
                uploads=self._uploads.bucket,
                processing=self._processing,
                code=self._code,
                config=self._config,
            )
            self._functions["FetchUrl"] = urls.function
            CfnOutput(self, "UrlQueueUrl", value=urls.queue.queue_url)
            if self._api:
                urls.serve(self._functions["UploadApi"], self._failures)

    def _show_upload_page(self) -> None:
        """Let people upload in the browser, at the API's own address."""
        if self._api and self._config.upload_page:
            UploadPage(
                self,
                "UploadPage",
                api=self._api,
                uploads=self._uploads.bucket,
                delivery=self._delivery,
                recipes=self._code.recipes,
                config=self._config,
            )

    def _replace_in_place(self) -> InPlace | None:
        """Make pictures of existing buckets smaller where they lie."""
        if not self._config.in_place:
            return None
        in_place = InPlace(self, "InPlace", images=self._delivery.images, code=self._code, config=self._config)
        self._functions["CompressInPlace"] = in_place.function
        CfnOutput(self, "InPlaceQueueUrl", value=in_place.queue.queue_url)
        CfnOutput(self, "InPlaceDeadLetterQueueUrl", value=in_place.dead_letters.queue_url)
        return in_place

    def _watch(self, in_place: InPlace | None) -> Monitoring:
        """Look after all functions that there are by now."""
        monitoring = Monitoring(
            self,
            "Monitoring",
            processing=self._processing,
            functions=self._functions,
            in_place=in_place,
            config=self._config,
        )
        if self._config.dashboard:
            Dashboard(
                self,
                "Dashboard",
                uploads=self._uploads,
                processing=self._processing,
                delivery=self._delivery,
                functions=self._functions,
                in_place=in_place,
                alarms=monitoring.alarms,
                config=self._config,
            )
        if self._config.saved_queries:
            log_groups = [function.log_group for function in self._functions.values()]
            SavedQueries(self, "Queries", log_groups=log_groups, config=self._config)
        return monitoring

    def _tell(self, monitoring: Monitoring) -> None:
        """What the command line and people look up."""
        config, processing, delivery, failures = self._config, self._processing, self._delivery, self._failures
        if config.attach or config.in_place:
            CfnOutput(self, "ExistingBuckets", value=existing_as_json(config.attach, config.in_place))
        CfnOutput(self, "RecipesDigest", value=self._code.recipes.digest)
        CfnOutput(self, "UploadsBucketName", value=self._uploads.bucket.bucket_name)
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
