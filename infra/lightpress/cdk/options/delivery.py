"""Delivery: the CDN."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import Environment
from lightpress.cdk.options.kinds import choice, each_matching, flag, integer, matching, option

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

# What CloudFront uses is kept in us-east-1, wherever the stack is.
_CERTIFICATE_ARN = r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+"
_WEB_ACL_ARN = r"arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+"
_DOMAIN = r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
_COUNTRY = r"[A-Z]{2}"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html
_SHIELDS = (
    "",
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
# How every RSA key of 2,048 bits with the usual exponent begins in DER (RFC 5280, 4.1), and how long it is.
_RSA_2048 = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_RSA_2048_BYTES = 294
_MOST_SIGNING_KEYS = 5  # of a key group


def _public_keys() -> tuple[str, ...]:
    allowed = f'up to {_MOST_SIGNING_KEYS} RSA keys of 2,048 bits, each a text in PEM ("-----BEGIN PUBLIC KEY-----...")'

    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.texts(key, ())
        if len(found) > _MOST_SIGNING_KEYS or not all(map(is_rsa_2048, found)):
            raise table.error(key, f"not all of it is such a key; allowed: {allowed}")
        return tuple(f"{text.strip()}\n" for text in found)

    return option((), read, allowed=allowed)


def is_rsa_2048(pem: str) -> bool:
    """Whether a text is the public half of a key that CloudFront takes; the private half must never stand in a file."""
    matched = re.fullmatch(r"-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----", pem.strip())
    if matched is None:
        return False
    try:
        der = base64.b64decode("".join(matched[1].split()), validate=True)
    except binascii.Error:
        return False
    return len(der) == _RSA_2048_BYTES and der.startswith(_RSA_2048)


@dataclass(frozen=True)
class DeliveryOptions(Environment):
    """Where pictures are delivered to, under which names, and to whom."""

    # Where CloudFront keeps copies: "100" is Europe and North America, "200" adds most others, "all" is everywhere.
    price_class: str = choice("100", "100", "200", "all")

    # Names of yours for the CDN, and the certificate for them, which must be in us-east-1. Every URL begins with the
    # first. Point each at the output `CdnDomainName` in your DNS.
    domain_names: tuple[str, ...] = each_matching(_DOMAIN, such_as="images.example.com")
    certificate_arn: str = matching(
        _CERTIFICATE_ARN, such_as="arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd"
    )
    # A web ACL (AWS WAF) of yours before the CDN. It must be in us-east-1, with the scope CLOUDFRONT.
    web_acl_arn: str = matching(
        _WEB_ACL_ARN, such_as="arn:aws:wafv2:us-east-1:123456789012:global/webacl/NAME/1234abcd-12ab-34cd"
    )
    # How long the CDN's access logs are kept, with the addresses of viewers, in a bucket of their own; 0: there are
    # none.
    access_log_days: int = integer(0, low=0, high=3650)
    # The countries (ISO 3166) that see pictures, or those that do not.
    countries_allowed: tuple[str, ...] = each_matching(_COUNTRY, such_as="DE")
    countries_denied: tuple[str, ...] = each_matching(_COUNTRY, such_as="DE")
    # One more cache, in a region near the stack's, which all others ask: fewer requests of S3 and of the resolver.
    origin_shield_region: str = choice("", *_SHIELDS)
    # Pictures are private: images and permalinks are for those alone who bring a URL or cookies that are signed with
    # the other half of one of these (docs/recipes.md, "Private pictures").
    signing_keys: tuple[str, ...] = _public_keys()
    # A permalink of a picture that has been uploaded and is not published yet shows a small grey one, and not 404.
    placeholder_while_processing: bool = flag(default=False)


def check_delivery(options: DeliveryOptions, table: Table) -> None:
    """What the CDN takes only together, or never together."""
    if options.domain_names and not options.certificate_arn:
        raise table.error("certificate_arn", "it is missing: domain_names need a certificate, in us-east-1")
    if options.certificate_arn and not options.domain_names:
        raise table.error("domain_names", "they are missing: certificate_arn is for names of yours")
    if options.countries_allowed and options.countries_denied:
        raise table.error("countries_denied", "cannot stand beside countries_allowed; allowed: one of both")
