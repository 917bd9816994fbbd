"""Webhooks and the topic of events: what they may do, what is refused, and nothing of them where nobody asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.config import load_config
from lightpress.toml_reader import ConfigError
from lightpress.webhooks.deliver import MOST_ATTEMPTS
from tests.cdk.grants import environment_of, function_id, grants_of
from tests.cdk.templates import synthesize_with
from tests.handlers.conftest import DEAD_LETTERS, QUEUE
from tests.handlers.recorder import needs
from tests.handlers.test_deliver_webhook import DELIVER_WEBHOOK, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPTIONS = f"""
encryption_key = "create"
event_topic = true

[[webhooks]]
url = "https://www.example.com/hooks/images"
secret_arn = "{ARN}"

[[webhooks]]
url = "https://shop.example.com:8443/failed?token=t"
events = ["ImageFailed"]
secret_arn = "{ARN}"
kms_key = "{KEY}"
"""


def synthesized(options: str, folder: Path, environment: str = "dev") -> Template:
    (folder / f"{environment}.toml").write_text(options, encoding="utf-8")
    return synthesize_with(load_config(folder / f"{environment}.toml"), folder / "out")


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesized(OPTIONS, tmp_path_factory.mktemp("hooked"))


def told(template: Template) -> list[dict[str, str]]:
    """What the function is told of each receiver."""
    environment = environment_of(template.raw, function_id(template.raw, "deliver_webhook"))
    rows: list[dict[str, str]] = json.loads(environment["WEBHOOKS"])["webhooks"]
    return rows


def test_its_grants_are_its_calls_on_its_own_queues_and_secrets(hooked: Template) -> None:
    wanted = {("kms:Decrypt", KEY)}
    for row in told(hooked):
        names = {QUEUE: row["queue_url"], DEAD_LETTERS: row["dead_letters_url"]}
        for need in needs(DELIVER_WEBHOOK):
            on = ARN if need.resource == SECRET else _arn(names[need.resource])
            wanted.add((need.action, on))
    granted = {(one.action, one.resource) for one in grants_of(hooked.raw, function_id(hooked.raw, "deliver_webhook"))}
    of_lambda = ("logs:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueue")
    own_key = {one for one in granted if one[0].startswith("kms:")} - {("kms:Decrypt", KEY)}
    assert {one for one in granted if not one[0].startswith(of_lambda)} - own_key == wanted
    assert {action for action, _ in own_key} == {"kms:Decrypt", "kms:GenerateDataKey"}


def _arn(queue_url: str) -> str:
    return f"arn:aws:sqs:eu-west-1:123456789012:{queue_url.rpartition('/')[2]}"


def test_each_receiver_gets_the_events_it_asks_for_of_this_deployment_alone(hooked: Template) -> None:
    rules = [rule.properties for rule in hooked.resources("AWS::Events::Rule")]
    patterns = [rule["EventPattern"] for rule in rules if rule["EventPattern"]["source"] == ["lightpress"]]
    every = ["ImageReady", "ImageHeld", "ImageFailed", "ImageRemoved"]
    assert sorted(one["detail-type"] for one in patterns) == sorted([every, every, ["ImageFailed"]])
    assert all(one["detail"] == {"deployment": ["lightpress-dev"]} for one in patterns)


def test_a_queue_tries_for_two_days_and_then_keeps_what_was_not_taken(hooked: Template) -> None:
    function = hooked.function("deliver_webhook").properties
    for row in told(hooked):
        queue = hooked.resource(row["queue_url"].rpartition("/")[2]).properties
        letters = row["dead_letters_url"].rpartition("/")[2]
        assert queue["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [letters, "Arn"]},
            "maxReceiveCount": MOST_ATTEMPTS,
        }
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
        kept = hooked.resource(letters).properties["MessageRetentionPeriod"]
        assert queue["MessageRetentionPeriod"] == kept == 14 * 24 * 3600


def test_what_eventbridge_cannot_send_is_kept_in_the_same_place(hooked: Template) -> None:
    rules = [rule.properties for rule in hooked.resources("AWS::Events::Rule")]
    targets = [
        target for rule in rules if rule["EventPattern"]["source"] == ["lightpress"] for target in rule["Targets"]
    ]
    assert len(targets) == 3
    assert all("DeadLetterConfig" in target for target in targets)


def test_only_the_rule_may_publish_to_the_topic_and_it_may_use_the_key(hooked: Template) -> None:
    (topic,) = (id_ for id_ in hooked.raw["Resources"] if id_ == "EventTopic")
    policies = [one.properties for one in hooked.resources("AWS::SNS::TopicPolicy")]
    (policy,) = (one for one in policies if one["Topics"] == [{"Ref": topic}])
    allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == [{"Service": "events.amazonaws.com"}]
    assert "aws:SourceArn" in allowed[0]["Condition"]["ArnEquals"]
    assert "KmsMasterKeyId" in hooked.resource(topic).properties
    key = json.dumps(hooked.only("AWS::KMS::Key").properties["KeyPolicy"])
    assert '"Service": "events.amazonaws.com"' in key
    assert hooked.raw["Outputs"]["EventTopicArn"]


@pytest.mark.nightly
def test_cfn_lint_finds_nothing_wrong_with_it(hooked: Template) -> None:
    found = lint(json.dumps(hooked.raw), regions=["eu-west-1"], config=ManualArgs(ignore_checks=["W3005"]))
    assert [str(match) for match in found] == []


def test_the_other_receivers_keep_their_queues_when_one_leaves(hooked: Template, tmp_path: Path) -> None:
    first = OPTIONS.split("[[webhooks]]")
    fewer = synthesized("[[webhooks]]".join((first[0], first[2])), tmp_path)
    assert told(fewer) == told(hooked)[1:]


def test_without_the_options_there_is_nothing_of_it(dev: Template) -> None:
    assert not [one for one in dev.functions() if "deliver_webhook" in one.properties["Handler"]]
    assert not {"WebhookReceivers", "EventTopicArn"} & dev.raw["Outputs"].keys()
    assert not dev.resources("AWS::Events::Rule")


HOOK = f'[[webhooks]]\nurl = "https://a.example/"\nsecret_arn = "{ARN}"\n'
REFUSED = {
    "plain": (HOOK.replace("https", "http"), "url: .* is not encrypted; allowed: such as https://"),
    "no URL": (HOOK.replace("https://a.example/", "a.example"), "url: .* is no URL"),
    "a number": (HOOK.replace("a.example", "2130706433"), "url: .* hides where it leads"),
    "credentials": (HOOK.replace("a.example", "me:secret@a.example"), "url: .* user's name or password"),
    "an event": (
        HOOK + 'events = ["ImageGone"]\n',
        "events: 'ImageGone' is not allowed; allowed: ImageReady, ImageHeld",
    ),
    "no event": (HOOK + "events = []\n", "events: it is empty; allowed: ImageReady"),
    "the secret itself": (HOOK.replace(ARN, "whsec_abc"), "secret_arn: .* is not allowed; allowed: a whole ARN"),
    "twice": (HOOK * 2, "webhooks: https://a.example/ is there 2 times"),
    "six": ("".join(HOOK.replace("a.ex", f"{n}a.ex") for n in range(6)), "webhooks: 6 are too many; allowed: 5"),
    "too large": (
        "".join(HOOK.replace("example/", f"example/{n}" + "a" * 900) for n in range(4)),
        "webhooks: the tables take .* allowed: 2400",
    ),
    "no bus": ('event_bus = ""\n' + HOOK, 'webhooks: there are no events with event_bus = ""'),
    "no bus for a topic": (
        'event_bus = ""\nevent_topic = true',
        'event_topic: there are no events with event_bus = ""',
    ),
    "private": ('webhook_allowed_networks = ["10.0.0.0/8"]', "webhook_allowed_networks: private networks"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_not_allowed_is_told_with_what_is(case: str, tmp_path: Path) -> None:
    options, why = REFUSED[case]
    (tmp_path / "prod.toml").write_text(options, encoding="utf-8")
    with pytest.raises(ConfigError, match=why):
        load_config(tmp_path / "prod.toml")
