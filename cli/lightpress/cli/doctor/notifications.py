"""Checks of who is told: the address of the alarms, and the event bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok

if TYPE_CHECKING:
    from collections.abc import Iterator


def alarm_email(place: Place) -> Finding:
    """The address of the alarms has confirmed its subscription."""
    email = place.config.monitoring.alarm_email
    if not email:
        return note("Nobody gets the alarms: set alarm_email.")
    if not place.is_deployed:
        return ok(f"after the deployment, AWS asks {email} to confirm")
    waiting = [arn for arn in _subscriptions(place, email) if not arn.startswith("arn:")]
    if waiting:
        return note(f"{email} has not confirmed: open the mail of AWS Notifications, and follow its link.")
    return ok(f"{email} has confirmed")


def _subscriptions(place: Place, email: str) -> Iterator[str]:
    pages = place.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=place.stack)
    resources = (one for page in pages for one in page["StackResourceSummaries"])
    topics = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::SNS::Topic"]
    for topic in topics:
        found = place.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        yield from (one["SubscriptionArn"] for one in found if one["Endpoint"] == email)


def event_bus(place: Place) -> Finding:
    """The event bus exists."""
    bus = place.config.processing.event_bus
    if not bus:
        return ok('not wanted (event_bus = "")')
    try:
        place.client("events").describe_event_bus(Name=bus)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return blocks(f"There is no event bus {bus}: aws events create-event-bus --name {bus}")
    return ok(bus)
