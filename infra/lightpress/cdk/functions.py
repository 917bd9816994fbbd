"""The one way a function is made here: its own role and log group, and the code of lambda_src."""

from __future__ import annotations

import enum
import platform
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from aws_cdk import Duration, Names
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lightpress.cdk.buckets import PrivateBucket
from lightpress.cdk.code import compiled
from lightpress.cdk.component import Component
from lightpress.cdk.encryption import key_of
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.layer import PillowLayer, folder_of, target_of
from lightpress.cdk.naming import pin, removal_policy, resource
from lightpress.cdk.native import FACES
from lightpress.image.inputs import EXTRA_INPUTS
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.toml_reader import ConfigError
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.pipeline.recipe import RecipeBook

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


class FunctionCode(Component):
    """What functions run: the package in the folder `source`, and recipes, on top of the layer.

    Attributes:
        recipes: The recipes, which are checked.
        architecture: Of the processor that functions run on.
        asset: The code.
        layer: Pillow and the other libraries.
        extra_layers: Those of `extra_inputs` and `face_focus`, for functions that render.
    """

    def __init__(self, scope: Construct, id_: str, *, source: Path, recipes: Path, config: Config) -> None:
        super().__init__(scope, id_)
        self.recipes = load_recipes(recipes)
        check_extra_inputs(self.recipes, config.processing.extra_inputs, recipes.name)
        check_face_focus(self.recipes, recipes.name, chosen=config.processing.face_focus)
        self.architecture = _ARCHITECTURES[config.processing.architecture]
        for_host = config.processing.architecture == _ON_HOST
        self.asset = lambda_.Code.from_asset(
            str(
                compiled(
                    source,
                    target_of(RUNTIME, self.architecture, for_host=for_host),
                    recipes,
                    self.recipes.files,
                    faces=config.processing.face_focus,
                )
            )
        )
        self.layer = PillowLayer(
            self,
            "Layer",
            runtime=RUNTIME,
            architecture=self.architecture,
            for_host=for_host,
        )
        self.extra_layers = [
            PillowLayer(
                self,
                f"{name.capitalize()}Layer",
                runtime=RUNTIME,
                architecture=self.architecture,
                for_host=for_host,
                folder=folder_of(name),
                holds=holds,
            )
            for name, holds in _extra_layers(config)
        ]
        self.outputs = {"RecipesDigest": self.recipes.digest}

    def layers_for(self, which: Layers) -> tuple[PillowLayer, ...]:
        """Those that a function has."""
        match which:
            case Layers.NONE:
                return ()
            case Layers.LIBRARIES:
                return (self.layer,)
            case Layers.RENDERING:
                return (self.layer, *self.extra_layers)


def _extra_layers(config: Config) -> Iterator[tuple[str, str]]:
    """The folder of each layer that options add, and what is in it, for people."""
    for name in EXTRA_INPUTS:
        if name in config.processing.extra_inputs:
            yield name, f"What reads {name.upper()},"
    if config.processing.face_focus:
        yield FACES, "What finds faces,"


def check_face_focus(recipes: RecipeBook, file: str, *, chosen: bool) -> None:
    """Raise ConfigError where recipes look for faces and the option `face_focus` says not, or the other way round."""
    asking = [(name, size.name) for name, one in recipes.recipes.items() for size in one.spec.sizes if size.faces]
    if asking and not chosen:
        name, size = asking[0]
        raise ConfigError(
            f'{file}: recipes.{name}.sizes.{size}.focus: "faces" needs the layer that the option face_focus adds: '
            "face_focus = true"
        )
    if chosen and not asking:
        raise ConfigError(
            f'face_focus: no recipe has focus = "faces": say it of a size of one ({file}), or leave the layer out'
        )


def check_extra_inputs(recipes: RecipeBook, chosen: Collection[str], file: str) -> None:
    """Raise ConfigError where recipes and the option `extra_inputs` do not name the same formats."""
    used = set[str]()
    for name, recipe in recipes.recipes.items():
        for key, formats in (("accept", recipe.spec.accept), ("formats", recipe.spec.formats)):
            asked = [form for form in EXTRA_INPUTS if form in formats]
            used.update(asked)
            for form in asked:
                if form not in chosen:
                    raise ConfigError(
                        f"{file}: recipes.{name}.{key}: {form!r} needs a layer that the option extra_inputs adds; "
                        f"it is {list(chosen)}, allowed: {', '.join(EXTRA_INPUTS)}"
                    )
    for form in chosen:
        if form not in used:
            raise ConfigError(
                f"extra_inputs: {form!r} is in no recipe: name it in the accept of one ({file}), or leave its layer out"
            )


# Pictures come and go by the megabyte. By its defaults, the C library gives their memory back to the kernel and asks
# for it again, empty: a twentieth of all CPU is spent on clearing pages (docs/performance.md, "Allocator settings").
# Threads that write variants share that heap: by default, each would get one of its own.
KEEP_FREED_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * MB),
    "MALLOC_TRIM_THRESHOLD_": str(256 * MB),
}


