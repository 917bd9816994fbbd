"""The upload API: gives authorized clients presigned uploads, and reports the status of their originals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_

from lightpress.aws.upload_counters import EXPIRY, OWNER_DAY
from lightpress.cdk.component import Component
from lightpress.cdk.existing import name_attached
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import PythonFunction, log_group_of
from lightpress.cdk.naming import pin, resource
from lightpress.cdk.tables import Table
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.failures import Failures
    from lightpress.cdk.url_ingest import UrlIngest

ROUTES = (
    (gateway.HttpMethod.POST, "/uploads"),
    (gateway.HttpMethod.POST, "/multipart"),
    (gateway.HttpMethod.POST, "/multipart/{step}"),
    (gateway.HttpMethod.GET, "/images/{key+}"),
    (gateway.HttpMethod.PATCH, "/images/{key+}"),
    (gateway.HttpMethod.DELETE, "/images/{key+}"),
)
INGEST_ROUTES = ((gateway.HttpMethod.POST, "/ingest"),)
_MEMORY_MB = 512
_TIMEOUT_SECONDS = 15
_ANSWERS_ARE_KEPT = Duration.minutes(5)  # of an authorizer of the deployer's
_LOGGED = ("requestId", "requestTime", "httpMethod", "routeKey", "status", "responseLength", "integrationErrorMessage")


class UploadApi(Component):
    """An HTTP API in front of the function `upload_api`.

    It signs uploads to the bucket of uploads, reads and corrects manifests and asks for looks at what it corrected.

    Args:
        core: What it reads and writes.
        url_ingest: Where URLs to fetch are queued; None if there is no such route.

    Attributes:
        api: The HTTP API.
        origin: Its address, as "https://HOST".
        authorizer: Who lets requests in; None in the local cloud.

    """

    def __init__(self, scope: Construct, id_: str, *, core: Core, url_ingest: UrlIngest | None) -> None:
        super().__init__(scope, id_)
        config = core.config
        self.api = self._api(config)
        self.origin = f"https://{self.api.api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"
        self.authorizer = _authorizer(self, config)
        function = self._function(core)
        self._add_routes((*ROUTES, *(INGEST_ROUTES if url_ingest else ())), function, config)
        name_attached(function, config.existing.attach)
        if url_ingest is not None:
            _accept_urls(function, url_ingest, core.failures)
        counting: dict[str, str] = {}
        if config.uploads.max_uploads_per_day or config.uploads.max_megabytes_per_day:
            counting_functions = (function, *([url_ingest.function] if url_ingest else ()))
            counting["UploadCountersTableName"] = _limit_each_day(self, counting_functions, config).table_name
        self.functions = (function,)
        self.outputs = {"UploadApiUrl": self.origin, **counting}

    def _api(self, config: Config) -> gateway.HttpApi:
        """The HTTP API with its one stage, which limits the rate of requests and logs each."""
        api = gateway.HttpApi(
            self,
            "Api",
            description="Lightpress: uploads",
            create_default_stage=False,
            cors_preflight=_from_browsers(config),
        )
        pin(api, "UploadApi")
        throttle = gateway.ThrottleSettings(
            rate_limit=config.uploads.upload_rate_limit, burst_limit=config.uploads.upload_burst_limit
        )
        _log(self, gateway.HttpStage(self, "Stage", http_api=api, auto_deploy=True, throttle=throttle), config)
        return api

    def _add_routes(
        self, routes: Iterable[tuple[gateway.HttpMethod, str]], function: PythonFunction, config: Config
    ) -> None:
        """Send these requests to the function, each through the authorizer of the configuration."""
        integration = integration_of("Integration", function.live)
        for method, path in routes:
            route(self.api, method, path, integration, self.authorizer)
        if config.uploads.upload_auth == "none":
            acknowledge(
                self.api,
                "AwsSolutions-APIG4",
                because="Only the local cloud may be without an authorizer; the configuration refuses it elsewhere.",
            )

    def _function(self, core: Core) -> PythonFunction:
        queue = core.processing.queue
        function = PythonFunction(
            self,
            "UploadApiFunction",
            label="UploadApi",
            handler="upload_api",
            description="Signs uploads, and reports the status of originals",
            code=core.code,
            config=core.config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={
                "UPLOADS_BUCKET": core.originals.bucket_name,
                "IMAGES_BUCKET": core.images.bucket_name,
                "QUEUE_URL": queue.queue_url,
                "CDN_BASE_URL": core.delivery.base_url,
                "UPLOAD_AUTH": core.config.uploads.upload_auth,
            },
        )
        _allow_uploads(function, core.originals, core.images)
        function.allow("sqs:SendMessage", on=queue.queue_arn)
        return function


def _allow_uploads(function: PythonFunction, uploads: s3.IBucket, images: PrivateBucket) -> None:
    """Allow what the API signs, which S3 does in the function's name, and reading and correcting manifests."""
    function.allow(
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
        on=uploads.arn_for_objects("*"),
    )
    # S3 knows a multipart upload no more once it is completed; a listing tells, and reads no original.
    function.allow("s3:ListBucket", on=uploads.bucket_arn)
    function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects("m/*"))
    # Without this, S3 would answer 403 for a manifest that does not exist yet.
    function.allow("s3:ListBucket", on=images.bucket_arn)
    function.accept_any_key(uploads, "*")
    function.accept_any_key(images, "m/*")


