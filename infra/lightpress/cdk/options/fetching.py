"""Fetcher: pictures by their URLs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import Environment
from lightpress.cdk.options.kinds import flag, integer, option

if TYPE_CHECKING:
    from lightpress.toml_reader import Table


def _ports() -> tuple[int, ...]:
    default = (80, 443)
    return option(
        default,
        lambda table, key: table.integers(key, default, low=1, high=65_535),
        allowed="numbers from 1 to 65,535",
    )


def _networks() -> tuple[str, ...]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        texts = table.texts(key, ())
        for text in texts:
            try:
                ip_network(text)
            except ValueError:
                raise table.error(key, f'{text!r} is no network; allowed: such as "127.0.0.0/8"') from None
        return texts

    return option((), read, allowed='networks such as "127.0.0.0/8"')


@dataclass(frozen=True)
class FetchingOptions(Environment):
    """Which servers are asked, how often and how patiently."""

    # Fetch pictures by their URLs: `lightpress ingest`, and `POST /ingest` of the upload API.
    url_ingest: bool = flag(default=False)
    # Functions that fetch at the same time, each 10 URLs at once.
    fetch_max_concurrency: int = integer(10, low=2, high=1000)
    # What one file may have. The function gets memory for ten of them.
    fetch_max_mb: int = integer(32, low=1, high=512)
    # What one URL may take, with all its redirects.
    fetch_timeout_seconds: int = integer(30, low=2, high=120)
    # Tries where a server is busy or broken, and the seconds between the first two; then twice as long each time, or as
    # long as the server says. What is slow or cut short is tried 3 times at most.
    fetch_tries: int = integer(6, low=1, high=20)
    fetch_first_pause_seconds: int = integer(15, low=1, high=300)
    # What one function asks of one host: requests at once, and new ones in a second. All functions together ask at most
    # `fetch_max_concurrency` times as many.
    fetch_per_host: int = integer(4, low=1, high=10)
    fetch_per_host_rate: int = integer(10, low=1, high=1000)
    # Ports of public addresses that may be asked.
    fetch_ports: tuple[int, ...] = _ports()
    # Fetch over http, too: whoever sits between may then choose the picture.
    fetch_plain_http: bool = flag(default=False)
    # Networks that may be asked although they are not public, on any port: whoever may order URLs can then reach into
    # them. Refused in prod.
    fetch_allowed_networks: tuple[str, ...] = _networks()


def check_networks(options: FetchingOptions, table: Table) -> None:
    """In prod, only what is public is fetched."""
    if options.environment == "prod" and options.fetch_allowed_networks:
        raise table.error("fetch_allowed_networks", "private networks are not fetched from in prod; allowed: none")
