"""What somebody can cost at most who asks the CDN for as much as they like, with a web ACL and without.

An upper bound: of the addresses that a web ACL limits, each makes as many requests as it lets pass, all hour long.
What AWS itself stops (Shield) is not taken off, nor what concurrency of the account bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.costs.prices import MILLION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.costs.prices import Prices

WINDOW_SECONDS = 300
_AN_HOUR = 3600
_HOURS_OF_A_MONTH = 730
_GB = 1 << 30


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes:
        name: In words.
        bytes: Of an answer.
        is_cached: Whether the CDN has it; else a function is started for it, which reads `reads` objects.
        reads: Objects of S3 that are read.
        seconds: That the function is billed for.
        memory_gb: Of the function.
    """

    name: str
    bytes: int
    is_cached: bool = False
    reads: int = 0
    seconds: float = 0.0
    memory_gb: float = 0.0

    def dollars(self, prices: Prices, architecture: str = "arm64") -> float:
        """Of one request that nobody stops."""
        edge = (prices.cdn_request + prices.edge_function) / MILLION + self.bytes / _GB * prices.cdn_gb
        if self.is_cached:
            return edge
        compute = self.seconds * self.memory_gb * prices.compute(architecture)
        return edge + (prices.lambda_request + self.reads * prices.s3_read) / MILLION + compute


NO_PICTURE = Asked("addresses of no picture, each another one", 500, reads=1, seconds=0.010, memory_gb=1)
NOT_OWED = Asked("lazy variants that nobody owes", 500, reads=2, seconds=0.020, memory_gb=1.73)
PICTURE = Asked("one picture of 100 KB, which the CDN has", 100_000, is_cached=True)
ALL = (NO_PICTURE, NOT_OWED, PICTURE)


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes:
        asked: What it asks for.
        rate: Requests a second, of all addresses of the network together.
        addresses: How many of these there are.
    """

    asked: Asked
    rate: float
    addresses: int

    def per_hour(self, prices: Prices, limit: int = 0, rules: int = 1) -> float:
        """Dollars of an hour at most. limit: of requests in five minutes of an address, by a web ACL; 0 without one.

        CloudFront charges nothing for what a web ACL blocks; the web ACL does.
        """
        if not limit:
            return self.rate * _AN_HOUR * self.asked.dollars(prices)
        passing = min(self.rate, self.addresses * limit / WINDOW_SECONDS)
        looked_at = self.rate * _AN_HOUR * prices.waf_request / MILLION
        standing = (prices.waf_acl + rules * prices.waf_rule) / _HOURS_OF_A_MONTH
        return passing * _AN_HOUR * self.asked.dollars(prices) + looked_at + standing


def attack_table(prices: Prices, limit: int = 2000, rates: Sequence[int] = (100, 1_000, 10_000)) -> str:
    """The table of docs/operations.md: dollars of an hour, without a web ACL, and with one by numbers of addresses."""
    many = (1, 100, 10_000)
    head = [
        "asked for",
        "requests a second",
        "without",
        *(f"with, {count:,} address{'es' * (count > 1)}" for count in many),
    ]
    rows = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for asked in ALL:
        for rate in rates:
            without = Attack(asked, rate, 1).per_hour(prices)
            limited = [Attack(asked, rate, count).per_hour(prices, limit) for count in many]
            cells = [asked.name, f"{rate:,}", *(f"${dollars:,.2f}" for dollars in (without, *limited))]
            rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
