"""Copies of variants: the grants of their calls and no more, and how the CDN serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins

from lightpress.cdk import Lightpress
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import environment_of, function_id, grants_of
from tests.cdk.templates import NO_ASSETS, Template, read_template
from tests.handlers.conftest import IMAGES, QUEUE
from tests.handlers.recorder import needs
from tests.handlers.test_copies import COPYING, TAG

if TYPE_CHECKING:
    from pathlib import Path

RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
copies = {copies}
sizes = {{ w640 = {{ width = 640 }} }}
"""
PLAIN, TAGGED = (
    '"thumbs/{stem}-{size}.{ext}"',
    '{ path = "thumbs/{stem}-{size}.{ext}", tags = { shop = "yes" } }',
)


def deployed(folder: Path, copies: str, **options: Any) -> Template:  # noqa: ANN401  of the construct
    app = App(context=NO_ASSETS, outdir=str(folder / "out"))
    stack = Stack(app, "Copied", env={"account": "123456789012", "region": "eu-west-1"})
    Lightpress(stack, "Images", recipes=recipes_in(folder, copies), name="dev", **options)
    return read_template(app.synth().get_stack_by_name("Copied"))


def recipes_in(folder: Path, copies: str) -> Path:
    path = folder / "recipes.toml"
    path.write_text(RECIPES.format(copies=copies), encoding="utf-8")
    return path


def granted(template: Template, handler: str) -> set[tuple[str, str]]:
    """What a function may do, by the names of the tests."""
    function = function_id(template.raw, handler)
    environment = environment_of(template.raw, function)
    queue = environment["COPIES_QUEUE_URL"].rpartition("/")[2]
    named = {
        (one.action, one.resource.replace(f"arn:aws:s3:::{environment['IMAGES_BUCKET']}", IMAGES))
        for one in grants_of(template.raw, function)
    }
    return {(action, QUEUE if resource.endswith(f":{queue}") else resource) for action, resource in named}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("handler", ["process_upload", "record_failure"])
@pytest.mark.parametrize(("copies", "calls"), [(PLAIN, COPYING - {TAG}), (TAGGED, COPYING)], ids=["plain", "tagged"])
def test_publishers_may_do_what_copying_does(tmp_path: Path, handler: str, copies: str, calls: set[Any]) -> None:
    found = granted(deployed(tmp_path, copies), handler)
    wanted = {(need.action, need.resource) for need in needs(calls)}
    assert wanted - found == set()
    folders = (f"{IMAGES}/thumbs/", f"{IMAGES}/copies/")
    assert {one for one in found if one[1].startswith(folders)} == {one for one in wanted if one[1].startswith(folders)}


def behaviors(template: Template) -> dict[str, dict[str, Any]]:
    (distribution,) = template.resources("AWS::CloudFront::Distribution")
    config = distribution.properties["DistributionConfig"]
    return {one["PathPattern"]: one for one in config["CacheBehaviors"]}


def test_the_cdn_serves_their_folder_from_the_bucket_as_variants_but_for_the_edge_function(tmp_path: Path) -> None:
    template = deployed(tmp_path, PLAIN)
    found = behaviors(template)
    variants, copies = found["/i/*"], found["/thumbs/*"]
    assert "FunctionAssociations" not in copies
    same = ("CachePolicyId", "ResponseHeadersPolicyId", "ViewerProtocolPolicy", "AllowedMethods")
    assert {name: copies[name] for name in same} == {name: variants[name] for name in same}
    readable = [str(one.properties["PolicyDocument"]) for one in template.resources("AWS::S3::BucketPolicy")]
    assert sum("/thumbs/*" in one for one in readable) == 1


@pytest.mark.parametrize(
    ("options", "folders"),
    [({}, ["thumbs/"]), ({"former_copies": ("old/",)}, ["old/", "thumbs/"]), ({"copies_bucket": "my-site"}, [])],
    ids=["of now", "of before, too", "in a bucket of the owner's"],
)
def test_with_copies_the_cdn_reads_their_folders_too_and_nothing_else(
    tmp_path: Path, options: dict[str, Any], folders: list[str]
) -> None:
    template = deployed(tmp_path, PLAIN, **options)
    allowed = [row for row in template.statements_about("ImagesImagesBucket") if row.effect == "Allow"]
    assert {str(row.principal) for row in allowed} == {"{'Service': 'cloudfront.amazonaws.com'}"}
    images = template.resolve({"Fn::GetAtt": ["ImagesImagesBucket", "Arn"]})
    granted = {(action, template.resolve(one)) for row in allowed for action in row.actions for one in row.resources}
    objects = {("s3:GetObject", f"{images}/{folder}*") for folder in ("i/", *folders)}
    assert granted == {*objects, ("s3:ListBucket", images)}


def test_in_a_bucket_of_the_owners_they_are_no_business_of_the_cdn(tmp_path: Path) -> None:
    template = deployed(tmp_path, PLAIN, copies_bucket="my-site")
    assert set(behaviors(template)) == {"/i/*"}
    function = function_id(template.raw, "process_upload")
    assert environment_of(template.raw, function)["COPIES_BUCKET"] == "my-site"
    theirs = {(one.action, one.resource) for one in grants_of(template.raw, function) if ":my-site" in one.resource}
    objects = "arn:aws:s3:::my-site/thumbs/*"
    assert theirs == {
        ("s3:ListBucket", "arn:aws:s3:::my-site"),
        *((f"s3:{action}Object", objects) for action in ("Get", "Put", "Delete")),
    }


