"""What the construct is given: checked, told apart from what it creates, and named."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack, Token

from lightpress.cdk.config import config_of
from lightpress.cdk.existing import check_place
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_s3 as s3
    from constructs import Construct, IConstruct

    from lightpress.cdk.config import Config
    from lightpress.cdk.mount import Mount


@dataclass(frozen=True)
class Given:
    """What is there already.

    Attributes:
        uploads: The bucket of originals; None to create one.
        mount: The distribution; None to create one.

    """

    uploads: s3.IBucket | None = None
    mount: Mount | None = None


def checked(
    scope: Construct, given: Given, name: str | None, config: Config | None, options: Mapping[str, Any]
) -> Config:
    """The configuration of the construct `scope`: `config`, or what `name` and `options` say. Raises ConfigError."""
    whose = who(scope)
    if config is not None and (name or options):
        raise ConfigError(f"{whose}: config: excludes {', '.join(['name'] if name else sorted(options))}")
    if "termination_protection" in options:
        raise ConfigError(f"{whose}: termination_protection: is an argument of the stack, not of what is in it")
    if given.uploads is not None:
        check_place(given.uploads, scope, f"{whose}: uploads")
    if given.mount is not None:
        given.mount.check(scope, whose)
    if config is not None:
        return config
    plain = {**options, **{key: _plain(options[key], scope, f"{whose}: {key}") for key in _TABLES if key in options}}
    return config_of(
        name or _name_of(scope), plain, whose, uploads=given.uploads is not None, mounted=given.mount is not None
    )


_TABLES = ("attach", "in_place", "webhooks")


def _plain(rows: Sequence[Mapping[str, Any]], scope: Construct, whose: str) -> list[dict[str, Any]]:
    """Tables with names of buckets in the place of constructs, which are told to announce their changes."""
    return [_plain_row(row, scope, f"{whose}[{number}].bucket") for number, row in enumerate(rows)]


def _plain_row(row: Mapping[str, Any], scope: Construct, whose: str) -> dict[str, Any]:
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}
    bucket = row.get("bucket")
    if bucket is None or isinstance(bucket, str):
        return plain
    check_place(bucket, scope, whose)
    bucket.enable_event_bridge_notification()
    key = {"kms_key": bucket.encryption_key.key_arn} if bucket.encryption_key else {}
    return {**key, **plain, "bucket": bucket.bucket_name}


def who(scope: IConstruct) -> str:
    """What errors of a construct begin with."""
    return f'Lightpress "{scope.node.id}"'


_LONGEST_OF_ID = 5


def _name_of(scope: Construct) -> str:
    """A name from the id and from where the construct is: another stack, or another id, has another one.

    Names of buckets have 63 characters, of which account and region take up to 30.
    """
    stack = Stack.of(scope).stack_name
    place = f"{'' if Token.is_unresolved(stack) else stack}/{scope.node.path}"
    letters = re.sub("[^a-z0-9]", "", scope.node.id.lower()).lstrip("0123456789")[:_LONGEST_OF_ID] or "x"
    return f"{letters}-{hashlib.sha256(place.encode()).hexdigest()[:4]}"
