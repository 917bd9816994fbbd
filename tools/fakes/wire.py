"""What lies between a client and its store: whoever holds the wire decides when a request goes out, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


class Wire(Protocol):
    """Carries one request: `effect` is what the store does about it, and its answer."""

    def __call__(self, operation: str, what: str, effect: Callable[[], Answer], *, changes: bool = False) -> Answer: ...


def at_once(operation: str, what: str, effect: Callable[[], Answer], *, changes: bool = False) -> Answer:  # noqa: ARG001
    """The wire where nothing ever goes wrong."""
    return effect()


def refusal(operation: str, status: int, code: str, message: str = "") -> ClientError:
    """What botocore raises for an answer that is none of success."""
    metadata: Any = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": message or code}, "ResponseMetadata": metadata}, operation)
