"""Options of delivery: the CDN, its domain names, and who may see variants."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.countries import countries
from lightpress.cdk.options.option_types import choice, each_matching, flag, integer, matching, option
from lightpress.pipeline.copy_pattern import RESERVED

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

# Certificates and web ACLs of CloudFront are in us-east-1, whatever the stack's region is.
_CERTIFICATE_ARN = r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+"
_WEB_ACL_ARN = r"arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+"
_DOMAIN = r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html
_SHIELDS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)
# The first bytes, and the length, of every RSA key of 2,048 bits with the usual exponent in DER (RFC 5280, 4.1).
_RSA_2048 = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_RSA_2048_BYTES = 294
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_COPY_FOLDER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/"
LEAST_PERMALINK_SECONDS = 60
# https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
LEAST_RATE_LIMIT = 10
MOST_REFERERS = 10  # each takes 13 of the 1,500 units that a web ACL has at its basic price
_MOST_SIGNING_KEYS = 5  # of a key group


def _public_keys(*, doc: str) -> tuple[str, ...]:
    allowed = f'up to {_MOST_SIGNING_KEYS} RSA keys of 2,048 bits, each a text in PEM ("-----BEGIN PUBLIC KEY-----...")'

    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.texts(key, ())
        if len(found) > _MOST_SIGNING_KEYS or not all(map(is_rsa_2048, found)):
            raise table.error(key, f"not all of it is such a key; allowed: {allowed}")
        return tuple(f"{text.strip()}\n" for text in found)

    return option((), read, allowed=allowed, doc=doc)


def is_rsa_2048(pem: str) -> bool:
    """Whether `pem` is a public key that CloudFront accepts. A private key, which must never be in a file, is not."""
    matched = re.fullmatch(r"-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----", pem.strip())
    if matched is None:
        return False
    try:
        der = base64.b64decode("".join(matched[1].split()), validate=True)
    except binascii.Error:
        return False
    return len(der) == _RSA_2048_BYTES and der.startswith(_RSA_2048)


@dataclass(frozen=True)
class DeliveryOptions:
    """The CDN, its domain names, and who may see variants."""

    price_class: str = choice(
        "100",
        "100",
        "200",
        "all",
        doc='CloudFront price class: "100" has edge locations in Europe and North America, "200" adds most others, '
        '"all" uses all.',
    )
    domain_names: tuple[str, ...] = each_matching(
        _DOMAIN,
        such_as="images.example.com",
        doc="Your own domain names for the CDN; needs `certificate_arn`. All URLs begin with the first. Point each to "
        "the output `CdnDomainName` in your DNS.",
    )
    certificate_arn: str = matching(
        _CERTIFICATE_ARN,
        such_as="arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd",
        doc="ARN of the ACM certificate for `domain_names`, which must be in us-east-1.",
    )
    web_acl_arn: str = matching(
        _WEB_ACL_ARN,
        such_as="arn:aws:wafv2:us-east-1:123456789012:global/webacl/NAME/1234abcd-12ab-34cd",
        doc="ARN of your AWS WAF web ACL for the CDN, which must be in us-east-1 and have the scope CLOUDFRONT.",
    )
    web_acl_rate_limit: int = integer(
        0,
        low=0,
        high=2_000_000_000,
        doc="How many requests of the CDN each address of the network may make in five minutes, by a web ACL of the "
        "stack; others are answered 429, and CloudFront charges nothing for them. 0, or at least 10. A page of 40 "
        "pictures is 40 requests, and an office may have one address: 2,000 is for most sites. $6 a month, and $0.60 "
        'for a million requests (docs/operations.md, "What an attack can cost"). 0 makes no such rule. The web ACL has '
        "to be in us-east-1: a stack elsewhere is told how to deploy it there and to set `web_acl_arn`.",
    )
    web_acl_referers: tuple[str, ...] = each_matching(
        _DOMAIN,
        such_as="example.com",
        doc="Domains whose pages, and those of the domains below them, may show the pictures, by a rule of that web "
        "ACL; pages of others get 403. A request that names no page passes, for browsers need not name it: this stops "
        "hot-linking, and nobody who means it. For that, there are `signing_keys`.",
    )
    access_log_days: int = integer(
        0,
        low=0,
        high=3650,
        doc="How long the CDN's access logs, which contain the viewers' IP addresses, are kept in a bucket of their "
        "own; 0 writes none.",
    )
    countries_allowed: tuple[str, ...] = countries(
        doc="Countries (ISO 3166) whose viewers are served; those of all others are refused. Excludes "
        "`countries_denied`.",
    )
    countries_denied: tuple[str, ...] = countries(
        doc="Countries (ISO 3166) whose viewers are refused; those of all others are served. Excludes "
        "`countries_allowed`.",
    )
    origin_shield_region: str = choice(
        "",
        "",
        *_SHIELDS,
        doc="Region of CloudFront Origin Shield, an additional cache between the edge locations and the origins; "
        'choose one near the stack\'s. It saves requests to S3 and to the resolver; "" uses none.',
    )
    signing_keys: tuple[str, ...] = _public_keys(
        doc="Public keys for private variants: variants and permalinks are served only with signed URLs or signed "
        "cookies whose private key belongs to one of these (docs/how-to/private-pictures.md)."
    )
    permalinks: str = choice(
        "picture",
        "picture",
        "redirect",
        doc='How a permalink answers. "picture": with the variant itself (above 4 MB, with a redirect to it). '
        '"redirect": always with a redirect to the variant\'s own address, which browsers keep for a year.',
    )
    permalink_seconds: int = integer(
        604_800,
        low=LEAST_PERMALINK_SECONDS,
        high=31_536_000,
        doc='How long the CDN keeps the picture at a permalink, with `permalinks = "picture"`. Above 60, each '
        "overwritten original is an invalidation of one path, $0.005 beyond 1,000 paths a month, and shows within two "
        "minutes. At 60, none is, and the CDN asks the resolver each minute. Without `invalidate_deleted`, it is 60.",
    )
    placeholder_while_processing: bool = flag(
        default=False,
        doc="Show a small gray placeholder, not 404, at the permalink of an original that is uploaded but not "
        "published yet.",
    )
    invalidate_deleted: bool = flag(
        default=True,
        doc="Invalidate the CDN's copies of deleted originals, two paths for each, and of pictures at permalinks of "
        "overwritten ones, one path (`permalink_seconds`). Beyond 1,000 paths a month, AWS charges $0.005 for each.",
    )
    invalidate_all_from: int = integer(
        200,
        low=0,
        high=100_000,
        doc="From how many waiting invalidations on, of deleted and overwritten originals, all that the CDN keeps is "
        "invalidated instead, by two paths: a mass deletion ends within minutes and costs cents, and the CDN fetches "
        "anew what is viewed. 0 never does, but for what has waited for half of `queue_retention_days`: CloudFront "
        "takes some fifteen deletions a minute then.",
    )
    resolver_start: str = choice(
        "cold",
        "cold",
        "snapshot",
        "provisioned",
        doc="How the function that resolves permalinks starts, which viewers wait for. "
        '"cold": ordinary cold starts. "snapshot": from a memory snapshot (SnapStart). "provisioned": '
        "`resolver_provisioned` instances are always running.",
    )
    resolver_provisioned: int = integer(
        1,
        low=1,
        high=100,
        doc='Provisioned concurrency of the function that resolves permalinks, with `resolver_start = "provisioned"`.',
    )

    lazy_concurrency: int = integer(
        0,
        low=0,
        high=1000,
        doc="Reserved concurrency of the function that makes lazy variants, taken from the account's; 0 reserves none. "
        "It limits what requests for addresses that nobody owes can cost: beyond it, the CDN answers 429.",
    )
    keep_lazy_origin: bool = flag(
        default=False,
        doc="Keep the function that makes lazy variants though no recipe is lazy any more: until a backfill has made "
        "those that are owed still. With a lazy recipe, it is there in any case.",
    )

    copies_bucket: str = matching(
        _BUCKET,
        such_as="my-site-assets",
        doc="A bucket of yours for the copies of variants that recipes ask for (docs/how-to/copies.md), of the same "
        'account and region; who serves them from there is yours to say. "" puts them into the images bucket, from '
        "where the CDN serves them.",
    )
    former_copies: tuple[str, ...] = each_matching(
        _COPY_FOLDER,
        such_as="thumbs/",
        doc="Folders where copies of variants were that no recipe names any more: functions may remove them there. "
        "Set it with the change of the recipe, and back once a backfill is done.",
    )

    @property
    def permalink_life(self) -> int | None:
        """Seconds that the CDN keeps a picture at a permalink; None where permalinks redirect."""
        if self.permalinks == "redirect":
            return None
        return self.permalink_seconds if self.invalidate_deleted else LEAST_PERMALINK_SECONDS

    @property
    def invalidates_overwritten(self) -> bool:
        """Whether the CDN keeps pictures at permalinks for so long that an overwrite has to end that."""
        return (self.permalink_life or 0) > LEAST_PERMALINK_SECONDS


_OF_THE_DISTRIBUTION = (
    "price_class",
    "certificate_arn",
    "web_acl_arn",
    "web_acl_rate_limit",
    "web_acl_referers",
    "access_log_days",
    "countries_allowed",
    "countries_denied",
)


def check_mounted(table: Table) -> None:
    """Reject options of a distribution that is somebody else's."""
    for key in _OF_THE_DISTRIBUTION:
        if table.has(key):
            raise table.error(key, "belongs to the distribution, which is yours: set it there")


def check_delivery(options: DeliveryOptions, table: Table, *, mounted: bool) -> None:
    """Reject options that CloudFront needs together, or cannot have together."""
    if taken := sorted(set(options.former_copies) & set(RESERVED)):
        raise table.error("former_copies", f"{taken[0]!r} is Lightpress's own folder")
    if mounted:
        check_mounted(table)
        return
    if 0 < options.web_acl_rate_limit < LEAST_RATE_LIMIT:
        raise table.error(
            "web_acl_rate_limit",
            f"{options.web_acl_rate_limit} is not allowed; allowed: 0, or at least {LEAST_RATE_LIMIT}",
        )
    if len(options.web_acl_referers) > MOST_REFERERS:
        raise table.error("web_acl_referers", f"there are too many; allowed: up to {MOST_REFERERS} domains")
    if options.domain_names and not options.certificate_arn:
        raise table.error("certificate_arn", "it is missing: domain_names need a certificate, in us-east-1")
    if options.certificate_arn and not options.domain_names:
        raise table.error("domain_names", "they are missing: certificate_arn is for names of yours")
    if options.countries_allowed and options.countries_denied:
        raise table.error("countries_denied", "cannot stand beside countries_allowed; allowed: one of both")
