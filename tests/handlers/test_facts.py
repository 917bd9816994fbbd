"""What enrichers say, from the event of a published picture to its manifest, over moto and stand-ins for services."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from PIL import Image

from lightpress.aws.facts import S3Facts
from lightpress.aws.images import S3Images
from lightpress.aws.notifications import EventBridgeNotifications
from lightpress.aws.originals import S3Originals
from lightpress.composition import enrich
from lightpress.delivery.notify import event_of
from lightpress.handlers import describe_picture, detect_faces, detect_labels, find_duplicates, take_fact
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.asking import Asked, read_asked
from lightpress.pipeline.enriching import fact_message, read_fact
from lightpress.pipeline.facts import Box, Fact, Label, center_of
from lightpress.pipeline.outcomes import Action, Outcome
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.handlers.conftest import (
    BUS,
    CDN,
    DEAD_LETTERS,
    FACTS,
    IMAGES,
    QUEUE,
    REGION,
    UPLOADS,
    Context,
    Deployed,
    Told,
    batch,
    url_of,
)
from tests.handlers.recorder import Call, recorded
from tests.handlers.services import answering, refusing
from tests.pages import blocks
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest

KEY = "trips/cat.jpg"
MODEL = "eu.amazon.nova-lite-v1:0"
_READS = {Call("s3", "GetObject", IMAGES, "m/"), Call("sqs", "SendMessage", FACTS)}
_LOOKS = _READS | {Call("s3", "GetObject", IMAGES, "i/")}
SET_ASIDE = Call("sqs", "SendMessage", DEAD_LETTERS)
TAKE_FACT = {
    Call("s3", "GetObject", IMAGES, "m/"),
    Call("s3", "GetObject", IMAGES, "facts/"),
    Call("s3", "PutObject", IMAGES, "facts/"),
    Call("sqs", "SendMessage", QUEUE),
}
CALLS = {
    "detect_labels": _LOOKS | {Call("rekognition", "DetectLabels", "*")},
    "detect_faces": _LOOKS | {Call("rekognition", "DetectFaces", "*")},
    "describe_picture": _LOOKS | {Call("bedrock-runtime", "Converse", MODEL)},
    "find_duplicates": _READS
    | {Call("s3", "PutObject", IMAGES, "alike/"), Call("s3", "ListObjectsV2", IMAGES, "alike/")},
}
MODULES: dict[str, Any] = {
    "detect_labels": detect_labels,
    "detect_faces": detect_faces,
    "describe_picture": describe_picture,
    "find_duplicates": find_duplicates,
}
ANSWERS: dict[str, dict[str, Any]] = {
    "DetectLabels": {"Labels": [{"Name": "Cat", "Confidence": 98.76}, {"Name": "Mat", "Confidence": 80.0}]},
    "DetectFaces": {"FaceDetails": [{"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.2, "Height": 0.4}}]},
    "Converse": {
        "output": {"message": {"role": "assistant", "content": [{"text": "A cat sleeps\n on a mat."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1500, "outputTokens": 12, "totalTokens": 1512},
        "metrics": {"latencyMs": 700},
    },
}


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACT_QUEUE_URL", url_of(FACTS))
    monkeypatch.setenv("ALT_TEXT_MODEL", MODEL)


def book(*enrichers: str, focus: bool = False) -> RecipeBook:
    sizes = (Size("w1000", 1000), Size("w700", 700), Size("w100", 100), Size("square", 100, 100, "cover"))
    shown = (*sizes[:3], replace(sizes[3], auto_focus=True)) if focus else sizes
    spec = Spec(shown, ("webp", "jpeg"), facts=("capture", "likeness"))
    made = Recipe("web", spec, enrichers=enrichers)
    return RecipeBook((Rule("**", made),), {"web": made})


def look(deployed: Deployed, *enrichers: str, key: str = KEY, focus: bool = False) -> Outcome:
    s3: Any = deployed.s3
    images = S3Images(s3, IMAGES)
    recipes = book(*enrichers, focus=focus)
    needs = Dependencies(S3Originals(s3), images, recipes, render, facts=S3Facts(s3, IMAGES))
    return reconcile(Source(UPLOADS, key), needs)


def published(deployed: Deployed, *enrichers: str, key: str = KEY, data: bytes | None = None) -> Manifest:
    body = data or file_of(ramp((1200, 800)), "JPEG")
    deployed.s3.put_object(Bucket=UPLOADS, Key=key, Body=body)
    manifest = look(deployed, *enrichers, key=key).manifest
    assert manifest is not None
    return manifest


def event(manifest: Manifest) -> str:
    """As EventBridge sends it to a queue, but for the fields that nobody reads."""
    told = event_of(Source(UPLOADS, manifest.key), manifest, deployment="lightpress-dev", base_url=CDN)
    return json.dumps({"detail-type": told.kind, "source": "lightpress", "detail": json.loads(told.detail)})


def sent(deployed: Deployed) -> list[str]:
    answer = deployed.sqs.receive_message(QueueUrl=url_of(FACTS), MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", ())]


def test_labels_alt_text_and_faces_come_into_the_manifest_without_rendering_anew(deployed: Deployed) -> None:
    first = published(deployed, "labels", "alt", "faces")
    assert first.missing == ("labels", "alt", "faces")
    with answering(ANSWERS) as heard:
        for name in ("detect_labels", "describe_picture", "detect_faces"):
            for one in (enrich.images_s3, enrich.fact_sqs, enrich.seeing):
                one.cache_clear()  # each is a function of its own
            with recorded() as calls:
                assert MODULES[name].handler(batch(event(first)), Context()) == {"batchItemFailures": []}
            assert calls == CALLS[name]
    with Image.open(io.BytesIO(base64.b64decode(heard[0]["Image"]["Bytes"]))) as seen:
        assert (seen.format, seen.size) == ("JPEG", (700, 467))
    with recorded() as calls:
        assert take_fact.handler(batch(*sent(deployed)), Context()) == {"batchItemFailures": []}
    assert calls == TAKE_FACT
    outcome = look(deployed, "labels", "alt", "faces")
    told = outcome.manifest
    assert told is not None
    assert (outcome.action, told.revision, told.generation) == (Action.RETOLD, 2, first.generation)
    assert told.alt == "A cat sleeps on a mat."
    assert told.labels == (Label("Cat", 98.8), Label("Mat", 80.0))
    assert [fact.faces for fact in told.facts if fact.faces] == [(Box(0.1, 0.2, 0.2, 0.4),)]
    assert told.missing == ()
    assert look(deployed, "labels", "alt", "faces").action is Action.NOTHING


def test_sizes_that_look_for_a_subject_are_cut_around_faces_anew(deployed: Deployed) -> None:
    deployed.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=file_of(ramp((1200, 800)), "JPEG"))
    first = look(deployed, "faces", focus=True).manifest
    assert first is not None
    with answering(ANSWERS):
        detect_faces.handler(batch(event(first)), Context())
    take_fact.handler(batch(*sent(deployed)), Context())
    outcome = look(deployed, "faces", focus=True)
    assert outcome.action is Action.PUBLISHED
    assert outcome.manifest is not None
    assert outcome.manifest.source is not None
    assert outcome.manifest.source.focus == (0.2, 0.4)
    squares = {
        one.sha256
        for of in (first, outcome.manifest)
        for one in of.variants
        if (one.name, one.format) == ("square", "jpeg")
    }
    assert len(squares) == 2
    assert look(deployed, "faces", focus=True).action is Action.NOTHING


@pytest.mark.parametrize(("left_ms", "come_back"), [(45_000, []), (44_999, ["id-1"])])
def test_no_service_is_asked_that_might_answer_after_the_end_of_the_invocation(
    deployed: Deployed, left_ms: int, come_back: list[str]
) -> None:
    """A service that does not answer is waited for 43 seconds; and what was answered before must not be asked again."""
    events = (event(published(deployed, "labels")), event(published(deployed, "labels", key="dog.jpg")))
    enrich.seeing.cache_clear()
    with answering(ANSWERS) as heard:
        answer = detect_labels.handler(batch(*events), Context(remaining_ms=[59_000, left_ms]))
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == come_back
    assert len(heard) == len(sent(deployed)) == 2 - len(come_back)


def test_of_a_face_at_the_edge_the_box_is_of_what_is_in_the_picture(deployed: Deployed) -> None:
    """https://docs.aws.amazon.com/rekognition/latest/APIReference/API_BoundingBox.html"""
    boxes = ((-0.1, -0.3, 0.3, 0.5), (0.9, 0.8, 0.3, 0.4))
    faces = [
        {"BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height}}
        for left, top, width, height in boxes
    ]
    with answering({"DetectFaces": {"FaceDetails": faces}}):
        assert ask("detect_faces", published(deployed, "faces")) == []
    (body,) = sent(deployed)
    fact = read_fact(body, lambda source: source).fact
    assert fact.faces == (Box(0.0, 0.0, 0.2, 0.2), Box(0.9, 0.8, 0.1, 0.2))
    assert center_of((fact,)) == (0.5, 0.5)


def test_an_event_that_comes_twice_or_late_asks_no_service(deployed: Deployed) -> None:
    first = published(deployed, "labels")
    with answering(ANSWERS) as heard:
        detect_labels.handler(batch(event(first)), Context())
        take_fact.handler(batch(*sent(deployed)), Context())
        look(deployed, "labels")
        detect_labels.handler(batch(event(first)), Context())
        published(deployed, "labels", data=file_of(ramp((600, 800)), "JPEG"))
        detect_labels.handler(batch(event(first)), Context())
    assert len(heard) == 1
    assert sent(deployed) == []


def test_an_answer_about_a_version_that_is_gone_is_dropped(deployed: Deployed) -> None:
    first = published(deployed, "labels")
    with answering(ANSWERS):
        detect_labels.handler(batch(event(first)), Context())
    published(deployed, "labels", data=file_of(ramp((600, 800)), "JPEG"))
    take_fact.handler(batch(*sent(deployed)), Context())
    assert look(deployed, "labels").action is Action.NOTHING
    assert deployed.s3.list_objects_v2(Bucket=IMAGES, Prefix="facts/")["KeyCount"] == 0


def ask(name: str, manifest: Manifest) -> list[str]:
    """Hand the event to a function; returns the ids of what must come back."""
    for one in (enrich.images_s3, enrich.fact_sqs, enrich.seeing):
        one.cache_clear()
    answer = MODULES[name].handler(batch(event(manifest)), Context())
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.mark.parametrize("name", ["detect_labels", "detect_faces"])
def test_a_picture_too_small_for_rekognition_is_not_sent_and_is_asked_about_once(
    deployed: Deployed, told: Told, name: str
) -> None:
    with answering(ANSWERS) as heard:
        for height, asked in ((79, 0), (80, 1)):
            data = file_of(ramp((300, height)), "PNG")
            assert ask(name, published(deployed, "labels", "faces", data=data)) == []
            assert len(heard) == len(sent(deployed)) == asked
    counted = [one for line in told.lines() for one in line if one in {"FactsUnanswered", "FactsSent"}]
    assert counted == ["FactsUnanswered", "FactsSent"]


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("detect_labels", "InvalidImageFormatException", "Request has invalid image format"),
        ("detect_labels", "InvalidParameterException", "Request has invalid parameters"),
        ("detect_faces", "ImageTooLargeException", "Image size is too large."),
        (
            "describe_picture",
            "ValidationException",
            "This request has been blocked by our content filters. Please adjust your input image.",
        ),
    ],
)
def test_what_a_service_cannot_look_at_is_asked_about_once_and_is_not_tried_again(
    deployed: Deployed, told: Told, name: str, code: str, message: str
) -> None:
    manifest = published(deployed, "labels", "faces", "alt")
    operation = {"detect_labels": "DetectLabels", "detect_faces": "DetectFaces"}.get(name, "Converse")
    with refusing(operation, code, message) as asked:
        assert ask(name, manifest) == []
    assert (len(asked), sent(deployed)) == (1, [])
    said, counted = told.lines()
    assert KEY in said["detail"]
    assert counted["FactsUnanswered"] == [1.0]


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_model_that_is_not_there_is_asked_again_until_somebody_mends_the_setting(deployed: Deployed) -> None:
    manifest = published(deployed, "alt")
    with refusing("Converse", "ValidationException", "The provided model identifier is invalid."):
        assert ask("describe_picture", manifest) == ["id-0"]


