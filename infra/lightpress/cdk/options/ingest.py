"""Options of URL ingest: which servers are requested, how often, and with which limits."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import PROD
from lightpress.cdk.options.option_types import flag, integer, option

if TYPE_CHECKING:
    from lightpress.toml_reader import Table


def _ports(*, doc: str) -> tuple[int, ...]:
    default = (80, 443)
    return option(
        default,
        lambda table, key: table.integers(key, default, low=1, high=65_535),
        allowed="numbers from 1 to 65,535",
        doc=doc,
    )


def networks(*, doc: str) -> tuple[str, ...]:
    """Declare a list of networks."""

    def read(table: Table, key: str) -> tuple[str, ...]:
        texts = table.texts(key, ())
        for text in texts:
            try:
                ip_network(text)
            except ValueError:
                raise table.error(key, f'{text!r} is no network; allowed: such as "127.0.0.0/8"') from None
        return texts

    return option((), read, allowed='networks such as "127.0.0.0/8"', doc=doc)


@dataclass(frozen=True)
class IngestOptions:
    """URL ingest: originals are fetched from other servers."""

    url_ingest: bool = flag(
        default=False, doc="Fetch originals by their URLs: `lightpress ingest`, and `POST /ingest` of the upload API."
    )
    fetch_max_concurrency: int = integer(
        10, low=2, high=1000, doc="Maximum concurrent invocations of the function that fetches; each fetches 10 URLs."
    )
    fetch_max_mb: int = integer(
        32,
        low=1,
        high=512,
        doc="Maximum size of a file, in MB. The function gets memory for ten of them: "
        "from 276 on, that is more than the 3,008 MB that new AWS accounts may be limited to.",
    )
    fetch_timeout_seconds: int = integer(
        30, low=2, high=120, doc="Time limit for one URL, including all its redirects, in seconds."
    )
    fetch_tries: int = integer(
        6,
        low=1,
        high=20,
        doc="Attempts at a URL whose server is busy or broken. Slow and truncated responses are tried 3 times at most.",
    )
    fetch_first_pause_seconds: int = integer(
        15,
        low=1,
        high=300,
        doc="Pause between the first two attempts. It doubles each time, unless the server sends `Retry-After`.",
    )
    fetch_per_host: int = integer(
        4,
        low=1,
        high=10,
        doc="Concurrent requests of one invocation to the same host. All invocations together send at most "
        "`fetch_max_concurrency` times as many.",
    )
    fetch_per_host_rate: int = integer(
        10,
        low=1,
        high=1000,
        doc="New requests per second of one invocation to the same host. All invocations together send at most "
        "`fetch_max_concurrency` times as many.",
    )
    fetch_ports: tuple[int, ...] = _ports(doc="Ports that are allowed for public addresses.")
    fetch_plain_http: bool = flag(
        default=False, doc="Fetch over plain HTTP too, where anybody on the network path can replace the file."
    )
    fetch_allowed_networks: tuple[str, ...] = networks(
        doc="Networks that are not public and are allowed nevertheless, on any port. Whoever may submit URLs can then "
        "reach servers in them. Refused in prod."
    )


def check_networks(options: IngestOptions, environment: str, table: Table) -> None:
    """Reject private networks in prod."""
    if environment == PROD and options.fetch_allowed_networks:
        raise table.error("fetch_allowed_networks", "private networks are not fetched from in prod; allowed: none")
