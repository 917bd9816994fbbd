"""What makes lazy variants: behind the CDN, only where a stack has any, with the grants of its calls and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.session import WAITING, longest_wait
from lightpress.cdk.config import load_config
from tests.cdk.grants import ACCOUNT, REGION, environment_of, function_id, grants_of
from tests.cdk.templates import synthesize_with
from tests.handlers.conftest import IMAGES, UPLOADS
from tests.handlers.recorder import needs
from tests.handlers.test_render_lazy import RENDER_LAZY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template


@pytest.fixture(scope="module")
def lazy(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stack whose recipes may have left something."""
    folder: Path = tmp_path_factory.mktemp("lazy")
    (folder / "dev.toml").write_text("keep_lazy_origin = true\nlazy_concurrency = 7\n")
    return synthesize_with(load_config(folder / "dev.toml"), folder / "out")


def cdn(template: Template) -> dict[str, Any]:
    config: dict[str, Any] = template.only("AWS::CloudFront::Distribution").properties["DistributionConfig"]
    return config


def test_only_after_404_of_s3_the_cdn_asks_the_function(lazy: Template) -> None:
    config = cdn(lazy)
    (group,) = config["OriginGroups"]["Items"]
    (behavior,) = config["CacheBehaviors"]
    assert (behavior["PathPattern"], behavior["TargetOriginId"]) == ("/i/*", group["Id"])
    assert group["FailoverCriteria"]["StatusCodes"] == {"Items": [404], "Quantity": 1}
    first, second = (member["OriginId"] for member in group["Members"]["Items"])
    origins = {origin["Id"]: origin for origin in config["Origins"]}
    assert "S3OriginConfig" in origins[first]
    assert origins[second]["CustomOriginConfig"]["OriginReadTimeout"] == 60
    assert "OriginAccessControlId" in origins[second]


def test_without_lazy_recipes_there_is_neither_function_nor_group_nor_late_look(dev: Template) -> None:
    assert "OriginGroups" not in cdn(dev)
    assert not [one for one in dev.functions() if "render_lazy" in one.properties["Handler"]]
    assert "LATE_LOOKS_QUEUE_URL" not in environment_of(dev.raw, function_id(dev.raw, "process_upload"))


def test_its_grants_are_the_calls_it_makes(lazy: Template) -> None:
    function = function_id(lazy.raw, "render_lazy")
    environment = environment_of(lazy.raw, function)
    buckets = {UPLOADS: environment["UPLOADS_BUCKET"], IMAGES: environment["IMAGES_BUCKET"]}
    asked = set()
    for need in needs(RENDER_LAZY):
        name, slash, objects = need.resource.partition("/")
        asked.add((need.action, f"arn:aws:s3:::{buckets[name]}{slash}{objects}"))
    granted = {(one.action, one.resource) for one in grants_of(lazy.raw, function)}
    assert {one for one in granted if not one[0].startswith("logs:")} == asked


def test_whoever_publishes_may_ask_for_late_looks_and_they_outlast_two_requests_and_a_rendering(lazy: Template) -> None:
    rendering = lazy.function("render_lazy").properties["Timeout"]
    for handler in ("process_upload", "record_failure"):
        function = function_id(lazy.raw, handler)
        environment = environment_of(lazy.raw, function)
        assert int(environment["LATE_LOOK_SECONDS"]) >= 2 * longest_wait(WAITING) + rendering
        queue = environment["LATE_LOOKS_QUEUE_URL"].rpartition("/")[2]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
        assert ("sqs:SendMessage", arn) in {(one.action, one.resource) for one in grants_of(lazy.raw, function)}


def test_a_purge_of_what_was_deleted_waits_for_its_sender_and_then_for_who_renders(lazy: Template) -> None:
    for handler in ("process_upload", "record_failure"):
        sender = lazy.function(handler)
        delay = int(environment_of(lazy.raw, sender.id)["PURGE_DELAY_SECONDS"])
        assert delay == sender.properties["Timeout"] + lazy.function("render_lazy").properties["Timeout"]


def test_it_ends_before_the_cdn_gives_it_up_and_takes_no_more_than_its_share(lazy: Template) -> None:
    function = lazy.function("render_lazy").properties
    assert (function["Timeout"], function["ReservedConcurrentExecutions"]) == (55, 7)
    assert function["MemorySize"] == lazy.function("process_upload").properties["MemorySize"]
