"""The bill of originals over months: how they came, keeping them, views, deletions, and the stack itself.

bill(Arrival("upload", 1_000_000), Keeping(months=12), Assumptions(), Use(), prices_of("eu-west-1"))
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.backfill.run import MOST_READS
from lightpress.costs.estimate import AGAIN, estimate
from lightpress.costs.estimate import assumed as _assumed
from lightpress.costs.keeping import CLASSES, DAYS_OF_A_MONTH, STAYS, Moved, kept, read_there
from lightpress.costs.prices import MILLION
from lightpress.pipeline.recipe import DROP, INFREQUENT, KEEP
from lightpress.units import GB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.costs.estimate import Assumptions
    from lightpress.costs.prices import Prices

INFREQUENT_ACCESS = Moved("infrequent-access")
FILES, LAZY_FILES = 8, 2
"""The variants of an original, by the recipe `web`: 4 sizes in 2 formats; and those of one size, where the others wait
for their first view."""
SCENARIOS = ("upload", "url", "attach", "in-place")
"""How originals come: by the upload API, by their URLs, from an existing bucket, or compressed in place there."""

# What every account has free, each month and for good: paths, requests, GB and function runs of CloudFront; alarms and
# metrics of CloudWatch; requests to KMS.
_FREE_PATHS, _FREE_REQUESTS, _FREE_GB, _FREE_RUNS = 1_000, 10_000_000, 1_000, 2_000_000
_FREE_ALARMS = _FREE_METRICS = 10
_FREE_KEY_REQUESTS = 20_000
_KEY_REQUESTS_OF_A_QUEUE = 3 * 12 * 24 * 30
"""A month, while messages come: in each five minutes, two for whoever sends, and one for whoever receives.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""
_PLANS = (("Free", 0, 1, 0.1), ("Pro", 15, 10, 50), ("Business", 200, 125, 50), ("Premium", 1_000, 500, 50))
"""CloudFront's flat-rate plans: name, dollars a month, million requests and TB a month, as of November 2025."""
_GB_OF_A_TB, _HOURS_OF_A_DAY = 1_000, 24
_NAMES_OF_A_PAGE, _DAYS_OF_A_WEEK = 1_000, 7
_METRICS_OF_REPLICATION = 4
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html: billed as metrics of one's own."""


@dataclass(frozen=True)
class Use:
    """The assumptions about use, and about the stack itself; `--assume NAME=NUMBER` replaces one."""

    api_requests: float = _assumed(2, "requests to the upload API for each upload: its URL, and its status once")
    fetch_gb_seconds: float = _assumed(0.2, "Lambda for each URL that is fetched, ten at the same time; not measured")
    fetch_sqs_requests: float = _assumed(3, "send, receive and delete of each URL")
    view_bytes: float = _assumed(47_500, "of a file that a page loads: the mean of an original's 8 files")
    cdn_misses: float = _assumed(0.1, "share of views that the CDN has to ask S3 for; not measured")
    permalink_share: float = _assumed(0.5, "share of views by permalinks, which run the edge function; not measured")
    resolve_gb_seconds: float = _assumed(0.02, "Lambda for each permalink that the CDN does not have; not measured")
    rerendered: float = _assumed(
        0,
        "times that each original is rendered again, by a backfill after a new recipe; the variants before it stay for "
        "previous_days",
    )
    previous_days: float = _assumed(
        33.5,
        "days that replaced variants are kept: 30 (previous_days), and half the week until the next sweep; 0 is until "
        "they are replaced again, without a sweep",
    )
    list_gb_seconds: float = _assumed(
        0.35, "Lambda for each thousand names that nights and sweeps list: 0.2 s at 1,769 MB; not measured on Lambda"
    )
    night_looks: float = _assumed(
        4, "nightly looks at an original: two after it came, and two after its message would have expired"
    )
    look_gb_seconds: float = _assumed(
        0.007, "Lambda for each of them: 4 ms at 1,769 MB, of which 2 are measured, without the connection"
    )
    deleted_at_once: float = _assumed(
        1, "deletions that are purged together; from 200 on, two paths are for all of them (invalidate_all_from)"
    )
    dropping_writes: float = _assumed(
        3, "LIST of versions, PUT of the manifest, and LIST at the removal's own event, for each original that leaves"
    )
    dropping_reads: float = _assumed(3, "GET of the manifest twice and HEAD, for each original that leaves")
    dropping_gb_seconds: float = _assumed(
        0.1, "Lambda for the look at the removal's own event, some 60 ms at 1,769 MB; not measured"
    )
    delete_writes: float = _assumed(2, "PUT of the manifest, and LIST of the variants, for each deletion")
    alarms: float = _assumed(28, "metrics that the alarms of the environment prod look at, 10 of which are free")
    metrics: float = _assumed(30, "metrics, of which 10 are free, written in all hours of the month")
    key_share: float = _assumed(
        0,
        "share of the requests of S3 that ask KMS, with encryption_key: 0.01, since bucket keys take up to 99 % of "
        "them away, as S3 says; not measured",
    )
    replicated_in_time: float = _assumed(0, "share of replicas that replica_time_control is paid for: 0 or 1")
    pollers: float = _assumed(
        0,
        "provisioned pollers on average of a month: the least (provisioned_pollers), and those that are added while "
        "pictures wait",
    )
    queues: float = _assumed(4, "queues that functions poll: 657,000 requests a month each while they are empty")


