"""Options of uploads: who may upload, from where, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import LOCAL, PROD
from lightpress.cdk.options.option_types import choice, each_matching, flag, integer, matching, option, texts
from lightpress.uploads.requests import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.pipeline.buckets import Attached
    from lightpress.toml_reader import Table

_ORIGIN = r"https?://[a-z0-9.*-]+(:[0-9]{1,5})?"
# What API Gateway takes besides whole origins, and any site may upload with.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
_ANY_ORIGIN = ("*", "https://*", "http://*")
_HTTPS_ORIGIN = r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?"
_HTTPS_URL = rf"{_HTTPS_ORIGIN}(/[A-Za-z0-9._~/-]*)?"
# A scope-token: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
_SCOPE = r"[A-Za-z0-9._~:/-]{1,100}"
_FUNCTION_ARN = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?"


def _origins(*, doc: str) -> tuple[str, ...]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        origins = table.texts(key, ())
        for origin in origins:
            if origin not in _ANY_ORIGIN and not re.fullmatch(_ORIGIN, origin):
                raise table.error(key, f'{origin!r} is no origin; allowed: such as "https://www.example.com", or "*"')
            if origin.count("*") > 1:
                raise table.error(key, f"{origin!r} has more than one *, which S3 refuses; allowed: one in each")
        return origins

    return option((), read, allowed='origins such as "https://www.example.com", or "*"', doc=doc)


@dataclass(frozen=True)
class UploadOptions:
    """The upload API, the upload page, and the sites that may upload."""

    allowed_origins: tuple[str, ...] = _origins(
        doc="Origins of the sites whose pages may upload from the browser (CORS). With none, only servers and tools "
        'can upload. One "*" stands for any text, as in "https://*.example.com", unless there is an upload API, which '
        'takes whole origins. What lets any site upload, such as "*", is refused in prod.'
    )
    upload_auth: str = choice(
        "off",
        "off",
        "iam",
        "jwt",
        "authorizer",
        "none",
        doc='Authorization of the upload API. "iam": requests signed with AWS credentials. "jwt": tokens of '
        '`upload_jwt_issuer`. "authorizer": the Lambda authorizer `upload_authorizer_arn`. "none": everybody, in the '
        'local cloud only. "off": there is no upload API.',
    )
    upload_jwt_issuer: str = matching(
        _HTTPS_URL,
        such_as="https://login.example.com",
        doc='OpenID Connect issuer whose tokens are accepted with `upload_auth = "jwt"`.',
    )
    upload_jwt_audiences: tuple[str, ...] = texts(
        doc="Audiences of accepted tokens: their `aud` or `client_id` must be one of these."
    )
    upload_authorizer_arn: str = matching(
        _FUNCTION_ARN,
        such_as="arn:aws:lambda:eu-west-1:123456789012:function:who",
        doc="ARN of your Lambda authorizer. It must return a simple response (payload format 2.0) with the caller's "
        "name as `owner` in its context, which is kept for five minutes, for the same `Authorization` and route: "
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html",
    )
    upload_rate_limit: int = integer(
        50, low=1, high=10_000, doc="Requests per second that the upload API accepts on average."
    )
    upload_burst_limit: int = integer(
        100, low=1, high=5_000, doc="Requests that the upload API accepts at once, in a burst."
    )
    max_uploads_per_day: int = integer(
        0,
        low=0,
        high=1_000_000,
        doc="Files that one caller of the upload API may begin to upload, or have fetched, in a day (UTC). 0: any "
        "number, for a caller may be your backend, which uploads for all. Where people sign in themselves, set it.",
    )
    max_megabytes_per_day: int = integer(
        0,
        low=0,
        high=10_000_000,
        doc="MB that one caller of the upload API may begin to upload, or have fetched, in a day (UTC). 0: any number. "
        "How large a file is at a URL is known when it has come: URLs that are under way then may exceed it.",
    )
    upload_page: bool = flag(
        default=False, doc="Serve a page for uploading in the browser at the upload API's own address."
    )
    upload_page_client_id: str = matching(
        r"[\x21-\x7e]{1,200}",
        such_as="1example23456789",
        doc="Client id with which the upload page signs in at the issuer: a public client without a secret. Without "
        "it, and with a Lambda authorizer, the page asks for a token.",
    )
    sign_in_origins: tuple[str, ...] = each_matching(
        _HTTPS_ORIGIN,
        such_as="https://album.auth.eu-west-1.amazoncognito.com",
        doc="Further origins that the page may ask when people sign in, with `upload_page_client_id`: that of the "
        "issuer's `token_endpoint` where it is another than the issuer's own. With Cognito it is the domain of the "
        'user pool: docs/api.md, "Signing in with Cognito".',
    )
    operators_scope: str = matching(
        _SCOPE,
        such_as="lightpress/operate",
        doc="Scope that a token must carry for the operators' API and its page, which show any picture, retry and "
        'discard failures, and show backfills and costs (docs/operators.md). With `upload_auth = "authorizer"`, the '
        'context of your authorizer names it in `scope`. "": there is no such API.',
    )


def check_authorization(options: UploadOptions, environment: str, table: Table) -> None:
    """Reject an upload API that cannot tell its callers apart, and a page that cannot sign in."""
    if options.upload_auth == "none" and environment != LOCAL:
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
    if options.sign_in_origins and not options.upload_page_client_id:
        raise table.error(
            "sign_in_origins", "the page signs in nowhere without upload_page_client_id; allowed: together with it"
        )


def check_operators(options: UploadOptions, table: Table) -> None:
    """Reject an operators' API whose authorizer knows no scopes."""
    if options.operators_scope and options.upload_auth in {"off", "iam"}:
        raise table.error(
            "operators_scope",
            f'there are no scopes with upload_auth "{options.upload_auth}"; allowed: with "jwt" or "authorizer"',
        )


def check_collection(options: UploadOptions, attached: Sequence[Attached], table: Table) -> None:
    """Reject an attached bucket that is published under the collection of every upload that names none."""
    for number, one in enumerate(attached):
        if options.upload_auth != "off" and f"{COLLECTION}/".startswith(one.under):
            raise table.error(
                f"attach[{number}].publish_under",
                f"{one.under!r} is where the upload API stores files; allowed with it: any other folder",
            )


def check_origins(options: UploadOptions, environment: str, table: Table) -> None:
    """Reject uploads from any site in prod, and origins that API Gateway refuses."""
    for origin in options.allowed_origins:
        if environment == PROD and origin in _ANY_ORIGIN:
            raise table.error("allowed_origins", f'"{origin}" is not allowed in prod: name the sites that may upload')
        if options.upload_auth != "off" and "*" in origin and origin not in _ANY_ORIGIN:
            raise table.error(
                "allowed_origins",
                f"{origin!r}: the upload API takes no part of an origin; allowed: whole ones, such as "
                '"https://www.example.com", or all, by "*"; or upload_auth = "off"',
            )
