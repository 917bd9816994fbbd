"""The one way a function is made here: its own role and log group, and the code of lambda_src."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.findings import acknowledge
from infra.layer import PillowLayer
from infra.naming import pin, resource
from lightpress.recipe import load_recipes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.config import Config

# The layer is locked, precompiled and measured for it.
RUNTIME = lambda_.Runtime.PYTHON_3_13

_ON_HOST = "host"
_ARCHITECTURES = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
    _ON_HOST: lambda_.Architecture.ARM_64
    if platform.machine() in {"arm64", "aarch64"}
    else lambda_.Architecture.X86_64,
}


class FunctionCode(Construct):
    """What functions run: the folder `source`, with the recipes in it checked, on top of the layer."""

    def __init__(self, scope: Construct, id_: str, *, source: Path, config: Config) -> None:
        super().__init__(scope, id_)
        load_recipes(source / "recipes.toml")
        self.asset = lambda_.Code.from_asset(str(source), exclude=["**/__pycache__", "**/*.pyc", "**/.*"])
        self.architecture = _ARCHITECTURES[config.architecture]
        self.layer = PillowLayer(
            self,
            "Layer",
            runtime=RUNTIME,
            architecture=self.architecture,
            for_host=config.architecture == _ON_HOST,
        )


class PythonFunction(lambda_.Function):
    """Runs `lightpress.handlers.HANDLER`. It may write its own log and nothing else, until `may` says so."""

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        handler: str,
        description: str,
        code: FunctionCode,
        config: Config,
        environment: Mapping[str, str],
    ) -> None:
        log_group = _log_group(scope, f"{id_}Logs", config)
        own_role = iam.Role(scope, f"{id_}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(own_role)
        super().__init__(
            scope,
            id_,
            description=description,
            runtime=RUNTIME,
            architecture=code.architecture,
            code=code.asset,
            layers=[code.layer],
            handler=f"lightpress.handlers.{handler}.handler",
            role=own_role,
            memory_size=config.memory_mb,
            timeout=Duration.seconds(config.timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE if config.tracing else lambda_.Tracing.DISABLED,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel[config.log_level],
            environment={
                "POWERTOOLS_SERVICE_NAME": "lightpress",
                "POWERTOOLS_METRICS_NAMESPACE": "Lightpress",
                "LOG_LEVEL": config.log_level,
                **environment,
            },
        )
        self.own_role = own_role
        acknowledge(
            self,
            "AwsSolutions-L1",
            because="The layer is locked, precompiled and measured for this version; a newer one comes with all three.",
        )
        if config.tracing:
            acknowledge(
                own_role, "AwsSolutions-IAM5[Resource::*]", because="X-Ray has no resources that a policy could name."
            )

    def may(self, *actions: str, on: str) -> None:
        """Allow these actions on one resource, an ARN."""
        self.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[on]))


def _log_group(scope: Construct, id_: str, config: Config) -> logs.LogGroup:
    log_group = logs.LogGroup(scope, id_, removal_policy=RemovalPolicy[config.removal.upper()])
    # Days as they are: the construct takes names for them, such as THIRTEEN_MONTHS.
    resource(log_group, logs.CfnLogGroup).retention_in_days = config.log_retention_days
    pin(log_group, id_)
    return log_group
