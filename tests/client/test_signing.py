"""What `lightpress sign` makes is what CloudFront checks: a policy, and a signature of it by the key's other half."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from lightpress.cdk.options.delivery import is_rsa_2048
from lightpress.cli.main import app
from lightpress.client.signing import Signer, SigningError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on this machine")

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
URL = "https://images.example.com/i/k/1-g/w640.avif"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pair as docs/how-to/private-pictures.md says to make it: private, public."""
    folder = tmp_path_factory.mktemp("keys")
    private, public = folder / "private.pem", folder / "public.pem"
    _openssl("genrsa", "-out", str(private), "2048")
    _openssl("rsa", "-pubout", "-in", str(private), "-out", str(public))
    return private, public


def test_the_public_half_is_what_the_options_take(keys: tuple[Path, Path]) -> None:
    assert is_rsa_2048(keys[1].read_text(encoding="utf-8"))
    assert not is_rsa_2048(keys[0].read_text(encoding="utf-8"))


def test_a_signed_url_is_for_one_image_until_it_ends(keys: tuple[Path, Path], tmp_path: Path) -> None:
    signed = Signer("K123", keys[0]).url(URL, UNTIL)
    query = {name: values[0] for name, values in parse_qs(urlsplit(signed).query).items()}
    assert signed.partition("?")[0] == URL
    assert (query["Expires"], query["Key-Pair-Id"]) == (str(int(UNTIL.timestamp())), "K123")
    policy = {"Statement": [{"Resource": URL, "Condition": {"DateLessThan": {"AWS:EpochTime": 1_893_456_000}}}]}
    message = json.dumps(policy, separators=(",", ":")).encode()
    assert _is_signed(message, query["Signature"], keys[1], tmp_path)
    assert not _is_signed(message.replace(b"w640", b"w320"), query["Signature"], keys[1], tmp_path)


def test_cookies_are_for_all_that_their_policy_covers(keys: tuple[Path, Path], tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        app,
        ["sign", "https://images.example.com/*", "--key-id", "K123", "--private-key", str(keys[0]), "--cookies"],
    )
    assert answer.exit_code == 0, answer.output
    cookies = json.loads(answer.stdout)
    policy = _decoded(cookies["CloudFront-Policy"])
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == "https://images.example.com/*"
    assert cookies["CloudFront-Key-Pair-Id"] == "K123"
    assert _is_signed(policy, cookies["CloudFront-Signature"], keys[1], tmp_path)


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no key", encoding="utf-8")
    with pytest.raises(
        SigningError, match=r"wrong\.pem cannot be used to sign; it must be the PEM file of an RSA key: .+"
    ):
        Signer("K123", wrong).url(URL, UNTIL)


def test_a_time_beyond_the_end_of_the_calendar_is_refused_with_the_longest(keys: tuple[Path, Path]) -> None:
    asked = ["sign", URL, "--key-id", "K123", "--private-key", str(keys[0]), "--minutes", "999999999999"]
    ended = CliRunner().invoke(app, asked, env={"COLUMNS": "500"})
    assert (ended.exit_code, "less than or equal to 52560000" in ended.output) == (2, True)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


def _is_signed(message: bytes, signature: str, public: Path, folder: Path) -> bool:
    """As OpenSSL says."""
    said = folder / "signature"
    said.write_bytes(_decoded(signature))
    verified = subprocess.run(
        ["openssl", "dgst", "-sha1", "-verify", str(public), "-signature", str(said)],
        input=message,
        capture_output=True,
        check=False,
    )
    return verified.returncode == 0


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], capture_output=True, check=True)
