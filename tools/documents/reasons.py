"""Writes docs/errors.md: every reason of a picture and of a URL, and what to do about it: `make docs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.cdk.readiness import PROJECT
from lightpress.image.errors import MESSAGES, Reason
from lightpress.ingest.urls import FETCH_MESSAGES, FetchReason
from tools.markdown import line

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = PROJECT / "docs" / "errors.md"

TO_DO: Mapping[Reason, str] = {
    Reason.EMPTY: "Upload the file again: its upload ended before its first byte.",
    Reason.FOLDER: "Nothing: S3's console makes such objects for folders.",
    Reason.NOT_A_PICTURE: "Look at the file: it is text, a video, a document, or encrypted.",
    Reason.FORMAT_NOT_ACCEPTED: "Add the format to `accept` of the recipe, deploy, then `lightpress failures retry`.",
    Reason.CORRUPT: "Upload it again. If browsers show the file, please report it, with the file.",
    Reason.TOO_MANY_BYTES: "Raise `limits.max_mb` of the recipe.",
    Reason.TOO_MANY_PIXELS: "Raise `limits.max_megapixels` or `limits.max_decoded_mb`; `memory_mb` must allow for it.",
    Reason.TOO_LONG_SIDE: "Raise `limits.max_side` of the recipe.",
    Reason.TOO_MANY_PARTS: "Save the file anew: no program for pictures writes so many parts.",
    Reason.TOO_MUCH_METADATA: "`lightpress failures retry`: since 0.1, such metadata is left out instead.",
    Reason.TOO_SLOW: "Reduce the picture, or raise `memory_mb`: Lambda gives CPU in proportion to it.",
    Reason.CRASHED_DECODER: "Save the file anew with another program, and please report it, with the file.",
    Reason.MACHINE_LIMIT: "Raise `memory_mb`, deploy, then `lightpress failures retry --reason machine_limit`.",
    Reason.ARCHIVED: "Restore it; S3 tells when that is done, and it is processed by itself.",
    Reason.CUSTOMER_KEY: "Upload it again without SSE-C.",
    Reason.ACCESS_DENIED: "Allow the functions to read it, then `lightpress failures retry --reason access_denied`.",
    Reason.REJECTED_BY_GATE: "Upload another one; a person may take a rejection back with `lightpress gate approve`.",
    Reason.NOT_REVIEWED: "Have it reviewed: it is published once all reviewers of its recipe have approved it.",
}
"""What who uploads or operates can do about each reason."""

_HEAD = """\
# Errors and reasons

By code, as they stand in manifests, events, answers of the upload API, logs, and `lightpress failures list`. `make
docs` writes this page from the code. A newer release may know more codes: treat one that you do not know as a failure.

[troubleshooting.md](troubleshooting.md) begins with what one sees instead.

## Why a picture failed

`lightpress status KEY` shows `reason`, and `detail` with the numbers. Trying again without a change ends in the same
way, except for `machine_limit`, `archived` and `access_denied`.

"""
_FETCHED = """
## Why a URL could not be fetched

With `url_ingest`. [operations.md](operations.md#pictures-by-url) says how often each is tried.

"""
_REST = """
## Why a message makes no sense

Rows of the failures table whose key is that of a message: somebody else writes to the queue, or S3 says something new.
Its copy in quarantine is the message, word for word.

| reason | |
|---|---|
| `not_json` | The message is not JSON. |
| `unknown_message` | It is no event of S3. |
| `unknown_event` | It is an event of S3 from which no work follows. |
| `record_without_key` | It names no object. |
| `unknown_bucket` | It is about another bucket. |

## What the upload API answers

[api.md](api.md#what-goes-wrong) lists its codes.

## What the CDN answers

| status | when |
|---|---|
| 302 | follow it: a permalink whose variant has more than 4 MB, or any with `permalinks = "redirect"` |
| 403 | the picture is private and the signature is missing, wrong or over; or the country is not allowed |
| 404 | nothing is published under this key; with `x-lightpress-reason`: it failed for that reason |
| 410 | it was deleted |

## Exit codes

[cli.md](cli.md) has those of each command. 0: done. 1: something failed, and a sentence says what. 2: an option or
argument is wrong.
"""


def errors_page() -> str:
    """The page as it should be."""
    pictures = [line((f"`{reason}`", MESSAGES[reason], TO_DO[reason])) for reason in Reason]
    urls = [line((f"`{reason}`", FETCH_MESSAGES[reason])) for reason in FetchReason]
    return "".join(
        [
            _HEAD,
            "\n".join([line(("reason", "", "what to do")), "|---|---|---|", *pictures, ""]),
            _FETCHED,
            "\n".join([line(("reason", "")), "|---|---|", *urls, ""]),
            _REST,
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(errors_page(), encoding="utf-8")
