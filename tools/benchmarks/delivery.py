"""What views at permalinks cost, and how long viewers wait: a model of caches, prices and Poisson arrivals.

Views fall on keys by Zipf's law, on kinds of requests (formats x width) and on CloudFront's regional caches by fixed
shares. Each combination is one copy, asked for at a rate r. A copy that lives for T is fetched by one of 1 + rT views.
Within the S seconds after T that a stale copy is served, no viewer waits for that: exp(-rS) of them do. Nothing is
evicted: a CDN that evicts fetches more, however a permalink answers. Views are those that browsers make requests for;
a browser that has the picture already makes one request in all ways.

    .venv/bin/python -m tools.benchmarks delivery
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MILLION = 1_000_000
_MONTH = 30 * 86_400
_BUCKETS = 400  # of ranks: those of one bucket are viewed about alike


@dataclass(frozen=True)
class Site:
    """What is viewed in a month.

    Attributes:
        keys: Pictures.
        views: Requests of browsers for them.
        alpha: Exponent of Zipf's law.
        kinds: Shares of what is asked for: formats and width.
        regions: Shares of the regional caches.
    """

    keys: int = MILLION
    views: float = 100 * MILLION
    alpha: float = 0.9
    kinds: tuple[float, ...] = (0.45, 0.25, 0.12, 0.08, 0.06, 0.04)
    regions: tuple[float, ...] = (0.3, 0.2, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02)

    def rates(self) -> Iterator[tuple[int, float]]:
        """How many copies are asked for how often in a second."""
        firsts = sorted({round(self.keys ** (step / _BUCKETS)) for step in range(_BUCKETS + 1)})
        buckets = zip(firsts, [*firsts[1:], self.keys + 1], strict=True)
        ranks = [(end - first, ((first + end) / 2) ** -self.alpha) for first, end in buckets]
        whole = sum(count * weight for count, weight in ranks)
        for count, weight in ranks:
            for kind in self.kinds:
                for region in self.regions:
                    yield count, self.views * weight / whole * kind * region / _MONTH


@dataclass(frozen=True)
class Prices:
    """Dollars for a million, in us-east-1 as of November 2026; besides bytes, which are the same for all ways.

    Attributes:
        request: HTTPS requests to CloudFront.
        edge: Invocations of a CloudFront Function.
        invocation: Invocations of Lambda.
        at_edge: Invocations of Lambda@Edge.
        read: GET requests to S3.
        gb_ms: GB and milliseconds of Lambda on arm64.
        gb_ms_at_edge: GB and milliseconds of Lambda@Edge.
        path: Invalidated paths.
    """

    request: float = 1.00
    edge: float = 0.10
    invocation: float = 0.20
    at_edge: float = 0.60
    read: float = 0.40
    gb_ms: float = 0.013_333_4
    gb_ms_at_edge: float = 0.050_01
    path: float = 5_000


@dataclass(frozen=True)
class Way:
    """One way to answer a permalink.

    Attributes:
        name: In a few words.
        seconds: How long the CDN keeps the answer.
        requests: Requests of a view, each with an edge function.
        fetch: Dollars for a million fetches of what the CDN does not have.
        confirm: The same where it has it, and only asks whether it is still the same.
        fetch_ms: How long a fetch takes from the edge.
        stale_seconds: For how long an expired answer is served while it is fetched.
    """

    name: str
    seconds: int
    requests: int
    fetch: float
    confirm: float
    fetch_ms: float
    stale_seconds: int = 600


@dataclass(frozen=True)
class Result:
    """A month.

    Attributes:
        fetched: Share of views that reach the origin.
        waits: Share of views that wait for it.
        dollars: For requests, functions and reads.
        mean_ms: Of waiting for the first byte of the picture.
    """

    fetched: float
    waits: float
    dollars: float
    mean_ms: float


# Assumed, not measured on AWS: round trips, and what the resolver takes with one read and with two.
EDGE_MS, ORIGIN_MS, ONE_READ_MS, TWO_READS_MS = 30, 90, 20, 40
_RESOLVER_GB = 1.0


def ways(prices: Prices) -> tuple[Way, ...]:
    """The ways that were compared (docs/decisions/0085)."""
    one_read = prices.invocation + prices.read + ONE_READ_MS * _RESOLVER_GB * prices.gb_ms
    two_reads = prices.invocation + 2 * prices.read + TWO_READS_MS * _RESOLVER_GB * prices.gb_ms
    at_edge = prices.at_edge + 2 * prices.read + TWO_READS_MS * 0.125 * prices.gb_ms_at_edge
    two_reads_ms = ORIGIN_MS + TWO_READS_MS
    lives = {"a minute": 60, "a day": 86_400, "a week": 604_800, "30 days": _MONTH}
    return (
        Way("redirect, kept for a minute", 60, 2, one_read, one_read, ORIGIN_MS + ONE_READ_MS),
        *(
            Way(f"picture from the resolver, kept for {said}", seconds, 1, two_reads, one_read, two_reads_ms)
            for said, seconds in lives.items()
        ),
        Way("picture by Lambda@Edge and S3, kept for a week", 604_800, 1, at_edge, at_edge, two_reads_ms),
    )


def month(site: Site, way: Way, prices: Prices) -> Result:
    """What a month of views costs in one way."""
    fetched = waited = new = 0.0
    for copies, rate in site.rates():
        fetches = copies * rate * _MONTH / (1 + rate * way.seconds)
        fetched += fetches
        waited += fetches * math.exp(-rate * way.stale_seconds)
        # Whatever is viewed at all in a month is fetched once in full; after that it is confirmed.
        new += min(fetches, copies * -math.expm1(-rate * _MONTH))
    served = way.requests * site.views * (prices.request + prices.edge)
    dollars = (served + new * way.fetch + (fetched - new) * way.confirm) / MILLION
    mean_ms = way.requests * EDGE_MS + waited / site.views * way.fetch_ms
    return Result(fetched / site.views, waited / site.views, dollars, mean_ms)


def overwrites_worth_a_purge(site: Site, prices: Prices) -> float:
    """Up to how many overwrites a month a week at the CDN with purges costs less than a minute without."""
    _, minute, _, week, *_ = (month(site, way, prices).dollars for way in ways(prices))
    return (minute - week) / prices.path * MILLION


def table(site: Site, prices: Prices) -> str:
    """Each way in a row of Markdown."""
    rows = [
        "| a permalink is a | views that reach the origin | that wait for it | mean wait | dollars a month |",
        "|---|---:|---:|---:|---:|",
    ]
    for way in ways(prices):
        found = month(site, way, prices)
        rows.append(
            f"| {way.name} | {found.fetched:.0%} | {found.waits:.0%} | {found.mean_ms:.0f} ms | {found.dollars:.0f} |"
        )
    return "\n".join(rows)
