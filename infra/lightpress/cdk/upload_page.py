"""Upload page: the folder `web`, at the upload API's own address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, Duration, SymlinkFollowMode
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lightpress.cdk.component import Component
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.functions import RUNTIME, live_alias, log_group_of
from lightpress.cdk.readiness import PROJECT
from lightpress.cdk.upload_api import integration_of, route
from lightpress.image.inputs import INPUTS
from lightpress.uploads.page import page_formats
from lightpress.uploads.requests import PART_BYTES

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.upload_api import UploadApi

_MEMORY_MB = 256
_TIMEOUT_SECONDS = 5
# Below, a form is a single request, and S3 compares the whole file with its checksum. Above, losing the connection
# would lose too much.
_PARTS_FROM = 2 * PART_BYTES


class UploadPage(Component):
    """Served by a function of its own, which has no rights at all but to write its log."""

    def __init__(self, scope: Construct, id_: str, *, core: Core, api: UploadApi) -> None:
        super().__init__(scope, id_)
        function = self._function(_settings(core), core.config)
        acknowledge(function, "AwsSolutions-L1", because="The same version as the other functions.")
        integration = integration_of("Integration", live_alias(self, "Function", function))
        for path in ("/", "/{file}"):
            route(api.api, gateway.HttpMethod.GET, path, integration)
        acknowledge(api.api, "AwsSolutions-APIG4", because="The page itself is for everybody; what it asks for is not.")

    def _function(self, settings: dict[str, Any], config: Config) -> lambda_.Function:
        logs = log_group_of(self, "UploadPageLogs", config)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(role)
        return lambda_.Function(
            self,
            "Function",
            description="Serves the upload page",
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(
                str(PROJECT / "web"),
                exclude=["**/__pycache__", "**/*.pyc", "**/.*"],
                follow_symlinks=SymlinkFollowMode.EXTERNAL,  # what it shares with the npm package, in clients/js
            ),
            handler="serve.handler",
            role=role,
            memory_size=_MEMORY_MB,
            timeout=Duration.seconds(_TIMEOUT_SECONDS),
            log_group=logs,
            logging_format=lambda_.LoggingFormat.JSON,
            environment={"PAGE": json.dumps(settings)},
        )


def _settings(core: Core) -> dict[str, Any]:
    """What web/serve.py tells the page: limits, formats, and where it may connect to."""
    storage = f"https://{core.originals.bucket_name}.s3.{Aws.REGION}.{Aws.URL_SUFFIX}"
    options, recipes = core.config.uploads, core.code.recipes
    auth = _auth(core.config)
    issuer = [options.upload_jwt_issuer, *options.sign_in_origins] if auth["kind"] == "oidc" else []
    return {
        "auth": auth,
        "max_bytes": recipes.max_bytes,
        "parts_from": _PARTS_FROM,
        "shrink_to": recipes.enough_pixels,
        **page_formats(row for row in INPUTS if row.name in recipes.accept),
        "operators": options.operators_scope,
        "connect": [storage, *issuer],
        "images": [core.delivery.origin],
    }


def _auth(config: Config) -> dict[str, str]:
    """How the page finds out who is there (web/account.js)."""
    options = config.uploads
    if options.upload_auth == "none":
        return {"kind": "none"}
    if options.upload_auth == "jwt" and options.upload_page_client_id:
        return {"kind": "oidc", "issuer": options.upload_jwt_issuer, "client_id": options.upload_page_client_id}
    return {"kind": "token"}
