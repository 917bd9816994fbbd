"""A client of the upload API for programs, with the standard library alone: no AWS, no credentials but the caller's."""

from __future__ import annotations

import json
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from lightpress.client.media_types import media_type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from email.message import Message
    from pathlib import Path
    from ssl import SSLContext

    Focus = str | tuple[float, float]

PARTS_FROM = 16 * 1024 * 1024
"""Files of this size and more, in bytes, are sent in parts. The page and the npm package do the same."""

_AT_ONCE = 3
_TRIES = 4
_CHUNK = 1024 * 1024
_SECONDS = 60
_FAILS = 500  # and above
_TOO_MANY = 429
_LONGEST_PAUSE = 5.0
_CHANGED = "changed"


class UploadError(Exception):
    """What the API or the storage refused, in words for people.

    Attributes:
        code: For programs: a code of the API, the reason of a picture that has failed, or "changed" of a file that was
            written while it was read.
        status: Of the response; 0 where there was none.
        retriable: Whether the same may be accepted later.
        parts: Of an upload in parts that broke, what `upload` goes on with; None otherwise.
    """

    def __init__(self, message: str, *, code: str = "unknown", status: int = 0, retriable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retriable = retriable
        self.parts: Mapping[str, Any] | None = None


class _Part(NamedTuple):
    number: int
    start: int
    size: int


@dataclass(frozen=True)
class Uploads:
    """The upload API of a deployment. Its methods raise UploadError.

    Attributes:
        api: The output UploadApiUrl.
        authorization: Gives the header of that name, such as "Bearer ..."; None where the API asks for none.
        tls: With other certificate authorities than the usual ones; None for those.
        first_pause: Seconds before what failed is sent again, and before a picture is asked for again; then more.
    """

    api: str
    authorization: Callable[[], str] | None = None
    tls: SSLContext | None = field(default=None, repr=False)
    first_pause: float = 0.5

    def upload(
        self,
        path: Path,
        *,
        collection: str | None = None,
        focus: Focus | None = None,
        parts_from: int = PARTS_FROM,
        parts: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Upload a file. The picture is there once `published` says so.

        Args:
            path: The file. It is read while it is sent, and never whole.
            collection: The first folder of the key; None for `uploads`.
            focus: Where the subject is: shares of width and height.
            parts_from: The bytes from which on a file goes in parts, several at once.
            parts: Of an UploadError, or the same after JSON: what has arrived is not sent again, unless the file has
                changed since.

        Returns:
            `key`, `permalink` and `status_url`.
        """
        state = _state_of(path)
        about: dict[str, Any] = {"filename": path.name, "size": state["size"]}
        about["type"] = media_type_of(path.name)
        about |= {"collection": collection} if collection else {}
        about |= {"focus": _said(focus)} if focus else {}
        if parts is not None and any(parts.get(name) != value for name, value in state.items()):
            self._give_up({name: parts[name] for name in ("key", "upload_id")})
            parts = None
        if parts is not None or about["size"] >= parts_from:
            return self._upload_in_parts(path, about, parts, state)
        begun = self._call("POST", "uploads", about)
        form = begun.pop("upload")
        with path.open("rb") as file:
            head, tail, media_type = _form(form["fields"], path.name)
            length = len(head) + about["size"] + len(tail)
            headers = {"Content-Type": media_type, "Content-Length": str(length)}
            self._send("POST", form["url"], _chunks(head, file, tail), headers)
        return begun

    def status(self, key: str) -> dict[str, Any]:
        """What the API says of a picture now."""
        return self._call("GET", _path_of(key))

    def published(self, key: str, *, timeout: float = 300) -> dict[str, Any]:
        """Wait until a picture is published, around the focus that was last said of it; also past answers that fail.

        Args:
            key: Of the picture.
            timeout: Seconds.

        Returns:
            What the API says of it. A picture that has failed raises its reason, one in review `held`.
        """
        deadline, pause = time.monotonic() + timeout, self.first_pause
        while True:
            try:
                said = self.status(key)
            except UploadError as error:
                if not error.retriable or time.monotonic() + pause > deadline:
                    raise
                said = {"status": "processing"}  # as far as anybody knows
            if said["status"] == "ready" and not said.get("focus_pending"):
                return said
            if said["status"] not in {"processing", "ready"}:
                words = said.get("title") or f"The picture is {said['status']}."
                raise UploadError(words, code=said.get("reason") or said["status"])
            if time.monotonic() + pause > deadline:
                raise UploadError("It is not published yet.", code="timeout", retriable=True)
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    def correct(self, key: str, focus: Focus | None) -> dict[str, Any]:
        """Say where the subject of a published picture is; None takes it back. `published` waits for it."""
        return self._call("PATCH", _path_of(key), {"focus": "none" if focus is None else _said(focus)})

    def describe(
        self, key: str, *, alt: str | None = None, labels: Sequence[str] | None = None, forget: Collection[str] = ()
    ) -> dict[str, Any]:
        """Say what a published picture shows, whatever programs say of it.

        Args:
            key: Of the picture.
            alt: The text for those who do not see it, empty where it only decorates a page; None leaves it as it is.
            labels: What is in it, without commas; None leaves them as they are.
            forget: "alt", "labels" or both: takes back what was said.

        Returns:
            `alt` and `labels` as they are now, beside what `correct` returns.
        """
        words = dict.fromkeys(forget, "none")
        words |= {"alt": alt} if alt is not None else {}
        words |= {"labels": ", ".join(labels)} if labels is not None else {}
        return self._call("PATCH", _path_of(key), words)

    def remove(self, key: str) -> dict[str, Any]:
        """Delete a picture, and all that is published of it."""
        return self._call("DELETE", _path_of(key))

    def _upload_in_parts(
        self, path: Path, about: dict[str, Any], parts: Mapping[str, Any] | None, state: dict[str, Any]
    ) -> dict[str, Any]:
        """Send it, or go on. State: what tells whether the file is still the one that it began with."""
        begun = parts or self._call("POST", "multipart", about) | state
        going = {"key": begun["key"], "upload_id": begun["upload_id"]}
        try:
            there = self._call("POST", "multipart/list", going) if parts else {"parts": []}
            if not there.get("completed"):  # else only the answer was lost
                sent = self._send_parts(path, about["size"], begun, there["parts"])
                _refuse_changed(path, state)
                self._call("POST", "multipart/complete", going | {"parts": sent})
        except UploadError as error:
            if parts and error.code == "not_found":  # given up meanwhile
                return self._upload_in_parts(path, about, None, state)
            error.parts = begun
            raise
        except BaseException:
            self._give_up(going)
            raise
        return {name: value for name, value in begun.items() if name not in {"upload_id", "part_size", *state}}

    def _send_parts(
        self, path: Path, size: int, begun: Mapping[str, Any], there: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Send what has not arrived; the parts with their ETags."""
        starts = range(0, size, begun["part_size"])
        parts = [_Part(number, at, min(begun["part_size"], size - at)) for number, at in enumerate(starts, 1)]
        arrived = {(part["part_number"], part["size"]): part["etag"] for part in there}

        def etag_of(part: _Part) -> str:
            return arrived.get((part.number, part.size)) or self._send_stubbornly(path, begun, part)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                etags = list(pool.map(etag_of, parts))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return [{"part_number": part.number, "etag": etag} for part, etag in zip(parts, etags, strict=True)]

    def _send_stubbornly(self, path: Path, begun: Mapping[str, Any], part: _Part) -> str:
        for tried in range(1, _TRIES + 1):
            try:
                return self._send_part(path, begun, part)
            except UploadError as error:
                if tried == _TRIES or not error.retriable or error.code == _CHANGED:
                    raise
                time.sleep(self.first_pause * 2**tried)
        raise AssertionError

    def _send_part(self, path: Path, begun: Mapping[str, Any], part: _Part) -> str:
        asked = {"key": begun["key"], "upload_id": begun["upload_id"], "part_number": part.number, "size": part.size}
        url = self._call("POST", "multipart/sign", asked)["url"]
        with path.open("rb") as file:
            file.seek(part.start)
            data = file.read(part.size)
        if len(data) < part.size:
            raise _changed(path)
        headers = {"Content-Type": "application/octet-stream"}
        return self._send("PUT", url, data, headers)["etag"]

    def _give_up(self, going: dict[str, Any]) -> None:
        """Parts that nobody wants any more would be paid for until the storage clears them away."""
        try:
            self._call("POST", "multipart/abort", going)
        except UploadError:
            return

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": self.authorization()} if self.authorization else {}
        data = None if body is None else json.dumps(body).encode()
        headers |= {} if data is None else {"Content-Type": "application/json"}
        url = f"{self.api.rstrip('/')}/{path}"
        _, answer = self._asked(method, url, data, headers, _refused_by_api)
        try:
            said: dict[str, Any] = json.loads(answer)
        except ValueError:
            raise UploadError(f"This is no upload API: {self.api}", code="no_api") from None
        return said

    def _send(self, method: str, url: str, data: bytes | Iterator[bytes], headers: dict[str, str]) -> dict[str, str]:
        """Send bytes to the storage; the headers of its answer, in small letters."""
        answered, _ = self._asked(method, url, data, headers, _refused_by_storage)
        return {name.lower(): value for name, value in answered.items()}

    def _asked(
        self,
        method: str,
        url: str,
        data: bytes | Iterator[bytes] | None,
        headers: dict[str, str],
        refused: Callable[[int, bytes], UploadError],
    ) -> tuple[Message, bytes]:
        if not url.startswith(("https://", "http://")):
            raise UploadError(f"This is no address of an upload API: {url}", code="no_api")
        request = Request(url, data, headers, method=method)  # noqa: S310  of one of two schemes
        try:
            with urlopen(request, timeout=_SECONDS, context=self.tls) as answer:  # noqa: S310
                return answer.headers, answer.read()
        except HTTPError as error:
            raise refused(error.code, _words_of(error)) from None
        except (OSError, HTTPException) as error:
            raise UploadError(f"The connection broke ({error}).", code="interrupted", retriable=True) from error


def _state_of(path: Path) -> dict[str, Any]:
    """What tells whether a file is still the one that it was."""
    found = path.stat()
    return {"size": found.st_size, "modified": found.st_mtime_ns}


def _refuse_changed(path: Path, state: dict[str, Any]) -> None:
    if _state_of(path) != state:
        raise _changed(path)


def _changed(path: Path) -> UploadError:
    """Its parts are of two files. Sent again, it begins anew."""
    return UploadError(f"{path.name} has changed while it was sent.", code=_CHANGED, retriable=True)


def _path_of(key: str) -> str:
    return f"images/{quote(key)}"


def _said(focus: Focus) -> str:
    return focus if isinstance(focus, str) else ",".join(f"{share:.4f}".rstrip("0").rstrip(".") for share in focus)


def _form(fields: Mapping[str, str], name: str) -> tuple[bytes, bytes, str]:
    """What stands before and after the file in a form, and the media type of the whole.

    The file is the last field: S3 ignores what comes after it.
    """
    boundary = secrets.token_hex(16)
    part = f"--{boundary}\r\nContent-Disposition: form-data; name="
    head = "".join(f'{part}"{field}"\r\n\r\n{value}\r\n' for field, value in fields.items())
    # As browsers write it: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    escaped = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    head += f'{part}"file"; filename="{escaped}"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    return head.encode(), f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _chunks(head: bytes, file: IO[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    while chunk := file.read(_CHUNK):
        yield chunk
    yield tail


def _words_of(error: HTTPError) -> bytes:
    """The body of a refusal; nothing where the connection breaks within it, for the status says enough."""
    try:
        return error.read()
    except (OSError, HTTPException):
        return b""


def _refused_by_api(status: int, words: bytes) -> UploadError:
    """The API answers errors as RFC 9457 problem details; what stands before it (a gateway) may not."""
    try:
        said = json.loads(words)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    fields = " ".join(one["detail"] for one in said.get("errors", []))
    told = fields or said.get("detail") or said.get("title") or said.get("message")
    code = said.get("code", "unknown")
    # A quota lasts for the day.
    retriable = status >= _FAILS or (status == _TOO_MANY and code != "quota_exceeded")
    return UploadError(told or f"The upload API answered {status}.", code=code, status=status, retriable=retriable)


# What S3 answers with 4xx, and takes the second time.
_PASSING = {"BadDigest", "RequestTimeout", "SlowDown"}


def _refused_by_storage(status: int, words: bytes) -> UploadError:
    found = re.search(rb"<Code>(\w+)</Code>", words)
    code = found[1].decode() if found else "storage"
    retriable = status >= _FAILS or code in _PASSING
    told = f"The storage did not accept the file ({status} {code})."
    return UploadError(told, code=code, status=status, retriable=retriable)
