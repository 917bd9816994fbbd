"""Who is an operator: a token that carries the scope of the option `operators_scope`.

API Gateway refuses tokens without it before a function starts, where its own authorizer reads them (`jwt`). It is
asked again here, so that a route without its scope would let nobody in, and because an authorizer of one's own knows
no scopes of routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_AUTHORIZER = "none"  # of the local cloud alone: the configuration refuses it elsewhere


def check_operator(event: Mapping[str, Any], auth: str, scope: str) -> None:
    """Raise Refused (403) unless the caller has the scope.

    Args:
        event: What API Gateway invokes the function with (payload 2.0).
        auth: Kind of the authorizer: "none", "jwt" or "authorizer".
        scope: The scope that operators have.
    """
    if auth == _NO_AUTHORIZER:
        return
    if scope not in _scopes(event, auth):
        raise Refused(403, "not_an_operator", f"This takes the scope {scope!r}, which your token does not have.")


def _scopes(event: Mapping[str, Any], auth: str) -> frozenset[str]:
    """The scopes of a token: its claim `scope` or `scp`, or `scope` in the context of an authorizer of one's own."""
    authorizer = event.get("requestContext", {}).get("authorizer", {})
    found = authorizer.get("jwt", {}).get("claims", {}) if auth == "jwt" else authorizer.get("lambda", {})
    said = " ".join(found[name] for name in ("scope", "scp") if isinstance(found.get(name), str))
    # A claim that is a list comes as "[a b]".
    return frozenset(said.replace("[", " ").replace("]", " ").replace(",", " ").split())