@pytest.mark.parametrize("reason", ["content_filtered", "guardrail_intervened", "max_tokens"])
def test_a_sentence_that_a_model_did_not_end_is_no_alt_text(deployed: Deployed, told: Told, reason: str) -> None:
    """What is filtered has a sentence of the filter's in its place, and what has run out of tokens is cut."""
    message = {
        "role": "assistant",
        "content": [{"text": "The generated text has been blocked by our content filters."}],
    }
    with answering({"Converse": ANSWERS["Converse"] | {"output": {"message": message}, "stopReason": reason}}):
        assert ask("describe_picture", published(deployed, "alt")) == []
    assert sent(deployed) == []
    assert any("FactsUnanswered" in line for line in told.lines())


def test_a_recipe_that_asks_somebody_more_asks_about_what_is_published_without_rendering_it(deployed: Deployed) -> None:
    first = published(deployed)
    outcome = look(deployed, "labels")
    assert outcome.manifest is not None
    assert (outcome.action, outcome.manifest.missing) == (Action.RETOLD, ("labels",))
    assert outcome.manifest.generation == first.generation


def test_the_documented_rule_hears_of_a_picture_until_the_documented_answer_is_in_its_manifest(
    deployed: Deployed,
) -> None:
    pattern, answer = blocks("facts.md", "json")
    events = boto3.client("events", region_name=REGION)
    heard = deployed.sqs.create_queue(QueueName="heard")["QueueUrl"]
    events.put_rule(Name="missing", EventPattern=pattern)
    events.put_targets(Rule="missing", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:123456789012:heard"}])
    notifications = EventBridgeNotifications(lambda: events, BUS, "lightpress-dev", CDN)

    def asked(manifest: Manifest) -> list[Asked]:
        notifications.tell(Source(UPLOADS, KEY), manifest)
        told = deployed.sqs.receive_message(QueueUrl=heard, MaxNumberOfMessages=10).get("Messages", ())
        return [read_asked(one["Body"]) for one in told]

    (about,) = asked(published(deployed, "labels", "alt"))
    fact = json.loads(answer)["fact"]
    assert fact["key"] == about.source.key
    said = fact | {"bucket": about.source.bucket, "version": about.version}
    assert take_fact.handler(batch(json.dumps({"fact": said})), Context()) == {"batchItemFailures": []}
    told = look(deployed, "labels", "alt").manifest
    assert told is not None
    assert (told.alt, told.missing) == (fact["alt"], ("labels",))
    assert asked(told) == []


def scene(shift: int = 0) -> Image.Image:
    picture = Image.radial_gradient("L").resize((900, 600))
    picture.paste(40, (100 + shift, 80, 400 + shift, 500))
    picture.paste(220, (600, 300, 850, 560))
    return picture.convert("RGB")


def test_a_smaller_worse_copy_looks_like_its_original_and_another_picture_does_not(deployed: Deployed) -> None:
    copy = scene().resize((500, 333))
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=40)
    pictures = {"a.jpg": file_of(scene(), "PNG"), "b.jpg": file_of(scene(150), "PNG"), "copy.jpg": buffer.getvalue()}
    said = {}
    for key, data in pictures.items():
        manifest = published(deployed, "duplicates", key=key, data=data)
        with recorded() as calls:
            find_duplicates.handler(batch(event(manifest)), Context())
        assert calls <= CALLS["find_duplicates"]
        take_fact.handler(batch(*sent(deployed)), Context())
        told = look(deployed, "duplicates", key=key).manifest
        assert told is not None
        said[key] = told.facts[0].looks_like
    assert said == {"a.jpg": (), "b.jpg": (), "copy.jpg": ("a.jpg",)}


