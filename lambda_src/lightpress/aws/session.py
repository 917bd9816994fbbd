"""How clients of AWS are made: once per container, from botocore alone, with as little cold start as possible.

boto3's own layers above botocore would be a tenth of a cold start (docs/performance.md).
"""

from __future__ import annotations

import gc
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

SERVICES = ("cloudfront", "dynamodb", "events", "s3", "sqs")


class _ServiceModels(Loader):
    """Knows which services are used. To find S3, botocore would list the folders of all four hundred."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002  each has models of every type
        return list(SERVICES)


@cache
def session() -> Session:
    """The session that every client of this container is made from."""
    made = Session()
    made.register_component("data_loader", _ServiceModels())
    return made


def client(service: str, config: Config | None = None) -> Any:  # noqa: ANN401  its type is known where it is used
    """A client of one of `SERVICES`."""
    try:
        return session().create_client(service, config=config)
    finally:
        _end_cold_start()


def s3_client(*, max_connections: int = 10) -> S3Client:
    """A client of S3 that retries transient errors three times."""
    retries: Any = {"mode": "standard", "max_attempts": 4}
    made: S3Client = client("s3", config=Config(retries=retries, max_pool_connections=max_connections))
    return made


def sqs_client() -> SQSClient:
    """A client of SQS that is made by its first call: most invocations need none, and each cold start would pay."""
    made: SQSClient = _LazyClient("sqs")  # type: ignore[assignment]
    return made


class _LazyClient:
    def __init__(self, service: str) -> None:
        self._client = cache(partial(client, service))

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401  whatever the client has
        return getattr(self._client(), operation)


def _end_cold_start() -> None:
    """Switch the garbage collector on again, which `handlers` has switched off, for objects made from now on.

    What exists by now stays for good: looking through all of it once took a tenth of the cold start.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