# What an action on something that is encrypted needs of the key. S3 decrypts where it puts together parts or copies.
_READ = ("kms:Decrypt",)
_WRITE = ("kms:Decrypt", "kms:GenerateDataKey")
_TABLE = ("kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", *_WRITE)
_OF_THE_KEY = {
    "s3:GetObject": _READ,
    "s3:PutObject": _WRITE,
    "sqs:SendMessage": _WRITE,
    # In the caller's name, DynamoDB opens the table's key.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    "dynamodb:GetItem": _TABLE,
    "dynamodb:Query": _TABLE,
    "dynamodb:UpdateItem": _TABLE,
    "dynamodb:DeleteItem": _TABLE,
    "dynamodb:Scan": _TABLE,
}


class Capacity(TypedDict, total=False):
    """What Lambda gives a function. What is left out is as for the functions that process originals, or none.

    Attributes:
        memory_mb: Memory, in MB (`units.MB`).
        timeout_seconds: The longest invocation.
        reserved_concurrency: How many of the account's concurrent invocations are kept for it; 0 is none.
        provisioned: How many environments are kept initialized; 0 is none.
        snap_start: Whether published versions start from a snapshot of their memory (SnapStart).

    """

    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int
    provisioned: int
    snap_start: bool


class Layers(enum.Enum):
    """Which layers a function has. The less there is to load, the sooner a cold start is over."""

    NONE = enum.auto()
    """For code that imports nothing of them."""

    LIBRARIES = enum.auto()
    """Pillow and the other libraries."""

    RENDERING = enum.auto()
    """Those of `extra_inputs` and `face_focus`, too: for code that opens originals."""


class PythonFunction(lambda_.Function):
    """Runs `lightpress.handlers.HANDLER`. It may write its own log and nothing else, until `allow` says so.

    Args:
        handler: The module in `lightpress.handlers`.
        environment: Its variables, besides those that all functions have.
        label: What alarms call it; by default its id.
        layers: Which it has.
        capacity: Where it needs another than the functions that process originals.

    Attributes:
        live: The alias by which everything invokes it.
        label: What alarms call it.
        own_role: Its execution role.
        memory_mb: Its memory, in MB.
        timeout_seconds: Its timeout.
        queues: Those whose messages it processes.
        variables: Its environment variables.

    """

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
        label: str = "",
        layers: Layers = Layers.LIBRARIES,
        **capacity: Unpack[Capacity],
    ) -> None:
        log_group, own_role = _log_and_role(scope, id_, config)
        variables = {**_common_variables(config), **environment}
        super().__init__(
            scope,
            id_,
            description=description,
            handler=f"lightpress.handlers.{handler}.handler",
            role=own_role,
            log_group=log_group,
            environment=variables,
            **_properties(code, config, capacity),
        )
        used = code.layers_for(layers)
        if used:
            self.add_layers(*used)
        self.live = live_alias(scope, id_, self, layers=used, provisioned=capacity.get("provisioned", 0))
        self.label = label or id_
        self.own_role = own_role
        self.queues: list[sqs.IQueue] = []
        self.variables = variables
        self.memory_mb = capacity.get("memory_mb", config.processing.memory_mb)
        self.timeout_seconds = capacity.get("timeout_seconds", config.processing.timeout_seconds)
        self._acknowledge_findings(snap_start=capacity.get("snap_start", False), tracing=config.monitoring.tracing)

    def _acknowledge_findings(self, *, snap_start: bool, tracing: bool) -> None:
        acknowledge(
            self,
            "AwsSolutions-L1",
            because="The layer is locked, precompiled and measured for this version; a newer one comes with all three.",
        )
        if snap_start:
            acknowledge(
                self,
                "Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish",
                because="Everything invokes it by the alias of its published version.",
            )
        if tracing:
            acknowledge(
                self.own_role,
                "AwsSolutions-IAM5[Resource::*]",
                because="X-Ray has no resources that a policy could name.",
            )

    def tell(self, name: str, value: str) -> None:
        """Set another environment variable."""
        self.variables[name] = value
        self.add_environment(name, value)

    def consume(
        self,
        queue: sqs.IQueue,
        *,
        batch_size: int,
        max_concurrency: int | None,
        window_seconds: int = 0,
        pollers: lambda_.ProvisionedPollerConfig | None = None,
    ) -> None:
        """Process the messages of a queue. Only the messages that failed are delivered again, not their whole batch.

        Args:
            queue: The queue.
            batch_size: The most messages in one invocation.
            max_concurrency: The most invocations at once; None with `pollers`.
            window_seconds: How long Lambda waits for a batch to fill; 0 for not at all.
            pollers: Event pollers of its own, which limit the invocations instead; None for those that Lambda shares.
        """
        self.queues.append(queue)
        queue.grant_consume_messages(self)
        lambda_.EventSourceMapping(
            self,  # and not `live`, whose mapping would have another logical ID: two would read the queue for a while
            f"SqsEventSource:{Names.node_unique_id(queue.node)}",
            target=self.live,
            event_source_arn=queue.queue_arn,
            batch_size=batch_size,
            max_concurrency=max_concurrency,
            provisioned_poller_config=pollers,
            max_batching_window=Duration.seconds(window_seconds) if window_seconds else None,
            report_batch_item_failures=True,
        )

    def accept_any_key(self, bucket: s3.IBucket, *keys: str) -> None:
        """Answer cdk-nag for grants on all objects of a bucket of our own that match `keys`."""
        if not isinstance(bucket, PrivateBucket):
            return
        acknowledge(
            self.own_role,
            *(f"AwsSolutions-IAM5[Resource::<{bucket.logical_id}.Arn>/{key}]" for key in keys),
            because="Which keys there will be is not known at deploy time; the actions are those on single objects.",
        )

    def allow(self, *actions: str, on: str) -> None:
        """Allow these actions on one resource, an ARN, and what they need of the stack's key."""
        self.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[on]))
        key = key_of(self)
        needed = sorted({need for action in actions for need in _OF_THE_KEY.get(action, ())})
        if key and needed:
            self.add_to_role_policy(iam.PolicyStatement(actions=needed, resources=[key.key_arn]))


