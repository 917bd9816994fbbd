"""What a model on Bedrock says of a picture, for the emulator, whose models do not look. Standard library only.

The emulator's own Converse takes requests and gives answers in the form that AWS documents
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html); only the sentence is another.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def picture_in(messages: Iterable[dict[str, Any]]) -> bytes | None:
    """The bytes of the last picture among the messages of a request; None without one."""
    blocks = (block for message in messages for block in message.get("content") or ())
    pictures = [block["image"]["source"]["bytes"] for block in blocks if "image" in block]
    return base64.b64decode(pictures[-1]) if pictures else None


def described(looked: dict[str, Any]) -> str:
    """A sentence about a picture. looked: what look.py says of it."""
    color = next(iter(looked["shares"]))
    return f"A mostly {color} picture, {looked['width']} pixels wide and {looked['height']} high."
