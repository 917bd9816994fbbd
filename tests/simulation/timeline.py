"""What happened, in order: who did what to what, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from lightpress.pipeline.facts import fact_from
from lightpress.pipeline.gate import review_from_json
from lightpress.pipeline.manifest import manifest_from_json
from tools.fakes.s3 import Body


@dataclass(slots=True)
class Timeline:
    """Rows of who, what, and the result; they are put into words only if somebody reads them."""

    rows: list[tuple[str, str, object]] = field(default_factory=list)

    def add(self, who: str, what: str, result: object = "") -> None:
        self.rows.append((who, what, result))

    def __str__(self) -> str:
        texts = [(who, what, in_words(result)) for who, what, result in self.rows]
        widths = [max((len(text[column]) for text in texts), default=0) for column in range(2)]
        return "\n".join(
            f"{number:>5}  {who:<{widths[0]}}  {what:<{widths[1]}}  {result}".rstrip()
            for number, (who, what, result) in enumerate(texts, start=1)
        )


def in_words(result: object) -> str:
    """One short line about an answer, an error, or whatever else came of something."""
    if isinstance(result, ClientError):
        return f"{result.response['ResponseMetadata']['HTTPStatusCode']} {result.response['Error']['Code']}"
    if isinstance(result, ExceptionGroup):
        return "; ".join(map(in_words, result.exceptions))
    if isinstance(result, BaseException):
        return f"{type(result).__name__}: {result}"
    if isinstance(result, dict):
        return _answer_in_words(result)
    return "done" if result is None else str(result)


def _answer_in_words(answer: dict[str, Any]) -> str:
    if isinstance(answer.get("Body"), Body):
        return f"{_name(answer)} {_contents(answer['Body'].read())}"
    if "Contents" in answer or "KeyCount" in answer:
        return ", ".join(item["Key"] for item in answer.get("Contents", [])) or "nothing"
    return _name(answer) or "done"


def _name(answer: dict[str, Any]) -> str:
    return str(answer.get("VersionId") or answer.get("ETag", ""))[:9].strip('"')


def _contents(data: bytes) -> str:
    if data.startswith(b'{"reviewer"'):
        return "approved" if review_from_json(data).approved else "rejected"
    if data.startswith(b'{"enricher"'):
        return repr(fact_from(json.loads(data)))
    if data.startswith(b"{") and b'"status"' in data:
        manifest = manifest_from_json(data)
        return f"revision {manifest.revision} {manifest.status}" + (
            f" of {manifest.source.identity[:8]}" if manifest.source else ""
        )
    return repr(data[:20])
