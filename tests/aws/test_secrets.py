"""Secrets are read once in some minutes, and one that cannot be read is a bad one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from lightpress.aws.secrets import KEPT_SECONDS, CachedSecrets
from lightpress.webhooks.signature import BadSecretError
from tests.aws.conftest import REGION

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


@pytest.fixture
def manager() -> SecretsManagerClient:
    return boto3.client("secretsmanager", region_name=REGION)


def test_a_secret_is_what_it_was_until_it_is_read_again(manager: SecretsManagerClient) -> None:
    now = [0.0]
    secrets = CachedSecrets(manager, lambda: now[0])
    manager.create_secret(Name="hook", SecretString="old")
    assert secrets("hook") == "old"
    manager.put_secret_value(SecretId="hook", SecretString="new")
    now[0] = KEPT_SECONDS - 1
    assert secrets("hook") == "old"
    now[0] = KEPT_SECONDS
    assert secrets("hook") == "new"


def test_a_secret_that_is_not_there_or_no_text_is_a_bad_one_until_it_is_mended(manager: SecretsManagerClient) -> None:
    secrets = CachedSecrets(manager, lambda: 0.0)
    with pytest.raises(BadSecretError, match="ResourceNotFoundException"):
        secrets("hook")
    manager.create_secret(Name="hook", SecretBinary=b"key")
    with pytest.raises(BadSecretError, match="binary"):
        secrets("hook")
    manager.put_secret_value(SecretId="hook", SecretString="text")
    assert secrets("hook") == "text"
