"""What a deployer may choose, read from environments/NAME.toml. The only reader of the CDK context."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lightpress.tables import ConfigError, Table, read_toml

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs import Node

ENVIRONMENTS = Path(__file__).parent / "environments"

_DEFAULT_ENVIRONMENT = "dev"
# It becomes part of bucket names: `lightpress-NAME-uploads-ACCOUNT-REGION-an` must stay within 63 characters.
_NAME = r"[a-z][a-z0-9-]{0,11}"
_ORIGIN = r"https?://[a-z0-9.*-]+(:[0-9]{1,5})?"
_ANY_ORIGIN = "*"
_EMAIL = r"[^@\s,]+@[^@\s,]+\.[^@\s,.]+"
# CloudWatch Logs takes these numbers of days and no others.
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

_Value = TypeVar("_Value")


def _option(default: _Value, read: Callable[[Table, str], _Value]) -> _Value:
    """One row of the table of options below: its default, and how it is read from a file."""
    value: _Value = field(default=default, metadata={"read": read})
    return value


def _integer(default: int, *, low: int, high: int) -> int:
    return _option(default, lambda table, key: table.integer(key, default, low=low, high=high))


def _choice(default: str, *allowed: str) -> str:
    return _option(default, lambda table, key: table.text(key, default, allowed=allowed))


def _flag(*, default: bool) -> bool:
    return _option(default, lambda table, key: table.flag(key, default))


def _days_of_logs(default: int) -> int:
    def read(table: Table, key: str) -> int:
        days = table.integer(key, default, low=_LOG_DAYS[0], high=_LOG_DAYS[-1])
        if days not in _LOG_DAYS:
            raise table.error(key, f"{days} is not allowed; allowed: {', '.join(map(str, _LOG_DAYS))}")
        return days

    return _option(default, read)


def _email() -> str:
    def read(table: Table, key: str) -> str:
        address = table.text(key, "")
        if address and not re.fullmatch(_EMAIL, address):
            raise table.error(key, f'{address!r} is no address; allowed: such as "you@example.com", or "" for nobody')
        return address

    return _option("", read)


def _origins() -> tuple[str, ...]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        origins = table.texts(key, ())
        for origin in origins:
            if origin != _ANY_ORIGIN and not re.fullmatch(_ORIGIN, origin):
                raise table.error(key, f'{origin!r} is no origin; allowed: such as "https://www.example.com", or "*"')
        return origins

    return _option((), read)


@dataclass(frozen=True)
class Config:
    """An environment. Every option has a default that suits a first try, so that a file says only what differs."""

    environment: str

    # The processor of the functions. "host" is the machine and the Python that synthesize: for the local cloud alone.
    architecture: str = _choice("arm64", "arm64", "x86_64", "host")
    # Lambda gives CPU in proportion to memory; 1769 MB is one whole CPU, and a picture uses one.
    memory_mb: int = _integer(1769, low=512, high=10_240)
    # For a batch. One picture may take 25 s before it is stopped; what a batch has no time left for comes back.
    timeout_seconds: int = _integer(60, low=60, high=900)
    # Messages handed to a function at once. They are worked off one after the other: more of them save little.
    batch_size: int = _integer(5, low=1, high=10)
    # Functions at work at the same time: the limit of what a flood of uploads takes from the account, and costs.
    max_concurrency: int = _integer(50, low=2, high=1000)
    # Tries before a message is set aside. Lambda's throttling counts as a try: with fewer than 5, good messages are.
    max_receive_count: int = _integer(5, low=1, high=1000)
    # How long work may wait, and how long somebody has to look at what failed. The second counts from the upload too.
    queue_retention_days: int = _integer(4, low=1, high=13)
    dead_letter_retention_days: int = _integer(14, low=2, high=14)

    # How long the copy of what failed, and the row that tells why, are kept for somebody to look at.
    failure_retention_days: int = _integer(30, low=1, high=3650)
    # Have the CDN forget the images of deleted pictures: one path each; beyond 1,000 a month, AWS takes $0.005 for it.
    invalidate_deleted: bool = _flag(default=True)

    # Who gets an e-mail when something is wrong; "" is nobody. AWS asks that address to confirm first.
    alarm_email: str = _email()
    # From how many failures among a hundred pictures on somebody should look, once it is so twice in 15 minutes.
    alarm_failure_percent: int = _integer(20, low=1, high=100)
    # How long an upload may wait for its turn, and a failure to be recorded, until somebody should look.
    alarm_queue_age_minutes: int = _integer(15, low=1, high=1440)
    alarm_dead_letter_age_minutes: int = _integer(60, low=5, high=1440)
    # How many failures may wait to be recorded, for a quarter of an hour, until somebody should look.
    alarm_dead_letters: int = _integer(1, low=1, high=1_000_000)

    log_level: str = _choice("INFO", "DEBUG", "INFO", "WARN", "ERROR")
    log_retention_days: int = _days_of_logs(30)
    # X-Ray traces of the functions. Costs a little per picture.
    tracing: bool = _flag(default=False)

    # What becomes of the buckets, with everything in them, when the stack is deleted. "destroy" needs empty buckets.
    removal: str = _choice("destroy", "retain", "destroy")
    # Refuses to delete the stack until it is switched off.
    termination_protection: bool = _flag(default=False)
    # Old versions of overwritten and deleted originals can be brought back for so long.
    noncurrent_version_days: int = _integer(30, low=1, high=3650)

    # "account-regional" buckets have names that nobody else can take. Some regions have only "global" ones.
    bucket_namespace: str = _choice("account-regional", "account-regional", "global")
    # Sites whose pages may upload from the browser. None: only servers and tools may.
    allowed_origins: tuple[str, ...] = _origins()
    # Where CloudFront keeps copies: "100" is Europe and North America, "200" adds most others, "all" is everywhere.
    price_class: str = _choice("100", "100", "200", "all")

    @property
    def prefix(self) -> str:
        """What the names of an environment's buckets begin with."""
        return f"lightpress-{self.environment}"


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
    _check_together(config, table)
    return config


def _check_together(config: Config, table: Table) -> None:
    """The rules about more than one option."""
    if config.dead_letter_retention_days <= config.queue_retention_days:
        raise table.error(
            "dead_letter_retention_days",
            f"{config.dead_letter_retention_days} is not more than queue_retention_days "
            f"({config.queue_retention_days}): messages would be gone before anybody could look at them",
        )
    if config.environment == "prod" and _ANY_ORIGIN in config.allowed_origins:
        raise table.error("allowed_origins", '"*" is not allowed in prod: name the sites that may upload')
