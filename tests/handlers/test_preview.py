"""`preview` over moto: what waits is shown to operators alone, as a JPEG without metadata, whatever was uploaded."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any, cast

import pytest
from PIL import Image

from lightpress.handlers.preview import handler
from tests.handlers.conftest import UPLOADS, Context, Deployed
from tests.handlers.gateway import event_of
from tests.handlers.recorder import Call, recorded
from tests.handlers.test_operators import SCOPE
from tools.drawing import file_of, ramp

PREVIEW = {
    Call("s3", "HeadObject", UPLOADS, "*"),
    Call("s3", "GetObject", UPLOADS, "*"),
}
KEY = "community/cat.tiff"


@pytest.fixture(autouse=True)
def _operators(monkeypatch: pytest.MonkeyPatch, settings: None) -> None:
    assert settings is None
    monkeypatch.setenv("OPERATORS_SCOPE", SCOPE)


def ask(version: str, key: str = KEY, scope: str = SCOPE) -> Any:  # noqa: ANN401  as API Gateway has it
    event = event_of(method="GET", path="/operators/held/preview", key=None, body=None, owner="ada")
    event["queryStringParameters"] = {"key": key, "version": version}
    event["requestContext"]["authorizer"]["jwt"]["claims"]["scope"] = scope
    return handler(event, cast("Any", Context()))


def upload(deployed: Deployed, data: bytes) -> str:
    deployed.upload(KEY, data)
    return deployed.s3.head_object(Bucket=UPLOADS, Key=KEY)["VersionId"]


def with_place(form: str) -> bytes:
    """A picture that says where it was taken."""
    exif = Image.Exif()
    if form == "JPEG":  # Pillow writes no place into TIFF
        exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 22.0, 0.0)}
    exif[0x010E] = "at home"
    file = BytesIO()
    ramp((2600, 1300)).save(file, form, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_a_file_that_says_where_it_was_taken_is_shown_as_a_small_jpeg_without_a_word(
    deployed: Deployed, form: str
) -> None:
    data = with_place(form)
    assert b"at home" in data
    version = upload(deployed, data)
    with recorded() as calls:
        answer = ask(version)
    assert calls == PREVIEW
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    shown = base64.b64decode(answer["body"])
    picture = Image.open(BytesIO(shown))
    assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (1280, 640), {})
    assert b"at home" not in shown
    assert len(shown) < 1_000_000, "API Gateway passes on 10 MB, and Lambda 6"


def test_no_browser_keeps_it_or_takes_it_for_a_page(deployed: Deployed) -> None:
    headers = {
        name.lower(): value for name, value in ask(upload(deployed, file_of(ramp((40, 30)), "PNG")))["headers"].items()
    }
    assert headers["content-type"] == "image/jpeg"
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("data", "version", "scope", "status", "code"),
    [
        (b"<script>alert(1)</script>", None, SCOPE, 422, "not_shown"),
        (file_of(ramp((40, 30)), "PNG"), "before", SCOPE, 409, "changed"),
        (file_of(ramp((40, 30)), "PNG"), None, "openid", 403, "not_an_operator"),
    ],
    ids=["no picture", "another version", "an uploader"],
)
def test_what_is_no_picture_or_another_version_and_who_is_no_operator_is_refused(  # noqa: PLR0913, PLR0917
    deployed: Deployed, data: bytes, version: str | None, scope: str, status: int, code: str
) -> None:
    answer = ask(version or upload(deployed, data), scope=scope)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (status, code)
    assert "script" not in answer["body"]