def test_folders_of_before_may_be_cleared_without_a_recipe_that_names_them(tmp_path: Path) -> None:
    template = deployed(tmp_path, PLAIN, former_copies=("old/",))
    environment = environment_of(template.raw, function_id(template.raw, "process_upload"))
    assert environment["COPY_FOLDERS"] == "old/,thumbs/"
    assert {"/old/*", "/thumbs/*"} <= set(behaviors(template))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"copies_bucket": "shop", "attach": [{"bucket": "shop"}]}, "copies_bucket: 'shop' has originals"),
        ({"copies_bucket": "lightpress-dev-images"}, "named like one of the stack's own buckets"),
        ({"former_copies": ("i/",)}, "former_copies: 'i/' is Lightpress's own folder"),
    ],
)
def test_where_copies_could_not_go_is_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        deployed(tmp_path, PLAIN, **options)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("options", "rules", "said"),
    [
        ({"upload_auth": "iam"}, "", r"recipes.web.copies: .*'uploads/'.* collection of the upload API"),
        ({"former_copies": ("uploads/",), "upload_auth": "iam"}, "", "former_copies: .*collection of the upload API"),
        ({"attach": [{"bucket": "cms", "publish_under": "uploads/cms/"}]}, "", r"publish_under = 'uploads/cms/'"),
        ({"former_copies": ("cms/",), "attach": [{"bucket": "cms"}]}, "", r"former_copies: .*publish_under = 'cms/'"),
        ({}, "uploads/**", r"recipes.web.copies: .*rule 'uploads/\*\*'"),
        ({}, "uploads/2026/*", r"recipes.web.copies: .*rule 'uploads/2026/\*'"),
        ({}, "uploads**", r"recipes.web.copies: .*rule 'uploads\*\*'"),
        ({}, "up*/2026/*", r"recipes.web.copies: .*rule 'up\*/2026/\*'"),
        ({"former_copies": ("shop/",)}, "shop/**/*.jpg", r"former_copies: .*rule 'shop/\*\*/\*.jpg'"),
    ],
)
def test_a_folder_of_copies_that_would_take_permalinks_away_is_refused(
    tmp_path: Path, options: dict[str, Any], rules: str, said: str
) -> None:
    """Its behavior goes to the bucket: a permalink of a key that begins with it would be looked for there."""
    copies = PLAIN if "former_copies" in options else '"uploads/{folder}/{stem}-{size}.{ext}"'
    with pytest.raises(ConfigError, match=f"(?s){said}.*allowed"):
        synthesized(tmp_path, copies, rules, **options)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("options", "rules", "copies"),
    [
        ({"upload_auth": "off"}, "", "uploads/{stem}-{size}.{ext}"),
        ({"upload_auth": "iam", "copies_bucket": "shop"}, "uploads/**", "uploads/{stem}-{size}.{ext}"),
        ({"upload_auth": "iam"}, "thumbnails/**", "thumbs/{stem}-{size}.{ext}"),
        ({"upload_auth": "iam"}, "t*", "thumbs/{stem}-{size}.{ext}"),
        ({"upload_auth": "iam"}, "**/thumbs/*", "thumbs/{stem}-{size}.{ext}"),
        ({"attach": [{"bucket": "cms"}]}, "cms/**", "thumbs/{stem}-{size}.{ext}"),
    ],
)
def test_any_other_folder_of_copies_is_taken(tmp_path: Path, options: dict[str, Any], rules: str, copies: str) -> None:
    synthesized(tmp_path, f'"{copies}"', rules, **options)


def test_a_rule_that_renders_nothing_may_have_the_folder_of_copies(tmp_path: Path) -> None:
    """So that copies that somebody uploads again are no originals."""
    synthesized(tmp_path, PLAIN, "thumbs/**", renders=False)


def synthesized(folder: Path, copies: str, rules: str, *, renders: bool = True, **options: Any) -> None:  # noqa: ANN401
    """A Lightpress whose recipes have one more rule, first, with this path, if any."""
    path = recipes_in(folder, copies)
    what = 'recipe = "web"' if renders else "ignore = true"
    rule = f'[[rules]]\npath = "{rules}"\n{what}\n' if rules else ""
    path.write_text(rule + path.read_text(encoding="utf-8"), encoding="utf-8")
    stack = Stack(App(context=NO_ASSETS, outdir=str(folder / "out")), "Copied")
    Lightpress(stack, "Images", recipes=path, name="dev", **options)


def test_with_a_distribution_of_the_owners_they_need_a_bucket_of_the_owners(tmp_path: Path) -> None:
    stack = Stack(App(context=NO_ASSETS, outdir=str(tmp_path / "out")), "Copied")
    behavior = cloudfront.BehaviorOptions(origin=origins.HttpOrigin("www.example.com"))
    distribution = cloudfront.Distribution(stack, "Cdn", default_behavior=behavior)
    recipes = recipes_in(tmp_path, PLAIN)
    with pytest.raises(ConfigError, match="distribution: it is yours, and recipes have copies"):
        Lightpress(stack, "Images", recipes=recipes, name="dev", distribution=distribution)
    Lightpress(stack, "Other", recipes=recipes, name="dev", distribution=distribution, copies_bucket="my-site")


def test_a_bucket_for_copies_without_any_is_refused(tmp_path: Path) -> None:
    stack = Stack(App(context=NO_ASSETS, outdir=str(tmp_path / "out")), "Copied")
    with pytest.raises(ConfigError, match="copies_bucket: no recipe has copies"):
        Lightpress(stack, "Images", name="dev", copies_bucket="my-site")
