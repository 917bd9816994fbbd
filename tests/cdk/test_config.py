"""What a deployer may choose, and what is said about what they may not."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App

from lightpress.cdk.config import ENVIRONMENTS, Config, load_config, option_groups, read_config
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


REPLICA = 'replica_bucket = "my-originals-elsewhere"\n'


def test_an_empty_file_is_an_environment(tmp_path: Path) -> None:
    assert load_config(_file(tmp_path, "staging", "")) == Config("staging")


def test_every_option_can_be_chosen(tmp_path: Path) -> None:
    chosen = load_config(
        _file(
            tmp_path,
            "staging",
            """
            architecture = "x86_64"
            extra_inputs = ["pdf", "svg"]
            face_focus = true
            detect_labels = true
            detect_faces = true
            alt_text_model = "eu.amazon.nova-lite-v1:0"
            moderation_reject = { Explicit = 60 }
            moderation_doubt = { Violence = 50 }
            memory_mb = 3008
            failure_memory_mb = 6000
            timeout_seconds = 120
            batch_size = 1
            max_receive_count = 10
            queue_retention_days = 1
            dead_letter_retention_days = 7
            failure_retention_days = 90
            invalidate_deleted = false
            event_bus = "pictures"
            alarm_email = "somebody@example.com"
            alarm_failure_percent = 5
            alarm_queue_age_minutes = 60
            alarm_dead_letter_age_minutes = 30
            alarm_dead_letters = 10
            alarm_invocations_per_picture = 5
            alarm_review_hours = 48
            monthly_budget_dollars = 40
            dashboard = false
            price_region = "eu-west-1"
            saved_queries = false
            log_level = "DEBUG"
            log_retention_days = 365
            tracing = true
            removal = "retain"
            termination_protection = true
            canary_minutes = 10
            pixel_library = false
            noncurrent_version_days = 1
            previous_days = 7
            bucket_namespace = "global"
            allowed_origins = ["https://www.example.com", "http://localhost:8000"]
            upload_auth = "jwt"
            operators_scope = "lightpress/operate"
            upload_jwt_issuer = "https://login.example.com/pool"
            upload_jwt_audiences = ["web"]
            upload_authorizer_arn = "arn:aws:lambda:eu-west-1:123456789012:function:who"
            upload_rate_limit = 1
            upload_burst_limit = 2
            max_uploads_per_day = 200
            max_megabytes_per_day = 2000
            upload_page = true
            upload_page_client_id = "web"
            sign_in_origins = ["https://login.example.com"]
            url_ingest = true
            fetch_max_concurrency = 20
            fetch_max_mb = 64
            fetch_timeout_seconds = 60
            fetch_tries = 10
            fetch_first_pause_seconds = 30
            fetch_per_host = 2
            fetch_per_host_rate = 5
            fetch_ports = [443, 8443]
            fetch_plain_http = true
            fetch_allowed_networks = ["192.168.7.0/24", "fd00::/8"]
            event_topic = true
            webhook_timeout_seconds = 5
            webhook_allowed_networks = ["192.168.8.0/24"]
            price_class = "200"
            reserved_concurrency = 600
            backfill_max_concurrency = 30
            backfill_children = 4
            nightly_look = false
            provisioned_pollers = 3
            provisioned_pollers_max = 30
            resolver_start = "provisioned"
            resolver_provisioned = 2
            originals_storage = "intelligent-tiering"
            originals_storage_days = 31
            originals_expiration_days = 365
            variants_storage = "infrequent-access"
            variants_storage_days = 31
            encryption_key = "create"
            replica_bucket = "my-originals-elsewhere"
            replica_key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            replica_storage = "infrequent-access"
            replica_time_control = true
            domain_names = ["images.example.com"]
            certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd"
            web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/rates/1234abcd-12ab-34cd"
            web_acl_rate_limit = 2000
            web_acl_referers = ["example.com"]
            access_log_days = 30
            countries_denied = ["FR"]
            origin_shield_region = "eu-west-1"
            permalinks = "redirect"
            permalink_seconds = 60
            invalidate_all_from = 1000
            lazy_concurrency = 10
            keep_lazy_origin = true
            copies_bucket = "my-site"
            former_copies = ["thumbs/"]
            placeholder_while_processing = true

            [[attach]]
            bucket = "my-shop"

            [[in_place]]
            bucket = "my-cms"

            [[webhooks]]
            url = "https://www.example.com/images"
            secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"
            """,
        )
    )
    assert chosen.uploads.allowed_origins == (
        "https://www.example.com",
        "http://localhost:8000",
    )
    unchanged = [
        option.name
        for name, group in option_groups().items()
        for option in fields(group)
        if getattr(getattr(chosen, name), option.name) == option.default
    ]
    # Those that exclude others, and the keys, are chosen in tests/cdk/test_options.py.
    assert unchanged == ["max_concurrency", "countries_allowed", "signing_keys"]


def test_every_key_belongs_to_one_option() -> None:
    keys = [option.name for group in option_groups().values() for option in fields(group)]
    assert len(keys) == len(set(keys)) == 107


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "memroy_mb = 1769",
            (
                "memroy_mb: is not a known key; did you mean 'memory_mb'? allowed are 107 names, "
                "of which the nearest are: "
            ),
        ),
        ("color = 1", "color: is not a known key; allowed are 107 names, of which the nearest are: "),
        ("removal = retain", 'not valid TOML: Invalid value (at line 1, column 11); write removal = "retain"'),
        (
            "upload_page = True  # a page",
            "not valid TOML: Invalid value (at line 1, column 15); write upload_page = true",
        ),
        (
            "invalidate_deleted = no",
            "not valid TOML: Invalid value (at line 1, column 22); write invalidate_deleted = false",
        ),
        ("attach = [[", "not valid TOML: "),
        ('architecture = "arm"', "architecture: 'arm' is not allowed; did you mean 'arm64'? allowed: arm64, host, x86"),
        ("memory_mb = 256", "memory_mb: 256 is not between 512 and 10240"),
        ('memory_mb = "1 GB"', "memory_mb: '1 GB' is not a whole number from 512 to 10240"),
        (
            '[attach]\nbucket = "shop"',
            "attach: {'bucket': 'shop'} is not a list of tables; write it as [[attach]], or in square brackets",
        ),
        ("timeout_seconds = 901", "timeout_seconds: 901 is not between 60 and 900"),
        ("batch_size = 0", "batch_size: 0 is not between 1 and 10"),
        ("max_concurrency = 1", "max_concurrency: 1 is not between 2 and 1000"),
        ('extra_inputs = ["raw"]', "extra_inputs: 'raw' is not allowed; allowed: jxl, pdf, svg"),
        ("max_receive_count = 0", "max_receive_count: 0 is not between 1 and 1000"),
        ("queue_retention_days = 14", "queue_retention_days: 14 is not between 1 and 13"),
        ("dead_letter_retention_days = 15", "dead_letter_retention_days: 15 is not between 2 and 14"),
        ("dead_letter_retention_days = 10", "dead_letter_retention_days: 10 is not more than queue_retention_days"),
        ("failure_retention_days = 0", "failure_retention_days: 0 is not between 1 and 3650"),
        ('event_bus = "a b"', 'event_bus: \'a b\' is not allowed; allowed: such as "default", or ""'),
        ("invalidate_deleted = 1", "invalidate_deleted: 1 is not true or false"),
        ('alarm_email = "me"', 'alarm_email: \'me\' is not allowed; allowed: such as "you@example.com", or ""'),
        ("alarm_failure_percent = 0", "alarm_failure_percent: 0 is not between 1 and 100"),
        ("alarm_queue_age_minutes = 0", "alarm_queue_age_minutes: 0 is not between 1 and 1440"),
        ("alarm_dead_letter_age_minutes = 4", "alarm_dead_letter_age_minutes: 4 is not between 5 and 1440"),
        ("alarm_dead_letters = 0", "alarm_dead_letters: 0 is not between 1 and 1000000"),
        ('log_level = "TRACE"', "log_level: 'TRACE' is not allowed; allowed: DEBUG, ERROR, INFO, WARN"),
        ("log_retention_days = 31", "log_retention_days: 31 is not allowed; allowed: 1, 3, 5, 7, 14, 30, 60"),
        ('removal = "keep"', "removal: 'keep' is not allowed; allowed: destroy, retain"),
        ("tracing = 1", "tracing: 1 is not true or false"),
        ('termination_protection = "yes"', "termination_protection: 'yes' is not true or false"),
        ("noncurrent_version_days = 0", "noncurrent_version_days: 0 is not between 1 and 3650"),
        (
            'bucket_namespace = "regional"',
            "bucket_namespace: 'regional' is not allowed; did you mean 'account-regional'",
        ),
        ('upload_auth = "jwt"', 'upload_jwt_issuer: it is missing: upload_auth is "jwt"'),
        ('upload_auth = "authorizer"', 'upload_authorizer_arn: it is missing: upload_auth is "authorizer"'),
        ('upload_auth = "none"', 'upload_auth: "none" is allowed in local.toml only: everybody could upload'),
        ('upload_auth = "cognito"', "upload_auth: 'cognito' is not allowed; allowed: authorizer, iam, jwt, none, off"),
        ('upload_jwt_issuer = "http://x"', "upload_jwt_issuer: 'http://x' is not allowed; allowed: such as \"https://"),
        (
            'upload_authorizer_arn = "who"',
            "upload_authorizer_arn: 'who' is not allowed; allowed: such as \"arn:aws:lam",
        ),
        ("upload_rate_limit = 0", "upload_rate_limit: 0 is not between 1 and 10000"),
        ("upload_page = true", 'upload_page: a page cannot be used with upload_auth "off"; allowed: with "jwt" or'),
        (
            'sign_in_origins = ["https://login.example.com/token"]',
            "sign_in_origins: 'https://login.example.com/token' is not allowed; allowed: a list of such as \"https://",
        ),
        (
            'sign_in_origins = ["https://album.auth.eu-west-1.amazoncognito.com"]',
            "sign_in_origins: the page signs in nowhere without upload_page_client_id; allowed: together with it",
        ),
        ('price_class = "PriceClass_100"', "price_class: 'PriceClass_100' is not allowed; allowed: 100, 200, all"),
        ('allowed_origins = "*"', "allowed_origins: '*' is not a list of strings"),
        ('allowed_origins = ["www.example.com"]', "allowed_origins: 'www.example.com' is no origin; allowed: such as"),
        ('allowed_origins = ["https://example.com/"]', "allowed_origins: 'https://example.com/' is no origin"),
        (
            'allowed_origins = ["https://*.*.example.com"]',
            "allowed_origins: 'https://*.*.example.com' has more than one *, which S3 refuses; allowed: one in each",
        ),
        (
            'allowed_origins = ["https://*.example.com"]\nupload_auth = "iam"',
            "allowed_origins: 'https://*.example.com': the upload API takes no part of an origin; allowed: whole ones",
        ),
    ],
)
def test_what_may_not_be_chosen_is_refused_with_file_key_and_what_is_allowed(
    tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'staging.toml: {message}')}"):
        load_config(_file(tmp_path, "staging", line))


@pytest.mark.parametrize("anyone", ["*", "https://*", "http://*"])
def test_prod_names_the_sites_that_may_upload(tmp_path: Path, anyone: str) -> None:
    line = f'allowed_origins = ["{anyone}"]\nupload_auth = "iam"'
    assert load_config(_file(tmp_path, "staging", line)).uploads.allowed_origins == (anyone,)
    refused = f'prod.toml: allowed_origins: "{anyone}" is not allowed in prod: name the sites'
    with pytest.raises(ConfigError, match=re.escape(refused)):
        load_config(_file(tmp_path, "prod", line))


def test_sites_below_a_domain_may_upload_by_forms_that_no_api_signs(tmp_path: Path) -> None:
    line = 'allowed_origins = ["https://*.example.com"]'
    assert load_config(_file(tmp_path, "prod", line)).uploads.allowed_origins == ("https://*.example.com",)


@pytest.mark.parametrize("name", ["Staging", "2nd", "much-too-long-a-name", "pre_prod"])
def test_a_name_that_no_bucket_could_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}\.toml: the file's name must match .* part of bucket names"):
        load_config(_file(tmp_path, name, ""))


def test_dev_is_chosen_unless_the_context_says_otherwise() -> None:
    assert read_config(App().node).environment == "dev"
    assert read_config(App(context={"env": "prod"}).node).environment == "prod"


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("stagign", "env: 'stagign' is not allowed; did you mean 'staging'? allowed: staging, test"),
        ("../secrets", "env: '../secrets' is not allowed; allowed: staging, test"),
        (5, "env: 5 is not a string"),
    ],
)
def test_an_environment_that_does_not_exist_is_refused_with_those_that_do(
    tmp_path: Path, chosen: object, message: str
) -> None:
    _file(tmp_path, "staging", "")
    _file(tmp_path, "test", "")
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_config(App(context={"env": chosen}).node, tmp_path)


@pytest.mark.parametrize("path", sorted(ENVIRONMENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_environments_that_come_with_it_are_good(path: Path) -> None:
    assert load_config(path).environment == path.stem


def _file(folder: Path, environment: str, content: str) -> Path:
    path = folder / f"{environment}.toml"
    path.write_text(content, encoding="utf-8")
    return path
