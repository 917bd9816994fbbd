"""The operators' API: pictures, failures, backfills and costs, for those whose token carries a scope of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_iam as iam

from lightpress.cdk.component import Component
from lightpress.cdk.existing import name_attached, read_attached
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import Layers, PythonFunction
from lightpress.cdk.metrics import NAMESPACE
from lightpress.cdk.processing import read_originals
from lightpress.cdk.upload_api import integration_of, route
from lightpress.costs.prices import MILLION, prices_of
from lightpress.pipeline.gate import HELD, REVIEWS
from lightpress.units import GB, MB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.backfill import Backfill
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.reviewing import Reviewing
    from lightpress.cdk.upload_api import UploadApi
    from lightpress.cdk.url_ingest import UrlIngest

OPERATOR_ROUTES = (
    (gateway.HttpMethod.GET, "/operators/pictures"),
    (gateway.HttpMethod.GET, "/operators/failures"),
    (gateway.HttpMethod.POST, "/operators/failures/retry"),
    (gateway.HttpMethod.POST, "/operators/failures/discard"),
    (gateway.HttpMethod.GET, "/operators/held"),
    (gateway.HttpMethod.POST, "/operators/held/approve"),
    (gateway.HttpMethod.POST, "/operators/held/reject"),
    (gateway.HttpMethod.GET, "/operators/backfills"),
    (gateway.HttpMethod.GET, "/operators/days"),
)
PREVIEW_ROUTE = (gateway.HttpMethod.GET, "/operators/held/preview")
"""Only where a recipe has a gate: answered by another function, which may read originals and nothing else."""
_MEMORY_MB = 512
_TIMEOUT_SECONDS = 29  # API Gateway waits no longer than 30
_MS_PER_SECOND = 1000
# HEAD twice, GET, and the manifest: as `lightpress estimate` has it.
_READS_OF_A_PICTURE = 4


class Operators(Component):
    """A function of its own behind the upload API's address, so that what takes uploads is granted none of this.

    Args:
        core: What it shows; retries go to its queue, and records of failures are removed.
        api: The upload API, whose authorizer lets operators in.
        backfill: Whose runs are read.
        url_ingest: Whose queue retries of URLs go to; None if no URLs are fetched.
        reviewing: Whose queue reviews go to; None if no recipe has a gate.
        counted: The functions whose costs are counted.

    Attributes:
        readers: The functions that read originals.

    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        core: Core,
        api: UploadApi,
        backfill: Backfill,
        url_ingest: UrlIngest | None,
        reviewing: Reviewing | None,
        counted: Sequence[PythonFunction],
    ) -> None:
        super().__init__(scope, id_)
        function = self._function(core, backfill, counted)
        _allow_settling(function, core, url_ingest)
        if reviewing is not None:
            function.tell("REVIEW_QUEUE_URL", reviewing.queue.queue_url)
            function.allow("sqs:SendMessage", on=reviewing.queue.queue_arn)
        integration = integration_of("Integration", function.live)
        # With "jwt", API Gateway itself refuses tokens without the scope.
        options = core.config.uploads
        scopes = [options.operators_scope] if options.upload_auth == "jwt" else []
        for method, path in OPERATOR_ROUTES:
            route(api.api, method, path, integration, api.authorizer, scopes=scopes)
        self.functions = (function,)
        self.readers: tuple[PythonFunction, ...] = ()
        if reviewing is not None:
            preview = _preview(self, core)
            shown = integration_of("PreviewIntegration", preview.live)
            route(api.api, *PREVIEW_ROUTE, shown, api.authorizer, scopes=scopes)
            self.readers = (preview,)
            self.functions = (function, preview)

    def _function(self, core: Core, backfill: Backfill, counted: Sequence[PythonFunction]) -> PythonFunction:
        config = core.config
        function = PythonFunction(
            self,
            "Operators",
            handler="operators",
            description="Shows operators pictures, failures, backfills and costs; retries failures; reviews",
            code=core.code,
            config=config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={
                "UPLOADS_BUCKET": core.originals.bucket_name,
                "IMAGES_BUCKET": core.images.bucket_name,
                "CDN_BASE_URL": core.delivery.base_url,
                "UPLOAD_AUTH": config.uploads.upload_auth,
                "OPERATORS_SCOPE": config.uploads.operators_scope,
                "QUEUE_URL": core.processing.queue.queue_url,
                "QUARANTINE_BUCKET": core.failures.quarantine.bucket_name,
                "FAILURES_TABLE": core.failures.table.table_name,
                "RUNS_TABLE": backfill.table.table_name,
                "METRICS": json.dumps(_metrics(counted, config), separators=(",", ":")),
            },
        )
        name_attached(function, config.existing.attach)
        _allow_reading(function, core, backfill)
        return function


