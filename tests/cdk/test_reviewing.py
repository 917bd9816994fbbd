"""What takes reviews: only where a recipe has a gate, with the grants of its calls and no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template as Synthesized
from botocore.session import get_session
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk import Lightpress
from lightpress.pipeline.reviewing import MEASURE
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import environment_of, function_id, grants_of
from tests.cdk.templates import GATED_RECIPES, NO_ASSETS, Template, read_template
from tests.cdk.test_monitoring import alarms
from tests.handlers.conftest import IMAGES, QUEUE, UPLOADS
from tests.handlers.recorder import needs
from tests.handlers.test_take_review import (
    ASK_REVIEWERS,
    LIST_AS_HELD,
    MEASURING,
    REMOVING_DEAD,
    TAKE_REVIEW,
    UNLIST,
)
from tests.operations.alarming import Measured, is_raised

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.cdk.options.rows import AttachedBucket

PLAN = "AWS::GuardDuty::MalwareProtectionPlan"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/some-key"


def recipes_in(folder: Path) -> Path:
    path = folder / "recipes.toml"
    path.write_text(GATED_RECIPES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("gated")
    app = App(context=NO_ASSETS, outdir=str(folder / "out"))
    stack = Stack(app, "Gated", env={"account": "123456789012", "region": "eu-west-1"})
    recipes = recipes_in(folder)
    Lightpress(stack, "Images", recipes=recipes, name="dev", attach=[{"bucket": "shop", "publish_under": "shop/"}])
    return read_template(app.synth().get_stack_by_name("Gated"))


def asked_of(template: Template, handler: str) -> set[tuple[str, str]]:
    """What a function may do with reviews, the list and originals, by the names of the tests."""
    function = function_id(template.raw, handler)
    environment = environment_of(template.raw, function)
    queue = environment.get("QUEUE_URL", "/none").rpartition("/")[2]
    found = {(one.action, one.resource) for one in grants_of(template.raw, function)}
    named = {
        (action, resource.replace(f"arn:aws:s3:::{environment[variable]}", name))
        for action, resource in found
        for variable, name in (("IMAGES_BUCKET", IMAGES), ("UPLOADS_BUCKET", UPLOADS))
        if f":{environment[variable]}" in f"{resource}"
    }
    return named | {(action, QUEUE) for action, resource in found if resource.endswith(f":{queue}")}


def test_it_may_do_what_it_does(gated: Template) -> None:
    wanted = {(need.action, need.resource) for need in needs(TAKE_REVIEW | MEASURING | REMOVING_DEAD)}
    assert asked_of(gated, "take_review") == wanted
    granted = grants_of(gated.raw, function_id(gated.raw, "take_review"))
    assert {one.resource.rpartition(":")[2] for one in granted if one.action == "sqs:SendMessage"} == {
        "ImagesQueue",
        "ImagesDeadLetterQueue",
    }


def test_a_review_is_tried_for_days_since_nobody_says_it_again(gated: Template) -> None:
    (queue,) = (one.properties for one in gated.resources("AWS::SQS::Queue") if one.id == "ImagesReviewQueue")
    assert queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] > 4 * 24 * 3600


def test_it_is_told_every_hour_to_count_what_waits_and_an_alarm_looks_at_that(gated: Template) -> None:
    rules = [rule.properties for rule in gated.resources("AWS::Events::Rule")]
    (rule,) = (rule for rule in rules if rule.get("ScheduleExpression") == "rate(1 hour)")
    assert [(one["Arn"], one["Input"]) for one in rule["Targets"]] == [
        ({"Fn::GetAtt": ["ImagesReviewQueue", "Arn"]}, MEASURE)
    ]
    alarm = alarms(gated)["ReviewsWaitTooLong"]
    assert (alarm["MetricName"], alarm["Period"], alarm["Threshold"]) == ("LongestWait", 3600, 24 * 3600)
    for hours, raised in ((0, False), (23, False), (25, True)):
        assert is_raised(alarm, Measured({"LongestWait": ((hours * 3600,),)})) is raised


def test_it_looks_at_what_is_overdue_only_where_a_recipe_says_when_that_is(gated: Template, tmp_path: Path) -> None:
    assert "GATE_TIME_LIMITS" not in environment_of(gated.raw, function_id(gated.raw, "take_review"))
    app = App(context=NO_ASSETS, outdir=str(tmp_path / "out"))
    stack = Stack(app, "Gated", env={"account": "123456789012", "region": "eu-west-1"})
    recipes = recipes_in(tmp_path)
    limits = 'gate_hours = 48\ngate_unanswered = "publish"\n'
    recipes.write_text(GATED_RECIPES.replace("gate =", limits + "gate ="), encoding="utf-8")
    Lightpress(stack, "Images", recipes=recipes, name="dev")
    template = read_template(app.synth().get_stack_by_name("Gated"))
    assert environment_of(template.raw, function_id(template.raw, "take_review"))["GATE_TIME_LIMITS"] == "true"


def test_with_a_key_of_the_stack_its_rules_may_send_to_the_encrypted_queue(tmp_path: Path) -> None:
    stack = Stack(App(context=NO_ASSETS, outdir=str(tmp_path / "out")), "Gated")
    Lightpress(stack, "Images", recipes=recipes_in(tmp_path), name="dev", encryption_key="create")
    found = Synthesized.from_stack(stack).find_resources("AWS::KMS::Key")
    assert any('"Service": "events.amazonaws.com"' in json.dumps(one) for one in found.values())


def test_it_knows_attached_buckets_as_whoever_publishes_does(gated: Template) -> None:
    taking, publishing = (
        environment_of(gated.raw, function_id(gated.raw, one)) for one in ("take_review", "process_upload")
    )
    assert "shop" in taking["ATTACHED"]
    assert taking["ATTACHED"] == publishing["ATTACHED"]


_MAY_NOTE = {("s3:PutObject", f"{IMAGES}/reviews/*.recorded")}


@pytest.mark.parametrize(("handler", "more"), [("process_upload", set()), ("record_failure", _MAY_NOTE)])
def test_whoever_publishes_may_ask_reviewers_and_keep_the_list_and_whoever_records_may_note_it(
    gated: Template, handler: str, more: set[tuple[str, str]]
) -> None:
    wanted = {(need.action, need.resource) for need in needs({ASK_REVIEWERS, LIST_AS_HELD, UNLIST})} | more
    found = {(action, resource) for action, resource in asked_of(gated, handler) if "/" in resource}
    assert {one for one in found if "reviews/" in one[1] or "held/" in one[1]} == {w for w in wanted if "/" in w[1]}


def test_the_nightly_look_may_ask_reviewers(gated: Template) -> None:
    assert ("s3:GetObject", f"{IMAGES}/reviews/*") in asked_of(gated, "backfill")


def test_guardduty_scans_every_upload_and_its_answers_come_to_the_queue(gated: Template) -> None:
    found = [one.properties["ProtectedResource"]["S3Bucket"]["BucketName"] for one in gated.resources(PLAN)]
    own, shop = sorted(found, key=lambda name: isinstance(name, str))
    uploads = environment_of(gated.raw, function_id(gated.raw, "take_review"))["UPLOADS_BUCKET"]
    rules = [rule.properties for rule in gated.resources("AWS::Events::Rule")]
    (rule,) = (rule for rule in rules if rule.get("EventPattern", {}).get("source") == ["aws.guardduty"])
    assert rule["EventPattern"]["detail"] == {"s3ObjectDetails": {"bucketName": [own, shop]}}
    assert shop == "shop"
    assert uploads
    (bucket,) = (
        one for one in gated.buckets() if "QueueConfigurations" in one.properties.get("NotificationConfiguration", {})
    )
    assert bucket.properties["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"] is True


def attached(folder: Path, path: str, *rows: AttachedBucket) -> Template:
    """A stack with a gate for keys that match a path, and attached buckets."""
    folder.mkdir(exist_ok=True)
    recipes = recipes_in(folder)
    others = '\n[[rules]]\npath = "**"\nrecipe = "open"\n\n[recipes.open]\nsizes = { w640 = { width = 640 } }\n'
    gated_first = GATED_RECIPES.replace('path = "**"', f'path = "{path}"') + others
    recipes.write_text(GATED_RECIPES if path == "**" else gated_first, encoding="utf-8")
    app = App(context=NO_ASSETS, outdir=str(folder / "out"))
    stack = Stack(app, "Gated", env={"account": "123456789012", "region": "eu-west-1"})
    Lightpress(stack, "Images", recipes=recipes, name="dev", attach=rows)
    return read_template(app.synth().get_stack_by_name("Gated"))


def plans(template: Template) -> dict[str, list[str] | None]:
    """Of each bucket that is scanned and not the stack's: the prefixes."""
    found = [one.properties["ProtectedResource"]["S3Bucket"] for one in template.resources(PLAN)]
    return {one["BucketName"]: one.get("ObjectPrefixes") for one in found if isinstance(one["BucketName"], str)}


