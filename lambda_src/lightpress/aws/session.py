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

SERVICES = (
    "bedrock-runtime",
    "cloudfront",
    "cloudwatch",
    "dynamodb",
    "events",
    "rekognition",
    "s3",
    "secretsmanager",
    "sqs",
)

_CONTINUE_SECONDS = 1


def waiting(*, connect: float, read: float, attempts: int) -> Config:
    """The timeouts and retries of a client; see `longest_wait`.

    botocore waits 60 s for each answer and asks five times: one connection that stalls would end an invocation and fail
    every message of its batch. https://docs.aws.amazon.com/boto3/latest/guide/configuration.html

    Args:
        connect: Seconds for the handshakes, and for each write of up to 16 KB: urllib3 sends requests under it.
        read: Seconds of waiting for the next bytes, not for a whole body.
        attempts: Requests in all, the first included.
    """
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return Config(connect_timeout=connect, read_timeout=read, retries=retries)


def longest_wait(config: Any) -> float:  # noqa: ANN401  Config declares its options only while it runs
    """Seconds until a request fails to which nobody answers: each attempt, and the pauses of the standard mode.

    The pauses are at most 1 s, 2 s, 4 s: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html.
    Before it sends a body, botocore waits 1 s for "100 Continue".
    """
    attempts: int = config.retries["total_max_attempts"]
    each = max(config.connect_timeout, config.read_timeout + _CONTINUE_SECONDS)
    return float(attempts * each + 2 ** (attempts - 1) - 1)


# Of functions with 30 seconds or more: 27 seconds at most.
WAITING = waiting(connect=3, read=7, attempts=3)

# Of the upload API, which has 15 seconds: 13 at most.
WAITING_IN_API = waiting(connect=3, read=5, attempts=2)

# Of the resolver, which has 10 seconds, only reads, and has a viewer waiting: 3 at most, and 5 where there are bodies.
WAITING_FOR_VIEWER = waiting(connect=1, read=1, attempts=2)

# Of `record_failure`, which has 180 seconds: 123 at most. S3 copies up to 5 GB in one request, and may send nothing
# before that is done: https://github.com/aws/aws-sdk-go-v2/issues/712
WAITING_FOR_COPIES = waiting(connect=3, read=60, attempts=2)


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
    """A client of one of `SERVICES`, which waits as `WAITING` says unless `config` says otherwise."""
    try:
        return session().create_client(service, config=WAITING.merge(config) if config else WAITING)
    finally:
        _end_cold_start()


def s3_client(how_long: Config = WAITING, *, max_connections: int = 10) -> S3Client:
    """A client of S3. how_long: it waits, one of the constants here."""
    made: S3Client = client("s3", config=how_long.merge(Config(max_pool_connections=max_connections)))
    return made


def sqs_client(*, max_connections: int = 10) -> SQSClient:
    """A client of SQS that is made by its first call: most invocations need none, and each cold start would pay."""
    made: SQSClient = _LazyClient("sqs", Config(max_pool_connections=max_connections))  # type: ignore[assignment]
    return made


class _LazyClient:
    def __init__(self, service: str, config: Config) -> None:
        self._client = cache(partial(client, service, config))

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401  whatever the client has
        return getattr(self._client(), operation)


def _end_cold_start() -> None:
    """Switch the garbage collector on again, which `handlers` has switched off, for objects made from now on.

    What exists by now stays for good: looking through all of it once took a tenth of the cold start.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
