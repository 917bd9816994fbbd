"""Pictures by URL: who may order them, and which resources the function that fetches can use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.config import Config, load_config
from lightpress.cdk.options.ingest import IngestOptions
from lightpress.cdk.options.uploads import UploadOptions
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import ACCOUNT, REGION, environment_of, function_id, grants_of
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template


def test_without_the_option_there_is_nothing_of_it(prod: Template) -> None:
    assert "fetch_url" not in json.dumps(prod.raw)
    assert "UrlQueue" not in prod.raw["Resources"]
    assert "UrlQueueUrl" not in prod.raw["Outputs"]


def test_what_fetches_may_look_at_and_write_originals_and_nothing_else(dev: Template) -> None:
    uploads = f"arn:aws:s3:::lightpress-dev-uploads-{ACCOUNT}-{REGION}-an"
    grants = grants_of(dev.raw, function_id(dev.raw, "fetch_url"))
    assert {(grant.action, grant.resource) for grant in grants if not grant.action.startswith(("logs:", "sqs:"))} == {
        ("s3:GetObject", f"{uploads}/*"),
        ("s3:PutObject", f"{uploads}/*"),
        ("s3:ListBucket", uploads),
    }
    assert "VpcConfig" not in dev.function("fetch_url").properties


def test_what_it_gives_up_goes_the_way_of_all_failures(dev: Template) -> None:
    queue = dev.resource("UrlQueue").properties
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] > Config("dev").ingest.fetch_tries
    told = environment_of(dev.raw, function_id(dev.raw, "fetch_url"))
    assert told["DEAD_LETTER_QUEUE_URL"].endswith("/DeadLetterQueue")


def test_the_function_gets_the_options_in_its_variables(tmp_path: Path) -> None:
    config = Config(
        "dev",
        ingest=IngestOptions(
            url_ingest=True, fetch_max_mb=64, fetch_timeout_seconds=60, fetch_ports=(443,), fetch_max_concurrency=7
        ),
    )
    template = synthesize_with(config, tmp_path)
    told = json.loads(environment_of(template.raw, function_id(template.raw, "fetch_url"))["FETCH"])
    assert (told["max_bytes"], told["timeout_seconds"], told["ports"]) == (64 << 20, 60, [443])
    assert (told["plain_http"], told["allowed_networks"]) == (False, [])
    function = template.function("fetch_url").properties
    assert function["MemorySize"] >= told["threads"] * 64, "ten files of the largest kind fit"
    assert function["Timeout"] > 60
    (mapping,) = [
        row.properties
        for row in template.resources("AWS::Lambda::EventSourceMapping")
        if row.properties["EventSourceArn"] == {"Fn::GetAtt": ["UrlQueue", "Arn"]}
    ]
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (told["threads"], {"MaximumConcurrency": 7})
    assert template.resource("UrlQueue").properties["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_only_the_local_cloud_comes_with_private_networks(dev: Template) -> None:
    told = json.loads(environment_of(dev.raw, function_id(dev.raw, "fetch_url"))["FETCH"])
    assert (told["allowed_networks"], told["plain_http"]) == ([], False)


def test_the_api_takes_urls_where_they_are_fetched(dev: Template, tmp_path: Path) -> None:
    def routes(template: Template) -> set[str]:
        return {one.properties["RouteKey"] for one in template.resources("AWS::ApiGatewayV2::Route")}

    without = synthesize_with(Config("dev", uploads=UploadOptions(upload_auth="iam")), tmp_path)
    assert routes(dev) - routes(without) == {"POST /ingest"}
    assert "URL_QUEUE_URL" not in environment_of(without.raw, function_id(without.raw, "upload_api"))


@pytest.mark.parametrize(
    ("environment", "line", "problem"),
    [
        ("prod", 'fetch_allowed_networks = ["10.0.0.0/8"]', "fetch_allowed_networks: private networks are not"),
        ("dev", 'fetch_allowed_networks = ["10.0.0.1/8"]', "fetch_allowed_networks: '10.0.0.1/8' is no network"),
        ("dev", 'fetch_allowed_networks = ["intranet"]', "fetch_allowed_networks: 'intranet' is no network; allowed"),
        ("dev", "fetch_ports = []", "fetch_ports: [] is not a list of different whole numbers from 1 to 65535"),
        ("dev", "fetch_ports = [443, 443]", "fetch_ports: [443, 443] is not a list of different whole numbers"),
        ("dev", "fetch_ports = [true]", "fetch_ports: [True] is not a list of different whole numbers"),
        ("dev", "fetch_tries = 0", "fetch_tries: 0 is not between 1 and 20"),
    ],
)
def test_what_may_not_be_chosen_is_refused_by_name(tmp_path: Path, environment: str, line: str, problem: str) -> None:
    path = tmp_path / f"{environment}.toml"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(error.value).startswith(f"{environment}.toml: {problem}")
