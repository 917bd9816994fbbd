"""Only callers whom the environment names may upload, and the upload page itself is granted nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.upload_counters import EXPIRY, OWNER_DAY
from lightpress.cdk.config import Config
from lightpress.cdk.options.ingest import IngestOptions
from lightpress.cdk.options.storage import StorageOptions
from lightpress.cdk.options.uploads import UploadOptions
from lightpress.cdk.readiness import PROJECT
from tests.cdk.grants import environment_of, function_id, grants_of
from tests.cdk.templates import stage, synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Resource, Template

JWT = Config(
    "dev",
    uploads=UploadOptions(
        upload_auth="jwt",
        upload_jwt_issuer="https://login.example.com/pool",
        upload_jwt_audiences=("web",),
        upload_page=True,
    ),
)
ROUTES = {
    "POST /uploads",
    "POST /multipart",
    "POST /multipart/{step}",
    "GET /images/{key+}",
    "PATCH /images/{key+}",
    "DELETE /images/{key+}",
}
PAGE_ROUTES = {"GET /", "GET /{file}"}


def jwt_but(**changes: Any) -> Config:  # noqa: ANN401  an option's
    """JWT with other options of uploads."""
    return replace(JWT, uploads=replace(JWT.uploads, **changes))


LIMITED = jwt_but(
    upload_rate_limit=7,
    upload_burst_limit=9,
    allowed_origins=("https://www.example.com",),
    max_uploads_per_day=200,
    max_megabytes_per_day=500,
)


def routes(template: Template) -> dict[str, Resource]:
    return {one.properties["RouteKey"]: one for one in template.resources("AWS::ApiGatewayV2::Route")}


OWN_AUTHORIZER = jwt_but(
    upload_auth="authorizer", upload_authorizer_arn="arn:aws:lambda:eu-west-1:123456789012:function:who"
)


def page_of(template: Template) -> Resource:
    (page,) = (one for one in template.functions() if one.properties["Handler"] == "serve.handler")
    return page


def test_without_the_option_there_is_no_api(prod: Template) -> None:
    assert not prod.resources("AWS::ApiGatewayV2::Api")


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (JWT, "JWT"),
        (jwt_but(upload_auth="iam", upload_page=False), "AWS_IAM"),
        (OWN_AUTHORIZER, "CUSTOM"),
    ],
)
def test_every_request_but_those_for_the_page_is_authorized(tmp_path: Path, config: Config, kind: str) -> None:
    found = routes(synthesize_with(config, tmp_path))
    assert set(found) == ROUTES | (PAGE_ROUTES if config.uploads.upload_page else set())
    kinds = {name: route.properties.get("AuthorizationType", "NONE") for name, route in found.items()}
    assert {kinds[name] for name in ROUTES} == {kind}
    assert {kinds[name] for name in found.keys() - ROUTES} <= {"NONE"}


def test_one_statement_lets_the_api_invoke_each_function_behind_it(tmp_path: Path) -> None:
    """One for each route would be a resource for each, of the 500 that a stack may have."""
    template = synthesize_with(JWT, tmp_path)
    lets = [one.properties for one in template.resources("AWS::Lambda::Permission")]
    of_the_api = [one for one in lets if one["Principal"] == "apigateway.amazonaws.com"]
    assert len({json.dumps(one["FunctionName"]) for one in of_the_api}) == len(of_the_api) == 2
    for one in of_the_api:
        assert one["Action"] == "lambda:InvokeFunction"
        assert template.resolve(one["SourceArn"]).endswith("/*/*/*")
        assert json.dumps(one["SourceArn"]).count('{"Ref": "UploadApi"}') == 1


def test_tokens_are_of_the_issuer_and_for_the_audience_that_are_named(tmp_path: Path) -> None:
    authorizer = synthesize_with(JWT, tmp_path).only("AWS::ApiGatewayV2::Authorizer").properties
    assert authorizer["JwtConfiguration"] == {"Audience": ["web"], "Issuer": "https://login.example.com/pool"}


def test_what_an_authorizer_allows_of_one_route_is_not_kept_for_another(tmp_path: Path) -> None:
    """By the token alone, who may see a picture could delete it within five minutes."""
    authorizer = synthesize_with(OWN_AUTHORIZER, tmp_path).only("AWS::ApiGatewayV2::Authorizer").properties
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["IdentitySource"] == ["$request.header.Authorization", "$context.routeKey"]
    assert authorizer["AuthorizerResultTtlInSeconds"] == 300


def test_the_counters_of_a_deploy_that_fails_are_removed_with_it(tmp_path: Path) -> None:
    """As all that is retained otherwise (docs/decisions/0058)."""
    retained = replace(LIMITED, storage=StorageOptions(removal="retain"))
    table = synthesize_with(retained, tmp_path).resource("UploadCountersTable").raw
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_a_flood_of_requests_is_held_off(tmp_path: Path) -> None:
    stage = synthesize_with(LIMITED, tmp_path).only("AWS::ApiGatewayV2::Stage").properties
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 9}
    assert "sourceIp" not in stage["AccessLogSettings"]["Format"]


def test_only_named_sites_may_ask_from_a_browser(tmp_path: Path) -> None:
    template = synthesize_with(LIMITED, tmp_path)
    assert template.only("AWS::ApiGatewayV2::Api").properties["CorsConfiguration"]["AllowOrigins"] == [
        "https://www.example.com"
    ]
    rules = template.resource("UploadsBucket").properties["CorsConfiguration"]["CorsRules"]
    assert len(rules[0]["AllowedOrigins"]) == 2, "the site, and the upload page"


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        pytest.param("jwt", {"authorization", "content-type"}, marks=pytest.mark.nightly),
        (
            "iam",
            {"authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"},
        ),
    ],
)
def test_pages_may_send_the_headers_that_the_authorizer_needs(tmp_path: Path, auth: str, headers: set[str]) -> None:
    config = jwt_but(upload_auth=auth, upload_page=False, allowed_origins=("https://www.example.com",))
    allowed = synthesize_with(config, tmp_path).only("AWS::ApiGatewayV2::Api").properties["CorsConfiguration"]
    assert set(allowed["AllowHeaders"]) == headers


def test_without_a_quota_there_is_no_table_of_counters(tmp_path: Path) -> None:
    template = synthesize_with(JWT, tmp_path)
    assert {table.id for table in template.resources("AWS::DynamoDB::Table")} == {"FailuresTable", "RunsTable"}


@pytest.mark.parametrize("handler", ["upload_api", "fetch_url"])
def test_with_a_quota_those_who_count_may_change_counters_and_not_read_them(handler: str, tmp_path: Path) -> None:
    template = synthesize_with(replace(LIMITED, ingest=IngestOptions(url_ingest=True)), tmp_path)
    function = function_id(template.raw, handler)
    told = environment_of(template.raw, function)
    assert (told["MAX_UPLOADS_PER_DAY"], told["MAX_BYTES_PER_DAY"]) == ("200", str(500 * 2**20))
    granted = {grant.action for grant in grants_of(template.raw, function) if "UploadCounters" in grant.resource}
    assert granted == {"dynamodb:UpdateItem"}
    table = template.resource("UploadCountersTable").properties
    assert table["TimeToLiveSpecification"] == {"AttributeName": EXPIRY, "Enabled": True}
    assert table["KeySchema"] == [{"AttributeName": OWNER_DAY, "KeyType": "HASH"}]


@pytest.mark.parametrize(("removal", "policy"), [("retain", "RetainExceptOnCreate"), ("destroy", "Delete")])
def test_counters_stay_or_go_with_the_stack_as_the_other_tables_do(removal: str, policy: str, tmp_path: Path) -> None:
    template = synthesize_with(replace(LIMITED, storage=replace(LIMITED.storage, removal=removal)), tmp_path)
    tables = template.resources("AWS::DynamoDB::Table")
    assert {table.id: table.raw["DeletionPolicy"] for table in tables} == dict.fromkeys(
        ("FailuresTable", "RunsTable", "UploadCountersTable"), policy
    )


def test_the_page_may_write_its_log_and_nothing_else(tmp_path: Path) -> None:
    template = synthesize_with(JWT, tmp_path)
    page = page_of(template)
    actions = {grant.action for grant in grants_of(template.raw, page.id)}
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert "Layers" not in page.properties


def test_the_page_asks_for_what_the_recipes_accept(tmp_path: Path) -> None:
    parts = page_of(synthesize_with(JWT, tmp_path)).properties["Environment"]["Variables"]["PAGE"]["Fn::Join"][1]
    told = json.loads("".join(part if isinstance(part, str) else "x" for part in parts))
    assert told["kinds"] == ["JPEG", "PNG", "GIF", "WebP", "AVIF", "HEIC", "TIFF", "Photoshop (PSD)", "ICO", "BMP"]
    assert {"image/jpeg", "image/heic", "image/vnd.adobe.photoshop"} <= set(told["types"])
    assert "image/jp2" not in told["types"]
    assert told["shrink_to"] == 1920


def test_the_page_is_deployed_with_the_files_that_it_shares_with_the_npm_package(tmp_path: Path) -> None:
    stage(JWT, tmp_path)
    (folder,) = (path.parent for path in tmp_path.glob("asset.*/app.js"))
    for name in ("media-types.js", "parts.js", "shrink.js", "shrink-worker.js"):
        assert not (folder / name).is_symlink()
        assert (folder / name).read_bytes() == (PROJECT / "clients" / "js" / name).read_bytes()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("change", "auth"),
    [
        ({}, {"kind": "token"}),
        (
            {"upload_page_client_id": "web"},
            {"kind": "oidc", "issuer": "https://login.example.com/pool", "client_id": "web"},
        ),
    ],
)
def test_the_page_knows_how_to_sign_in(tmp_path: Path, change: dict[str, str], auth: dict[str, str]) -> None:
    page = page_of(synthesize_with(jwt_but(**change), tmp_path))
    parts = page.properties["Environment"]["Variables"]["PAGE"]["Fn::Join"][1]
    told = "".join(part if isinstance(part, str) else "X" for part in parts)
    assert json.loads(told)["auth"] == auth
