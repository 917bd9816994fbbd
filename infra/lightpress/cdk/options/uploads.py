"""Uploads: who may upload, from where, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import LOCAL, Environment
from lightpress.cdk.options.kinds import choice, flag, integer, matching, option, texts

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

_ORIGIN = r"https?://[a-z0-9.*-]+(:[0-9]{1,5})?"
_ANY_ORIGIN = "*"
_HTTPS_URL = r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
_FUNCTION_ARN = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?"


def _origins() -> tuple[str, ...]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        origins = table.texts(key, ())
        for origin in origins:
            if origin != _ANY_ORIGIN and not re.fullmatch(_ORIGIN, origin):
                raise table.error(key, f'{origin!r} is no origin; allowed: such as "https://www.example.com", or "*"')
        return origins

    return option((), read, allowed='origins such as "https://www.example.com", or "*"')


@dataclass(frozen=True)
class UploadOptions(Environment):
    """The upload API, its page, and the sites that may upload."""

    # Sites whose pages may upload from the browser. None: only servers and tools may.
    allowed_origins: tuple[str, ...] = _origins()
    # Who may use the upload API: "iam" is whoever signs with AWS credentials, "jwt" whoever brings a token of
    # `upload_jwt_issuer`, "authorizer" whoever the function `upload_authorizer_arn` lets in, "none" everybody (for the
    # local cloud alone). "off": there is no such API.
    upload_auth: str = choice("off", "off", "iam", "jwt", "authorizer", "none")
    # Who issues the tokens (OpenID Connect), and for whom: `aud` or `client_id` must be one of these.
    upload_jwt_issuer: str = matching(_HTTPS_URL, such_as="https://login.example.com")
    upload_jwt_audiences: tuple[str, ...] = texts()
    # A Lambda function of yours: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
    # It answers in the simple form (payload 2.0), with the caller's name as `owner` in its context.
    upload_authorizer_arn: str = matching(_FUNCTION_ARN, such_as="arn:aws:lambda:eu-west-1:123456789012:function:who")
    # Requests of the upload API: on average in a second, and at once.
    upload_rate_limit: int = integer(50, low=1, high=10_000)
    upload_burst_limit: int = integer(100, low=1, high=5_000)
    # A page for uploading in the browser, at the API's own address.
    upload_page: bool = flag(default=False)
    # The page's client id at the issuer, a public client without a secret: the page then signs in there. Without, and
    # with an authorizer of yours, it asks for a token.
    upload_page_client_id: str = matching(r"[\x21-\x7e]{1,200}", such_as="1example23456789")


def check_who_uploads(options: UploadOptions, table: Table) -> None:
    """Whoever may upload must be told apart."""
    if options.upload_auth == "none" and options.environment != LOCAL:
        raise table.error("upload_auth", f'"none" is allowed in {LOCAL}.toml only: everybody could upload')
    needed: dict[str, dict[str, object]] = {
        "jwt": {"upload_jwt_issuer": options.upload_jwt_issuer, "upload_jwt_audiences": options.upload_jwt_audiences},
        "authorizer": {"upload_authorizer_arn": options.upload_authorizer_arn},
    }
    for key, value in needed.get(options.upload_auth, {}).items():
        if not value:
            raise table.error(key, f'it is missing: upload_auth is "{options.upload_auth}"')
    if options.upload_page and options.upload_auth in {"off", "iam"}:
        raise table.error(
            "upload_page",
            f'a page cannot be used with upload_auth "{options.upload_auth}"; allowed: with "jwt" or "authorizer"',
        )


def check_origins(options: UploadOptions, table: Table) -> None:
    """In prod, not every site may upload."""
    if options.environment == "prod" and _ANY_ORIGIN in options.allowed_origins:
        raise table.error("allowed_origins", '"*" is not allowed in prod: name the sites that may upload')
