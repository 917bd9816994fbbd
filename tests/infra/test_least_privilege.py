"""What a function is granted is what it was heard to ask for while its tests ran: nothing missing, nothing unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.handlers.conftest import DEAD_LETTERS, IMAGES, UPLOADS
from tests.handlers.recorder import needs
from tests.handlers.test_recorded_calls import EVERYTHING
from tests.infra.grants import ACCOUNT, REGION, environment_of, function_id, grants_of

if TYPE_CHECKING:
    from tests.infra.templates import Template

# What Lambda itself does in the role's name: it takes messages from the queue and writes the log.
_SERVICE_ACTIONS = ("logs:", "sqs:Receive", "sqs:Delete", "sqs:Get", "sqs:ChangeMessageVisibility")


def test_the_grants_of_process_upload_are_the_calls_it_makes(dev: Template) -> None:
    function = function_id(dev.raw, "process_upload")
    environment = environment_of(dev.raw, function)
    queue = environment["DEAD_LETTER_QUEUE_URL"].rpartition("/")[2]
    arn_of = {
        UPLOADS: f"arn:aws:s3:::{environment['UPLOADS_BUCKET']}",
        IMAGES: f"arn:aws:s3:::{environment['IMAGES_BUCKET']}",
        DEAD_LETTERS: f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
    }
    asked = set()
    for need in needs(EVERYTHING):
        name, slash, objects = need.resource.partition("/")
        asked.add((need.action, f"{arn_of[name]}{slash}{objects}"))
    granted = {(grant.action, grant.resource) for grant in grants_of(dev.raw, function)}
    assert {(action, on) for action, on in granted if not action.startswith(_SERVICE_ACTIONS)} == asked
