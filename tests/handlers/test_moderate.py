"""The reviewer "moderation", from the event of a picture that waits to its end, with Rekognition stood in for.

Its answers have the form that botocore's model of the service says (`tests.handlers.services`).
"""

from __future__ import annotations

import base64
import io
import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from PIL import Image

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.session import session
from lightpress.composition import moderate as composed
from lightpress.delivery.notify import event_of
from lightpress.handlers import moderate, take_review
from lightpress.image.errors import Reason
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.gate import MODERATION, PERSON, Review
from lightpress.pipeline.moderation import Thresholds
from lightpress.pipeline.outcomes import Action, Outcome
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.handlers.conftest import CDN, IMAGES, REVIEWS_QUEUE, UPLOADS, Context, Deployed, batch, url_of
from tests.handlers.recorder import Call, needs, recorded
from tests.handlers.services import answering
from tests.stores.refused import NOT_ALLOWED, Refusal
from tests.stores.refused import refusing as refused_by_aws
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.pipeline.manifest import Manifest

KEY = "community/cat.jpg"
MODERATE = {
    Call("s3", "GetObject", IMAGES, "m/"),
    Call("s3", "GetObject", IMAGES, "reviews/"),
    Call("s3", "HeadObject", UPLOADS, "*"),
    Call("s3", "GetObject", UPLOADS, "*"),
    Call("s3", "ListObjectVersions", UPLOADS, "*"),  # which version it is that may not be looked at
    Call("rekognition", "DetectModerationLabels", "*"),
    Call("sqs", "SendMessage", REVIEWS_QUEUE),
}
PHOTO = file_of(ramp((2600, 1300)), "TIFF")
CLEAN: dict[str, Any] = {"ModerationLabels": [], "ModerationModelVersion": "7.0"}
RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
gate = ["moderation", "person"]
sizes = { w700 = { width = 700 } }
"""


def found(name: str, parent: str, confidence: float) -> dict[str, Any]:
    label = {"Name": name, "ParentName": parent, "Confidence": confidence, "TaxonomyLevel": 2 if parent else 1}
    return {"ModerationLabels": [label], "ModerationModelVersion": "7.0"}


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:  # noqa: ANN401  a path
    recipes = tmp_path / "recipes.toml"
    recipes.write_text(RECIPES, encoding="utf-8")
    monkeypatch.setattr(composed, "RECIPES", recipes)  # the stack ships its file beside the code
    monkeypatch.setenv("REVIEW_QUEUE_URL", url_of(REVIEWS_QUEUE))
    monkeypatch.setenv("MODERATION", Thresholds({"Explicit": 60, "Violence": 80}, {"Violence": 50}).to_json())


def look(deployed: Deployed, key: str = KEY) -> Outcome:
    s3: Any = deployed.s3
    gated = Recipe("web", Spec((Size("w700", 700),), ("jpeg",)), gate=(MODERATION,))
    book = RecipeBook((Rule("**", gated),), {"web": gated})
    needs = Dependencies(S3Originals(s3), S3Images(s3, IMAGES), book, render, reviews=S3Reviews(s3, IMAGES))
    return reconcile(Source(UPLOADS, key), needs)


def held(deployed: Deployed, data: bytes = PHOTO) -> Manifest:
    deployed.upload(KEY, data)
    outcome = look(deployed)
    assert outcome.action is Action.HELD
    assert outcome.manifest is not None
    return outcome.manifest


def event(manifest: Manifest) -> str:
    """As EventBridge sends it to a queue, but for the fields that nobody reads."""
    told = event_of(Source(UPLOADS, manifest.key), manifest, deployment="lightpress-dev", base_url=CDN)
    return json.dumps({"detail-type": told.kind, "source": "lightpress", "detail": json.loads(told.detail)})


def ask(manifest: Manifest) -> list[str]:
    """Hand the event to the function; returns the ids of what must come back."""
    composed.rekognition.cache_clear()  # it hears whoever stands in for the service when it is made
    answer = moderate.handler(batch(event(manifest)), Context())
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def taken(deployed: Deployed) -> int:
    """Have `take_review` take what was sent; returns how many."""
    answer = deployed.sqs.receive_message(QueueUrl=url_of(REVIEWS_QUEUE), MaxNumberOfMessages=10)
    bodies = [message["Body"] for message in answer.get("Messages", ())]
    assert take_review.handler(batch(*bodies), Context()) == {"batchItemFailures": []} if bodies else True
    return len(bodies)


def said(deployed: Deployed, manifest: Manifest) -> Review | None:
    assert manifest.source is not None
    return S3Reviews(deployed.s3, IMAGES).standing(KEY, manifest.source.identity, (MODERATION,)).rejection


def test_a_picture_in_which_nothing_is_found_is_published_and_rekognition_was_sent_a_small_jpeg(
    deployed: Deployed,
) -> None:
    manifest = held(deployed)
    with answering({"DetectModerationLabels": CLEAN}) as heard, recorded() as calls:
        assert ask(manifest) == []
    assert calls == MODERATE - {Call("s3", "ListObjectVersions", UPLOADS, "*")}
    (request,) = heard
    assert request["MinConfidence"] == 50.0
    with Image.open(io.BytesIO(base64.b64decode(request["Image"]["Bytes"]))) as seen:
        assert (seen.format, seen.size) == ("JPEG", (1280, 640))
    assert taken(deployed) == 1
    assert look(deployed).action is Action.PUBLISHED


def test_what_is_found_rejects_it_and_is_the_reason(deployed: Deployed) -> None:
    manifest = held(deployed)
    with answering({"DetectModerationLabels": found("Explicit Nudity", "Explicit", 97.4)}):
        ask(manifest)
    assert taken(deployed) == 1
    rejected = look(deployed)
    assert rejected.verdict is not None
    assert (rejected.action, rejected.verdict.reason) == (Action.REJECTED, Reason.REJECTED_BY_GATE)
    assert rejected.verdict.detail == "It shows what is not allowed here: Explicit Nudity (97 %)."
    assert deployed.variants() == set()


def test_between_two_thresholds_it_stays_held_and_a_person_may_answer(deployed: Deployed) -> None:
    manifest = held(deployed)
    with answering({"DetectModerationLabels": found("Weapons", "Violence", 65)}):
        assert ask(manifest) == []
    assert taken(deployed) == 0
    assert look(deployed).action is Action.NOTHING
    assert manifest.source is not None
    S3Reviews(deployed.s3, IMAGES).keep(KEY, manifest.source.identity, Review(MODERATION, approved=True))
    assert look(deployed).action is Action.PUBLISHED


def test_an_event_that_comes_twice_or_late_asks_no_service(deployed: Deployed) -> None:
    manifest = held(deployed)
    with answering({"DetectModerationLabels": CLEAN}) as heard:
        ask(manifest)
        taken(deployed)
        ask(manifest)
        look(deployed)
        ask(manifest)
        again = held(deployed, file_of(ramp((600, 800)), "JPEG"))
        ask(manifest)
        assert len(heard) == 1
        deployed.s3.delete_object(Bucket=UPLOADS, Key=KEY)
        ask(again)
    assert len(heard) == 1
    assert taken(deployed) == 0


@contextmanager
def refusing(code: str, status: int, times: int) -> Iterator[list[int]]:
    """Rekognition answers so often with an error, and then that it has found nothing."""
    asked: list[int] = []
    events: Any = session().get_component("event_emitter")
    body = json.dumps({"__type": code, "message": "..."}).encode()

    class Raw(io.BytesIO):
        def stream(self, **_: object) -> Iterator[bytes]:
            yield self.read()

    def answer(request: Any, **_: object) -> AWSResponse:  # noqa: ANN401  botocore's
        asked.append(1)
        is_refused = len(asked) <= times
        headers: Any = {"content-type": "application/x-amz-json-1.1"}
        told = body if is_refused else json.dumps(CLEAN).encode()
        return AWSResponse(request.url, status if is_refused else 200, headers, Raw(told))

    events.register_first("before-send.rekognition.DetectModerationLabels", answer)
    try:
        yield asked
    finally:
        events.unregister("before-send.rekognition.DetectModerationLabels", answer)


def test_throttling_is_waited_out_and_ends_nothing(deployed: Deployed) -> None:
    manifest = held(deployed)
    with refusing("ThrottlingException", 400, times=2) as asked:
        assert ask(manifest) == []
    assert len(asked) == 3
    assert taken(deployed) == 1


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_what_is_throttled_for_long_comes_back_and_is_answered_later(deployed: Deployed) -> None:
    manifest = held(deployed)
    with refusing("ProvisionedThroughputExceededException", 400, times=4):
        assert ask(manifest) == ["id-0"]
        assert taken(deployed) == 0
        assert ask(manifest) == []
    assert taken(deployed) == 1
    assert look(deployed).action is Action.PUBLISHED


@pytest.mark.parametrize("code", ["InvalidImageFormatException", "ImageTooLargeException", "InvalidParameterException"])
def test_what_rekognition_cannot_look_at_stays_held_for_a_person(deployed: Deployed, code: str) -> None:
    manifest = held(deployed)
    with refusing(code, 400, times=9) as asked:
        assert ask(manifest) == []
    assert len(asked) == 1
    assert taken(deployed) == 0
    assert look(deployed).action is Action.NOTHING


def test_a_picture_too_small_for_rekognition_is_not_sent_and_stays_held(deployed: Deployed) -> None:
    with answering({"DetectModerationLabels": CLEAN}) as heard:
        assert ask(held(deployed, file_of(ramp((300, 79)), "PNG"))) == []
        assert heard == []
        assert ask(held(deployed, file_of(ramp((300, 80)), "PNG"))) == []
    assert len(heard) == 1


SSE_C = Refusal(
    400,
    "InvalidRequest",
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve "
    "the object.",
)


@pytest.mark.parametrize("refusal", [SSE_C, NOT_ALLOWED], ids=lambda refusal: refusal.code)
def test_an_original_that_may_not_be_read_stays_held_for_a_person_and_is_counted_as_unanswered(
    deployed: Deployed, refusal: Refusal, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = held(deployed)
    composed.previews.cache_clear()  # its client is heard from when it is made
    with recorded() as calls, refused_by_aws(session(), refusal, lambda what: what.endswith(KEY)) as refused:
        assert ask(manifest) == []
    assert {what.partition(" ")[0] for what in refused} == {"HEAD", "GET"}
    assert needs(calls) <= needs(MODERATE)
    assert Call("s3", "ListObjectVersions", UPLOADS, "*") in calls
    assert "ReviewsUnanswered" in capsys.readouterr().out
    assert taken(deployed) == 0
    assert look(deployed).action is Action.NOTHING


def moving() -> bytes:
    frames = [ramp((200, 160)), ramp((200, 160)).rotate(180)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def test_of_what_moves_its_first_frame_may_reject_it_and_a_person_has_to_approve_the_others(deployed: Deployed) -> None:
    manifest = held(deployed, moving())
    with answering({"DetectModerationLabels": CLEAN}):
        assert ask(manifest) == []
    assert taken(deployed) == 0
    with answering({"DetectModerationLabels": found("Sex Toys", "Explicit", 99)}):
        assert ask(manifest) == []
    assert taken(deployed) == 1
    assert said(deployed, manifest) is not None


def test_of_what_moves_and_is_published_still_the_first_frame_is_all_there_is(
    deployed: Deployed,
    tmp_path: Any,  # noqa: ANN401  a path
) -> None:
    (tmp_path / "recipes.toml").write_text(RECIPES + "animation = false\n", encoding="utf-8")
    manifest = held(deployed, moving())
    with answering({"DetectModerationLabels": CLEAN}):
        assert ask(manifest) == []
    assert taken(deployed) == 1
    assert said(deployed, manifest) is None


def test_what_cannot_be_rendered_is_rejected_with_the_sentence_that_rendering_has_for_it(deployed: Deployed) -> None:
    manifest = held(deployed, b"<script>alert(1)</script>")
    with answering({"DetectModerationLabels": CLEAN}) as heard:
        assert ask(manifest) == []
    assert heard == []
    assert taken(deployed) == 1
    review = said(deployed, manifest)
    assert review is not None
    assert review.detail


def test_what_waits_for_a_person_alone_is_not_looked_at(deployed: Deployed) -> None:
    manifest = replace(held(deployed), gate=(PERSON,))
    S3Images(deployed.s3, IMAGES).publish(manifest, S3Images(deployed.s3, IMAGES).published(KEY))
    with answering({"DetectModerationLabels": CLEAN}) as heard:
        assert ask(manifest) == []
    assert heard == []


@pytest.mark.parametrize("body", ["nonsense", json.dumps({"detail": {"key": "a"}}), json.dumps(["detail"])])
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_what_is_no_event_comes_back(deployed: Deployed, body: str) -> None:
    assert deployed
    answer = moderate.handler(batch(body), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-0"}]}