_HIGH_EFFORT = {"view_bytes": 42_750}


def use_at(effort: str) -> Use:
    """The assumptions about use, where recipes have an `effort`."""
    return replace(Use(), **(_HIGH_EFFORT if effort == "high" else {}))


@dataclass(frozen=True)
class Arrival:
    """How originals come.

    Attributes:
        scenario: One of `SCENARIOS`.
        originals: How many.
    """

    scenario: str
    originals: int


@dataclass(frozen=True)
class Keeping:
    """How long originals are kept, and what happens to them.

    Attributes:
        months: How long, of 30 days each, from the day on which all of them came.
        views: Of pictures, each month.
        deletions: Of originals, each month; what is deleted is still counted as kept.
        originals_storage: Where they are moved (the options `originals_storage` and `originals_storage_days`).
        variants_storage: The same of variants.
        originals_become: What becomes of originals by their recipe, one of `pipeline.recipe.ORIGINALS`.
        files: The variants of an original that are made at its upload.
        replicas: The class that replicas in another region are in (the option `replica_storage`); "" for none.
    """

    months: int
    views: int = 0
    deletions: int = 0
    originals_storage: Moved = STAYS
    variants_storage: Moved = STAYS
    originals_become: str = KEEP
    files: int = FILES
    replicas: str = ""


@dataclass(frozen=True)
class Item:
    """A line of a bill.

    Attributes:
        name: What is paid for.
        dollars: The amount, over all months.
        how: How it comes about.
    """

    name: str
    dollars: float
    how: str


@dataclass(frozen=True)
class Bill:
    """The bill over some months.

    Attributes:
        arrival: How the originals came.
        keeping: How long they are kept, and what happens to them.
        items: Its lines.
    """

    arrival: Arrival
    keeping: Keeping
    items: tuple[Item, ...]

    @property
    def dollars(self) -> float:
        """The sum."""
        return sum(item.dollars for item in self.items)


def bill(  # noqa: PLR0913, PLR0917  what it rests on
    arrival: Arrival,
    keeping: Keeping,
    assumed: Assumptions,
    use: Use,
    prices: Prices,
    architecture: str = "arm64",
) -> Bill:
    """The bill of originals that come once, and are then kept.

    Args:
        arrival: How they come.
        keeping: How long they are kept, and what happens to them.
        assumed: What one original takes to be processed.
        use: What views, deletions and the stack itself take.
        prices: Of the region.
        architecture: "arm64" or "x86_64".
    """
    processed = estimate(assumed, prices, pictures=arrival.originals, architecture=architecture)
    items = (
        Item("processing", processed.once, "once; lightpress estimate, line by line"),
        _arrival(arrival, use, prices, prices.compute(architecture)),
        *_originals(arrival, keeping, assumed, use, prices, prices.compute(architecture)),
        *_replicas(arrival, keeping, assumed, use, prices),
        *_variants(arrival, keeping, assumed, prices),
        *_copies(arrival, keeping, assumed, prices),
        *_variants_read(keeping, assumed, use, prices),
        *_again(arrival, keeping, assumed, use, prices, architecture),
        *_nights(arrival, keeping, use, prices, prices.compute(architecture)),
        *_sweeps(arrival, keeping, assumed, use, prices, prices.compute(architecture)),
        _views(keeping, use, prices, prices.compute(architecture), assumed.traced),
        _deletions(keeping, use, prices),
        _stack(keeping, use, prices),
        *_key(arrival, keeping, assumed, use, prices),
    )
    return Bill(arrival, keeping, items)


