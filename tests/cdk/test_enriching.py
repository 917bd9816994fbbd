"""Taking facts, and the enrichers that ship: only where a recipe asks, with the grants of their calls and no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from lightpress.cdk import Lightpress
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import environment_of, function_id, grants_of, resolve
from tests.cdk.templates import NO_ASSETS, Template, read_template
from tests.cdk.test_monitoring import alarms
from tests.handlers.conftest import IMAGES
from tests.handlers.recorder import needs
from tests.handlers.test_facts import CALLS, TAKE_FACT
from tests.operations.alarming import Measured, is_raised

if TYPE_CHECKING:
    from pathlib import Path

RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
facts = ["likeness", "labels", "faces", "alt", "duplicates", "own"]
sizes = { w640 = { width = 640 } }
"""


def synthesized(folder: Path, recipes: str, *, own: str = "", **options: Any) -> Template:  # noqa: ANN401  as the construct takes them
    """A stack with a construct. own: The name of an enricher of its owner's."""
    path = folder / "recipes.toml"
    path.write_text(recipes, encoding="utf-8")
    app = App(context=NO_ASSETS, outdir=str(folder / "out"))
    stack = Stack(app, "Told", env={"account": "123456789012", "region": "eu-west-1"})
    images = Lightpress(stack, "Images", recipes=path, name="dev", **options)
    if own:
        target = targets.SqsQueue(sqs.Queue(stack, "OfTheirOwn"))
        images.on_ready(target, missing=own)
        images.fact_queue.grant_send_messages(iam.Role(stack, "Owner", assumed_by=iam.ServicePrincipal("lambda")))
        with pytest.raises(ConfigError, match=r"missing: no recipe has 'owm' in facts; allowed: .*labels, own$"):
            images.on_ready(target, id_="Owm", missing="owm")
    return read_template(app.synth().get_stack_by_name("Told"))


@pytest.fixture(scope="module")
def enriched(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("enriched")
    chosen = {"detect_labels": True, "detect_faces": True, "alt_text_model": "eu.amazon.nova-lite-v1:0"}
    return synthesized(folder, RECIPES, own="own", **chosen)


@pytest.mark.parametrize("handler", ["take_fact", *CALLS])
def test_each_may_do_what_it_does(enriched: Template, handler: str) -> None:
    function = function_id(enriched.raw, handler)
    bucket = environment_of(enriched.raw, function)["IMAGES_BUCKET"]
    found = {
        (one.action, one.resource.replace(f"arn:aws:s3:::{bucket}", IMAGES))
        for one in grants_of(enriched.raw, function)
    }
    calls = TAKE_FACT if handler == "take_fact" else CALLS[handler]
    objects = {(one.action, one.resource) for one in needs(calls) if one.action in {"s3:GetObject", "s3:PutObject"}}
    assert {one for one in found if one[0] in {"s3:GetObject", "s3:PutObject"}} == objects
    if handler == "take_fact":
        assert {resource for action, resource in found if action == "sqs:SendMessage"} == {
            f"arn:aws:sqs:eu-west-1:123456789012:{queue}" for queue in ("ImagesQueue", "ImagesDeadLetterQueue")
        }
    services = {action for action, _ in found if action.partition(":")[0] in {"rekognition", "bedrock"}}
    assert services == {
        one.action for one in needs(calls) if one.action.partition(":")[0] in {"rekognition", "bedrock"}
    }


def test_each_hears_only_of_pictures_that_it_has_not_answered(enriched: Template) -> None:
    rules = [rule.properties["EventPattern"]["detail"] for rule in enriched.resources("AWS::Events::Rule")]
    asked = [detail["facts"]["missing"] for detail in rules if "facts" in detail]
    assert sorted(asked) == [["alt"], ["duplicates"], ["faces"], ["labels"], ["own"]]


def test_an_enricher_of_ones_own_may_send_to_the_fact_queue_and_do_nothing_else_here(enriched: Template) -> None:
    (policy,) = [one for one in enriched.resources("AWS::IAM::Policy") if one.id.startswith("Owner")]
    (statement,) = policy.properties["PolicyDocument"]["Statement"]
    assert set(statement["Action"]) == {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
    assert statement["Resource"] == {"Fn::GetAtt": ["ImagesFactQueue", "Arn"]}


def test_a_service_that_no_recipe_asks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='detect_faces: no recipe asks for it; allowed: with "faces" in facts'):
        synthesized(tmp_path, RECIPES.replace('"faces", ', ""), detect_faces=True)


def asked(template: Template) -> list[dict[str, str]]:
    """The functions that ask services, as the command line is told of them."""
    output = template.raw["Outputs"]["ImagesAskedQueues"]["Value"]
    rows: list[dict[str, str]] = json.loads(resolve(template.raw, output))
    return rows


def test_what_a_service_does_not_answer_is_kept_apart_from_failures_and_asked_again_from_there(
    enriched: Template,
) -> None:
    rows = {row["name"]: row for row in asked(enriched)}
    assert set(rows) == {"DetectLabels", "DetectFaces", "DescribePicture", "FindDuplicates"}
    queues = {queue.id: queue.properties for queue in enriched.resources("AWS::SQS::Queue")}
    for name in rows:
        policy = queues[f"Images{name}Queue"]["RedrivePolicy"]
        assert policy == {
            "deadLetterTargetArn": {"Fn::GetAtt": [f"Images{name}DeadLetterQueue", "Arn"]},
            "maxReceiveCount": 30,
        }
    alarm = alarms(enriched)["ServicesDoNotAnswer"]
    watched = [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one]
    assert len(watched) == 2 * len(rows)
    for letters, days, raised in ((0, 4.9, False), (1, 0, True), (0, 5, True)):
        series = {
            "ApproximateNumberOfMessagesVisible": ((letters,),),
            "ApproximateAgeOfOldestMessage": ((days * 86400,),),
        }
        assert is_raised(alarm, Measured(series)) is raised