def test_a_late_answer_names_no_picture_that_is_gone_by_then(deployed: Deployed) -> None:
    first, _ = published(deployed, "duplicates"), published(deployed, "duplicates", key="there.jpg")
    assert first.source is not None
    said = Fact("duplicates", looks_like=("gone.jpg", "there.jpg"))
    take_fact.handler(batch(fact_message(Source(UPLOADS, KEY), first.source.identity, said)), Context())
    told = look(deployed, "duplicates").manifest
    assert told is not None
    assert told.facts == (Fact("duplicates", looks_like=("there.jpg",)),)


@pytest.mark.parametrize(
    "body",
    [
        "nonsense",
        json.dumps({"fact": {"bucket": "elsewhere", "key": "k", "version": "1", "enricher": "own"}}),
        json.dumps(
            {"fact": {"bucket": UPLOADS, "key": "k", "version": "1", "enricher": "own", "faces": [{"left": 0}]}}
        ),
        json.dumps({"fact": {"bucket": UPLOADS, "key": "k", "version": "", "enricher": "own"}}),
    ],
)
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_what_is_no_fact_comes_back_until_it_is_a_dead_letter(deployed: Deployed, body: str) -> None:
    again = {"batchItemFailures": [{"itemIdentifier": "id-0"}]}
    assert take_fact.handler(batch(body, received=7), Context()) == again
    with recorded() as calls:
        assert take_fact.handler(batch(body, received=8), Context()) == {"batchItemFailures": []}
    assert calls == {SET_ASIDE}
    deployed.record()
    (failure,) = deployed.failures()
    assert deployed.quarantined(failure).decode() == body