def _arrival(arrival: Arrival, use: Use, prices: Prices, compute: float) -> Item:
    """What their coming costs; `compute` is dollars for a GB-second of the functions."""
    millions = arrival.originals / MILLION
    if arrival.scenario == "upload":
        api = use.api_requests * (prices.api_request + prices.lambda_request)
        return Item(
            "uploads", millions * (prices.s3_write + api), f"1 PUT and {use.api_requests:g} requests to the API each"
        )
    if arrival.scenario == "url":
        fetching = use.fetch_gb_seconds * compute * MILLION + use.fetch_sqs_requests * prices.sqs_request
        return Item(
            "fetching", millions * (prices.s3_write + fetching), f"1 PUT and {use.fetch_gb_seconds:g} GB-seconds each"
        )
    return Item("events of the bucket", millions * prices.s3_event, "1 through EventBridge for each")


def _originals(  # noqa: PLR0913, PLR0917  what it rests on
    arrival: Arrival, keeping: Keeping, assumed: Assumptions, use: Use, prices: Prices, compute: float
) -> list[Item]:
    """Keeping originals, or having them leave; `compute` is dollars for a GB-second of the functions."""
    if arrival.scenario not in {"upload", "url"}:
        return []
    count, months = arrival.originals, keeping.months
    if keeping.originals_become == DROP:
        requests = use.dropping_writes * prices.s3_write + use.dropping_reads * prices.s3_read
        looking = 3 * prices.sqs_request + prices.lambda_request + use.dropping_gb_seconds * compute * MILLION
        how = f"{assumed.original_bytes:g} bytes each, which are kept for minutes"
        return [Item("dropping originals", count / MILLION * (requests + looking), how)]
    rule = _rule_of_originals(keeping)
    dollars = kept(count, assumed.original_bytes, months, rule, prices)
    return [Item("keeping originals", dollars, f"{assumed.original_bytes:g} bytes each, {rule.storage}")]


def _replicas(arrival: Arrival, keeping: Keeping, assumed: Assumptions, use: Use, prices: Prices) -> Iterator[Item]:
    """Copying originals to another region once, and keeping them there from the first day on; nothing without."""
    if not keeping.replicas or arrival.scenario not in {"upload", "url"} or keeping.originals_become == DROP:
        return
    count, each, gb = arrival.originals, assumed.original_bytes, arrival.originals * assumed.original_bytes / GB
    there = CLASSES[keeping.replicas](prices)
    put = there.moved if there.retrieval.gb else prices.s3_write  # what a PUT costs where lifecycle rules move it to
    sent = prices.s3_elsewhere_gb + use.replicated_in_time * prices.s3_in_time_gb
    yield Item(
        "replicating originals", gb * sent + count / MILLION * put, f"${sent:g} a GB, and ${put:.2f} a million PUT"
    )
    rule = Moved(keeping.replicas, 0)
    kept_there = kept(count, each, keeping.months, rule, prices)
    moving = count / MILLION * there.moved if rule.takes(each) else 0.0
    metrics = keeping.months * _METRICS_OF_REPLICATION * prices.metric
    how = f"{each:g} bytes each, {keeping.replicas}, at the prices of {prices.region}; and 4 metrics"
    yield Item("keeping replicas", kept_there - moving + metrics, how)


def _rule_of_originals(keeping: Keeping) -> Moved:
    return INFREQUENT_ACCESS if keeping.originals_become == INFREQUENT else keeping.originals_storage


def _variants(arrival: Arrival, keeping: Keeping, assumed: Assumptions, prices: Prices) -> list[Item]:
    if not assumed.variant_bytes:
        return []
    each = assumed.variant_bytes / keeping.files
    rule = keeping.variants_storage
    dollars = kept(arrival.originals * keeping.files, each, keeping.months, rule, prices)
    how = f"{keeping.files} files of {each:g} bytes each, {rule.storage}"
    if assumed.first_views:
        viewed = arrival.originals * assumed.first_views
        dollars += kept(viewed, assumed.first_view_bytes, keeping.months, rule, prices)
        how += f", and {assumed.first_views:g} of {assumed.first_view_bytes:g} that somebody views"
    if rule != STAYS and not rule.takes(each):
        how += ", which takes none below 128 KB: they stay in standard"
    return [Item("keeping variants", dollars, how)]


