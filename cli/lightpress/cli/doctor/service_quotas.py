"""Checks of how fast EventBridge and SQS are in this account, which Service Quotas tells."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.cdk.account_limits import publishing_at_once, rules_met_by_a_picture
from lightpress.cli.doctor.check import Finding, note, ok
from lightpress.costs.estimate import Assumptions

if TYPE_CHECKING:
    from lightpress.cli.doctor.check import Place

ACTIONS = ("servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota")


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of an account and region.

    Attributes:
        service: Its code.
        code: Of the quota.
        name: As Service Quotas has it.
    """

    service: str
    code: str
    name: str

    def increase(self, to: int) -> str:
        """The command that asks AWS for more."""
        return (
            f"aws service-quotas request-service-quota-increase --service-code {self.service} "
            f"--quota-code {self.code} --desired-value {to}"
        )


CONCURRENCY = Quota("lambda", "L-B99A9384", "Concurrent executions")
PUT_EVENTS = Quota("events", "L-9B653E91", "PutEvents throttle limit in transactions per second")
INVOCATIONS = Quota("events", "L-5540C5E3", "Invocations throttle limit in transactions per second")
RULES = Quota("events", "L-244521F2", "Number of rules")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_IN_FLIGHT = 120_000


def value_of(place: Place, quota: Quota) -> int:
    """What holds for the account and region; where that was never changed, some quotas have only a default."""
    client = place.client("service-quotas")
    asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        found = client.get_service_quota(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        found = client.get_aws_default_service_quota(**asked)
    return int(found["Quota"]["Value"])


def events(place: Place) -> Finding:
    """EventBridge takes as many events as the settings could have published in a second, and sends them on."""
    if not place.config.processing.event_bus:
        return ok("no events are sent")
    pictures = pictures_a_second(place)
    taken, sent_on = value_of(place, PUT_EVENTS), value_of(place, INVOCATIONS)
    if pictures > taken:
        return note(
            f"The settings could publish {pictures:,} pictures a second, and EventBridge takes {taken:,} events: the "
            f"rest is tried again, and billed meanwhile. {PUT_EVENTS.increase(_rounded(pictures))}"
        )
    rules = rules_met_by_a_picture(place.config, place.reviewers, place.enrichers)
    if pictures * rules > sent_on:
        return note(
            f"The settings could publish {pictures:,} pictures a second, {rules} rules send something for each, and "
            f"EventBridge sends {sent_on:,}: the rest comes late. {INVOCATIONS.increase(_rounded(pictures * rules))}"
        )
    return ok(f"{pictures:,} pictures a second at most; {taken:,} events are taken, and {sent_on:,} sent on")


def in_flight(place: Place) -> Finding:
    """SQS gives out as many messages as the pollers may hold."""
    options = place.config.processing
    held = publishing_at_once(place.config) * options.batch_size
    if held > _IN_FLIGHT:
        return note(
            f"{held:,} messages may be worked on at once, and SQS gives out some {_IN_FLIGHT:,} of a queue: lower "
            "batch_size, or ask AWS Support for more messages in flight."
        )
    return ok(f"{held:,} of some {_IN_FLIGHT:,} at once")


def pictures_a_second(place: Place) -> int:
    """What the settings could publish at most: each worker takes as long as `lightpress estimate` assumes."""
    options = place.config.processing
    at_once = publishing_at_once(place.config) + options.backfill_max_concurrency
    return ceil(at_once / Assumptions(memory_mb=options.memory_mb).billed_seconds)


def _rounded(wanted: int) -> int:
    """The next hundred, which is what people ask for."""
    return 100 * ceil(wanted / 100)
