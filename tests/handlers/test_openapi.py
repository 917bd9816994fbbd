"""The OpenAPI document is what the API does: asked by a program that knows nothing but the document."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightpress.cdk.upload_api import INGEST_ROUTES, ROUTES
from lightpress.handlers.upload_api import STEPS
from tests.handlers.conftest import Deployed, notification
from tests.handlers.gateway import Gateway
from tests.handlers.test_upload_api import ALICE, FILE, ask
from tools.documents.openapi import PAGE, deployed_limits, document, openapi_page
from tools.drawing import file_of, four_corners

if TYPE_CHECKING:
    from schemathesis import APIOperation, Case

    Operation = APIOperation[Any, Any, Any, Any]

# For longer: LIGHTPRESS_REQUESTS=500 make unit
REQUESTS = int(os.environ.get("LIGHTPRESS_REQUESTS", "12"))
DOCUMENT = document(deployed_limits())
TOKEN = {"Authorization": f"Bearer {ALICE}"}

# Schemathesis' own list of refusals, and 413: a body that breaks the schema may also be too long to be read.
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
METHODS = [
    (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item if method != "parameters"
]


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    """What the document has, by method and path, as Schemathesis reads it."""
    import schemathesis  # here, since it takes seconds of every worker that collects tests
    from schemathesis.config import SchemathesisConfig
    from schemathesis.core.result import Ok

    config = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT)), config=config)
    schema.app = Gateway(frozenset({ALICE}))
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    return {one.label: one for one in found}


def test_the_document_in_the_repository_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == openapi_page(), "it is stale: make docs"


def test_the_document_has_the_routes_of_the_stack_and_no_others() -> None:
    steps = {("POST", f"/multipart/{step}") for step in STEPS}
    deployed = {(method.name, path.replace("{key+}", "{key}")) for method, path in (*ROUTES, *INGEST_ROUTES)}
    assert set(METHODS) == deployed - {("POST", "/multipart/{step}")} | steps


@pytest.mark.sampled(6)
@pytest.mark.parametrize("asked", [f"{method} {path}" for method, path in METHODS])
@pytest.mark.parametrize("is_sound", [True, False], ids=["positive", "negative"])
def test_every_answer_is_documented_and_no_request_breaks_the_api(
    asked: str, is_sound: bool, operations: dict[str, Operation], deployed: Deployed
) -> None:
    from schemathesis import GenerationMode

    operation, mode = operations[asked], GenerationMode.POSITIVE if is_sound else GenerationMode.NEGATIVE
    about = _pictures(deployed) if operation.path == "/images/{key}" else _uploads_in_parts()

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        derandomize="LIGHTPRESS_REQUESTS" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from([{}, *about]))
    def ask_and_check(case: Case[Any], told: dict[str, str]) -> None:
        if is_sound:
            _about(case, told)
        case.call_and_validate(headers=TOKEN)

    ask_and_check()


def _uploads_in_parts() -> list[dict[str, str]]:
    """One that is under way."""
    _, begun = ask("POST", "/multipart", FILE)
    return [{"key": begun["key"], "upload_id": begun["upload_id"]}]


def _pictures(deployed: Deployed) -> list[dict[str, str]]:
    """One of each status."""
    ready, failed, gone, processing = (ask("POST", "/uploads", FILE)[1]["key"] for _ in range(4))
    deployed.upload(ready, file_of(four_corners((60, 40))))
    deployed.upload(failed, b"no picture")
    deployed.invoke(*map(notification, (ready, failed, gone)))
    deployed.record()
    assert [ask("GET", f"/images/{key}")[1]["status"] for key in (ready, failed, gone, processing)] == [
        "ready",
        "failed",
        "deleted",
        "processing",
    ]
    return [{"key": key} for key in (ready, failed, gone, processing)]


def _about(case: Case[Any], told: dict[str, str]) -> None:
    """Ask for something that is there, where the request is about something at all."""
    if case.path_parameters and "key" in told:
        case.path_parameters["key"] = told["key"]
    if isinstance(case.body, dict) and "upload_id" in case.body:
        case.body |= told
