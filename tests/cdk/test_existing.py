"""Existing buckets: referred to by name, observed through EventBridge, and changed no more than the options say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.app import LightpressStack
from lightpress.cdk.config import Config, load_config
from lightpress.cdk.options.existing import Existing, ExistingOptions
from lightpress.cdk.options.uploads import UploadOptions
from lightpress.image.compress import CompressionOptions
from lightpress.in_place.buckets import InPlace, in_place_from
from lightpress.pipeline.buckets import Attached, attached_from
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import ACCOUNT, REGION, environment_of, function_id, grants_of
from tests.cdk.templates import NO_ASSETS, Template, synthesize_with
from tests.cdk.test_monitoring import SYMPTOMS, SYMPTOMS_IN_PLACE

if TYPE_CHECKING:
    from pathlib import Path

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/some-key"
SHOP = Attached("my-shop", under="shop/", suffixes=(".jpg", ".PNG"))
CMS = InPlace("my-cms", "media/", options=CompressionOptions(), acls=True)
WIKI = InPlace("my-wiki", options=CompressionOptions(mode="lossy", quality={"jpeg": 70}))
CONFIG = Config(
    "dev", existing=ExistingOptions(attach=(Existing(SHOP),), in_place=(Existing(CMS, KEY), Existing(WIKI)))
)


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize_with(CONFIG, tmp_path_factory.mktemp("existing"))


def granted(template: Template, handler: str, *buckets: str) -> set[tuple[str, str]]:
    """What a function may do to these buckets, and with keys."""
    arns = ("arn:aws:kms", *(f"arn:aws:s3:::{bucket}" for bucket in buckets))
    grants = grants_of(template.raw, function_id(template.raw, handler))
    return {(grant.action, grant.resource) for grant in grants if grant.resource.startswith(arns)}


def test_an_existing_bucket_is_not_a_resource_of_the_stack(existing: Template) -> None:
    assert not [bucket for bucket in existing.buckets() if "my-" in json.dumps(bucket.properties)]
    types = {resource.type for resource in existing.resources()}
    assert not [type_ for type_ in types if type_.startswith(("Custom::", "AWS::CloudFormation::"))]


def test_changes_come_through_eventbridge_from_the_selected_keys_only(existing: Template) -> None:
    patterns = {
        rule.properties["EventPattern"]["detail"]["bucket"]["name"][0]: rule.properties["EventPattern"]
        for rule in existing.resources("AWS::Events::Rule")
    }
    endings = [{"wildcard": f"*{end}"} for end in (".JPG", ".PNG", ".jpg", ".png")]
    keys = {"my-shop": {"object": {"key": endings}}, "my-cms": {"object": {"key": [{"prefix": "media/"}]}}}
    published = ["Object Deleted", "Object Restore Completed"]
    for bucket, pattern in patterns.items():
        assert pattern == {
            "source": ["aws.s3"],
            "detail-type": ["Object Created", *(published if bucket == "my-shop" else [])],
            "detail": {"bucket": {"name": [bucket]}, **keys.get(bucket, {})},
        }
    assert set(patterns) == {"my-shop", "my-cms", "my-wiki"}


def test_only_the_rules_of_the_stack_may_send_events(existing: Template) -> None:
    dead_letters = {"Attached0DeadLetterQueue": 1, "Changes0DeadLetterQueue": 1, "Changes1DeadLetterQueue": 1}
    for queue, rules in {"Queue": 1, "InPlaceQueue": 2, **dead_letters}.items():
        allowing = [
            row
            for row in existing.statements_about(queue)
            if row.effect == "Allow" and row.principal == {"Service": "events.amazonaws.com"}
        ]
        assert len(allowing) == rules
        for row in allowing:
            assert row.actions == ["sqs:SendMessage"]
            assert "Fn::GetAtt" in row.condition["ArnEquals"]["aws:SourceArn"]
            assert len(row.condition) == 1, "EventBridge need not send aws:SourceAccount"


def test_each_rule_has_a_dead_letter_queue_of_its_own_for_what_cannot_be_delivered(existing: Template) -> None:
    targets = [target for rule in existing.resources("AWS::Events::Rule") for target in rule.properties["Targets"]]
    assert {target["Arn"]["Fn::GetAtt"][0] for target in targets} == {"Queue", "InPlaceQueue"}
    queues = [target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] for target in targets]
    assert sorted(queues) == ["Attached0DeadLetterQueue", "Changes0DeadLetterQueue", "Changes1DeadLetterQueue"]
    assert all(existing.resource(queue).properties["MessageRetentionPeriod"] == 14 * 24 * 3600 for queue in queues)


@pytest.mark.parametrize(
    ("symptom", "id_"), [("ChangesAreNotDelivered", "Attached"), ("InPlaceChangesAreNotDelivered", "Changes")]
)
def test_failed_deliveries_of_all_rules_of_a_kind_are_in_one_alarm(existing: Template, symptom: str, id_: str) -> None:
    (alarm,) = [
        row.properties
        for row in existing.resources("AWS::CloudWatch::Alarm")
        if row.properties["AlarmName"].endswith(f"-{symptom}")
    ]
    watched = [row["MetricStat"]["Metric"] for row in alarm["Metrics"] if "MetricStat" in row]
    assert {(row["Namespace"], row["MetricName"]) for row in watched} == {("AWS/Events", "FailedInvocations")}
    rules = [rule.id for rule in existing.resources("AWS::Events::Rule") if id_ in rule.id]
    assert sorted(row["Dimensions"][0]["Value"]["Ref"] for row in watched) == sorted(rules)
    assert rules


def test_an_event_pattern_above_2048_characters_is_refused_with_its_length(tmp_path: Path) -> None:
    suffixes = tuple(f".{number:030}" for number in range(40))
    existing = ExistingOptions(attach=(Existing(Attached("my-shop", under="shop/", suffixes=suffixes)),))
    with pytest.raises(ConfigError, match=r"suffixes of the bucket my-shop: .* has 2,0\d\d characters; allowed: 2,048"):
        synthesize_with(Config("dev", existing=existing), tmp_path)


@pytest.mark.parametrize("handler", ["process_upload", "record_failure"])
def test_attached_pictures_are_only_read(existing: Template, handler: str) -> None:
    assert granted(existing, handler, "my-") == {
        ("s3:GetObject", "arn:aws:s3:::my-shop/*"),
        ("s3:ListBucket", "arn:aws:s3:::my-shop"),
        ("s3:ListBucketVersions", "arn:aws:s3:::my-shop"),
    }


def test_in_place_pictures_are_read_and_written_and_never_deleted(existing: Template) -> None:
    assert granted(existing, "compress_in_place", "my-") == {
        *((f"s3:{action}", "arn:aws:s3:::my-cms/media/*") for action in ("GetObject", "PutObject")),
        *((f"s3:{action}", "arn:aws:s3:::my-cms/media/*") for action in ("GetObjectTagging", "PutObjectTagging")),
        *((f"s3:{action}", "arn:aws:s3:::my-cms/media/*") for action in ("GetObjectLegalHold", "GetObjectRetention")),
        *((f"s3:{action}", "arn:aws:s3:::my-cms/media/*") for action in ("GetObjectAcl", "PutObjectAcl")),
        *((f"s3:{action}", "arn:aws:s3:::my-cms") for action in ("ListBucket", "GetBucketOwnershipControls")),
        *((f"s3:{action}", "arn:aws:s3:::my-wiki/*") for action in ("GetObject", "PutObject")),
        *((f"s3:{action}", "arn:aws:s3:::my-wiki/*") for action in ("GetObjectTagging", "PutObjectTagging")),
        *((f"s3:{action}", "arn:aws:s3:::my-wiki/*") for action in ("GetObjectLegalHold", "GetObjectRetention")),
        *((f"s3:{action}", "arn:aws:s3:::my-wiki") for action in ("ListBucket", "GetBucketOwnershipControls")),
        ("kms:Decrypt", KEY),
        ("kms:GenerateDataKey", KEY),
    }


@pytest.mark.parametrize("action", ["s3:GetObjectLegalHold", "s3:GetObjectRetention"])
def test_object_lock_is_seen_for_head_tells_of_it_only_to_who_may_ask_for_it(existing: Template, action: str) -> None:
    """Of what is locked, whoever lacks one of these is answered as of what is not, and would replace it."""
    grants = granted(existing, "compress_in_place", "my-")
    assert {(action, "arn:aws:s3:::my-cms/media/*"), (action, "arn:aws:s3:::my-wiki/*")} <= grants


def test_of_the_images_the_in_place_function_reaches_nothing_but_its_ledger(existing: Template) -> None:
    assert granted(existing, "compress_in_place", "lightpress-") - granted(existing, "compress_in_place") == {
        ("s3:GetObject", f"arn:aws:s3:::lightpress-dev-images-{ACCOUNT}-{REGION}-an/c/*"),
        ("s3:PutObject", f"arn:aws:s3:::lightpress-dev-images-{ACCOUNT}-{REGION}-an/c/*"),
        ("s3:ListBucket", f"arn:aws:s3:::lightpress-dev-images-{ACCOUNT}-{REGION}-an"),
    }


def test_the_functions_get_the_options_in_their_variables(existing: Template) -> None:
    told = environment_of(existing.raw, function_id(existing.raw, "process_upload"))
    assert tuple(map(attached_from, json.loads(told["ATTACHED"]))) == (SHOP,)
    told = environment_of(existing.raw, function_id(existing.raw, "compress_in_place"))
    assert tuple(map(in_place_from, json.loads(told["IN_PLACE"]))) == (CMS, WIKI)
    assert told["QUEUE_URL"].endswith("/InPlaceQueue")
    assert told["DEAD_LETTER_QUEUE_URL"].endswith("/InPlaceDeadLetterQueue")


@pytest.mark.nightly
def test_the_upload_api_knows_the_attached_prefixes_and_may_not_read_the_buckets(tmp_path: Path) -> None:
    template = synthesize_with(replace(CONFIG, uploads=UploadOptions(upload_auth="iam")), tmp_path)
    function = function_id(template.raw, "upload_api")
    assert tuple(map(attached_from, json.loads(environment_of(template.raw, function)["ATTACHED"]))) == (SHOP,)
    assert not [grant for grant in grants_of(template.raw, function) if "my-shop" in grant.resource]


def test_the_outputs_name_the_queues(existing: Template, dev: Template) -> None:
    more = {"InPlaceQueueUrl", "InPlaceDeadLetterQueueUrl", "ExistingBuckets"}
    assert set(existing.raw["Outputs"]) - set(dev.raw["Outputs"]) == more


def test_there_is_an_alarm_for_each_of_its_symptoms(existing: Template) -> None:
    found = {alarm.properties["AlarmName"] for alarm in existing.resources("AWS::CloudWatch::Alarm")}
    without_api = {symptom for symptom in SYMPTOMS if not symptom.startswith(("UploadApi", "FetchUrl"))}
    assert {
        f"lightpress-dev-{symptom}" for symptom in without_api | SYMPTOMS_IN_PLACE | {"ChangesAreNotDelivered"}
    } == found


@pytest.mark.sampled(1)
def test_without_tables_there_is_nothing_of_it(template: Template) -> None:
    assert not template.resources("AWS::Events::Rule")
    assert "ATTACHED" not in environment_of(template.raw, function_id(template.raw, "process_upload"))
    assert "compress_in_place" not in json.dumps(template.raw)


@pytest.mark.nightly
def test_other_peoples_rules_find_nothing(existing: Template, tmp_path: Path) -> None:
    app = App(context=NO_ASSETS, outdir=str(tmp_path))
    LightpressStack(app, "Lightpress", config=CONFIG)
    report = AwsSolutionsChecks(app).validate_scope(app)
    assert report.success, [violation.rule_name for violation in report.violations]
    found = lint(json.dumps(existing.raw), config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"]))
    assert [str(match) for match in found] == []


def test_every_option_of_an_existing_bucket_can_be_chosen(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        f"""
        [[attach]]
        bucket = "my-shop"
        prefix = "products/"
        suffixes = [".jpg"]
        publish_under = "shop/"
        kms_key = "{KEY}"
        malware_plan = false

        [[attach]]
        bucket = "my-blog"

        [[in_place]]
        bucket = "my-cms"
        prefix = "media/"
        suffixes = [".jpg", ".png"]
        mode = "lossy"
        metadata = "copyright"
        credentials = "strip"
        quality = {{ jpeg = 70 }}
        max_width = 4000
        max_height = 3000
        min_saving_percent = 10
        max_mb = 20
        acls = true
        kms_key = "{KEY}"
        """,
    )
    shop, blog = config.existing.attach
    assert shop == Existing(Attached("my-shop", "products/", (".jpg",), "shop/"), KEY, malware_plan=False)
    assert blog.pictures.under == "my-blog/"
    (cms,) = config.existing.in_place
    options = cms.pictures.options
    assert (options.mode, options.metadata, options.quality) == ("lossy", "copyright", {"jpeg": 70})
    assert options.credentials == "strip"
    assert (options.max_width, options.max_height, options.limits.max_bytes) == (4000, 3000, 20 << 20)
    assert (cms.pictures.min_saving_percent, cms.pictures.acls, cms.kms_key) == (10, True, KEY)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[[attach]]", "attach[0].bucket: is missing; it must be a string"),
        ('[[attach]]\nbucket = "My_Shop"', "attach[0].bucket: 'My_Shop' does not match"),
        ('[[attach]]\nbucket = "shop"\nfolder = "a"', "attach[0].folder: is not a known key"),
        ('[[attach]]\nbucket = "shop"\nprefix = "/a"', "attach[0].prefix: '/a' does not match"),
        ('[[attach]]\nbucket = "shop"\nsuffixes = ["jpg"]', "attach[0].suffixes: 'jpg' is no suffix; allowed: such as"),
        ('[[attach]]\nbucket = "shop"\npublish_under = "a"', "attach[0].publish_under: 'a' does not match"),
        (
            '[[attach]]\nbucket = "one"\npublish_under = "a/"\n[[attach]]\nbucket = "two"\npublish_under = "a/b/"',
            "attach[1].publish_under: 'a/b/' and 'a/' (of one) begin alike; each needs its own",
        ),
        (
            '[[in_place]]\nbucket = "lightpress-staging-uploads-1"',
            "in_place[0].bucket: 'lightpress-staging-uploads-1' is named like one of the stack's own buckets",
        ),
        (
            '[[in_place]]\nbucket = "cms"\nmode = "best"',
            "in_place[0].mode: 'best' is not allowed; allowed: lossle",
        ),
        ('[[in_place]]\nbucket = "cms"\nquality = { jpeg = 70 }', "in_place[0].quality: changes pixels, which mode ="),
        (
            '[[in_place]]\nbucket = "cms"\nmode = "lossy"\nquality = { png = 70 }',
            "in_place[0].quality.png: is not a known key; allowed: avif, jpeg, webp",
        ),
        ('[[in_place]]\nbucket = "cms"\nkms_key = "alias/a"', "in_place[0].kms_key: 'alias/a' does not match"),
        (
            "\n".join(f'[[in_place]]\nbucket = "cms"\nprefix = "{n}{"p" * 499}"' for n in range(4)),
            "in_place: the tables take 3668 bytes of a function's environment; allowed: 3200",
        ),
        (
            '[[attach]]\nbucket = "shop"\n[[attach]]\nbucket = "shop"\nprefix = "new/"\npublish_under = "new/"',
            "attach[1].prefix: 'new/' has keys that attach[0] takes before ('' of shop); allowed: prefixes or suffixes",
        ),
        (
            (
                '[[attach]]\nbucket = "shop"\nsuffixes = [".JPG"]\n'
                '[[attach]]\nbucket = "shop"\nprefix = "new/"\nsuffixes = [".jpg", ".png"]\npublish_under = "all/"'
            ),
            "attach[1].prefix: 'new/' has keys that attach[0] takes before ('' of shop)",
        ),
        (
            (
                '[[attach]]\nbucket = "shop"\nprefix = "new/"\nmalware_plan = false\n'
                '[[attach]]\nbucket = "shop"\nprefix = "old/"\npublish_under = "old/"'
            ),
            "attach[1].malware_plan: is true, and of another table of shop it is not; allowed: the same in all of them",
        ),
        (
            '[[in_place]]\nbucket = "cms"\n[[in_place]]\nbucket = "cms"\nprefix = "big/"\nmode = "lossy"',
            "in_place[1].prefix: 'big/' has keys that in_place[0] takes before ('' of cms)",
        ),
        ("\n".join(f'[[in_place]]\nbucket = "cms{n}"' for n in range(6)), "in_place: 6 are too many; allowed: 5"),
        (
            'upload_auth = "iam"\n[[attach]]\nbucket = "shop"\npublish_under = "uploads/"',
            "attach[0].publish_under: 'uploads/' is where the upload API stores files; allowed with it: any other",
        ),
        (
            'upload_auth = "iam"\n[[attach]]\nbucket = "uploads"',
            "attach[0].publish_under: 'uploads/' is where the upload API stores files; allowed with it: any other",
        ),
    ],
)
def test_what_may_not_be_said_of_an_existing_bucket_is_refused_by_name(
    tmp_path: Path, lines: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'staging.toml: {message}')}"):
        _load(tmp_path, lines)


def test_tables_of_one_bucket_may_share_it_by_prefix_and_suffix_and_have_exceptions_in_place(tmp_path: Path) -> None:
    one = '[[attach]]\nbucket = "shop"\nsuffixes = [".jpg"]\n'
    other = '[[attach]]\nbucket = "shop"\nprefix = "new/"\nsuffixes = [".png"]\npublish_under = "png/"\n'
    exception = '[[in_place]]\nbucket = "cms"\nprefix = "big/"\nmode = "lossy"\n[[in_place]]\nbucket = "cms"\n'
    found = _load(tmp_path, one + other + exception).existing
    assert (len(found.attach), len(found.in_place)) == (2, 2)


def _load(folder: Path, lines: str) -> Config:
    path = folder / "staging.toml"
    path.write_text(lines, encoding="utf-8")
    return load_config(path)
