"""What can be wrong with a picture. These are the picture's fault: trying again cannot help.

    PictureRejected
        .reason   a code from Reason, for programs and tables
        .detail   one sentence with the numbers, for whoever uploaded it

Every other exception is the world's fault (memory, disk, network) and is worth another try.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a picture was rejected."""

    EMPTY = "empty"
    FOLDER = "folder"
    NOT_A_PICTURE = "not_a_picture"
    FORMAT_NOT_ACCEPTED = "format_not_accepted"
    CORRUPT = "corrupt"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG_SIDE = "too_long_side"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_MUCH_METADATA = "too_much_metadata"  # given until 0.1; metadata above the limit is left out now
    TOO_SLOW = "too_slow"
    CRASHED_DECODER = "crashed_decoder"
    MACHINE_LIMIT = "machine_limit"
    ARCHIVED = "archived"
    CUSTOMER_KEY = "customer_key"
    ACCESS_DENIED = "access_denied"
    REJECTED_BY_GATE = "rejected_by_gate"
    NOT_REVIEWED = "not_reviewed"


UNREADABLE = frozenset({Reason.ARCHIVED, Reason.CUSTOMER_KEY, Reason.ACCESS_DENIED})
"""These say nothing of the picture: nobody has seen it. It may be readable the next time, with the same contents."""

REJECTIONS = frozenset({Reason.REJECTED_BY_GATE, Reason.NOT_REVIEWED})
"""These are the words of people or programs that were asked about it, or their silence, and may be taken back."""


MESSAGES = {
    Reason.EMPTY: "The file is empty.",
    Reason.FOLDER: "The key ends in a slash: it marks a folder and holds no picture.",
    Reason.NOT_A_PICTURE: "The file's contents are no kind of picture that is known here, whatever its name says.",
    Reason.FORMAT_NOT_ACCEPTED: "The file is a kind of picture or document that is not accepted here.",
    Reason.CORRUPT: "The picture is damaged or cut short.",
    Reason.TOO_MANY_BYTES: "The file is larger than the limit.",
    Reason.TOO_MANY_PIXELS: "The picture has more pixels than the limit.",
    Reason.TOO_LONG_SIDE: "The picture is longer or wider than the limit.",
    Reason.TOO_MANY_PARTS: "The file is made of more parts than any sound picture is.",
    Reason.TOO_MUCH_METADATA: "The file says more about the picture than the limit.",
    Reason.TOO_SLOW: "The picture takes longer to work on than the limit.",
    Reason.CRASHED_DECODER: "The picture makes its decoder crash.",
    Reason.MACHINE_LIMIT: "The picture may be fine, but needs more memory or time than it is given here.",
    Reason.ARCHIVED: "The file is in an archive, and cannot be read until it is restored.",
    Reason.CUSTOMER_KEY: "The file is encrypted with a key of its uploader's own (SSE-C), and nobody else can read it.",
    Reason.ACCESS_DENIED: "The file is there, and access to it, or to the key that encrypts it, is denied.",
    Reason.REJECTED_BY_GATE: "The picture was reviewed, and is not to be published.",
    Reason.NOT_REVIEWED: "Nobody reviewed the picture in time, so it is not published.",
}


class PictureRejected(Exception):
    """The picture cannot become what its recipe asks for, however often it is tried.

    memory: where a decoder gave up, the bytes that it may have asked for. Some report a lack of memory as damage, so
    whoever bounds the memory must not believe this unless there was that much.
    """

    def __init__(self, reason: Reason, detail: str, *, memory: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.memory = memory


class FileCutShort(PictureRejected):
    """Parts of the file are missing, and its recipe refuses such files: nothing is to be mended."""

    def __init__(self, missing: str) -> None:
        super().__init__(Reason.CORRUPT, f"The file is cut short: {missing}.")
