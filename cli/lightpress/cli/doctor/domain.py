"""Checks of the CDN's own domain names: their certificate, and where they point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok

if TYPE_CHECKING:
    from collections.abc import Iterable

_CERTIFICATES = "us-east-1"  # those of CloudFront, whatever the region of the stack is
_RENEWED_BEFORE = timedelta(days=30)


def certificate(place: Place) -> Finding:
    """The certificate is issued, stays valid, and is for all domain names."""
    options = place.config.delivery
    if not options.certificate_arn:
        return ok("not needed: no domain_names")
    client = place.client("acm", region=_CERTIFICATES)
    found = client.describe_certificate(CertificateArn=options.certificate_arn)["Certificate"]
    if found["Status"] != "ISSUED":
        return blocks(
            f"The certificate is {found['Status']}: add its CNAME records to your DNS, and wait until ISSUED."
        )
    named = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    missing = [name for name in options.domain_names if not covers(named, name)]
    if missing:
        return blocks(
            f"The certificate is not for {', '.join(missing)}: request one in {_CERTIFICATES} that names all."
        )
    ends: datetime = found["NotAfter"]
    if ends < datetime.now(UTC) + _RENEWED_BEFORE:
        return note(f"The certificate ends on {ends:%Y-%m-%d}: renew or import it again, if ACM does not.")
    return ok(f"issued, for {', '.join(options.domain_names)}, until {ends:%Y-%m-%d}")


def covers(named: Iterable[str], domain: str) -> bool:
    """Whether a certificate's names include a domain; a wildcard stands for exactly one label (RFC 6125, 6.4.3)."""
    return domain in named or f"*.{domain.partition('.')[2]}" in named


def dns(place: Place) -> Finding:
    """The domain names point to the distribution, where the hosted zone is in this account."""
    domains = place.config.delivery.domain_names
    if not domains:
        return ok("not needed: no domain_names")
    target = place.outputs.get("CdnDomainName", "")
    if not target:
        return ok("after the deployment, point the names to the output CdnDomainName, and check again")
    client = place.client("route53")
    astray = [domain for domain in domains if not _points_to(client, domain, target)]
    if astray:
        return note(
            f"No hosted zone of this account points {', '.join(astray)} to {target}: add a CNAME (or an alias) record, "
            "here or at your DNS provider."
        )
    return ok(f"{', '.join(domains)} point to {target}")


def _points_to(client: Any, domain: str, target: str) -> bool:  # noqa: ANN401  boto3's
    zone = _zone_of(client, domain)
    if zone is None:
        return False
    answer = client.list_resource_record_sets(HostedZoneId=zone, StartRecordName=domain, MaxItems="4")
    records = (record for record in answer["ResourceRecordSets"] if record["Name"].rstrip(".") == domain)
    return any(target in _targets(record) for record in records)


def _targets(record: dict[str, Any]) -> set[str]:
    alias = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else []
    return {name.rstrip(".") for name in (*alias, *(row["Value"] for row in record.get("ResourceRecords", [])))}


def _zone_of(client: Any, domain: str) -> str | None:  # noqa: ANN401  boto3's
    """The id of the public zone with the longest name that ends the domain."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = ".".join(labels[start:]) + "."
        for zone in client.list_hosted_zones_by_name(DNSName=name, MaxItems="2")["HostedZones"]:
            if zone["Name"] == name and not zone.get("Config", {}).get("PrivateZone", False):
                return str(zone["Id"])
    return None
