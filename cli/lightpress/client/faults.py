"""The sentence with which a command ends when a request to AWS fails: whose fault that is, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3.exceptions
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

FAULTS = (BotoCoreError, ClientError, urllib3.exceptions.HTTPError)
"""The exceptions with which a request to AWS can end."""

_FAILS = 500  # and above

_EXPIRED = "Your AWS credentials have expired ({code}): get new ones, such as with aws sso login."
_UNKNOWN = "AWS does not accept your credentials ({code}): aws configure list shows where they come from."
_CLOCK = "The clock of this machine is wrong ({code}): set it."
_REGION = "The request went to the wrong region ({code}): set AWS_DEFAULT_REGION to that of the stack."
_DENIED = "You may not do this in AWS ({said}): ask for the permission, or change the policy that denies it."
_BUSY = "AWS is overloaded or failing ({said}), also after several attempts: wait some minutes."
_WORDLESS = "AWS refused {said}, and gives no reason for a HEAD request: usually, credentials have expired."
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
_NOBODY_HERE = (
    "Nothing answers at {here}, on this machine: start the local cloud again (lightpress local down, then "
    "lightpress local up), or correct AWS_ENDPOINT_URL."
)
_OTHER = "AWS refused this ({said})."

# Services have different codes for the same.
_BY_CODE: Mapping[str, str] = (
    dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), _EXPIRED)
    | dict.fromkeys(
        (
            "AuthFailure",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotSignedUp",
            "OptInRequired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        _UNKNOWN,
    )
    | dict.fromkeys(("RequestExpired", "RequestTimeTooSkewed"), _CLOCK)
    | dict.fromkeys(
        (
            "301",
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
            "PermanentRedirect",
            "TemporaryRedirect",
        ),
        _REGION,
    )
    | dict.fromkeys(("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation"), _DENIED)
    | dict.fromkeys(("400", "403"), _WORDLESS)
    | dict.fromkeys(
        (
            "InternalError",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "ServiceUnavailable",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
        ),
        _BUSY,
    )
)

_BY_KIND: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (boto.NoRegionError,),
        "No region is set: set AWS_DEFAULT_REGION to that of the stack (export AWS_DEFAULT_REGION=eu-west-1).",
    ),
    (
        (boto.InvalidRegionError,),
        "This is no region ({said}): set AWS_DEFAULT_REGION to that of the stack, such as eu-west-1.",
    ),
    (
        (boto.ProfileNotFound,),
        "AWS_PROFILE names no profile of this machine ({said}): aws configure list-profiles lists them.",
    ),
    (
        (boto.ConfigParseError, boto.ConfigNotFound),
        "The AWS configuration of this machine cannot be read ({said}): correct that file.",
    ),
    (
        (
            boto.CredentialRetrievalError,
            boto.LoginError,
            boto.NoAuthTokenError,
            boto.NoCredentialsError,
            boto.PartialCredentialsError,
            boto.SSOError,
            boto.TokenRetrievalError,
        ),
        "There are no valid AWS credentials on this machine ({said}): get some, such as with aws sso login.",
    ),
    (
        (boto.ConnectTimeoutError, boto.ReadTimeoutError, urllib3.exceptions.TimeoutError),
        "AWS did not answer in time ({said}): check the network, and HTTPS_PROXY if there is a proxy.",
    ),
    (
        (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError, urllib3.exceptions.HTTPError),
        "The connection to AWS was lost ({said}): check the network.",
    ),
)


def sentence_of(error: Exception) -> str:
    """One sentence for one of `FAULTS`. How to continue is for the command to say."""
    if isinstance(error, ClientError):
        return _refusal(error)
    here = str(getattr(error, "kwargs", {}).get("endpoint_url", ""))
    if isinstance(error, boto.EndpointConnectionError) and urlsplit(here).hostname in _THIS_MACHINE:
        return _NOBODY_HERE.format(here=here)
    kinds = (sentence for kinds, sentence in _BY_KIND if isinstance(error, kinds))
    return next(kinds, "A request to AWS could not be made ({said}).").format(said=_one_line(error))


def _refusal(error: ClientError) -> str:
    answer = error.response
    code, message = answer.get("Error", {}).get("Code", ""), answer.get("Error", {}).get("Message", "")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = ". ".join(
        _one_line(part) for part in (f"{error.operation_name}: {code}: {message}", *getattr(error, "__notes__", ()))
    )
    sentence = _BY_CODE.get(code) or (_BUSY if status >= _FAILS else _OTHER)
    if sentence is _UNKNOWN and message.startswith(("Signature expired", "Signature not yet current")):
        sentence = _CLOCK
    return sentence.format(code=code, said=said)


def _one_line(said: object) -> str:
    return " ".join(str(said).split()).removesuffix(".")
