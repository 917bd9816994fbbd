"""Synthesizing: what it needs of its host, and how it says that something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App, Stack
from aws_cdk.aws_lambda import Architecture

from lightpress.cdk.app import LightpressStack
from lightpress.cdk.config import Config
from lightpress.cdk.functions import RUNTIME
from lightpress.cdk.layer import PillowLayer
from lightpress.cdk.layer_build import LayerError
from lightpress.cdk.readiness import PROJECT, RECIPES
from lightpress.toml_reader import ConfigError
from tests.cdk.templates import NO_ASSETS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.nightly
def test_a_host_without_node_synthesizes_and_cloudformations_own_rules_find_nothing(tmp_path: Path) -> None:
    no_programs = str(tmp_path / "no-programs")
    finished = _app("prod", CDK_OUTDIR=str(tmp_path), CDK_VALIDATION="true", PATH=no_programs, JSII_NODE=None)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert (tmp_path / "validation-report.json").exists(), "the rules were not asked"


def test_an_unknown_environment_ends_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    finished = _app("prd", CDK_OUTDIR=str(tmp_path))
    assert finished.returncode == 1
    assert finished.stderr == (
        "lightpress: context (files in environments/): env: 'prd' is not allowed; did you mean 'prod'? "
        "allowed: dev, local, prod\n"
    )


def test_a_mistake_in_the_recipes_stops_the_synth_and_is_named(tmp_path: Path) -> None:
    recipes = tmp_path / "recipes.toml"
    recipes.write_text(RECIPES.read_text(encoding="utf-8").replace('"auto"', '["avfi"]'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"recipes\.toml: recipes\.web\.formats: 'avfi' .* did you mean 'avif'\?"):
        LightpressStack(App(context=NO_ASSETS), "Broken", config=Config("dev"), recipes=recipes)


def test_when_the_layer_cannot_be_built_the_synth_says_what_pip_said(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(LayerError, match=r"No matching distribution found for no-such-package==1\.0"):
        PillowLayer(
            Stack(App(outdir=str(tmp_path / "out"))),
            "Layer",
            runtime=RUNTIME,
            architecture=Architecture.ARM_64,
            for_host=False,
            folder=tmp_path,
        )


def _app(environment: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run app.py as the CDK command line does. A variable that is None is not there."""
    context = json.dumps({"env": environment, **NO_ASSETS})
    told = {**os.environ, "CDK_CONTEXT_JSON": context, **variables}
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env={name: value for name, value in told.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
