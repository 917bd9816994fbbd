"""The sign-in of both pages at an issuer, under the policy that a deployed function sends: the one of its template."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from lightpress.cdk.config import Config
from lightpress.cdk.options.uploads import UploadOptions
from tests.cdk.grants import environment_of
from tests.cdk.templates import synthesize_with
from web.serve import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

PAGE = "https://api.example"
ISSUER = "https://login.example.com/pool"
POOL_DOMAIN = "https://album.auth.eu-west-1.amazoncognito.com"
SIGNING_IN = Config(
    "dev",
    uploads=UploadOptions(
        upload_auth="jwt",
        upload_jwt_issuer=ISSUER,
        upload_jwt_audiences=("web",),
        upload_page=True,
        upload_page_client_id="web",
        operators_scope="operate",
        sign_in_origins=(POOL_DOMAIN,),
    ),
)


def told(config: Config, folder: Path) -> dict[str, Any]:
    """What the function of the page finds in its environment once it is deployed."""
    template = synthesize_with(config, folder)
    (serving,) = (one for one in template.functions() if one.properties["Handler"] == "serve.handler")
    page: dict[str, Any] = json.loads(environment_of(template.raw, serving.id)["PAGE"])
    return page


@pytest.fixture(scope="module")
def page_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return told(SIGNING_IN, tmp_path_factory.mktemp("signing-in"))


@pytest.fixture
def sign_in(browser: Browser, page_settings: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """Opens a page and signs in at an issuer whose tokens are given out at `token_endpoint`, with `status`.

    said: What the issuer sends people back with; by default, a code.
    """
    context = browser.new_context()
    files = pages(page_settings)

    def answer(route: Route, token_endpoint: str, said: dict[str, str], status: int) -> None:
        url = urlsplit(route.request.url)
        at = f"{url.scheme}://{url.netloc}{url.path}"
        cors = {"access-control-allow-origin": "*"}
        if at.startswith(f"{PAGE}/"):
            body, headers = files.get(url.path.removeprefix("/"), (b"{}", {"content-type": "application/json"}))
            route.fulfill(body=body, headers=headers)
        elif at == f"{ISSUER}/.well-known/openid-configuration":
            endpoints = {"authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": token_endpoint}
            route.fulfill(json=endpoints, headers=cors)
        elif at == f"{ISSUER}/authorize":  # somebody has signed in there: back, with a code
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            back = urlencode(said | {"state": asked["state"]})
            # A page that goes on by itself: not every browser sends what a redirect leads to through a route.
            onward = json.dumps(f"{asked['redirect_uri']}?{back}")
            route.fulfill(body=f"<script>location.replace({onward})</script>", content_type="text/html")
        elif at == token_endpoint:
            tokens = {"access_token": "let-me-in"} if status == 200 else {"error": "invalid_grant"}
            route.fulfill(json=tokens, status=status, headers=cors)
        else:
            route.abort()

    def visit(name: str, token_endpoint: str, *, said: dict[str, str] | None = None, status: int = 200) -> Page:
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.route("**/*", lambda route: answer(route, token_endpoint, said or {"code": "c"}, status))
        page.goto(f"{PAGE}/{name}")
        page.get_by_role("button", name="Sign in").click()
        return page

    yield visit
    context.close()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("token_endpoint", [f"{ISSUER}/token", f"{POOL_DOMAIN}/oauth2/token"])
@pytest.mark.parametrize("name", ["", "operators.html"])
def test_people_sign_in_at_an_issuer_with_a_path_and_at_one_whose_tokens_come_from_an_origin_that_is_named(
    sign_in: Callable[..., Page], name: str, token_endpoint: str
) -> None:
    page = sign_in(name, token_endpoint)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert "Bearer let-me-in" in page.evaluate("Object.values(sessionStorage)")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["", "operators.html"])
@pytest.mark.parametrize(
    ("said", "status"),
    [({"code": "c"}, 400), ({"error": "access_denied"}, 200)],
    ids=["the code gives no token", "the issuer lets nobody in"],
)
def test_who_comes_back_without_a_token_is_told_so_and_may_sign_in_again(
    sign_in: Callable[..., Page], name: str, said: dict[str, str], status: int
) -> None:
    page = sign_in(name, f"{ISSUER}/token", said=said, status=status)
    expect(page.get_by_role("alert")).to_have_text("The sign-in did not succeed. Sign in again.")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.url == f"{PAGE}/{name}", "what the issuer said is not kept in the address"


def test_a_token_endpoint_that_nobody_named_is_not_asked(sign_in: Callable[..., Page]) -> None:
    page = sign_in("", "https://elsewhere.example/token")
    expect(page.get_by_role("alert")).to_be_visible()
    assert "Bearer let-me-in" not in page.evaluate("Object.values(sessionStorage)")


def test_the_policy_names_origins_alone_whatever_addresses_the_page_is_told_of(page_settings: dict[str, Any]) -> None:
    page = page_settings | {"connect": [ISSUER, "http://localhost:8080/realms/x"], "images": ["https://cdn.example/a"]}
    policy = pages(page)[""][1]["content-security-policy"]
    assert "connect-src 'self' https://login.example.com http://localhost:8080;" in policy
    assert "img-src 'self' blob: https://cdn.example;" in policy


def test_without_a_client_id_the_page_may_ask_no_issuer(tmp_path: Path) -> None:
    options = replace(SIGNING_IN.uploads, upload_page_client_id="", sign_in_origins=())
    page = told(replace(SIGNING_IN, uploads=options), tmp_path)
    assert [urlsplit(address).netloc.partition(".")[2] for address in page["connect"]] == ["s3.eu-west-1.amazonaws.com"]
