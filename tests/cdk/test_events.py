"""Who may announce what, and the documented ways to hear it."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Match
from aws_cdk.assertions import Template as Synthesized
from cfnlint.api import lint  # type: ignore[import-untyped]

from lightpress.cdk.config import Config
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.delivery.notify import KINDS, event_of
from lightpress.image.errors import Reason
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.source import Source
from lightpress.webhooks.deliver import payload_of
from lightpress.webhooks.signature import keys_of, signed
from tests.cdk.templates import synthesize_with
from tests.pages import blocks
from tests.webhooks.receiver import KEY
from tests.webhooks.test_deliver import EVENT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

PAGE = "events.md"
READY = Manifest(
    "a.jpg", Status.READY, 1, PublishedSource("v1", 1), variants=(Variant("s", "avif", "", 1, 1, 1, "", "i/x"),)
)
EVERY_KIND = (
    READY,
    Manifest("a.jpg", Status.FAILED, 2, reason=Reason.CORRUPT),
    Manifest("a.jpg", Status.HELD, 2, PublishedSource("v1", 1), gate=("malware", "person")),
    Manifest("a.jpg", Status.DELETED, 3),
)


def test_only_who_settles_pictures_may_announce_and_only_in_our_name(dev: Template) -> None:
    allowed = [one for one in dev.statements("AWS::IAM::Policy") if "events:PutEvents" in one.actions]
    assert len(allowed) == 2
    for statement in allowed:
        assert statement.actions == ["events:PutEvents"]
        assert statement.condition == {"StringEqualsIfExists": {"events:source": "lightpress"}}
        assert [dev.resolve(one).rpartition(":")[2] for one in statement.resources] == ["event-bus/default"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("bus", "told"), [("", None), ("pictures", "pictures")])
def test_the_bus_is_chosen_by_name_and_may_be_none(bus: str, told: str | None, tmp_path: Path) -> None:
    template = synthesize_with(Config("dev", processing=ProcessingOptions(event_bus=bus)), tmp_path)
    variables = template.function("process_upload").properties["Environment"]["Variables"]
    assert variables.get("EVENT_BUS") == told
    granted = json.dumps([one.resources for one in template.statements("AWS::IAM::Policy")])
    assert ("event-bus/pictures" in granted) is bool(bus)


def test_the_documented_events_have_the_fields_of_the_real_ones() -> None:
    documented = [json.loads(block) for block in blocks(PAGE, "json")]
    real = [json.loads(event_of(Source("b", one.key), one, deployment="d", base_url="").detail) for one in EVERY_KIND]
    assert [shape(one) for one in documented] == [shape(one) for one in real]
    text = " ".join(blocks(PAGE, "python"))
    assert all(kind in text for kind in KINDS.values())


def shape(detail: dict[str, Any]) -> dict[str, Any]:
    """The names of all fields, in order."""
    return {
        name: [shape(one) for one in value if isinstance(one, dict)]
        if isinstance(value, list)
        else shape(value)
        if isinstance(value, dict)
        else ""
        for name, value in detail.items()
    }


def test_the_documented_webhook_is_a_stack_that_sends_and_keeps_what_it_cannot_send() -> None:
    (code,) = (block for block in blocks(PAGE, "python") if "aws_cdk" in block)
    names: dict[str, Any] = {"__name__": "image_webhook"}
    exec(compile(code, PAGE, "exec"), names)  # noqa: S102  our own page
    app = App()
    stack = names["ImageWebhook"](
        app, "Webhook", endpoint="https://www.example.com/hooks/images", deployment="lightpress-prod"
    )
    template = Synthesized.from_stack(stack)
    template.has_resource_properties(
        "AWS::Events::Rule",
        {
            "EventPattern": {
                "source": ["lightpress"],
                "detail-type": list(KINDS.values()),
                "detail": {"deployment": ["lightpress-prod"]},
            },
            "Targets": [Match.object_like({"DeadLetterConfig": Match.any_value(), "RoleArn": Match.any_value()})],
        },
    )
    template.has_resource_properties(
        "AWS::Events::ApiDestination",
        {"InvocationEndpoint": "https://www.example.com/hooks/images", "HttpMethod": "POST"},
    )


def test_the_documented_queue_is_a_sound_template() -> None:
    (template,) = blocks(PAGE, "yaml")
    assert lint(template) == []


def test_the_documented_receiver_takes_what_is_signed_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_KEY", KEY)
    (code,) = (block for block in blocks(PAGE, "python") if "standardwebhooks" in block)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(code, PAGE, "exec"), names)  # noqa: S102  our own page
    id_, body = payload_of(EVENT)
    headers = signed(id_, int(time.time()), body, keys_of(KEY))

    def answer(body: bytes) -> str:
        environ: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        said: list[str] = []
        names["app"](environ, lambda status, _: said.append(status))
        return said[0]

    assert (answer(body + b" "), names["newest"]) == ("401 Unauthorized", {})
    assert answer(body) == answer(body) == "204 No Content"
    assert list(names["newest"].values()) == [(3, "ImageReady")]
