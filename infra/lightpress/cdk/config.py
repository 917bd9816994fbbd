"""The configuration of an environment, read from infra/environments/NAME.toml. The only reader of the CDK context.

The options are declared in `lightpress.cdk.options`, one file for each topic: default, what is allowed, documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from lightpress.cdk.options.delivery import DeliveryOptions, check_delivery
from lightpress.cdk.options.environment import prefix_of
from lightpress.cdk.options.existing import ExistingOptions, check_buckets, check_copies_bucket
from lightpress.cdk.options.ingest import IngestOptions, check_networks
from lightpress.cdk.options.moderation import check_moderation
from lightpress.cdk.options.monitoring import MonitoringOptions, check_alarms
from lightpress.cdk.options.option_types import read_group
from lightpress.cdk.options.processing import ProcessingOptions, check_concurrency, check_retention
from lightpress.cdk.options.storage import StorageOptions, check_lifecycle, check_own_uploads, check_replica
from lightpress.cdk.options.uploads import (
    UploadOptions,
    check_authorization,
    check_collection,
    check_operators,
    check_origins,
)
from lightpress.cdk.options.webhooks import WebhookOptions, check_webhooks
from lightpress.cdk.readiness import PROJECT
from lightpress.toml_reader import ConfigError, Table, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from constructs import Node

ENVIRONMENTS = PROJECT / "infra" / "environments"

_DEFAULT_ENVIRONMENT = "dev"
# It becomes part of bucket names: `lightpress-NAME-uploads-ACCOUNT-REGION-an` must stay within 63 characters.
_NAME = r"[a-z][a-z0-9-]{0,11}"


@dataclass(frozen=True)
class Config:
    """The configuration of an environment. Every option has a default that suits a first try.

    In the TOML file, keys are flat: `config.delivery.price_class` is the key `price_class`.

    Attributes:
        environment: Its name, which is that of its file.
        processing: The functions that publish originals, their queues, and the failures.
        monitoring: Alarms, the dashboard, logs and traces.
        storage: What is kept where, for how long, and encrypted with which key.
        uploads: The upload API, the upload page, and the sites that may upload.
        ingest: URL ingest.
        delivery: The CDN, its domain names, and who may see variants.
        existing: Buckets that exist already and that the stack does not own.
        webhooks: Who hears of pictures without a rule of their own on the event bus.

    """

    environment: str
    processing: ProcessingOptions = field(default_factory=ProcessingOptions)
    monitoring: MonitoringOptions = field(default_factory=MonitoringOptions)
    storage: StorageOptions = field(default_factory=StorageOptions)
    uploads: UploadOptions = field(default_factory=UploadOptions)
    ingest: IngestOptions = field(default_factory=IngestOptions)
    delivery: DeliveryOptions = field(default_factory=DeliveryOptions)
    existing: ExistingOptions = field(default_factory=ExistingOptions)
    webhooks: WebhookOptions = field(default_factory=WebhookOptions)

    @property
    def prefix(self) -> str:
        """The beginning of all resource names, such as "lightpress-dev"."""
        return prefix_of(self.environment)


def option_groups() -> dict[str, type[Any]]:
    """The classes of the option groups, by their attribute of Config."""
    groups: dict[str, Any] = {group.name: group.default_factory for group in fields(Config)}
    del groups["environment"]
    return groups


def read_config(node: Node, folder: Path = ENVIRONMENTS) -> Config:
    """Read the environment that the CDK context `env` names.

    Raises:
        ConfigError: An option is not allowed. The text names the key, the value and what is allowed.

    """
    known = sorted(path.stem for path in folder.glob("*.toml"))
    context = Table({"env": node.try_get_context("env") or _DEFAULT_ENVIRONMENT}, f"context (files in {folder.name}/)")
    return load_config(folder / f"{context.text('env', allowed=known)}.toml")


def load_config(path: Path) -> Config:
    """Read one environment's file; raises ConfigError like `read_config`."""
    if not re.fullmatch(_NAME, path.stem):
        raise ConfigError(f"{path.name}: the file's name must match {_NAME}: it becomes part of bucket names")
    return _read(path.stem, read_toml(path))


def config_of(name: str, options: Mapping[str, object], who: str, *, uploads: bool, mounted: bool) -> Config:
    """The configuration that arguments make.

    Args:
        name: What is in the place of the environment's name.
        options: By their keys, with values as TOML has them; tuples are lists.
        who: What errors begin with.
        uploads: Whether the uploads bucket is given.
        mounted: Whether the distribution is given.

    Raises:
        ConfigError: One is not allowed. The text names the argument, the value and what is allowed.

    """
    if not re.fullmatch(_NAME, name):
        raise ConfigError(f"{who}: name: {name!r} does not match {_NAME}: it becomes part of bucket names")
    table = Table({key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}, who)
    if uploads:
        check_own_uploads(table)
    return _read(name, table, mounted=mounted)


def _read(name: str, table: Table, *, mounted: bool = False) -> Config:
    groups: dict[str, Any] = {name: read_group(group, table) for name, group in option_groups().items()}
    table.close()
    config = Config(name, **groups)
    _check(config, table, mounted=mounted)
    return config


def _check(config: Config, table: Table, *, mounted: bool) -> None:
    """Check the rules that concern several options. The first that is broken is reported."""
    check_buckets(config.existing, config.environment, table)
    check_retention(config.processing, table)
    check_moderation(config.processing.moderation_reject, config.processing.moderation_doubt, table)
    check_alarms(config.monitoring, table)
    check_authorization(config.uploads, config.environment, table)
    check_operators(config.uploads, table)
    check_collection(config.uploads, [one.pictures for one in config.existing.attach], table)
    check_networks(config.ingest, config.environment, table)
    check_webhooks(config.webhooks, config.processing.event_bus, config.environment, table)
    check_delivery(config.delivery, table, mounted=mounted)
    check_copies_bucket(config.delivery.copies_bucket, config.existing, config.environment, table)
    check_concurrency(config.processing, table)
    check_lifecycle(config.storage, table)
    attached = [one.pictures.bucket for one in config.existing.attach]
    in_place = [one.pictures.bucket for one in config.existing.in_place]
    taken = [*attached, *in_place, config.delivery.copies_bucket]
    check_replica(config.storage, taken, config.environment, table)
    check_origins(config.uploads, config.environment, table)
