"""Each environment's template, synthesized once. No layer is built, and CDK's own validation runs in one test alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import lightpress.cdk  # noqa: F401  before aws_cdk

# isort: split
from lightpress.cdk.layer_build import build
from lightpress.cdk.native import LOCK, TARGET
from tests.cdk.templates import Template, synthesize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

os.environ["CDK_VALIDATION"] = "false"

ENVIRONMENTS = ("dev", "prod", "local")


@pytest.fixture(scope="session")
def template_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Template]:
    """The template of an environment, by name."""
    known: dict[str, Template] = {}

    def of(environment: str) -> Template:
        if environment not in known:
            known[environment] = synthesize(environment, tmp_path_factory.mktemp(environment))
        return known[environment]

    return of


@pytest.fixture(params=ENVIRONMENTS)
def template(request: pytest.FixtureRequest, template_of: Callable[[str], Template]) -> Template:
    """The template of every environment in turn."""
    return template_of(request.param)


@pytest.fixture
def prod(template_of: Callable[[str], Template]) -> Template:
    """The template of prod."""
    return template_of("prod")


@pytest.fixture
def local(template_of: Callable[[str], Template]) -> Template:
    """The template of the local cloud."""
    return template_of("local")


@pytest.fixture
def dev(template_of: Callable[[str], Template]) -> Template:
    """The template of dev."""
    return template_of("dev")


@pytest.fixture(scope="session")
def for_arm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer for Lambda's arm64, really built."""
    folder = tmp_path_factory.mktemp("arm") / "layer"
    build(LOCK, TARGET, folder)
    return folder
