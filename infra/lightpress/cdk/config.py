"""What a deployer may choose, read from environments/NAME.toml. The only reader of the CDK context.

The options stand in `infra/options`, a topic in a file, each with its default, what is allowed and what it is for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightpress.cdk.options.delivery import DeliveryOptions, check_delivery, is_rsa_2048
from lightpress.cdk.options.existing import Existing, ExistingOptions, check_buckets
from lightpress.cdk.options.fetching import FetchingOptions, check_networks
from lightpress.cdk.options.keeping import CREATE, KeepingOptions, check_lifecycle
from lightpress.cdk.options.processing import ProcessingOptions, check_concurrency, check_retention
from lightpress.cdk.options.uploads import UploadOptions, check_origins, check_who_uploads
from lightpress.cdk.options.watching import WatchingOptions, check_alarms
from lightpress.toml_reader import ConfigError, Table, read_toml

if TYPE_CHECKING:
    from constructs import Node

__all__ = ["CREATE", "ENVIRONMENTS", "Config", "Existing", "is_rsa_2048", "load_config", "read_config"]

ENVIRONMENTS = Path(__file__).parents[2] / "environments"

_DEFAULT_ENVIRONMENT = "dev"
# It becomes part of bucket names: `lightpress-NAME-uploads-ACCOUNT-REGION-an` must stay within 63 characters.
_NAME = r"[a-z][a-z0-9-]{0,11}"


@dataclass(frozen=True)
class Config(
    ExistingOptions,
    DeliveryOptions,
    FetchingOptions,
    UploadOptions,
    KeepingOptions,
    WatchingOptions,
    ProcessingOptions,
):
    """An environment. Every option has a default that suits a first try, so that a file says only what differs.

    The topics, as docs/configuration.md lists them, from the last to the first: that is how dataclasses inherit.
    """


# What no option can say alone. The first that is broken is told.
_RULES = (
    check_buckets,
    check_retention,
    check_alarms,
    check_who_uploads,
    check_networks,
    check_delivery,
    check_concurrency,
    check_lifecycle,
    check_origins,
)


def read_config(node: Node, folder: Path = ENVIRONMENTS) -> Config:
    """The environment that the context names; raises ConfigError with the key, what was found and what is allowed."""
    known = sorted(path.stem for path in folder.glob("*.toml"))
    context = Table({"env": node.try_get_context("env") or _DEFAULT_ENVIRONMENT}, f"context (files in {folder.name}/)")
    return load_config(folder / f"{context.text('env', allowed=known)}.toml")


def load_config(path: Path) -> Config:
    """Read one environment's file."""
    if not re.fullmatch(_NAME, path.stem):
        raise ConfigError(f"{path.name}: the file's name must match {_NAME}: it becomes part of bucket names")
    table = read_toml(path)
    options: dict[str, Any] = {
        option.name: option.metadata["read"](table, option.name) for option in fields(Config) if option.metadata
    }
    table.close()
    config = Config(environment=path.stem, **options)
    for check in _RULES:
        check(config, table)
    return config
