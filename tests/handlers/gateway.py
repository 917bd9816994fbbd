"""API Gateway in front of the handler: requests as a web server has them (WSGI), events as Lambda gets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from werkzeug.wrappers import Request, Response

from lightpress.handlers.upload_api import handler
from tests.handlers.conftest import Context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_lambda_powertools.utilities.typing import LambdaContext

_IMAGES = "/images/"


def event_of(  # noqa: PLR0913  by keyword
    *, method: str, path: str, key: str | None, body: str | None, owner: str, content_type: str = "application/json"
) -> dict[str, Any]:
    """What an HTTP API hands over (payload 2.0), with an authorizer for tokens.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    """
    return {
        "version": "2.0",
        "routeKey": f"{method} /",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": content_type},
        "requestContext": {
            "http": {"method": method, "path": path},
            "stage": "$default",
            "requestId": "r",
            "authorizer": {"jwt": {"claims": {"sub": owner}, "scopes": None}},
        },
        "pathParameters": {"key": key} if key else {},
        "body": body,
        "isBase64Encoded": False,
    }


@dataclass(frozen=True)
class Gateway:
    """Lets in who brings one of the tokens, which is their name."""

    tokens: frozenset[str]

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  WSGI's
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        owner = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if owner not in self.tokens:
            return Response('{"message": "Unauthorized"}', 401, mimetype="application/json")
        event = event_of(
            method=request.method,
            path=request.path,
            key=request.path.removeprefix(_IMAGES) if request.path.startswith(_IMAGES) else None,
            body=request.get_data(as_text=True) or None,
            owner=owner,
            content_type=request.content_type or "",
        )
        answer = handler(event, cast("LambdaContext", Context()))
        headers = {name: value[0] for name, value in answer.get("multiValueHeaders", {}).items()} | answer["headers"]
        return Response(answer["body"], answer["statusCode"], headers)
