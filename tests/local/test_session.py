import os
from pathlib import Path

import pytest

from lightpress.local import Session

HTTP = Session("http://localhost:4566", None)


def test_clients_speak_to_the_local_cloud_and_address_buckets_by_path() -> None:
    url = HTTP.s3().generate_presigned_url("get_object", Params={"Bucket": "pictures", "Key": "a b"})
    assert url.startswith("http://localhost:4566/pictures/a%20b?")
    assert "test%2F" in url
    assert "us-east-1" in url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "missing"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", "https://s3.example.com"),
        ("AWS_ENDPOINT_URL_S3", "https://s3.example.com"),
        ("AWS_ACCESS_KEY_ID", "AKIAOFTHEUSER"),
        ("AWS_SESSION_TOKEN", "of-the-user"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_CONFIG_FILE", "/dev/null/missing"),
    ],
)
def test_the_users_aws_settings_change_nothing(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    test_clients_speak_to_the_local_cloud_and_address_buckets_by_path()


@pytest.mark.parametrize("text", ["[default]\nregion = eu-central-1\n", "not a configuration file"])
def test_a_users_configuration_file_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    for name in ("config", "credentials"):
        (tmp_path / ".aws").mkdir(exist_ok=True)
        (tmp_path / ".aws" / name).write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path))
    test_clients_speak_to_the_local_cloud_and_address_buckets_by_path()


def test_a_users_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")
    assert HTTP.s3()._endpoint.http_session._proxy_config.proxy_url_for("http://localhost:4566/") is None  # type: ignore[attr-defined]  # noqa: SLF001


def test_making_clients_leaves_the_environment_alone() -> None:
    before = dict(os.environ)
    for make in (HTTP.cloudformation, HTTP.s3, HTTP.sqs, HTTP.ssm):
        make()
    assert dict(os.environ) == before
