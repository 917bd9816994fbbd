"""Where may be connected to: public unicast addresses, by a list that does not change with the version of Python.

Sources: the IANA registries of special-purpose addresses for IPv4 (RFC 6890 and its updates) and IPv6, and what clouds
keep for themselves. Of IPv6, all that carries an IPv4 address in itself (mapped, compatible, 6to4, NAT64, Teredo,
ISATAP) is refused as a whole: nobody needs it to reach a public server, and unwrapping is where others erred.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import FetchReason

if TYPE_CHECKING:
    from lightpress.ingest.urls import SourceUrl

Network = IPv4Network | IPv6Network

_BLOCKED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind carriers' NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's own services
            "169.254.0.0/16",  # link-local: metadata and credentials of EC2, ECS and Lambda
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_6 = IPv6Network("2000::/3")
_BLOCKED_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols' own: Teredo, ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses may be connected to.

    Attributes:
        allowed: Networks that may be reached on any port although they are not public; for trials and tests only.
        ports: The ports of public addresses that may be reached.
        plain_http: Whether connections without TLS are allowed, too.
    """

    allowed: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({80, 443})
    plain_http: bool = False

    def check_scheme(self, link: SourceUrl) -> None:
        """Raise FetchFailed unless it is fetched in this way."""
        if link.scheme != "https" and not self.plain_http:
            raise FetchFailed(
                FetchReason.BLOCKED_SCHEME, f"{link.shown} is without TLS, which fetch_plain_http would allow."
            )

    def check(self, address: str, port: int) -> None:
        """Raise FetchFailed unless this address (as text) may be connected to."""
        found = ip_address(address)
        if any(found in network for network in self.allowed):
            return
        if not _is_public(found):
            raise FetchFailed(FetchReason.BLOCKED_ADDRESS, f"It leads to {address}, which is not a public address.")
        if port not in self.ports:
            allowed = ", ".join(map(str, sorted(self.ports)))
            raise FetchFailed(FetchReason.BLOCKED_PORT, f"Port {port} is not fetched from; allowed: {allowed}.")


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Read networks in CIDR notation, such as "10.0.0.0/8"; raises ValueError for anything else."""
    return tuple(map(ip_network, texts))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _BLOCKED_4)
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return False
    return address in _UNICAST_6 and not any(address in network for network in _BLOCKED_6)
