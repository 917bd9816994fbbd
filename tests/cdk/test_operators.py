"""The operators' API: behind a scope of its own, by a function of its own, which may do what it does and no more."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App, Stack

from lightpress.cdk import Lightpress
from lightpress.cdk.config import load_config
from lightpress.cdk.operators import OPERATOR_ROUTES, PREVIEW_ROUTE
from lightpress.cdk.options.ingest import IngestOptions
from lightpress.costs.prices import prices_of
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import environment_of, function_id, grants_of
from tests.cdk.templates import GATED_RECIPES, NO_ASSETS, read_template, synthesize_with
from tests.cdk.test_least_privilege import compare
from tests.cdk.test_upload_api import JWT, ROUTES, jwt_but, routes
from tests.handlers.test_operators import OPERATORS, RETRY_URL, REVIEW
from tests.handlers.test_preview import PREVIEW
from tests.handlers.test_recorded_calls import WHICH_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

SCOPE = "lightpress/operate"
OPERATED = {f"{method.name} {path}" for method, path in OPERATOR_ROUTES}
YOURS = "arn:aws:lambda:eu-west-1:123456789012:function:who"


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Template:
    config = replace(jwt_but(operators_scope=SCOPE), ingest=IngestOptions(url_ingest=True))
    return synthesize_with(config, tmp_path_factory.mktemp("operated"))


def test_only_tokens_with_the_scope_reach_the_function_and_uploaders_need_none(operated: Template) -> None:
    found = routes(operated)
    assert found.keys() >= OPERATED | ROUTES
    scopes = {name: route.properties.get("AuthorizationScopes") for name, route in found.items()}
    assert {name for name, wanted in scopes.items() if wanted == [SCOPE]} == OPERATED
    assert {found[name].properties["AuthorizationType"] for name in OPERATED} == {"JWT"}
    assert len({found[name].properties["AuthorizerId"]["Ref"] for name in OPERATED | ROUTES}) == 1


def test_without_the_option_there_is_no_such_function(tmp_path: Path) -> None:
    template = synthesize_with(JWT, tmp_path)
    assert not OPERATED & routes(template).keys()
    assert not any("operators" in one.properties["Handler"] for one in template.functions())


def test_the_grants_of_the_function_are_the_calls_it_makes(operated: Template) -> None:
    compare(operated, "operators", OPERATORS)


def test_what_takes_uploads_is_granted_nothing_of_it(operated: Template, tmp_path: Path) -> None:
    config = replace(JWT, ingest=IngestOptions(url_ingest=True))
    plain = synthesize_with(config, tmp_path)

    def actions(template: Template) -> set[str]:
        return {grant.action for grant in grants_of(template.raw, function_id(template.raw, "upload_api"))}

    assert actions(operated) == actions(plain)
    assert not {"dynamodb:Scan", "dynamodb:DeleteItem", "cloudwatch:GetMetricData"} & actions(operated)


def test_no_original_and_no_variant_can_be_read_by_it(operated: Template) -> None:
    function = function_id(operated.raw, "operators")
    reads = {grant.resource for grant in grants_of(operated.raw, function) if grant.action == "s3:GetObject"}
    assert {resource.split("/", 1)[1] for resource in reads} == {"m/*", "held/*", "reviews/*"}


def test_costs_are_counted_at_the_list_prices_of_the_region(operated: Template) -> None:
    metrics = json.loads(environment_of(operated.raw, function_id(operated.raw, "operators"))["METRICS"])
    prices = prices_of("us-east-1")
    assert (metrics["invocation"], metrics["file"], metrics["list"]) == pytest.approx(
        (prices.lambda_request / 1e6, prices.s3_write / 1e6, prices.s3_write / 1e6)
    )
    assert metrics["picture"] == pytest.approx((prices.s3_write + 4 * prices.s3_read) / 1e6)
    assert len(metrics["functions"]) == 7
    assert max(metrics["functions"].values()) == pytest.approx(3008 / 1024 * prices.lambda_arm64 / 1000)
    assert metrics["service"] == "lightpress-dev"
    assert len(json.dumps(metrics)) < 1_000, "all variables of a function have 4 KB together"


def test_without_url_ingest_it_may_send_to_one_queue_only(tmp_path: Path) -> None:
    template = synthesize_with(jwt_but(operators_scope=SCOPE), tmp_path)
    assert "URL_QUEUE_URL" not in environment_of(template.raw, function_id(template.raw, "operators"))
    compare(template, "operators", OPERATORS - {RETRY_URL})


def test_only_with_a_gate_it_may_send_reviews(tmp_path: Path) -> None:
    recipes = tmp_path / "recipes.toml"
    recipes.write_text(GATED_RECIPES, encoding="utf-8")
    app = App(context=NO_ASSETS, outdir=str(tmp_path / "out"))
    stack = Stack(app, "Gated", env={"account": "123456789012", "region": "eu-west-1"})
    Lightpress(stack, "Images", recipes=recipes, config=jwt_but(operators_scope=SCOPE))
    template = read_template(app.synth().get_stack_by_name("Gated"))
    compare(template, "operators", (OPERATORS - {RETRY_URL}) | {REVIEW})
    # Without the list of versions, what may not be looked at would look like another version.
    compare(template, "preview", PREVIEW | {WHICH_VERSION})
    route = routes(template)[f"{PREVIEW_ROUTE[0].name} {PREVIEW_ROUTE[1]}"].properties
    assert (route["AuthorizationType"], route["AuthorizationScopes"]) == ("JWT", [SCOPE])


def test_without_a_gate_nothing_renders_previews(operated: Template) -> None:
    assert f"{PREVIEW_ROUTE[0].name} {PREVIEW_ROUTE[1]}" not in routes(operated)
    assert not any("preview" in one.properties["Handler"] for one in operated.functions())


def test_an_authorizer_of_ones_own_has_no_scopes_of_routes(tmp_path: Path) -> None:
    config = jwt_but(upload_auth="authorizer", upload_authorizer_arn=YOURS, operators_scope=SCOPE)
    found = routes(synthesize_with(config, tmp_path))
    assert {found[name].properties["AuthorizationType"] for name in OPERATED} == {"CUSTOM"}
    assert not any("AuthorizationScopes" in found[name].properties for name in OPERATED)


@pytest.mark.parametrize("auth", ["off", "iam"])
def test_where_there_are_no_scopes_the_option_is_refused(tmp_path: Path, auth: str) -> None:
    path = tmp_path / "dev.toml"
    path.write_text(f'upload_auth = "{auth}"\noperators_scope = "{SCOPE}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match='operators_scope: there are no scopes with upload_auth "'):
        load_config(path)