def _limit_each_day(scope: Construct, functions: Iterable[PythonFunction], config: Config) -> Table:
    """Have the functions count what each owner uploads, or has fetched, in a day; returns where."""
    table = Table(
        scope,
        "Counters",
        logical_id="UploadCountersTable",
        key=(OWNER_DAY,),
        expiry=EXPIRY,
        config=config,
        without_backup="Its rows are counters of one day: restoring older ones is wrong.",
    )
    for function in functions:
        function.tell("UPLOAD_COUNTERS_TABLE", table.table_name)
        function.tell("MAX_UPLOADS_PER_DAY", str(config.uploads.max_uploads_per_day))
        function.tell("MAX_BYTES_PER_DAY", str(config.uploads.max_megabytes_per_day * MB))
        function.allow("dynamodb:UpdateItem", on=table.table_arn)
    return table


def _accept_urls(function: PythonFunction, url_ingest: UrlIngest, failures: Failures) -> None:
    """Let the API queue URLs, and tell which of them could not be fetched and were not ordered since."""
    function.tell("URL_QUEUE_URL", url_ingest.queue.queue_url)
    function.tell("FAILURES_TABLE", failures.table.table_name)
    function.allow("sqs:SendMessage", on=url_ingest.queue.queue_arn)
    function.allow("dynamodb:Query", "dynamodb:UpdateItem", on=failures.table.table_arn)


def integration_of(id_: str, alias: lambda_.Alias) -> gateway.HttpRouteIntegration:
    """Requests go to a function, which one statement lets this API invoke, whatever the route: all routes are ours.

    A statement for each route would be a resource for each, of the 500 that a stack may have.
    """
    return integrations.HttpLambdaIntegration(id_, alias, scope_permission_to_route=False)


def route(  # noqa: PLR0913  what a route consists of
    api: gateway.HttpApi,
    method: gateway.HttpMethod,
    path: str,
    integration: gateway.HttpRouteIntegration,
    authorizer: gateway.IHttpRouteAuthorizer | None = None,
    *,
    scopes: Sequence[str] = (),
) -> None:
    """Add one route; `HttpApi.add_routes` would write the name of a temporary folder into the assembly."""
    gateway.HttpRoute(
        api,
        f"{method.name}{path}",
        http_api=api,
        route_key=gateway.HttpRouteKey.with_(path, method),
        integration=integration,
        authorizer=authorizer,
        authorization_scopes=list(scopes) or None,
    )


def _authorizer(scope: Construct, config: Config) -> gateway.IHttpRouteAuthorizer | None:
    if config.uploads.upload_auth == "jwt":
        return authorizers.HttpJwtAuthorizer(
            "Jwt", config.uploads.upload_jwt_issuer, jwt_audience=list(config.uploads.upload_jwt_audiences)
        )
    if config.uploads.upload_auth == "authorizer":
        yours = lambda_.Function.from_function_attributes(
            scope, "Yours", function_arn=config.uploads.upload_authorizer_arn, same_environment=True
        )
        return authorizers.HttpLambdaAuthorizer(
            "Authorizer",
            yours,
            response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
            # API Gateway keeps an answer for as long for whatever has the same: by the token alone, who may see would
            # for that time be let in to delete.
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
            identity_source=["$request.header.Authorization", "$context.routeKey"],
            results_cache_ttl=_ANSWERS_ARE_KEPT,
        )
    return authorizers.HttpIamAuthorizer() if config.uploads.upload_auth == "iam" else None


def _from_browsers(config: Config) -> gateway.CorsPreflightOptions | None:
    """Let pages of these sites ask; the API's own page needs no leave."""
    if not config.uploads.allowed_origins:
        return None
    return gateway.CorsPreflightOptions(
        allow_origins=list(config.uploads.allowed_origins),
        allow_methods=[
            gateway.CorsHttpMethod.GET,
            gateway.CorsHttpMethod.POST,
            gateway.CorsHttpMethod.PATCH,
            gateway.CorsHttpMethod.DELETE,
        ],
        allow_headers=["content-type", *_signed_headers(config)],
    )


def _signed_headers(config: Config) -> list[str]:
    """The headers that authorize a request; with IAM, those of Signature Version 4."""
    if config.uploads.upload_auth != "iam":
        return ["authorization"]
    return ["authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]


def _log(scope: Construct, stage: gateway.HttpStage, config: Config) -> None:
    """Log one line of JSON for each request, without tokens, addresses and file names."""
    group = log_group_of(scope, "UploadApiAccessLogs", config)
    said = ", ".join(f'"{name}": "$context.{name}"' for name in _LOGGED)
    resource(stage, gateway.CfnStage).access_log_settings = gateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=group.log_group_arn, format=f"{{{said}}}"
    )
