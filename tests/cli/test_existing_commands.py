"""The commands for what is there already, as a person sees them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from lightpress.cli.backfilling import (
    NotDeployedRecipesError,
    UnknownBucketError,
    forecast,
    job_for,
    refused_at_least,
)
from lightpress.cli.console import Terminal
from lightpress.cli.facts import facts_of_forecast
from lightpress.cli.main import app
from lightpress.cli.project import RECIPES
from lightpress.cli.tables import print_forecast
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.buckets import Attached
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.recipe_file import load_recipes
from tests.cli.deployed import UPLOADS, Rig
from tests.cli.test_status import leave

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments], input=answer)


def publish(rig: Rig, key: str, digest: str) -> None:
    """One that was made by the recipe of this digest."""
    identity = rig.upload(key)
    old = Variant("w100", "jpeg", "image/jpeg", 100, 75, 9, "", "i/x/1-x/w100.jpg", quality=76)
    source = PublishedSource(identity, 4, "jpeg", 400, 300)
    manifest = Manifest(key, Status.READY, 1, source, "web", digest, "1-x", None, (old,))
    rig.deployment.s3.put_object(Bucket=rig.deployment.images_bucket, Key=f"m/{key}.json", Body=manifest.to_json())


def test_a_plan_tells_what_is_stale_and_what_that_costs_and_changes_nothing(rig: Rig) -> None:
    current = load_recipes(RECIPES).recipes["web"].digest
    for number in range(3):
        publish(rig, f"{number}.jpg", current if number else "old")
    stored = rig.stored(rig.deployment.images_bucket)
    result = run("plan")
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line.strip()}
    assert lines["current"][0] == "2"
    assert lines["stale"] == ["1", "0.jpg"]
    assert lines["removed"] == ["1", "w100.jpeg"]
    assert "renders 1 originals: about $0.00" in result.stdout
    assert rig.stored(rig.deployment.images_bucket) == stored
    assert not rig.waiting()


def test_in_a_project_the_recipes_are_its_own_unless_others_are_named(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipes.toml").write_text('[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nwidths = [320]\n')
    publish(rig, "a.jpg", load_recipes(tmp_path / "recipes.toml").recipes["web"].digest)
    monkeypatch.chdir(tmp_path)
    assert json.loads(run("plan", "--json").stdout)["to_render"] == 0
    assert json.loads(run("plan", "--json", "--recipes", str(RECIPES)).stdout)["to_render"] == 1
    _, said = run("plan", "--help").output.split("--recipes")
    assert "[default: (./recipes.toml if it exists, else the file that comes with Lightpress)]" in said


def test_recipes_that_are_not_deployed_are_refused_with_what_to_do(rig: Rig) -> None:
    deployed = replace(rig.deployment, recipes_digest="other")
    given: Any = {"bucket": None, "prefix": "", "since": None, "inventory": None, "recipes": load_recipes(RECIPES)}
    with pytest.raises(
        NotDeployedRecipesError, match=r"name the deployed file with --recipes, or deploy them first\.$"
    ):
        job_for(deployed, mode="variants", **given)
    same = replace(rig.deployment, recipes_digest=load_recipes(RECIPES).digest)
    assert job_for(same, mode="variants", **given).pictures.bucket == UPLOADS


def test_of_several_buckets_or_tables_none_is_chosen_silently(rig: Rig) -> None:
    in_place, attached = (InPlace("cms"), InPlace("blog")), (Attached("shop", "a/", (), "a/"), Attached("shop", "b/"))
    deployed = replace(rig.deployment, in_place=in_place, attached=attached)
    given: Any = {"prefix": "", "since": None, "inventory": None, "recipes": load_recipes(RECIPES)}
    with pytest.raises(UnknownBucketError, match=r"^Name the bucket that is to be compressed in place: blog, cms$"):
        job_for(deployed, bucket=None, mode="in-place", **given)
    with pytest.raises(
        UnknownBucketError, match=r"^shop has 2 tables in the mode variants: .+ with --prefix, such as a/, b/$"
    ):
        job_for(deployed, bucket="shop", mode="variants", **given)
    assert job_for(deployed, bucket="cms", mode="in-place", **given).pictures.bucket == "cms"
    assert job_for(deployed, bucket="shop", mode="variants", **given | {"prefix": "b/"}).configured == attached[1]
    assert job_for(deployed, bucket=None, mode="variants", **given).pictures.bucket == UPLOADS


def test_a_dry_run_tells_and_sends_nothing(rig: Rig) -> None:
    for number in range(20):
        rig.upload(f"a/{number}.jpg")
    rig.upload("b/1.jpg")
    result = run("backfill", "--prefix", "a/", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "20 objects" in result.stdout
    assert "20 are to be processed" in result.stdout
    assert not rig.waiting()


def test_a_forecast_is_bound_by_the_rate_or_by_the_pace_at_which_the_sample_was_checked(rig: Rig) -> None:
    for number in range(20):
        rig.upload(f"{number}.jpg")
    given: Any = {"bucket": None, "prefix": "", "since": None, "inventory": None, "recipes": load_recipes(RECIPES)}
    times = iter([100.0, 100.5])
    found = forecast(job_for(rig.deployment, mode="variants", **given), clock=lambda: next(times))
    assert found.checks_a_second == 40
    assert found.checks == 20 + 3 * 20
    assert found.hours(5) == found.hours(5, 40) == 20 / 5 / 3_600
    assert found.hours(1_000, 40) == 80 / 40 / 3_600

    def said(rate: float) -> str:
        file = io.StringIO()
        print_forecast(Terminal(file=file), found, lambda _sent, _reads: 0.0, rate, found.checks_a_second)
        return file.getvalue()

    assert "At least 4 s, by --rate 5; longer if the functions publish more slowly" in said(5)
    assert "At least 2 s, by the pace of the sample, 40 checks a second; longer" in said(1_000)
    assert facts_of_forecast(found, lambda _sent, _reads: 0.0, 1_000, 40)["hours"] == round(2 / 3_600, 4)


def test_a_dry_run_counts_what_it_cannot_make_anew_because_its_original_has_left(rig: Rig) -> None:
    for number in range(3):
        leave(rig, f"a/{number}.jpg")
    leave(rig, "b/1.jpg")
    result = run("backfill", "--prefix", "a/", "--dry-run")
    assert result.exit_code == 1, "as that of a plan"
    assert "0 objects" in result.stdout
    assert "3 are refused" in result.stdout
    told = json.loads(run("backfill", "--prefix", "a/", "--dry-run", "--json").stdout)
    assert told["without_original"] == 3


def test_a_backfill_without_an_estimate_says_before_it_sends_what_it_cannot_make_anew_and_ends_with_1(rig: Rig) -> None:
    for number in range(3):
        leave(rig, f"a/{number}.jpg")
    leave(rig, "b/1.jpg")
    refused = run("backfill", "--prefix", "a/", "--yes")
    assert (refused.exit_code, "finished: 0 done" in refused.stdout) == (1, True)
    assert "At least 3 are refused: the recipes would make them anew" in " ".join(refused.stderr.split())
    as_json = run("backfill", "--prefix", "a/", "--yes", "--json")
    told = json.loads(as_json.stdout)
    assert (as_json.exit_code, told["ended"], told["without_original"]) == (1, "finished", 3)
    fine = run("backfill", "--prefix", "c/", "--yes")
    assert (fine.exit_code, "refused" in fine.output) == (0, False)


def test_what_it_cannot_make_anew_is_looked_for_among_so_many_pictures_whatever_their_number(rig: Rig) -> None:
    for number in range(5):
        leave(rig, f"a/{number}.jpg")
    given: Any = {"bucket": None, "prefix": "", "since": None, "inventory": None, "recipes": load_recipes(RECIPES)}
    job = job_for(rig.deployment, mode="variants", **given)
    assert [refused_at_least(job, most) for most in (0, 3, 5, 500)] == [0, 3, 5, 5]


def test_where_nobody_can_be_asked_nothing_is_sent_without_yes(rig: Rig) -> None:
    rig.upload("a.jpg")
    result = run("backfill", answer="y\n")
    assert result.exit_code == 1
    assert "Add --yes" in result.output
    assert not rig.waiting()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobodys",), f"nobodys/ is not processed in the mode variants; allowed: {UPLOADS}/"),
        (
            ("--mode", "in-place"),
            "is not processed in the mode in-place; allowed: none (see docs/existing-buckets.md)",
        ),
        (("--mode", "best"), "'best' is not one of 'variants', 'in-place'"),
        (("--price", "gold=1", "--dry-run"), "'gold' is not a price; allowed: lambda_arm64"),
        (("--region", "mars-1", "--dry-run"), "No prices are recorded for the region 'mars-1'"),
    ],
)
def test_what_cannot_be_done_is_said_by_name(rig: Rig, arguments: tuple[str, ...], message: str) -> None:
    result = run("backfill", *arguments)
    assert result.exit_code != 0
    assert message in " ".join(result.output.replace("│", " ").split())
    assert not rig.waiting()


def test_an_estimate_names_every_assumption(rig: Rig) -> None:  # noqa: ARG001  no AWS is asked
    result = run("estimate", "--assume", "cpu_ms=100", "--region", "eu-central-1")
    assert result.exit_code == 0
    for name in ("cpu_ms", "processor_factor", "waiting_ms", "writes", "variant_bytes"):
        assert name in result.stdout
    assert "eu-central-1" in result.stdout
    assert run("estimate", "--assume", "speed=1").exit_code == 1


def test_high_effort_costs_more_once_and_less_by_view(rig: Rig) -> None:  # noqa: ARG001  no AWS is asked
    def told(*arguments: str) -> dict[str, Any]:
        answer = run("estimate", "--json", *arguments)
        assert answer.exit_code == 0, answer.output
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    for lazy in ((), ("--lazy",)):
        normal, high = told(*lazy), told(*lazy, "--effort", "high")
        assert high["assumptions"]["cpu_ms"] > 2 * normal["assumptions"]["cpu_ms"]
        assert high["assumptions"]["variant_bytes"] == pytest.approx(
            0.9 * normal["assumptions"]["variant_bytes"], rel=0.01
        )
    year = ("--months", "12", "--views")
    few, many = (
        [told(*year, views, "--effort", effort)["dollars"] for effort in ("normal", "high")] for views in ("1M", "100M")
    )
    assert few[0] < few[1]
    assert many[0] > many[1]
    assert (
        told(*year, "1M", "--effort", "high")["assumptions"]["view_bytes"]
        < told(*year, "1M")["assumptions"]["view_bytes"]
    )


def test_the_bill_of_a_year_has_a_line_for_everything_and_says_what_it_rests_on(rig: Rig) -> None:  # noqa: ARG001
    asked = ("estimate", "--pictures", "1M", "--months", "12", "--views", "2.5M", "--deletes", "1k")
    shown = run(*asked, "--originals-storage", "intelligent-tiering")
    assert shown.exit_code == 0
    for name in ("$ over 12 months", "processing", "uploads", "keeping originals", "views", "deletions", "view_bytes"):
        assert name in shown.stdout
    told = json.loads(run(*asked, "--json", "--assume", "view_bytes=1000").stdout)
    assert (told["originals"], told["months"], told["views"], told["deletions"]) == (1_000_000, 12, 2_500_000, 1_000)
    assert told["dollars"] == pytest.approx(sum(line["dollars"] for line in told["lines"]), abs=0.05)
    assert told["assumptions"]["view_bytes"] == 1_000
    in_place = json.loads(run("estimate", "--months", "1", "--scenario", "in-place", "--json").stdout)
    assert "keeping originals" not in {line["name"] for line in in_place["lines"]}
