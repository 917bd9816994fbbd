"""The reviewer that asks Rekognition: only where a recipe and an option say so, with the grants of its calls alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.options.moderation import check_moderation
from lightpress.pipeline.moderation import NAMES, Thresholds
from lightpress.toml_reader import ConfigError, Table
from tests.cdk.grants import environment_of, function_id
from tests.cdk.test_enriching import asked, synthesized
from tests.cdk.test_least_privilege import compare
from tests.cdk.test_monitoring import alarms
from tests.handlers.test_moderate import MODERATE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
gate = ["moderation"]
sizes = { w640 = { width = 640 } }
"""
REJECT = {"Explicit": 60, "Hate Symbols": 70}


@pytest.fixture(scope="module")
def moderated(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("moderated")
    return synthesized(folder, RECIPES, moderation_reject=REJECT, moderation_doubt={"Violence": 50})


def test_it_may_do_what_it_does(moderated: Template) -> None:
    compare(moderated, "moderate", MODERATE)


def test_it_is_asked_of_what_waits_for_it_and_knows_the_thresholds(moderated: Template) -> None:
    rules = [rule.properties for rule in moderated.resources("AWS::Events::Rule")]
    (pattern,) = (one["EventPattern"] for one in rules if "reviewers" in one.get("EventPattern", {}).get("detail", {}))
    assert pattern["detail-type"] == ["ImageHeld"]
    assert pattern["detail"]["reviewers"] == ["moderation"]
    variables = environment_of(moderated.raw, function_id(moderated.raw, "moderate"))
    assert Thresholds.from_json(variables["MODERATION"]) == Thresholds(REJECT, {"Violence": 50})
    assert [row["name"] for row in asked(moderated)] == ["Moderate"]
    assert "ServicesDoNotAnswer" in alarms(moderated)


def test_without_the_option_the_reviewer_is_somebody_else(tmp_path: Path) -> None:
    template = synthesized(tmp_path, RECIPES)
    assert "moderate" not in json.dumps([one.properties["Handler"] for one in template.functions()])
    assert "ServicesDoNotAnswer" not in alarms(template)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"moderation_reject": {"Nudity": 60}}, r"moderation_reject: 'Nudity' is no label .* allowed: Explicit, "),
        ({"moderation_reject": {"Explicit": 0}}, r"moderation_reject.Explicit: 0 is not between 1 and 100"),
        ({"moderation_reject": ["Explicit"]}, r"moderation_reject.* a table, such as moderation_reject = \{ Explicit"),
        ({"moderation_doubt": {"Explicit": 50}}, r"moderation_doubt: needs moderation_reject"),
        (
            {"moderation_reject": {"Explicit": 60}, "moderation_doubt": {"Explicit": 60}},
            r"moderation_doubt: 'Explicit': 60 is not below the 60 of moderation_reject; allowed: 1 to 59",
        ),
        (
            {"moderation_reject": {"Explicit": 60}, "moderation_doubt": {"Exposed Female Nipple": 70}},
            r"'Exposed Female Nipple': 70 is not below the 60 of moderation_reject, by 'Explicit'; allowed: 1 to 59",
        ),
        ({"moderation_reject": REJECT, "event_bus": ""}, r"event_bus: \"\", and moderation_reject has Rekognition"),
    ],
    ids=["no label", "no percent", "no table", "doubt alone", "no doubt", "no doubt below", "no events"],
)
def test_what_could_not_work_is_refused_with_the_key_and_what_is_allowed(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        synthesized(tmp_path, RECIPES, **options)


def test_a_doubt_that_arises_of_a_label_below_alone_is_allowed() -> None:
    check_moderation((("Explicit", 60), ("Sex Toys", 95)), (("Explicit", 70),), Table({}, "dev.toml"))
    with pytest.raises(ConfigError, match="'Explicit': 95 is not below the 60"):
        check_moderation((("Explicit", 60), ("Sex Toys", 95)), (("Explicit", 95),), Table({}, "dev.toml"))


def test_the_option_without_a_recipe_that_asks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='moderation_reject: no recipe asks for it; allowed: with "moderation" in'):
        synthesized(tmp_path, RECIPES.replace("moderation", "person"), moderation_reject=REJECT)


def test_every_label_may_have_a_threshold(tmp_path: Path) -> None:
    template = synthesized(tmp_path, RECIPES, moderation_reject=dict.fromkeys(NAMES, 90))
    assert len(template.raw) > 0
