"""Who makes a request of the upload API, from what API Gateway says of its authorizer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_SESSION_OF_A_ROLE = re.compile(r"(arn:[a-z-]+:sts::[0-9]+:assumed-role/([^/]+))/[^/]+")
# IAM Identity Center names the roles of its permission sets so, and their sessions after the person who signed in:
# https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
_SINGLE_SIGN_ON = "AWSReservedSSO_"


def caller_of(event: Mapping[str, Any], auth: str) -> str:
    """Find out who makes a request of an HTTP API (payload 2.0).

    Args:
        event: The event that API Gateway invokes the function with.
        auth: Kind of the authorizer: "none", "iam", "jwt" or "authorizer" (a Lambda authorizer, which returns the
            identity as `owner` in its context).

    Raises:
        Refused: The authorizer gave no identity.
    """
    if auth == "none":
        return "anybody"
    authorizer = event.get("requestContext", {}).get("authorizer")
    if auth == "iam":
        return _iam_identity(authorizer)
    found = _text(authorizer, *{"jwt": ("jwt", "claims", "sub"), "authorizer": ("lambda", "owner")}[auth])
    if found is None:
        raise _unnamed()
    return found


def _iam_identity(authorizer: object) -> str:
    """The identity in a Cognito identity pool, whose users all have one role; else the user, or the role."""
    in_pool = _text(authorizer, "iam", "cognitoIdentity", "identityId")
    if in_pool is not None:
        return in_pool
    arn = _text(authorizer, "iam", "userArn")
    if arn is None:
        raise _unnamed()
    session = _SESSION_OF_A_ROLE.fullmatch(arn)
    return session[1] if session and not session[2].startswith(_SINGLE_SIGN_ON) else arn


def _text(found: object, *names: str) -> str | None:
    """The text at a path of names in nested objects; None where there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _unnamed() -> Refused:
    return Refused(403, "no_owner", "The authorizer does not say who you are.")
