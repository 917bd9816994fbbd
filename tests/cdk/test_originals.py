"""What recipes say of originals, in the stack: who may remove versions, and what a lifecycle rule moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from lightpress.cdk import Lightpress
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import function_id, grants_of
from tests.cdk.templates import NO_ASSETS, Template, read_template
from tests.cdk.test_least_privilege import compare
from tests.handlers.test_dropping import DROPPED
from tests.handlers.test_recorded_calls import PROCESS_UPLOAD, RECORD_FAILURE

if TYPE_CHECKING:
    from pathlib import Path

SIZES = "sizes = { w640 = { width = 640 } }\n"
ALL = '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\n'
DROPS = f'{ALL}originals = "drop_after_publish"\n{SIZES}'
MOVES = f'{ALL}originals = "infrequent"\n{SIZES}'
SOME_MOVE = (
    '[[rules]]\npath = "archive/**"\nrecipe = "old"\n[[rules]]\npath = "archive/2019/**"\nrecipe = "old"\n'
    f'{ALL}{SIZES}[recipes.old]\noriginals = "infrequent"\n{SIZES}'
)


def stack_with(folder: Path, recipes: str, *, given: bool = False, **options: Any) -> Stack:  # noqa: ANN401  of the construct
    path = folder / "recipes.toml"
    path.write_text(recipes, encoding="utf-8")
    stack = Stack(App(context=NO_ASSETS, outdir=str(folder / "out")), "Pictures")
    uploads = s3.Bucket(stack, "Mine") if given else None
    Lightpress(stack, "Images", recipes=path, name="dev", uploads=uploads, **options)
    return stack


def template_with(folder: Path, recipes: str, **options: Any) -> Template:  # noqa: ANN401  of the construct
    stack = stack_with(folder, recipes, **options)
    app: Any = stack.node.root
    return read_template(app.synth().get_stack_by_name("Pictures"))


@pytest.mark.parametrize(("handler", "calls"), [("process_upload", PROCESS_UPLOAD), ("record_failure", RECORD_FAILURE)])
def test_who_drops_originals_may_remove_versions_of_them_and_nothing_more(
    tmp_path: Path, handler: str, calls: set[Any]
) -> None:
    compare(template_with(tmp_path, DROPS), handler, calls | {DROPPED})


def test_nobody_else_may_and_where_no_recipe_drops_nobody_at_all(tmp_path: Path) -> None:
    template = template_with(tmp_path, DROPS)
    found = {
        one.properties["Handler"].split(".")[-2]
        for one in template.functions()
        if "handlers" in one.properties["Handler"]
    }
    may = {
        name
        for name in found
        if any(
            "Version" in one.action
            for one in grants_of(template.raw, function_id(template.raw, name))
            if "Delete" in one.action
        )
    }
    assert may == {"process_upload", "record_failure"}
    (tmp_path / "kept").mkdir()
    assert "DeleteObjectVersion" not in str(template_with(tmp_path / "kept", ALL + SIZES).raw)


def transitions(template: Template) -> list[tuple[str | None, str, int]]:
    """Of the lifecycle rules that move something: the prefix, the class, and the days."""
    rules = [
        rule
        for bucket in template.buckets()
        for rule in bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
    ]
    return [
        (rule.get("Prefix"), move["StorageClass"], move["TransitionInDays"])
        for rule in rules
        for move in rule.get("Transitions", [])
    ]


def test_originals_are_moved_by_what_their_keys_begin_with(tmp_path: Path) -> None:
    assert transitions(template_with(tmp_path, SOME_MOVE, originals_storage_days=45)) == [
        ("archive/", "STANDARD_IA", 45)
    ]
    (tmp_path / "all").mkdir()
    assert transitions(template_with(tmp_path / "all", MOVES)) == [(None, "STANDARD_IA", 30)]


def test_what_contradicts_it_names_both_keys(tmp_path: Path) -> None:
    for recipes, options, words in (
        (DROPS, {"originals_expiration_days": 400}, "originals_expiration_days: 400, .*drop_after_publish"),
        (MOVES, {"originals_storage": "intelligent-tiering"}, 'originals_storage: "intelligent-tiering".*infrequent'),
        (MOVES, {"originals_expiration_days": 30}, "originals_expiration_days: 30 is not more than .*infrequent"),
        (MOVES, {"given": True}, "the bucket of `uploads` is yours"),
    ):
        with pytest.raises(ConfigError, match=words):
            stack_with(tmp_path, recipes, **options)


def test_of_a_bucket_of_ones_own_it_is_said_that_it_has_to_keep_versions(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, DROPS, given=True)
    Annotations.from_stack(stack).has_info("*", Match.string_like_regexp(".*only if it keeps versions.*"))


@pytest.mark.parametrize(
    ("storage", "times"),
    [("infrequent-access", "1.4"), ("intelligent-tiering", "1.4"), ("glacier-instant-retrieval", "4.6")],
)
def test_moving_variants_is_warned_of_where_the_bill_says_that_it_saves_nothing(
    tmp_path: Path, storage: str, times: str
) -> None:
    """The sums are in tests/costs/test_bill.py."""
    told = f'.*variants_storage: "{storage}" costs more.*47,500 bytes on average.*costs {times} times as much.*'
    stack = stack_with(tmp_path, f"{ALL}{SIZES}", variants_storage=storage)
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp(told))


def test_of_variants_that_stay_nothing_is_warned(tmp_path: Path) -> None:
    stack = stack_with(tmp_path, f"{ALL}{SIZES}", originals_storage="intelligent-tiering")
    Annotations.from_stack(stack).has_no_warning("*", Match.string_like_regexp(".*variants_storage.*"))