def _copies(arrival: Arrival, keeping: Keeping, assumed: Assumptions, prices: Prices) -> list[Item]:
    """Keeping copies of variants, which no rule moves: they are in folders of their own, or in a bucket of yours."""
    if not assumed.copies:
        return []
    dollars = kept(arrival.originals * assumed.copies, assumed.copy_bytes, keeping.months, STAYS, prices)
    return [Item("keeping copies", dollars, f"{assumed.copies:g} of {assumed.copy_bytes:g} bytes each")]


def _variants_read(keeping: Keeping, assumed: Assumptions, use: Use, prices: Prices) -> list[Item]:
    """What the CDN's misses cost beyond reads of STANDARD, where variants are moved to a class that charges for it.

    No class's minimum of days adds to that: what is deleted is still counted as kept.
    """
    rule, each = keeping.variants_storage, assumed.variant_bytes / keeping.files
    gets = keeping.views * use.cdn_misses
    dollars = read_there(gets, each, keeping.months, rule, prices)
    if not dollars:
        return []
    fee = CLASSES[rule.storage](prices).retrieval
    how = f"{gets:,.0f} a month that the CDN does not have: ${fee.gb:g} a GB and ${fee.read:.2f} a million more"
    return [Item("reading variants", dollars, how)]


def _again(  # noqa: PLR0913, PLR0917  what it rests on
    arrival: Arrival, keeping: Keeping, assumed: Assumptions, use: Use, prices: Prices, architecture: str
) -> list[Item]:
    """Rendering again, and keeping the generation before for a while; nothing of what has left."""
    if not use.rerendered or not assumed.variant_bytes or keeping.originals_become == DROP:
        return []
    # What reviewers and enrichers have said of the same contents, they are not asked again.
    same = replace(assumed, moderated=0, seen=0, described=0, **AGAIN)
    once = estimate(same, prices, pictures=arrival.originals, architecture=architecture).once
    reading = _originals_read(arrival, keeping, assumed, prices)
    (kept_once,) = _variants(arrival, keeping, assumed, prices)
    share = min(1.0, use.rerendered * _part_of_the_time(use.previous_days, keeping.months))
    how = f"{use.rerendered:g} times; lightpress estimate --assume lists=1"
    if reading:
        how += f", and ${reading:,.2f} for reading originals where they are moved to"
    return [
        Item("rendering again", use.rerendered * (once + reading), how),
        Item("keeping variants before", share * kept_once.dollars, f"{share:.0%} of keeping variants"),
    ]


def _part_of_the_time(days: float, months: int) -> float:
    """For which part of so many months what is replaced once is kept; 0 days are as if from the first day on."""
    return min(1.0, days / (months * DAYS_OF_A_MONTH)) if days else 1.0


def _sweeps(  # noqa: PLR0913, PLR0917  what it rests on
    arrival: Arrival, keeping: Keeping, assumed: Assumptions, use: Use, prices: Prices, compute: float
) -> list[Item]:
    """The weekly sweep: it lists variants once and manifests twice, and writes the manifests of what it removes.

    `compute`: dollars for a GB-second.
    """
    if not use.previous_days or not assumed.variant_bytes:
        return []
    pages = arrival.originals * (keeping.files + assumed.first_views + 2) / _NAMES_OF_A_PAGE
    week = pages * _listing(use, prices, compute)
    again = 0 if keeping.originals_become == DROP else use.rerendered * arrival.originals
    removing = again * (prices.s3_write + MOST_READS * prices.s3_read) / MILLION
    how = f"{pages:,.0f} LIST a week; of each that is rendered again, a PUT and two reads a month later"
    return [Item("sweeping", keeping.months * DAYS_OF_A_MONTH / _DAYS_OF_A_WEEK * week + removing, how)]


def _originals_read(arrival: Arrival, keeping: Keeping, assumed: Assumptions, prices: Prices) -> float:
    """What reading every original once costs beyond STANDARD, where it has been moved by then."""
    rule = _rule_of_originals(keeping)
    if arrival.scenario not in {"upload", "url"} or not rule.days_there(assumed.original_bytes, keeping.months):
        return 0.0
    return arrival.originals * CLASSES[rule.storage](prices).retrieval.dollars(assumed.original_bytes)


def _nights(arrival: Arrival, keeping: Keeping, use: Use, prices: Prices, compute: float) -> list[Item]:
    """The nightly look: it lists all keys twice, and looks at what is new, or was. `compute`: of a GB-second."""
    if not use.night_looks or arrival.scenario == "in-place":
        return []
    pages = 2 * arrival.originals / _NAMES_OF_A_PAGE
    looks = arrival.originals * use.night_looks
    each = MOST_READS * prices.s3_read / MILLION + use.look_gb_seconds * compute
    nights = keeping.months * DAYS_OF_A_MONTH * pages * _listing(use, prices, compute)
    how = f"{use.night_looks:g} looks at each original, and {pages:,.0f} LIST a night"
    return [Item("nightly looks", looks * each + nights, how)]


