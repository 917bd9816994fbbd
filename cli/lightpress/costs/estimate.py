"""The cost of originals: a model of measured seconds and counted requests, in which every assumption is a field.

estimate(Assumptions(), prices_of("eu-west-1"))     dollars, line by line
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, cast

from lightpress.costs.prices import MILLION
from lightpress.units import GB, MB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from _typeshed import DataclassInstance

    from lightpress.costs.prices import Prices

_LEAST_BILLED_MS = 1
_TOO_LARGE = 1e18
_MB_OF_ONE_CPU = 1769  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html


class UnknownAssumptionError(Exception):
    """No such assumption, or not a value for it; the message names what is allowed."""


def assumed(default: float, why: str, *, divides: bool = False) -> float:
    """A field that is assumed to be `default`, with the reason why. divides: it cannot be 0."""
    value: float = field(default=default, metadata={"why": why, "divides": divides})
    return value


@dataclass(frozen=True)
class Assumptions:
    """The assumptions about one original. Each is declared with its reason; `--assume NAME=NUMBER` replaces one."""

    cpu_ms: float = assumed(
        277,
        "CPU of a 12-megapixel photo under the recipe `web`, measured on x86-64 (docs/performance.md, "
        '"What estimate assumes"): lightpress render photo.jpg --out out --json tells yours',
    )
    processor_factor: float = assumed(1.3, "how much slower a Lambda processor is than the measured one; not measured")
    waiting_ms: float = assumed(
        180,
        "waiting for S3 and the event bus, besides CPU, of an original, requests of 15 to 30 ms; "
        "measured (docs/decisions/0127)",
    )
    memory_mb: float = assumed(1769, "memory_mb of the environment: one whole CPU", divides=True)
    batch: float = assumed(
        1, "originals in one invocation; a backfill fills batches, single uploads do not", divides=True
    )
    writes: float = assumed(9, "PUT: 8 variants (the recipe `web`: 4 sizes in 2 formats), and the manifest")
    reads: float = assumed(4, "GET and HEAD: the manifest, the original twice, and its bytes")
    lists: float = assumed(
        0, "LIST of its variants, to remove dead ones: 1 where it had a manifest before, which plan and backfill assume"
    )
    sqs_requests: float = assumed(3, "send, receive and delete")
    events: float = assumed(1, "ImageReady on the event bus, of less than 64 KB")
    log_bytes: float = assumed(
        2_700, "a log line and the metrics (2,000, measured), and what Lambda reports (not measured)"
    )
    traced: float = assumed(
        0,
        "traces that X-Ray records of it, and of each permalink that the CDN does not have, with tracing = true: 1 up "
        "to one a second, 0.05 of what comes faster (Lambda's sampling)",
    )
    original_bytes: float = assumed(2_900_000, "a 12-megapixel photo")
    variant_bytes: float = assumed(380_000, "all its variants together, measured as cpu_ms was")

    invalidated_paths: float = assumed(
        0,
        "paths that the CDN forgets: 1 for an overwrite, 2 for a deletion; from 200 at once on, 2 for all of them "
        "(invalidate_all_from)",
    )

    first_views: float = assumed(0, "lazy variants of it that somebody views: each of them is rendered once")
    first_view_cpu_ms: float = assumed(
        122, "CPU of one lazy variant, the original decoded for it alone; measured as cpu_ms was"
    )
    first_view_waiting_ms: float = assumed(
        180, "waiting for S3 at a first view: six requests, one after the other; not measured"
    )
    first_view_bytes: float = assumed(30_000, "one lazy variant, measured as cpu_ms was")

    copies: float = assumed(
        0, "copies of its variants elsewhere (a recipe's copies): for each a HEAD, a GET and a PUT, and its bytes again"
    )
    copy_bytes: float = assumed(47_500, "one copy: an eighth of variant_bytes")

    webhooks: float = assumed(0, "receivers of each event ([[webhooks]])")
    webhook_ms: float = assumed(300, "from connecting to a receiver to its answer, of 256 MB; not measured")

    moderated: float = assumed(0, 'times that Rekognition looks at it before it is published ("moderation" in gate)')
    moderation_ms: float = assumed(
        900, "rendering the JPEG that it is sent, and waiting for it, at the memory of the functions; not measured"
    )
    seen: float = assumed(0, 'enrichers that have Rekognition look at it ("labels" and "faces" in facts)')
    described: float = assumed(0, 'times that a model on Bedrock describes it ("alt" in facts)')
    enricher_ms: float = assumed(1_500, "one enricher, of 256 MB, from its event to its answer; not measured")

    @property
    def billed_seconds(self) -> float:
        """Billed seconds for one original. Memory below that of one vCPU slows it down; more does not speed it up."""
        return self._seconds(self.cpu_ms, self.waiting_ms)

    @property
    def first_view_seconds(self) -> float:
        """Billed seconds for one lazy variant."""
        return self._seconds(self.first_view_cpu_ms, self.first_view_waiting_ms)

    def _seconds(self, cpu_ms: float, waiting_ms: float) -> float:
        cpu_ms = cpu_ms * self.processor_factor / min(1.0, self.memory_mb / _MB_OF_ONE_CPU)
        return max(_LEAST_BILLED_MS, cpu_ms + waiting_ms) / 1000


IN_PLACE = {
    "cpu_ms": 1060,
    "waiting_ms": 150,
    "writes": 2,
    "reads": 5,
    "variant_bytes": 0,
    "sqs_requests": 6,
    "events": 0,
}
"""The assumptions that differ for in-place compression: two writes (the object and the ledger), and the event of the
write itself, which is checked once more. The CPU time is that of a 12-megapixel JPEG file (docs/decisions/0032)."""


LAZY = {
    "cpu_ms": 206,
    "waiting_ms": 150,
    "writes": 3,
    "variant_bytes": 204_000,
    "first_views": 1.2,
}
"""The assumptions that differ where the recipe `web` leaves its three smaller sizes for their first view, and a fifth
of those six files is ever viewed: at upload, two files are encoded. Measured (docs/performance.md, "What
estimate assumes"), but for the waiting: all but the smaller writes of 0127."""

_HIGH_EFFORT = {
    "cpu_ms": 1_360,
    "variant_bytes": 342_000,
    "first_view_cpu_ms": 193,
    "first_view_bytes": 27_000,
    "copy_bytes": 42_750,
}
_LAZY_AT_HIGH_EFFORT = {"cpu_ms": 800, "variant_bytes": 183_500}
HIGH_EFFORT: Mapping[bool, Mapping[str, float]] = {
    False: _HIGH_EFFORT,
    True: LAZY | _HIGH_EFFORT | _LAZY_AT_HIGH_EFFORT,
}
"""The assumptions that differ where the recipe `web` has `effort = "high"`, by whether it has lazy sizes as in `LAZY`.
Measured as `cpu_ms` was."""

AGAIN = {"lists": 1}
"""The assumptions that differ where an original had a manifest before, of whatever status: a new recipe, an overwrite,
a retry. Whoever publishes then lists its variants (`pipeline.leftovers.remove_dead`); a new key has none."""

_FIRST_VIEW_READS = 6
"""The manifest twice, the variant by the CDN and by the function, the original twice."""
_READS_OF_A_COPY = 2
"""What lies there, and the variant."""
_WEBHOOK_MB = 256  # of `cdk.webhooks`
_WEBHOOK_SQS_REQUESTS = 3  # send, receive and delete; one event at a time
_ENRICHER_MB = 256  # of `cdk.enriching`
_ENRICHER_READS = 8  # the manifest by three functions, the variant, HEAD of the original, the answer three times
_MODERATION_SQS_REQUESTS = 9  # the event, the review, and the look at the picture
_MODERATION_READS = 12
"""Manifest, HEAD twice and GET of the original, the review twice, and whether a rejection was recorded; then as for any
look."""


@dataclass(frozen=True)
class Line:
    """One line of an estimate.

    Attributes:
        name: What is paid for.
        dollars: The amount.
        how: The calculation.
        monthly: Whether it is paid every month, for storage; else once.
    """

    name: str
    dollars: float
    how: str
    monthly: bool = False


@dataclass(frozen=True)
class Estimate:
    """The cost of a number of originals, line by line."""

    pictures: int
    lines: tuple[Line, ...]

    @property
    def once(self) -> float:
        """The sum of the lines that are paid once, in dollars."""
        return sum(line.dollars for line in self.lines if not line.monthly)

    @property
    def monthly(self) -> float:
        """The sum of the lines that are paid every month, in dollars."""
        return sum(line.dollars for line in self.lines if line.monthly)


def estimate(assumed: Assumptions, prices: Prices, *, pictures: int = MILLION, architecture: str = "arm64") -> Estimate:
    """Estimate what originals cost.

    Args:
        assumed: What one original takes.
        prices: Of the region.
        pictures: The number of originals.
        architecture: "arm64" or "x86_64".

    Raises:
        UnknownPriceError: There is no price for that architecture.
    """
    gb = assumed.memory_mb * MB / GB
    seconds = assumed.billed_seconds
    compute = prices.compute(architecture)
    lines = (
        Line(
            "Lambda, compute",
            pictures * seconds * gb * compute,
            f"{seconds:.3f} s x {gb:.2f} GB x ${compute:.10f} ({architecture})",
        ),
        Line(
            "Lambda, requests",
            pictures / assumed.batch / MILLION * prices.lambda_request,
            f"1 for {assumed.batch:g} x ${prices.lambda_request:.2f} a million",
        ),
        _requests("S3, writes", pictures, assumed.writes, prices.s3_write),
        _requests("S3, reads", pictures, assumed.reads, prices.s3_read),
        *_of_lists(assumed, prices, pictures),
        _requests("SQS", pictures, assumed.sqs_requests, prices.sqs_request),
        _requests("EventBridge", pictures, assumed.events, prices.event),
        _requests("CloudFront, invalidations", pictures, assumed.invalidated_paths, prices.cdn_path),
        Line(
            "Logs",
            pictures * assumed.log_bytes / GB * prices.log_gb,
            f"{assumed.log_bytes:g} bytes x ${prices.log_gb:.2f} a GB",
        ),
        *_of_traces(assumed, prices, pictures),
        *_of_first_views(assumed, prices, pictures, compute),
        *_of_webhooks(assumed, prices, pictures, compute),
        *_of_copies(assumed, prices, pictures),
        *_of_moderation(assumed, prices, pictures, compute),
        *_of_enrichers(assumed, prices, pictures, compute),
        _stored("S3, originals", pictures, assumed.original_bytes, prices),
        _stored(
            "S3, variants", pictures, assumed.variant_bytes + assumed.first_views * assumed.first_view_bytes, prices
        ),
    )
    return Estimate(pictures, lines)


def _of_lists(assumed: Assumptions, prices: Prices, pictures: int) -> Iterator[Line]:
    """What looking for dead variants costs; nothing for new keys."""
    if assumed.lists:
        yield _requests("S3, lists", pictures, assumed.lists, prices.s3_write)


def _of_traces(assumed: Assumptions, prices: Prices, pictures: int) -> Iterator[Line]:
    """What X-Ray costs; nothing where it is off."""
    if assumed.traced:
        yield _requests("X-Ray", pictures, assumed.traced, prices.trace)


def _of_first_views(assumed: Assumptions, prices: Prices, pictures: int, compute: float) -> Iterator[Line]:
    """What viewers of lazy variants cause, each variant once; nothing where there are none."""
    if not assumed.first_views:
        return
    seconds, gb = assumed.first_view_seconds, assumed.memory_mb * MB / GB
    requests = prices.lambda_request + prices.s3_write + _FIRST_VIEW_READS * prices.s3_read
    each = seconds * gb * compute + requests / MILLION
    yield Line(
        "Lazy variants, first views",
        pictures * assumed.first_views * each,
        f"{assumed.first_views:g} x ({seconds:.3f} s x {gb:.2f} GB x ${compute:.10f} + ${requests:.2f} a million)",
    )


def _of_webhooks(assumed: Assumptions, prices: Prices, pictures: int, compute: float) -> Iterator[Line]:
    """What sending each event to receivers costs; nothing where there are none. Their secrets: $0.40 a month each."""
    sent = assumed.webhooks * assumed.events
    if not sent:
        return
    seconds, gb = assumed.webhook_ms / 1000, _WEBHOOK_MB * MB / GB
    requests = prices.lambda_request + _WEBHOOK_SQS_REQUESTS * prices.sqs_request
    yield Line(
        "Webhooks",
        pictures * sent * (seconds * gb * compute + requests / MILLION),
        f"{sent:g} x ({seconds:.3f} s x {gb:.2f} GB x ${compute:.10f} + ${requests:.2f} a million)",
    )


def _of_copies(assumed: Assumptions, prices: Prices, pictures: int) -> Iterator[Line]:
    """What copies of variants cost; nothing where there are none. The manifest is read once more after them."""
    if not assumed.copies:
        return
    reads = _READS_OF_A_COPY * assumed.copies + 1
    each = (assumed.copies * prices.s3_write + reads * prices.s3_read) / MILLION
    yield Line(
        "Copies, requests",
        pictures * each,
        f"{assumed.copies:g} x ${prices.s3_write:.2f} and {reads:g} x ${prices.s3_read:.2f} a million",
    )
    yield _stored("S3, copies", pictures, assumed.copies * assumed.copy_bytes, prices)


def _of_moderation(assumed: Assumptions, prices: Prices, pictures: int, compute: float) -> Iterator[Line]:
    """What the reviewer "moderation" costs: Rekognition, and the function that asks it; nothing without."""
    if not assumed.moderated:
        return
    seconds, gb = assumed.moderation_ms / 1000, assumed.memory_mb * MB / GB
    requests = prices.event + 2 * prices.lambda_request + _MODERATION_SQS_REQUESTS * prices.sqs_request
    requests += _MODERATION_READS * prices.s3_read + prices.s3_write
    each = seconds * gb * compute + (prices.seen + requests) / MILLION
    yield Line(
        "Moderation",
        pictures * assumed.moderated * each,
        f"{assumed.moderated:g} x (${prices.seen + requests:,.2f} a million + {seconds:.3f} s x {gb:.2f} GB x "
        f"${compute:.10f})",
    )


def _of_enrichers(assumed: Assumptions, prices: Prices, pictures: int, compute: float) -> Iterator[Line]:
    """What telling facts costs: the services, the functions that ask them, and the manifest that is written anew."""
    seconds, gb = assumed.enricher_ms / 1000, _ENRICHER_MB * MB / GB
    # The event, the answer, and the look that takes it into the manifest: three messages.
    requests = 2 * prices.event + 3 * prices.lambda_request + 3 * _WEBHOOK_SQS_REQUESTS * prices.sqs_request
    requests += 2 * prices.s3_write + _ENRICHER_READS * prices.s3_read
    for name, count, price in (
        ("Rekognition, facts", assumed.seen, prices.seen),
        ("Bedrock, alt text", assumed.described, prices.alt_text),
    ):
        if count:
            each = seconds * gb * compute + (price + requests) / MILLION
            yield Line(
                name,
                pictures * count * each,
                f"{count:g} x (${price + requests:,.2f} a million + {seconds:.3f} s x {gb:.2f} GB x ${compute:.10f})",
            )


def assume(changes: Iterable[str], base: Assumptions | None = None) -> Assumptions:
    """Replace assumptions by `NAME=NUMBER`; raises UnknownAssumptionError."""
    (changed,) = assume_each(changes, base or Assumptions())
    return cast("Assumptions", changed)


def assume_each(changes: Iterable[str], *bases: DataclassInstance) -> list[DataclassInstance]:
    """Replace the assumptions of several dataclasses by `NAME=NUMBER`; raises UnknownAssumptionError."""
    owners = {row.name: number for number, base in enumerate(bases) for row in fields(base)}
    changed = list(bases)
    for change in changes:
        name, _, text = change.partition("=")
        if name not in owners:
            raise UnknownAssumptionError(f"{name!r} is not an assumption; allowed: {', '.join(sorted(owners))}")
        base = changed[owners[name]]
        divides = base.__dataclass_fields__[name].metadata["divides"]
        changed[owners[name]] = replace(base, **{name: _number(change, text, divides=divides)})
    return changed


def why(name: str, of: type[DataclassInstance] = Assumptions) -> str:
    """The reason that is recorded with an assumption of a dataclass."""
    return str(of.__dataclass_fields__[name].metadata["why"])


def cost_of(assumed: Assumptions, prices: Prices, architecture: str = "arm64") -> Callable[[int], float]:
    """A function from a number of originals to the dollars that are paid once."""
    one = estimate(assumed, prices, pictures=MILLION, architecture=architecture).once / MILLION
    return lambda pictures: pictures * one


def _requests(name: str, pictures: int, each: float, price: float) -> Line:
    return Line(name, pictures * each / MILLION * price, f"{each:g} x ${price:.2f} a million")


def _stored(name: str, pictures: int, each: float, prices: Prices) -> Line:
    dollars = pictures * each / GB * prices.s3_month
    return Line(name, dollars, f"{each:g} bytes x ${prices.s3_month:.4f} a GB and month", monthly=True)


def _number(change: str, text: str, *, divides: bool) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < _TOO_LARGE or (divides and not number):
        allowed = "a number above 0" if divides else "a number from 0 up"
        raise UnknownAssumptionError(f"{change!r}: the value must be {allowed}, such as cpu_ms=300")
    return number
