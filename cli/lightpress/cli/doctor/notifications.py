"""Checks of who is told: the address of the alarms, and the event bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    states = [one["SubscriptionArn"] for one in _subscriptions(place) if one["Endpoint"] == email]
    if not states:
        subscribe = f"aws sns subscribe --topic-arn {place.outputs['AlarmTopicArn']} --protocol email"
        return note(
            f"{email} gets no alarms: it is not deployed yet, or the subscription was ended, or not confirmed for two "
            f"days: {subscribe} --notification-endpoint {email}"
        )
    if not all(arn.startswith("arn:") for arn in states):
        return note(f"{email} has not confirmed: open the mail of AWS Notifications, and follow its link.")
    return ok(f"{email} has confirmed")


def _subscriptions(place: Place) -> Iterator[dict[str, Any]]:
    """Those of the topic of alarms. SNS deletes what is not confirmed for 48 hours; no deploy brings it back.

    https://aws.amazon.com/about-aws/whats-new/2023/05/amazon-sns-automatic-deletion-unconfirmed-subscriptions/
    """
    pages = place.client("sns").get_paginator("list_subscriptions_by_topic")
    for page in pages.paginate(TopicArn=place.outputs["AlarmTopicArn"]):
        yield from page["Subscriptions"]


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
