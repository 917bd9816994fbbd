"""Secrets of Secrets Manager, each kept for some minutes: an event each would cost as much as everything else of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.webhooks.signature import BadSecretError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class CachedSecrets:
    """Reads secrets.

    Attributes:
        client: The client.
        clock: Seconds, from any beginning, that never go back.
    """

    client: SecretsManagerClient
    clock: Callable[[], float]
    _read: dict[str, tuple[float, str]] = field(default_factory=dict, repr=False)

    def __call__(self, arn: str) -> str:
        """The secret as it was at most `KEPT_SECONDS` ago. GET SECRET VALUE.

        Raises:
            BadSecretError: There is none, it may not be read, or it is no text: until its owner mends that.
        """
        now = self.clock()
        at, secret = self._read.get(arn, (now - KEPT_SECONDS, ""))
        if now - at >= KEPT_SECONDS:
            secret = self._get(arn)
            self._read[arn] = (now, secret)
        return secret

    def _get(self, arn: str) -> str:
        try:
            answer = self.client.get_secret_value(SecretId=arn)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise BadSecretError(f"Secrets Manager does not give the secret: {code}") from error
        if "SecretString" not in answer:
            raise BadSecretError("the secret is binary, and has to be text")
        return answer["SecretString"]