def _log_and_role(scope: Construct, id_: str, config: Config) -> tuple[logs.LogGroup, iam.Role]:
    """A function's log group, and its execution role, which may write that and nothing else."""
    log_group = log_group_of(scope, f"{id_}Logs", config)
    role = iam.Role(scope, f"{id_}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return log_group, role


def _properties(code: FunctionCode, config: Config, capacity: Capacity) -> dict[str, Any]:
    """The arguments of `lambda_.Function` that follow from the code, the configuration and the capacity."""
    timeout = Duration.seconds(capacity.get("timeout_seconds", config.processing.timeout_seconds))
    return {
        "runtime": RUNTIME,
        "architecture": code.architecture,
        "code": code.asset,
        "memory_size": capacity.get("memory_mb", config.processing.memory_mb),
        "timeout": timeout,
        "reserved_concurrent_executions": capacity.get("reserved_concurrency") or None,
        "snap_start": lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if capacity.get("snap_start") else None,
        "tracing": lambda_.Tracing.ACTIVE if config.monitoring.tracing else lambda_.Tracing.DISABLED,
        "logging_format": lambda_.LoggingFormat.JSON,
        "application_log_level_v2": _platform_log_level(config),
    }


def _common_variables(config: Config) -> dict[str, str]:
    """Environment variables that every function has."""
    return {
        "POWERTOOLS_SERVICE_NAME": config.prefix,  # a dimension of every metric: an account may have several stacks
        "POWERTOOLS_METRICS_NAMESPACE": "Lightpress",
        "POWERTOOLS_LOG_LEVEL": config.monitoring.log_level,
        **({} if config.processing.pixel_library else {"PIXEL_LIBRARY": "off"}),
        **KEEP_FREED_MEMORY,
    }


def live_alias(
    scope: Construct,
    id_: str,
    function: lambda_.Function,
    *,
    layers: Sequence[PillowLayer] = (),
    provisioned: int = 0,
) -> lambda_.Alias:
    """The alias `live` of the function's newest version; another layer makes another version, too.

    CDK sees to that only in an app that sets @aws-cdk/aws-lambda:recognizeLayerVersion, which is the app's to say.

    An update of a function's code and one of its layer and variables are two calls: what invoked $LATEST between them
    would run new code on the old layer. The alias moves in one step, after both (docs/decisions/0057).
    """
    if layers:
        function.invalidate_version_based_on(" ".join(layer.digest for layer in layers))
    return lambda_.Alias(
        scope,
        f"{id_}Alias",
        alias_name="live",
        version=function.current_version,
        provisioned_concurrent_executions=provisioned or None,
    )


def _platform_log_level(config: Config) -> lambda_.ApplicationLogLevel:
    """What Lambda's own filter lets through: everything that `lightpress.telemetry` writes.

    The filter takes a line without `level` for INFO: with "WARN" or "ERROR", it would drop the metrics (EMF), which
    have none, and the alarms would see nothing. It would drop uncaught exceptions, too.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    https://github.com/aws/aws-lambda-python-runtime-interface-client/issues/202
    """
    debug = config.monitoring.log_level == "DEBUG"
    return lambda_.ApplicationLogLevel.DEBUG if debug else lambda_.ApplicationLogLevel.INFO


def log_group_of(scope: Construct, id_: str, config: Config) -> logs.LogGroup:
    """A log group with a name that stays."""
    log_group = logs.LogGroup(scope, id_, encryption_key=key_of(scope), removal_policy=removal_policy(config))
    # Days as they are: the construct takes names for them, such as THIRTEEN_MONTHS.
    resource(log_group, logs.CfnLogGroup).retention_in_days = config.monitoring.log_retention_days
    pin(log_group, id_)
    return log_group
