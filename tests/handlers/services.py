"""Stand-ins for services that see: answers in the form that botocore's model of each service says, and nothing else."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.session import Session
from botocore.validate import ParamValidator

from lightpress.aws.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPERATIONS = {
    "DetectLabels": ("rekognition", "rekognition"),
    "DetectModerationLabels": ("rekognition", "rekognition"),
    "DetectFaces": ("rekognition", "rekognition"),
    "Converse": ("bedrock-runtime", "bedrock-runtime"),
}


@contextmanager
def answering(answers: Mapping[str, dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Have the operations answer so; returns the bodies of the requests, as they come."""
    heard: list[dict[str, Any]] = []
    events: Any = session().get_component("event_emitter")
    hooks = {f"before-send.{OPERATIONS[name][0]}.{name}": _answer(name, said, heard) for name, said in answers.items()}
    for event, hook in hooks.items():
        events.register_first(event, hook)
    try:
        yield heard
    finally:
        for event, hook in hooks.items():
            events.unregister(event, hook)


@contextmanager
def refusing(name: str, code: str, message: str) -> Iterator[list[str]]:
    """Have an operation refuse each request, as the service documents; returns the URLs that were asked."""
    asked: list[str] = []
    events: Any = session().get_component("event_emitter")
    hook = f"before-send.{OPERATIONS[name][0]}.{name}"

    def refuse(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        asked.append(str(request.url))
        headers: Any = {"content-type": "application/json", "x-amzn-errortype": code}
        return AWSResponse(request.url, 400, headers, _Raw(json.dumps({"__type": code, "message": message}).encode()))

    events.register_first(hook, refuse)
    try:
        yield asked
    finally:
        events.unregister(hook, refuse)


def _answer(name: str, said: dict[str, Any], heard: list[dict[str, Any]]) -> Any:  # noqa: ANN401  a hook of botocore
    model = Session().get_service_model(OPERATIONS[name][1]).operation_model(name)
    wrong = ParamValidator().validate(said, model.service_model.shape_for(f"{name}Response"))
    assert not wrong.has_errors(), wrong.generate_report()

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        heard.append(json.loads(cast("bytes", request.body)))
        headers: Any = {"content-type": "application/json"}
        return AWSResponse(request.url, 200, headers, _Raw(json.dumps(said).encode()))

    return answer


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()
