"""A function is granted the calls that it made while its tests ran: nothing missing, nothing unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cdk.grants import ACCOUNT, REGION, environment_of, function_id, grants_of
from tests.handlers import conftest as names
from tests.handlers.in_place import COMPRESS_IN_PLACE
from tests.handlers.recorder import IAM_ACTIONS, Call, needs
from tests.handlers.test_backfill import BACKFILL
from tests.handlers.test_copies import COPYING
from tests.handlers.test_deliver_webhook import DELIVER_WEBHOOK
from tests.handlers.test_dropping import DROPPING
from tests.handlers.test_facts import CALLS as ENRICHERS
from tests.handlers.test_facts import TAKE_FACT
from tests.handlers.test_fetch_url import FETCH_URL
from tests.handlers.test_moderate import MODERATE
from tests.handlers.test_operators import OPERATORS
from tests.handlers.test_recorded_calls import PROCESS_UPLOAD, PURGE_DELETED, RECORD_FAILURE, RESOLVE
from tests.handlers.test_upload_api import UPLOAD_API

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cdk.templates import Template

# What Lambda itself does in the role's name: it takes messages from the queue and writes the log.
_SERVICE_ACTIONS = ("logs:", "sqs:Receive", "sqs:Delete", "sqs:Get", "sqs:ChangeMessageVisibility")

# By which variable a function is told where what it calls so in its tests really is.
_BUCKETS = {names.UPLOADS: "UPLOADS_BUCKET", names.IMAGES: "IMAGES_BUCKET", names.QUARANTINE: "QUARANTINE_BUCKET"}
_QUEUES = {
    names.QUEUE: "QUEUE_URL",
    names.DEAD_LETTERS: "DEAD_LETTER_QUEUE_URL",
    names.PURGES: "PURGE_QUEUE_URL",
    names.URLS: "URL_QUEUE_URL",
    names.HINTS: "HINTS_QUEUE_URL",
    "reviews": "REVIEW_QUEUE_URL",
}


_CALLS = {
    "process_upload": PROCESS_UPLOAD,
    "record_failure": RECORD_FAILURE,
    "purge_deleted": PURGE_DELETED,
    "upload_api": UPLOAD_API,
    "resolve": RESOLVE,
    "fetch_url": FETCH_URL,
    "backfill": BACKFILL,
}


def test_every_operation_that_is_made_has_its_actions() -> None:
    others = (
        COMPRESS_IN_PLACE,
        OPERATORS,
        DELIVER_WEBHOOK,
        DROPPING,
        TAKE_FACT,
        MODERATE,
        COPYING,
        *ENRICHERS.values(),
    )
    made = {(call.service, call.operation) for calls in (*_CALLS.values(), *others) for call in calls}
    assert made == set(IAM_ACTIONS)


@pytest.mark.parametrize(("handler", "calls"), _CALLS.items())
def test_the_grants_of_a_function_are_the_calls_it_makes(dev: Template, handler: str, calls: set[Call]) -> None:
    compare(dev, handler, calls)


def compare(template: Template, handler: str, calls: set[Call]) -> None:
    """What a function is granted, and what it asked for while its tests ran."""
    function = function_id(template.raw, handler)
    arn_of = _arns(environment_of(template.raw, function))
    asked = set()
    for need in needs(calls):
        name, slash, objects = need.resource.partition("/")
        asked.add((need.action, f"{arn_of[name]}{slash}{objects}"))
    granted = {(grant.action, grant.resource) for grant in grants_of(template.raw, function)}
    assert _without_those_of_lambda(granted) == _without_those_of_lambda(asked)
    assert asked <= granted


def _arns(environment: Mapping[str, str]) -> dict[str, str]:
    """The ARNs of everything that a function is told of, by what its tests call it."""
    arns = {
        name: f"arn:aws:s3:::{environment[variable]}" for name, variable in _BUCKETS.items() if variable in environment
    }
    for name, variable in _QUEUES.items():
        queue = environment.get(variable, "").rpartition("/")[2]
        arns[name] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    if "DEAD_LETTER_QUEUE_URL" not in environment:  # it is the queue of the function itself
        arns[names.DEAD_LETTERS] = arns[names.QUEUE]
    arns[names.BUS] = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{environment.get('EVENT_BUS')}"
    arns[names.FAILURES] = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{environment.get('FAILURES_TABLE')}"
    arns[names.RUNS] = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{environment.get('RUNS_TABLE')}"
    arns["all metrics"] = arns["*"] = "*"
    arns[names.DISTRIBUTION] = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{environment.get('DISTRIBUTION_ID')}"
    return arns


def _without_those_of_lambda(grants: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(action, on) for action, on in grants if not action.startswith(_SERVICE_ACTIONS)}
