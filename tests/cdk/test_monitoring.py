"""Every alarm is named after what somebody would notice, says what to do, and tells somebody."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3

from lightpress.cdk import Lightpress
from lightpress.cdk.config import Config
from lightpress.cdk.metrics import NAMESPACE
from lightpress.cdk.monitoring import MANUAL
from lightpress.cdk.options.monitoring import MonitoringOptions
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.cdk.readiness import PROJECT
from lightpress.costs.bill import Use
from lightpress.image.outputs import WRITTEN
from tests.cdk.grants import as_list
from tests.cdk.templates import GATED_RECIPES, NO_ASSETS, Statement, read_template, synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

WATCHING = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard")
FUNCTIONS = ("ProcessUpload", "RecordFailure", "Backfill", "PurgeDeleted", "Resolver", "UploadApi", "FetchUrl")
SYMPTOMS = {
    "FailuresAreNotRecorded",
    "FailuresWaitTooLong",
    "UploadsWaitTooLong",
    "MessagesExpireSoon",
    "PurgesWaitTooLong",
    "BackfillsEndEarly",
    "ManyPicturesFail",
    "ProcessUploadRetryLoop",
    *(f"{name}Breaks" for name in FUNCTIONS),
    *(f"{name}IsThrottled" for name in FUNCTIONS),
}


SYMPTOMS_LAZY = {"RenderLazyBreaks", "RenderLazyIsThrottled"}
SYMPTOMS_OPERATORS = {"OperatorsBreaks", "OperatorsIsThrottled"}
SYMPTOMS_GATE = {"TakeReviewBreaks", "TakeReviewIsThrottled", "ReviewsWaitTooLong", "ServicesDoNotAnswer"}
SYMPTOMS_WEBHOOKS = {"DeliverWebhookBreaks", "DeliverWebhookIsThrottled", "WebhooksAreNotDelivered"}
SYMPTOMS_OF_SERVICES = {
    f"{name}{symptom}"
    for name in ("TakeFact", "DetectLabels", "DetectFaces", "DescribePicture", "FindDuplicates", "Moderate", "Preview")
    for symptom in ("Breaks", "IsThrottled")
}
SYMPTOMS_IN_PLACE = {
    "CompressInPlaceBreaks",
    "CompressInPlaceRetryLoop",
    "CompressInPlaceIsThrottled",
    "InPlaceMessagesAreSetAside",
    "InPlaceChangesAreNotDelivered",
}
SYMPTOMS_OF_RULES = {"ChangesAreNotDelivered", "EventTopicIsNotTold"}
SYMPTOMS_OF_REPLICAS = {"OriginalsAreNotReplicated"}


def alarms(template: Template, prefix: str = "lightpress-dev") -> dict[str, dict[str, Any]]:
    """By symptom."""
    found = [alarm.properties for alarm in template.resources("AWS::CloudWatch::Alarm")]
    return {alarm["AlarmName"].removeprefix(f"{prefix}-"): alarm for alarm in found}


def test_a_bill_counts_each_metric_that_an_alarm_of_prod_looks_at_and_the_queues(prod: Template) -> None:
    """CloudWatch bills alarms by the metric: https://aws.amazon.com/cloudwatch/pricing/"""
    use = Use()
    assert use.alarms == sum(map(watched, alarms(prod, "lightpress-prod").values()))
    assert use.queues == len(prod.resources("AWS::Lambda::EventSourceMapping"))
    assert len(prod.resources("AWS::CloudWatch::Dashboard")) == len(prod.resources("AWS::KMS::Key")) == 1


def watched(alarm: dict[str, Any]) -> int:
    """How many metrics an alarm looks at."""
    return len([one for one in alarm["Metrics"] if "MetricStat" in one]) if "Metrics" in alarm else 1


def test_there_is_an_alarm_for_each_symptom(dev: Template) -> None:
    assert set(alarms(dev)) == SYMPTOMS


def test_every_alarm_says_what_to_do_and_has_its_section_in_the_manual(dev: Template) -> None:
    sections = manual()
    of_some = SYMPTOMS_IN_PLACE | SYMPTOMS_LAZY | SYMPTOMS_OPERATORS | SYMPTOMS_WEBHOOKS | SYMPTOMS_GATE
    of_some |= SYMPTOMS_OF_RULES | SYMPTOMS_OF_REPLICAS
    assert set(sections) == SYMPTOMS | of_some | SYMPTOMS_OF_SERVICES
    for symptom, alarm in alarms(dev).items():
        assert alarm["AlarmDescription"].endswith(f" {MANUAL}, {symptom}.")
        assert len(sections[symptom].split()) > 25, symptom


