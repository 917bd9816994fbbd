"""The address of a picture, read strictly: what two programs could read in two ways is refused.

A link is written anew from its parts before anybody uses it, so that what is checked is what is connected to. It may
name a host as it likes; where that leads is checked when it is looked up (`lightpress.ingest.addresses`).
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote

from lightpress.image.inputs import INPUTS
from lightpress.ingest.hostnames import in_ascii
from lightpress.uploads.requests import safe_name

LONGEST_URL = 2_048

_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)(#.*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_UNREADABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
# Where the last part is a number, programs take the whole for an address: 2130706433, 0x7f.1 and 127.1 are loopback.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_KEPT = "%/?:@!$&'()*+,;=-._~[]"
_ENDINGS = frozenset(extension for row in INPUTS for extension in row.extensions)
_DIGEST_CHARACTERS = 16  # 80 bits
_DEFAULT_PORTS = {"https": 443, "http": 80}


class FetchReason(StrEnum):
    """Why there is no picture of a URL."""

    INVALID_URL = "invalid_url"
    BLOCKED_SCHEME = "blocked_scheme"
    BLOCKED_PORT = "blocked_port"
    BLOCKED_ADDRESS = "blocked_address"
    UNKNOWN_HOST = "unknown_host"
    BAD_CERTIFICATE = "bad_certificate"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    NOT_AN_IMAGE = "not_an_image"
    TOO_LARGE = "too_large"
    CONTENT_ENCODED = "content_encoded"
    BAD_ANSWER = "bad_answer"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    INCOMPLETE = "incomplete"
    SERVER_ERROR = "server_error"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNFINISHED = "unfinished"


FETCH_MESSAGES = {
    FetchReason.INVALID_URL: "The address cannot be read as that of a picture on the web.",
    FetchReason.BLOCKED_SCHEME: "Pictures are not fetched in this way; https always works.",
    FetchReason.BLOCKED_PORT: "Pictures are not fetched from this port.",
    FetchReason.BLOCKED_ADDRESS: "The address leads to a place that is not on the public internet.",
    FetchReason.UNKNOWN_HOST: "There is no server of this name.",
    FetchReason.BAD_CERTIFICATE: "The server cannot prove that it is the one the address names.",
    FetchReason.NOT_FOUND: "The server has nothing at this address.",
    FetchReason.FORBIDDEN: "The server does not let us have the picture.",
    FetchReason.TOO_MANY_REDIRECTS: "The server sends us on and on, and never to a picture.",
    FetchReason.NOT_AN_IMAGE: "What the server sends is no kind of picture that is accepted here.",
    FetchReason.TOO_LARGE: "The file is larger than the limit.",
    FetchReason.CONTENT_ENCODED: "The server sends the file packed although it was asked not to.",
    FetchReason.BAD_ANSWER: "The server answers with something that makes no sense.",
    FetchReason.TIMEOUT: "The server takes longer than the limit.",
    FetchReason.UNREACHABLE: "The server cannot be reached.",
    FetchReason.INCOMPLETE: "The server ends the file before its end.",
    FetchReason.SERVER_ERROR: "The server has trouble of its own.",
    FetchReason.TOO_MANY_REQUESTS: "The server wants to be asked less often.",
    FetchReason.UNFINISHED: "Fetching it did not come to an end, several times.",
}


class InvalidUrlError(Exception):
    """It is no link. reason: for programs; the message says what is wrong."""

    def __init__(self, reason: FetchReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SourceUrl:
    """A URL in parts, all of them ASCII.

    Attributes:
        scheme: "http" or "https".
        host: In lower case; an IPv6 address without brackets.
        port: The port, also where the URL names none.
        target: Path and query, as they stand in the request.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def url(self) -> str:
        """The link as it is written."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """Host and port, as they stand in a URL and in a request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """What may be logged and kept: queries may hold somebody's signature or token."""
        return f"{self.scheme}://{self.authority}{self.target.partition('?')[0]}"

    @property
    def digest(self) -> str:
        """Another one for every other URL; it tells nothing of what the query holds."""
        return base64.b32encode(hashlib.sha256(self.url.encode()).digest()).decode().lower()[:_DIGEST_CHARACTERS]

    @property
    def name(self) -> str:
        """Under which name to keep it: readable, and another one for every other URL."""
        last = unquote(self.target.partition("?")[0]).rstrip("/").rpartition("/")[2]
        stem, dot, ending = safe_name(last).rpartition(".")
        if not dot:
            return f"{ending}-{self.digest}"
        return f"{stem}-{self.digest}.{ending}" if ending in _ENDINGS else f"{stem}-{self.digest}"


def parse_url(text: str) -> SourceUrl:
    """Read a URL; raises InvalidUrlError."""
    if len(text) > LONGEST_URL:
        raise _invalid(f"The URL has {len(text)} characters; at most {LONGEST_URL} are accepted.")
    if found := _UNREADABLE.search(text):
        raise _invalid(f"The URL has a character that no URL has, at {found.start() + 1}: {found[0]!r}.")
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise _invalid(f"{text[:100]!r} is no URL; it must be such as https://example.com/cat.jpg.")
    scheme, authority = parts[1].lower(), parts[2]
    if scheme not in _DEFAULT_PORTS:
        raise InvalidUrlError(FetchReason.BLOCKED_SCHEME, f"The scheme {scheme!r} is not fetched; https is.")
    if "@" in authority:
        raise _invalid("The URL holds a user's name or password; none are sent from here.")
    host, port = _host_and_port(authority)
    target = quote(parts[3], safe=_KEPT)
    target = target if target.startswith("/") else f"/{target}"
    if len(target) > LONGEST_URL:
        raise _invalid(f"The URL has {len(target)} characters once it is encoded; at most {LONGEST_URL} are accepted.")
    return SourceUrl(scheme, host, _DEFAULT_PORTS[scheme] if port is None else port, target)


def _host_and_port(authority: str) -> tuple[str, int | None]:
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise _invalid(f"{authority!r} names no host.")
    port = int(parts[2]) if parts[2] else None
    if port is not None and not 0 < port < 1 << 16:
        raise _invalid(f"{port} is no port.")
    return _host(parts[1]), port


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise _invalid(f"{text} is no IPv6 address.") from None
    try:
        host = in_ascii(text).removesuffix(".")
    except ValueError:
        raise _invalid(f"{text!r} cannot be the name of a host.") from None
    if not _HOST.fullmatch(host):
        raise _invalid(f"{text!r} cannot be the name of a host.")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise InvalidUrlError(
                FetchReason.BLOCKED_ADDRESS, f"{text!r} is a number that hides where it leads."
            ) from None
    return host


def _invalid(detail: str) -> InvalidUrlError:
    return InvalidUrlError(FetchReason.INVALID_URL, detail)