def _listing(use: Use, prices: Prices, compute: float) -> float:
    """Dollars of one LIST of a function; `compute`: of a GB-second."""
    return prices.s3_write / MILLION + use.list_gb_seconds * compute


def _views(keeping: Keeping, use: Use, prices: Prices, compute: float, traced: float) -> Item:
    """What viewers cost at list prices; a flat-rate plan of CloudFront is named where it costs less.

    compute: Dollars for a GB-second of the functions. traced: the share of their runs that X-Ray records.
    """
    views, gb = keeping.views, keeping.views * use.view_bytes / 1e9
    permalinks, misses = views * use.permalink_share, views * use.cdn_misses
    cdn = max(0.0, views - _FREE_REQUESTS) / MILLION * prices.cdn_request + max(0.0, gb - _FREE_GB) * prices.cdn_gb
    cdn += max(0.0, permalinks - _FREE_RUNS) / MILLION * prices.edge_function
    resolving = use.resolve_gb_seconds * compute * MILLION + prices.lambda_request + traced * prices.trace
    behind = misses / MILLION * (prices.s3_read + use.permalink_share * resolving)
    how = f"{views:,} a month of {use.view_bytes:g} bytes, beyond what is free"
    name, price = _plan(views, gb)
    if name and price < cdn:
        how += f"; of ${cdn:,.2f} a month for CloudFront its plan {name} leaves ${price}"
    return Item("views", keeping.months * (cdn + behind), how)


def _plan(views: int, gb: float) -> tuple[str, int]:
    """The cheapest plan that covers so many views and GB a month; no name where none does."""
    return next(
        (
            (name, price)
            for name, price, millions, tb in _PLANS
            if views <= millions * MILLION and gb <= tb * _GB_OF_A_TB
        ),
        ("", 0),
    )


def _deletions(keeping: Keeping, use: Use, prices: Prices) -> Item:
    at_once = max(1.0, use.deleted_at_once)
    each = 2 / at_once if at_once >= 200 else 2  # noqa: PLR2004  the default of `invalidate_all_from`
    paths = max(0.0, keeping.deletions * each - _FREE_PATHS)
    requests = keeping.deletions * use.delete_writes * prices.s3_write
    dollars = keeping.months * (paths * prices.cdn_path + requests) / MILLION
    how = f"{keeping.deletions:,} a month, {paths:,.0f} paths beyond {_FREE_PATHS:,} free ones"
    return Item("deletions", dollars, how)


def _stack(keeping: Keeping, use: Use, prices: Prices) -> Item:
    """What is paid whether pictures come or not."""
    polled = use.queues * 657_000 / MILLION * prices.sqs_request  # 5 pollers for each queue, a request in 20 seconds
    alarms = max(0.0, use.alarms - _FREE_ALARMS) * prices.alarm
    metrics = max(0.0, use.metrics - _FREE_METRICS) * prices.metric
    pollers = use.pollers * DAYS_OF_A_MONTH * _HOURS_OF_A_DAY * prices.poller_hour
    month = polled + alarms + metrics + prices.dashboard + prices.key + pollers
    how = f"${month:.2f} a month: {use.alarms:g} alarms, {use.metrics:g} metrics, a dashboard, a key, empty queues"
    how += f", {use.pollers:g} pollers" if use.pollers else ""
    return Item("the stack itself", keeping.months * month, how)


def _key(arrival: Arrival, keeping: Keeping, assumed: Assumptions, use: Use, prices: Prices) -> list[Item]:
    """Requests to KMS; nothing where AWS's own keys encrypt. The key itself is that of the alarms' topic instead."""
    if not use.key_share:
        return []
    first = arrival.originals * (assumed.writes + assumed.reads) * (1 + use.rerendered) * use.key_share
    queues = use.queues * _KEY_REQUESTS_OF_A_QUEUE
    month = max(0.0, queues + keeping.views * use.cdn_misses * use.key_share - _FREE_KEY_REQUESTS)
    how = f"{first:,.0f} for S3 once; {queues:,.0f} a month for queues, {_FREE_KEY_REQUESTS:,} a month free"
    return [Item("requests to KMS", (first + keeping.months * month) / MILLION * prices.key_request, how)]