def manual() -> dict[str, str]:
    """What the manual says, by symptom: alarms that need the same to be done share a section."""
    text = (PROJECT / MANUAL).read_text(encoding="utf-8")
    heads_and_words = re.findall(r"^### ([\w, ]+)\n\n(.+?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    symptom = re.compile(r"\b(?:[A-Z][a-z]+){2,}\b")
    return {name: words for heads, words in heads_and_words for name in symptom.findall(heads)}


# What a function is called in alarms, where that is not the name of its handler.
OTHERWISE = {"resolve": "Resolver"}


def test_the_alarms_of_every_function_that_there_can_be_have_their_section() -> None:
    """Those of parts that few choose, too: each function has these two (`Monitoring`)."""
    handlers = (PROJECT / "lambda_src" / "lightpress" / "handlers").glob("*.py")
    names = [path.stem for path in handlers if re.search(r"^def handler\(", path.read_text(), re.MULTILINE)]
    labels = [OTHERWISE.get(name) or name.title().replace("_", "") for name in names]
    assert len(labels) > 15
    wanted = {f"{label}{symptom}" for label in labels for symptom in ("Breaks", "IsThrottled")}
    assert wanted - set(manual()) == set()


def test_every_alarm_tells_the_topic_and_tells_when_it_is_over(dev: Template) -> None:
    for symptom, alarm in alarms(dev).items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], symptom


@pytest.fixture(scope="module")
def as_many_rules_as_can_be(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Beside a bucket of somebody's own, as many existing buckets as the options allow."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "recipes.toml").write_text(GATED_RECIPES, encoding="utf-8")
    app = App(context=NO_ASSETS, outdir=str(folder / "out"))
    stack = Stack(app, "Rules", env={"account": "123456789012", "region": "eu-west-1"})
    Lightpress(
        stack,
        "Images",
        name="dev",
        recipes=folder / "recipes.toml",
        uploads=s3.Bucket(stack, "Theirs"),
        attach=[{"bucket": f"shop-{number}", "publish_under": f"shop-{number}/"} for number in range(5)],
        in_place=[{"bucket": f"cms-{number}", "prefix": "media/"} for number in range(5)],
        event_topic=True,
    )
    return read_template(app.synth().get_stack_by_name("Rules"))


def test_no_alarm_looks_at_more_than_ten_metrics_however_many_buckets_there_are(
    as_many_rules_as_can_be: Template,
) -> None:
    """CloudWatch refuses it: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html"""
    for symptom, alarm in alarms(as_many_rules_as_can_be).items():
        assert watched(alarm) <= 10, symptom


def test_what_no_rule_can_deliver_raises_an_alarm(as_many_rules_as_can_be: Template) -> None:
    """But for the hourly look at reviews: the next one comes, and ReviewsWaitTooLong needs none."""
    of_rules = {
        dimension["Value"]["Ref"]
        for alarm in alarms(as_many_rules_as_can_be).values()
        for one in alarm.get("Metrics", [])
        for dimension in one.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        if dimension["Name"] == "RuleName"
    }
    rules = as_many_rules_as_can_be.resources("AWS::Events::Rule")
    of_s3_and_scans = {
        rule.id
        for rule in rules
        if rule.properties.get("EventPattern", {}).get("source") in (["aws.s3"], ["aws.guardduty"])
    }
    assert of_rules == of_s3_and_scans
    assert len(of_rules) == 12
    topic = alarms(as_many_rules_as_can_be)["EventTopicIsNotTold"]
    assert topic["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["ImagesEventTopicDeadLetterQueue", "QueueName"]}}
    ]


def test_silence_is_no_alarm(dev: Template) -> None:
    assert {alarm["TreatMissingData"] for alarm in alarms(dev).values()} == {"notBreaching"}


CHOSEN = Config(
    "dev",
    monitoring=MonitoringOptions(
        alarm_dead_letters=7,
        alarm_dead_letter_age_minutes=90,
        alarm_queue_age_minutes=2,
        alarm_failure_percent=3,
        alarm_invocations_per_picture=9,
        alarm_email="somebody@example.com",
        monthly_budget_dollars=250,
    ),
    processing=ProcessingOptions(queue_retention_days=6),
)
THRESHOLDS = {
    "FailuresAreNotRecorded": 7,
    "FailuresWaitTooLong": 5_400,
    "UploadsWaitTooLong": 120,
    "MessagesExpireSoon": 3 * 24 * 3600,
    "ManyPicturesFail": 3,
    "ProcessUploadRetryLoop": 9,
}


@pytest.mark.parametrize(("symptom", "threshold"), THRESHOLDS.items(), ids=list(THRESHOLDS))
def test_when_an_alarm_is_raised_is_the_environments_choice(
    symptom: str, threshold: int, dev: Template, tmp_path: Path
) -> None:
    assert alarms(synthesize_with(CHOSEN, tmp_path))[symptom]["Threshold"] == threshold
    assert alarms(dev)[symptom]["Threshold"] != threshold


def test_the_failure_rate_is_the_one_that_the_functions_of_this_environment_count(dev: Template) -> None:
    alarm = alarms(dev)["ManyPicturesFail"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("Lightpress", "FailureRate", "Average")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "lightpress-dev"}]
    for function in dev.functions():
        assert function.properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == "lightpress-dev"


