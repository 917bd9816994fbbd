"""AWS's list prices in US dollars; every estimate uses this table.

Source: the public price pages of AWS Lambda, Amazon S3, Amazon SQS, Amazon EventBridge, Amazon CloudFront, AWS WAF,
Amazon CloudWatch, AWS X-Ray, AWS KMS, Amazon Rekognition and Amazon Bedrock, first tier of each, without taxes,
discounts or free tiers. They change: `--price NAME=DOLLARS` replaces one. A GB is what AWS bills as one: 2^30 bytes
(`units.GB`) of memory, of storage (https://aws.amazon.com/s3/faqs/), and so of logs.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE = "list prices of AWS, as of November 2026"
MILLION = 1_000_000


class UnknownPriceError(Exception):
    """No such region, price, value or architecture; the message names what is allowed."""


@dataclass(frozen=True)
class Prices:
    """The prices of a region, in dollars.

    Attributes:
        region: Its name.
        lambda_arm64, lambda_x86_64: For a GB of memory and a second.
        lambda_request: For a million invocations.
        s3_write: For a million PUT, COPY and LIST requests.
        s3_read: For a million GET and HEAD requests.
        s3_month: For a GB and a month in STANDARD.
        sqs_request: For a million requests.
        event: For a million events.
        log_gb: For a GB written to the log.
        cdn_path: For a million paths that CloudFront invalidates, beyond the 1,000 of each month that are free.
        cdn_request: For a million HTTPS requests of viewers to CloudFront; it depends on where they are.
        cdn_gb: For a GB that CloudFront sends to viewers; it depends on where they are.
        edge_function: For a million runs of a CloudFront function.
        api_request: For a million requests to an HTTP API.
        s3_event: For a million events of buckets on EventBridge.
        s3_infrequent_month: For a GB and a month in STANDARD_IA, and in the tier of that name of INTELLIGENT_TIERING.
        s3_archive_month: For a GB and a month in GLACIER_IR, and in the archive instant tier of INTELLIGENT_TIERING.
        s3_infrequent_gb, s3_archive_gb: For a GB that is read from STANDARD_IA, and from GLACIER_IR.
        s3_infrequent_read, s3_archive_read: For a million GET and HEAD requests there.
        s3_monitored: For a million objects and a month that INTELLIGENT_TIERING watches.
        s3_moved: For a million objects that a lifecycle rule moves to STANDARD_IA or INTELLIGENT_TIERING.
        s3_archived: For a million objects that a lifecycle rule moves to GLACIER_IR.
        s3_elsewhere_gb: For a GB that S3 sends to another region; it depends on which.
        s3_in_time_gb: For a GB that is replicated under Replication Time Control, besides.
        alarm: For an alarm and a month.
        metric: For a metric of one's own and a month.
        dashboard: For a dashboard and a month.
        key: For a KMS key and a month (https://aws.amazon.com/kms/pricing/, November 2026); the same again for the
            material of a rotation, which no estimate has.
        key_request: For a million requests to KMS: $0.03 for 10,000. AWS's page was read without its table of these;
            the figure is that of https://cloudburn.io/blog/aws-kms-pricing (March 2026), which cites it.
        trace: For a million traces that X-Ray records (https://aws.amazon.com/xray/pricing/, November 2026:
            $0.000005 each).
        seen: For a million pictures that Rekognition looks at for one thing (labels, faces, or moderation); from a
            million a month on, it is less.
        alt_text: For a million pictures that a model on Bedrock describes: 1,700 tokens in and 30 out, at the price of
            Amazon Nova Lite.
        waf_acl: For a web ACL of AWS WAF and a month.
        waf_rule: For a rule of it and a month.
        waf_request: For a million requests that it looks at.
        poller_hour: For an hour of a provisioned poller of SQS: the example of AWS Lambda's price page, of which two
            quotations were read on 2026-11-29.
    """

    region: str
    lambda_arm64: float = 0.000_013_333_4
    lambda_x86_64: float = 0.000_016_666_7
    lambda_request: float = 0.20
    s3_write: float = 5.00
    s3_read: float = 0.40
    s3_month: float = 0.023
    sqs_request: float = 0.40
    event: float = 1.00
    log_gb: float = 0.50
    cdn_path: float = 5_000.00
    cdn_request: float = 1.00
    cdn_gb: float = 0.085
    edge_function: float = 0.10
    api_request: float = 1.00
    s3_event: float = 1.00
    s3_infrequent_month: float = 0.0125
    s3_archive_month: float = 0.004
    s3_infrequent_gb: float = 0.01
    s3_archive_gb: float = 0.03
    s3_infrequent_read: float = 1.00
    s3_archive_read: float = 10.00
    s3_monitored: float = 2.50
    s3_moved: float = 10.00
    s3_archived: float = 20.00
    s3_elsewhere_gb: float = 0.02
    s3_in_time_gb: float = 0.015
    alarm: float = 0.10
    metric: float = 0.30
    dashboard: float = 3.00
    key: float = 1.00
    key_request: float = 3.00
    trace: float = 5.00
    seen: float = 1_000.00
    alt_text: float = 109.20
    waf_acl: float = 5.00
    waf_rule: float = 1.00
    waf_request: float = 0.60
    poller_hour: float = 0.009_25

    def compute(self, architecture: str) -> float:
        """Dollars for a GB-second on a processor: arm64 or x86_64; raises UnknownPriceError for another."""
        known = {"arm64": self.lambda_arm64, "x86_64": self.lambda_x86_64}
        if architecture == _LOCAL_CLOUD:
            return self.lambda_arm64
        if architecture not in known:
            raise UnknownPriceError(f"{architecture!r} is not an architecture; allowed: {', '.join(known)}")
        return known[architecture]


PRICES = {
    prices.region: prices
    for prices in (
        Prices("us-east-1"),
        Prices("us-east-2"),
        Prices("us-west-2"),
        Prices("eu-west-1", log_gb=0.57, cdn_request=1.20, api_request=1.11),
        Prices(
            "eu-central-1",
            s3_write=5.40,
            s3_read=0.43,
            s3_month=0.0245,
            log_gb=0.63,
            cdn_request=1.20,
            api_request=1.20,
            s3_infrequent_month=0.0135,
            s3_archive_month=0.005,
        ),
    )
}
_LOCAL_CLOUD = "host"  # the architecture of its environment: free, but its dashboard shows what AWS would charge
DEFAULT_REGION = "us-east-1"

_CHANGEABLE = tuple(row.name for row in fields(Prices) if row.name != "region")


def prices_of(region: str, changes: Iterable[str] = ()) -> Prices:
    """The prices of a region, some replaced by `NAME=DOLLARS`; raises UnknownPriceError."""
    if region not in PRICES:
        raise UnknownPriceError(
            f"No prices are recorded for the region {region!r}; allowed: {', '.join(PRICES)}. Choose one, and replace "
            "the prices that differ with --price NAME=DOLLARS."
        )
    prices = PRICES[region]
    for change in changes:
        name, _, dollars = change.partition("=")
        if name not in _CHANGEABLE:
            raise UnknownPriceError(f"{name!r} is not a price; allowed: {', '.join(_CHANGEABLE)}")
        prices = replace(prices, **{name: _number(change, dollars)})  # type: ignore[arg-type]
    return prices


def _number(change: str, dollars: str) -> float:
    try:
        number = float(dollars)
    except ValueError:
        number = -1.0
    if not 0 <= number < MILLION:
        raise UnknownPriceError(f"{change!r}: the price must be a number from 0 up, such as s3_write=5.4")
    return number