def scanned(template: Template) -> list[Any]:
    rules = [
        rule.properties["EventPattern"]
        for rule in template.resources("AWS::Events::Rule")
        if "EventPattern" in rule.properties
    ]
    (pattern,) = (one for one in rules if one.get("source") == ["aws.guardduty"])
    return list(pattern["detail"]["s3ObjectDetails"]["bucketName"])


def test_an_attached_bucket_has_one_plan_for_all_of_its_prefixes_and_is_changed_by_nobody_else(tmp_path: Path) -> None:
    template = attached(
        tmp_path,
        "**",
        {"bucket": "shop", "prefix": "new/", "publish_under": "shop/", "kms_key": KEY},
        {"bucket": "shop", "prefix": "old/", "publish_under": "old/", "kms_key": KEY},
        {"bucket": "blog", "publish_under": "blog/"},
        {"bucket": "cms", "publish_under": "cms/", "malware_plan": False},
    )
    assert plans(template) == {"shop": ["new/", "old/"], "blog": None}
    assert [one for one in scanned(template) if isinstance(one, str)] == ["shop", "blog", "cms"]
    assert not [one.type for one in template.resources() if one.type.startswith("Custom::")]
    policies = [json.dumps(one.properties) for one in template.resources("AWS::IAM::Policy")]
    (of_shop,) = (text for text in policies if "s3:PutBucketNotification" in text and ":s3:::shop" in text)
    assert KEY in of_shop
    found = lint(json.dumps(template.raw), regions=["eu-west-1"], config=ManualArgs(ignore_checks=["W3005"]))
    assert [str(match) for match in found] == []


