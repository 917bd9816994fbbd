"""The documentation as a site: every page has its place in the navigation, and links lead where they led."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.readiness import PROJECT
from tools.site.__main__ import OWN, settings
from tools.site.pages import Source, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORGE = "https://forge.example/lightpress/blob/HEAD"


def _entries(navigation: list[Any]) -> Iterator[str]:
    for entry in navigation:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from [inner] if isinstance(inner, str) else _entries(inner)


def test_every_page_has_one_place_in_the_navigation_and_every_place_a_page() -> None:
    project = tomllib.loads(settings("", ""))["project"]
    source = Source(PROJECT)
    pages = {place for path in source.files() if (place := source.place(path) or "").endswith(".md")}
    decisions = {page for page in pages if re.match(r"decisions/\d", page)}  # listed by their index
    entries = list(_entries(project["nav"]))
    assert len(decisions) > 50
    assert sorted(entries) == sorted(pages - decisions)


def test_the_addresses_of_site_and_repository_are_set_where_they_are_known() -> None:
    known = tomllib.loads(settings("https://forge.example/lightpress", "https://lightpress.example/"))["project"]
    assert (known["repo_url"], known["site_url"]) == ("https://forge.example/lightpress", "https://lightpress.example/")
    assert not {"repo_url", "site_url"} & tomllib.loads(settings("", ""))["project"].keys()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "docs/how-to/a.md": "[b](../b.md#one) [js](../../clients/js/README.md) "
        "![p](../p.png) [code](../../src/x.py#L3)\n",
        "docs/b.md": "[a](how-to/a.md) [else](https://example.com) [here](#one) [[1](b.md)]\n\n# one\n\n"
        "```js page.js\n[not](a.link)\n```\n\n```toml\nx = 1\n```\n",
        "docs/p.png": "a picture",
        "docs/decisions/README.md": "[b](../b.md)\n",
        "clients/js/README.md": "[top](../../README.md) [b](../../docs/b.md)\n",
        "examples/README.md": "[app](one/app.py)\n",
        "examples/one/app.py": "app = 1\n",
        **dict.fromkeys(("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"), "[js](clients/js/README.md)\n"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_links_lead_to_where_pages_stand_on_the_site_and_to_the_forge_for_code(repository: Path) -> None:
    site = repository / "site"
    stage(Source(repository, FORGE), site)

    def page(name: str) -> str:
        return (site / name).read_text(encoding="utf-8")

    assert page("how-to/a.md") == (
        f"[b](../b.md#one) [js](../clients-js.md) ![p](../p.png) [code]({FORGE}/src/x.py#L3)\n"
    )
    assert page("clients-js.md") == f"[top]({FORGE}/README.md) [b](b.md)\n"
    assert (page("examples/index.md"), page("decisions/index.md")) == ("[app](one/app.py)\n", "[b](../b.md)\n")
    assert page("changelog.md") == "[js](clients-js.md)\n"
    assert page("examples/one/app.py") == "app = 1\n"
    assert (site / "p.png").read_text() == "a picture"
    assert "README.md" not in {path.name for path in site.rglob("*")}


def test_links_within_code_stay_and_a_block_shows_the_name_of_its_file(repository: Path) -> None:
    said = Source(repository).page("docs/b.md")
    assert said.startswith("[a](how-to/a.md) [else](https://example.com) [here](#one) [[1](b.md)]")
    assert '```js title="page.js"\n[not](a.link)\n```\n\n```toml\nx = 1\n```' in said


def test_where_no_forge_is_known_a_link_to_code_is_its_words(repository: Path) -> None:
    assert Source(repository).page("docs/how-to/a.md").endswith(" code\n")


def test_the_site_asks_nobody_else_for_fonts() -> None:
    assert tomllib.loads((OWN / "zensical.toml").read_text(encoding="utf-8"))["project"]["theme"]["font"] is False