def test_one_bad_picture_raises_no_alarm(dev: Template) -> None:
    alarm = alarms(dev)["ManyPicturesFail"]
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3, 2)


def test_what_alarms_say_is_encrypted_and_only_alarms_of_this_account_may_say_it(template: Template) -> None:
    key = template.only("AWS::KMS::Key")
    assert template.resource("AlarmTopic").properties["KmsMasterKeyId"] == {"Fn::GetAtt": [key.id, "Arn"]}
    assert key.properties["EnableKeyRotation"] is True
    (allowed,) = [row for row in template.statements_about("AlarmTopic") if row.effect == "Allow"]
    assert allowed.principal == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed.condition == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_an_address_that_is_given_gets_mail(dev: Template, tmp_path: Path) -> None:
    assert not dev.resources("AWS::SNS::Subscription")
    told = synthesize_with(CHOSEN, tmp_path)
    subscription = told.only("AWS::SNS::Subscription").properties
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "somebody@example.com")


def test_there_is_no_budget_unless_somebody_says_how_much(dev: Template) -> None:
    assert not dev.resources("AWS::Budgets::Budget")
    assert {row.principal["Service"] for row in dev.statements_about("AlarmTopic") if row.effect == "Allow"} == {
        "cloudwatch.amazonaws.com"
    }


def test_a_budget_tells_the_topic_before_it_is_spent(tmp_path: Path) -> None:
    template = synthesize_with(CHOSEN, tmp_path)
    budget = template.only("AWS::Budgets::Budget").properties
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 250, "Unit": "USD"}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    warnings = budget["NotificationsWithSubscribers"]
    assert [(one["Notification"]["NotificationType"], one["Notification"]["Threshold"]) for one in warnings] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
    assert all(
        one["Subscribers"] == [{"SubscriptionType": "SNS", "Address": {"Ref": "AlarmTopic"}}] for one in warnings
    )
    for policy in (
        template.statements_about("AlarmTopic"),
        _key_statements(template),
    ):
        services = [as_list(row.principal.get("Service", [])) for row in policy if row.effect == "Allow"]
        assert "budgets.amazonaws.com" in {service for some in services for service in some}, "it would be silent"


def _key_statements(template: Template) -> list[Statement]:
    key = template.only("AWS::KMS::Key").properties["KeyPolicy"]["Statement"]
    return [Statement(row["Effect"], row["Principal"], [], [], row.get("Condition", {})) for row in key]


def drawn(template: Template) -> set[str]:
    """The names of all metrics of our own on the dashboard and in the alarms."""
    text = json.dumps([found.properties for found in template.resources(*WATCHING)])
    in_alarms = re.findall(rf'"MetricName": "(\w+)", "Namespace": "{NAMESPACE}"', text)
    on_board = re.findall(rf'\\"{NAMESPACE}\\",\\"(\w+)\\"', text)
    searched = re.findall(r'MetricName=\W*"(\w+)', text)
    return {*in_alarms, *on_board, *searched}


def emitted() -> set[str]:
    """What the functions count: names as they stand in the code, and those with a format in front."""
    source = (PROJECT / "lambda_src" / "lightpress" / "telemetry.py").read_text(encoding="utf-8")
    by_format = {f"{name.capitalize()}Bytes" for name in WRITTEN}
    return {*re.findall(r'"([A-Z]\w+)"', source), *by_format, "ColdStart"}  # the last by Powertools itself


def test_every_metric_that_is_watched_is_one_that_functions_count(template: Template) -> None:
    assert drawn(template) - emitted() == set()


def test_the_dashboard_and_the_alarms_watch_metrics_of_our_own(prod: Template) -> None:
    assert {"PicturesPublished", "Lists", "FailedByReason", "ColdStart", "AvifBytes", "PicturesFailed"} <= drawn(prod)
