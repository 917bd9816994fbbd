"""Checks of what starts the functions: the event sources of the queues, and the rules that fill queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.cdk.account_limits import rules_of_the_default_bus
from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok
from lightpress.cli.doctor.service_quotas import RULES, value_of
from lightpress.client.faults import FAULTS
from lightpress.client.stack import EVENT_SOURCE, resources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html: 100 in some regions.
_RULES_BY_DEFAULT = 300
_WORKS = {"Enabled", "Enabling", "Creating", "Updating"}


def event_sources(place: Place) -> Finding:
    """Each queue of the stack is read by its function: `lightpress empty`, and whoever stops in haste, disable that."""
    if not place.is_deployed:
        return ok("after the deployment, each queue has its function")
    states = dict(_states(place))
    stopped = {id_: state for id_, state in states.items() if state not in _WORKS}
    if stopped:
        commands = (f"aws lambda update-event-source-mapping --enabled --uuid {id_}" for id_ in stopped)
        return blocks(
            f"{len(stopped)} of {len(states)} event sources are {next(iter(stopped.values()))}, and messages wait: "
            f"{'; '.join(commands)}"
        )
    return ok(f"{len(states)} are enabled")


def _states(place: Place) -> Iterator[tuple[str, str]]:
    """The state of each event source of the stack, by its id."""
    client = place.client("lambda")
    for one in resources_of(place.stack, place.client("cloudformation")):
        if one["ResourceType"] == EVENT_SOURCE:
            id_ = one["PhysicalResourceId"]
            yield id_, client.get_event_source_mapping(UUID=id_)["State"]


def rules(place: Place) -> Finding:
    """EventBridge's default bus has room for the rules of the stack, by which existing buckets fill queues."""
    wanted = rules_of_the_default_bus(place.config, place.reviewers)
    if not wanted:
        return ok("not needed: no existing buckets, no scans")
    if place.is_deployed:
        return ok("the stack has what it needs")
    pages = place.client("events").get_paginator("list_rules").paginate(EventBusName="default")
    there = sum(len(page["Rules"]) for page in pages)
    allowed, known = _allowed_rules(place)
    if there + wanted > allowed:
        return note(
            f"The default event bus has {there} rules, the stack needs {wanted} more, and {allowed} are "
            f"allowed{known}: delete rules that nothing uses (aws events list-rules), or "
            f"{RULES.increase(allowed + wanted)}"
        )
    return ok(f"{there} of {allowed} rules{known}, and {wanted} more")


def _allowed_rules(place: Place) -> tuple[int, str]:
    """How many a bus may have; and what to add where only AWS's default is known."""
    try:
        return value_of(place, RULES), ""
    except FAULTS:
        return _RULES_BY_DEFAULT, " by default"