def test_guardduty_may_read_what_each_of_the_keys_of_a_bucket_encrypts(tmp_path: Path) -> None:
    template = attached(
        tmp_path,
        "**",
        {"bucket": "shop", "prefix": "new/", "publish_under": "shop/", "kms_key": KEY},
        {"bucket": "shop", "prefix": "old/", "publish_under": "old/", "kms_key": f"{KEY}-of-before"},
        {"bucket": "shop", "prefix": "open/", "publish_under": "open/"},
    )
    policies = [one.properties["PolicyDocument"]["Statement"] for one in template.resources("AWS::IAM::Policy")]
    statements = [one for policy in policies for one in policy if "kms:ViaService" in json.dumps(one)]
    (of_shop,) = (one for one in statements if KEY in json.dumps(one["Resource"]))
    assert of_shop["Resource"] == [KEY, f"{KEY}-of-before"]


def test_guardduty_assumes_its_role_by_what_aws_documents_and_no_more(gated: Template) -> None:
    """A condition on a key that GuardDuty need not send would have it refused, and every deploy with a gate fail."""
    roles = [one.properties["AssumeRolePolicyDocument"]["Statement"] for one in gated.resources("AWS::IAM::Role")]
    found = [one for (one,) in roles if "guardduty" in one["Principal"]["Service"]]
    service = {"Service": "malware-protection-plan.guardduty.amazonaws.com"}
    assert found == [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": service}] * 2


def plan_ids(template: Template) -> dict[str, str]:
    """The logical ID of the plan of each bucket that is not the stack's."""
    found = {one.id: one.properties["ProtectedResource"]["S3Bucket"]["BucketName"] for one in template.resources(PLAN)}
    return {bucket: id_ for id_, bucket in found.items() if isinstance(bucket, str)}


def test_a_plan_stays_with_its_bucket_when_another_table_is_removed(tmp_path: Path) -> None:
    """GuardDuty cannot give a plan another bucket."""
    blog: AttachedBucket = {"bucket": "blog", "publish_under": "blog/"}
    both = plan_ids(attached(tmp_path / "both", "**", {"bucket": "shop", "publish_under": "shop/"}, blog))
    alone = plan_ids(attached(tmp_path / "alone", "**", blog))
    assert alone == {"blog": both["blog"]}
    shape: Any = get_session().get_service_model("guardduty").shape_for("UpdateS3BucketResource")
    assert set(shape.members) == {"ObjectPrefixes"}


def test_an_attached_bucket_is_scanned_only_where_a_rule_may_ask_for_that(tmp_path: Path) -> None:
    template = attached(
        tmp_path,
        "shop/**",
        {"bucket": "shop", "publish_under": "shop/"},
        {"bucket": "blog", "publish_under": "blog/"},
    )
    assert plans(template) == {"shop": None}
    assert [one for one in scanned(template) if isinstance(one, str)] == ["shop"]


def test_without_a_gate_there_is_neither_queue_nor_function_nor_scan(dev: Template) -> None:
    assert not [one for one in dev.functions() if "take_review" in one.properties["Handler"]]
    assert not dev.resources("AWS::GuardDuty::MalwareProtectionPlan")
    assert "ReviewQueue" not in dev.raw["Resources"]


@pytest.mark.nightly
def test_cfn_lint_finds_nothing_wrong_with_it(gated: Template) -> None:
    found = lint(json.dumps(gated.raw), regions=["eu-west-1"], config=ManualArgs(ignore_checks=["W3005"]))
    assert [str(match) for match in found] == []


def test_a_gate_needs_a_cdn_that_forgets_what_is_rejected(tmp_path: Path) -> None:
    stack = Stack(App(context=NO_ASSETS, outdir=str(tmp_path / "out")), "Gated")
    with pytest.raises(ConfigError, match="invalidate_deleted: false, and a recipe has a gate"):
        Lightpress(stack, "Images", recipes=recipes_in(tmp_path), name="dev", invalidate_deleted=False)
