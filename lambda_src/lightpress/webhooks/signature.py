"""Signatures of Standard Webhooks: HMAC-SHA256 of id, time and body, by each key of a secret.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64


class BadSecretError(Exception):
    """A secret is not what a signature can be made with. The message has nothing of it."""


def keys_of(secret: str) -> Sequence[bytes]:
    """Read a secret: keys of 24 to 64 bytes in Base64, each after `whsec_`, separated by blanks or new lines.

    Two keys sign everything twice, so that receivers can change from one to the other without a gap.

    Raises:
        BadSecretError: It is something else.
    """
    keys = tuple(_key(text) for text in secret.split())
    if not keys:
        raise BadSecretError("the secret is empty")
    return keys


def _key(text: str) -> bytes:
    if not text.startswith(_PREFIX):
        raise BadSecretError(f"a key of the secret does not begin with {_PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecretError("a key of the secret is not in Base64") from None
    if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise BadSecretError(f"a key of the secret has not {_FEWEST_BYTES} to {_MOST_BYTES} bytes, but {len(key)}")
    return key


def signed(id_: str, at: int, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """The header fields that go with a body.

    Args:
        id_: Of the message: letters, digits and hyphens, the same at each attempt.
        at: When it is sent, in seconds since 1970: receivers refuse what is older than some minutes.
        body: What is sent, to the byte.
        keys: What signs it, one signature by each.
    """
    content = f"{id_}.{at}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
