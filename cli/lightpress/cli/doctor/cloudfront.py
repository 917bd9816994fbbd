"""Checks of CloudFront: names and quotas that are one for all regions of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource.

    Attributes:
        plural: In a sentence.
        quota: How many an account has by default.
        name: Of ours, without prefix and region; "" where CloudFormation makes it up.
        names: Those that there are.
    """

    plural: str
    quota: int
    name: str
    names: Callable[[Any], list[str]]


def _listed(answer: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer[key].get("Items", [])
    return items


def _functions(client: Any) -> list[str]:  # noqa: ANN401  boto3's
    return [one["Name"] for one in _listed(client.list_functions(Stage="DEVELOPMENT"), "FunctionList")]


def _access_controls(client: Any) -> list[str]:  # noqa: ANN401
    return [one["Name"] for one in _listed(client.list_origin_access_controls(), "OriginAccessControlList")]


def _cache_policies(client: Any) -> list[str]:  # noqa: ANN401
    found = _listed(client.list_cache_policies(Type="custom"), "CachePolicyList")
    return [one["CachePolicy"]["CachePolicyConfig"]["Name"] for one in found]


def _headers_policies(client: Any) -> list[str]:  # noqa: ANN401
    found = _listed(client.list_response_headers_policies(Type="custom"), "ResponseHeadersPolicyList")
    return [one["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]["Name"] for one in found]


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_KINDS = (
    Kind("functions", 100, "", _functions),
    Kind("origin access controls", 100, "images", _access_controls),
    Kind("cache policies", 20, "by-path-alone", _cache_policies),
    Kind("response headers policies", 20, "pictures", _headers_policies),
)
ACTIONS = (
    "cloudfront:ListFunctions",
    "cloudfront:ListOriginAccessControls",
    "cloudfront:ListCachePolicies",
    "cloudfront:ListResponseHeadersPolicies",
)


def names(place: Place) -> Finding:
    """No resource of CloudFront has a name that the stack is about to give."""
    if place.status is not None:
        return ok("they are those of the stack")
    client = place.client("cloudfront")
    for name, kind in names_given(place).items():
        if name in kind.names(client):
            return blocks(f"{name} is there already among the {kind.plural} of CloudFront: delete it in the console.")
    return ok("free")


def names_given(place: Place) -> dict[str, Kind]:
    """The names that the stack is about to give, each with its kind."""
    return {f"{place.config.prefix}-{kind.name}-{place.region}": kind for kind in _KINDS if kind.name}


def quotas(place: Place) -> Finding:
    """The account has room for one more of each kind."""
    if place.status is not None:
        return ok("the stack has what it needs")
    client = place.client("cloudfront")
    counts = {kind: len(kind.names(client)) for kind in _KINDS}
    for kind, count in counts.items():
        if count >= kind.quota:
            return note(
                f"CloudFront has {count} {kind.plural}, and {kind.quota} are allowed by default: delete one that "
                "nothing uses, unless AWS has raised your quota."
            )
    return ok(", ".join(f"{count} of {kind.quota} {kind.plural}" for kind, count in counts.items()))