def _preview(scope: Construct, core: Core) -> PythonFunction:
    """The function that renders what waits, so that a browser can show it; as large as the one that publishes it."""
    config = core.config
    function = PythonFunction(
        scope,
        "Preview",
        handler="preview",
        description="Shows operators what waits for a reviewer",
        code=core.code,
        config=config,
        layers=Layers.RENDERING,
        timeout_seconds=_TIMEOUT_SECONDS,
        environment={"UPLOAD_AUTH": config.uploads.upload_auth, "OPERATORS_SCOPE": config.uploads.operators_scope},
    )
    read_originals(function, core.originals)
    read_attached(function, config.existing.attach)
    return function


def _allow_reading(function: PythonFunction, core: Core, backfill: Backfill) -> None:
    """Manifests, reviews, the list of an original's versions, runs, and metrics; no original and no variant."""
    for folder in ("m/*", f"{HELD}*", f"{REVIEWS}*"):
        function.allow("s3:GetObject", on=core.images.arn_for_objects(folder))
        function.accept_any_key(core.images, folder)
    # Without this, S3 would answer 403 for a manifest that does not exist.
    function.allow("s3:ListBucket", on=core.images.bucket_arn)
    function.allow("s3:ListBucketVersions", on=core.originals.bucket_arn)
    function.allow("dynamodb:Scan", on=backfill.table.table_arn)
    function.add_to_role_policy(iam.PolicyStatement(actions=["cloudwatch:GetMetricData"], resources=["*"]))
    acknowledge(
        function.own_role,
        "AwsSolutions-IAM5[Resource::*]",
        because="CloudWatch has no resources that a policy could name for reading metrics.",
    )


def _allow_settling(function: PythonFunction, core: Core, url_ingest: UrlIngest | None) -> None:
    """Failures are listed, sent to their queue again, and discarded."""
    failures = core.failures
    function.allow("dynamodb:Scan", "dynamodb:Query", "dynamodb:DeleteItem", on=failures.table.table_arn)
    function.allow("s3:DeleteObject", on=failures.quarantine.arn_for_objects("*"))
    function.accept_any_key(failures.quarantine, "*")
    function.allow("sqs:SendMessage", on=core.processing.queue.queue_arn)
    if url_ingest is not None:
        function.tell("URL_QUEUE_URL", url_ingest.queue.queue_url)
        function.allow("sqs:SendMessage", on=url_ingest.queue.queue_arn)


def _metrics(functions: Sequence[PythonFunction], config: Config) -> dict[str, Any]:
    """What is summed for each day (`aws.counts`), at the list prices that the dashboard and `estimate` have."""
    prices = prices_of(config.monitoring.price_region)
    second = prices.lambda_x86_64 if config.processing.architecture == "x86_64" else prices.lambda_arm64
    return {
        "namespace": NAMESPACE,
        "service": config.prefix,
        "file": prices.s3_write / MILLION,
        "list": prices.s3_write / MILLION,
        "picture": (prices.s3_write + _READS_OF_A_PICTURE * prices.s3_read) / MILLION,
        "invocation": prices.lambda_request / MILLION,
        # Of a millisecond.
        "functions": {one.function_name: one.memory_mb * MB / GB * second / _MS_PER_SECOND for one in functions},
    }
