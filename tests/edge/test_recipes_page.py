"""The code that docs/recipes.md tells people to copy, run as it stands there: its addresses are those of the edge."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.config import Config
from lightpress.cdk.readiness import PROJECT
from lightpress.delivery.permalink import permalink
from lightpress.delivery.resolve import read
from tests.edge.engine import Request, answers_to, node
from tests.pages import DOCS, block

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

PAGE = "recipes.md"
KEYS = [
    "trips/cat.jpg",
    "trips/cat nap & more?#%.jpg",
    "Ümläute/猫 🐈.png",
    "it's (1)!*~.jpg",
    "i/looks/like.an",
    "r/x",
    "~x",
    "a/../b.jpg",
    "a//b.jpg",
    ".hidden/x.jpg",
    "favicon.ico",
    "favicon.ico.png",
    "folder/",
]


def _module(name: str, folder: Path) -> ModuleType:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(block(PAGE, name), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _keys_at_the_edge(urls: list[str]) -> list[str | None]:
    """What the resolver would be asked for by addresses with a `w`."""
    requests = [Request(url.partition("?")[0], querystring={"w": {"value": url.rpartition("=")[2]}}) for url in urls]
    asked = [read(answer["uri"]) for answer in answers_to(requests)]
    assert {one.wanted for one in asked if one} == {"w640"}
    return [one.key if one else None for one in asked]


def test_next_js_asks_for_every_key_by_its_permalink(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "lightpress").symlink_to(PROJECT / "clients" / "js")
    (tmp_path / "image-loader.mjs").write_text(block(PAGE, "image-loader.js"), encoding="utf-8")
    script = f"import loader from './image-loader.mjs'; const keys = {json.dumps(KEYS)};"
    script += "console.log(JSON.stringify(keys.map((src) => loader({ src, width: 600, quality: 75 }))));"
    finished = subprocess.run(
        [node(), "--input-type=module", "-e", script],
        cwd=tmp_path,
        env={**os.environ, "NEXT_PUBLIC_LIGHTPRESS_URL": "https://cdn.example"},
        capture_output=True,
        text=True,
        check=True,
    )
    urls = json.loads(finished.stdout)
    assert urls == [f"https://cdn.example{permalink(key)}?w=600" for key in KEYS]
    assert _keys_at_the_edge([url.removeprefix("https://cdn.example") for url in urls]) == KEYS


def test_djangos_tag_writes_markup_that_no_key_can_break(tmp_path: Path) -> None:
    django: Any = pytest.importorskip("django", reason="there is no Django here: pip install django")
    importlib.import_module("django.conf").settings.configure(LIGHTPRESS_URL="https://cdn.example")
    django.setup()
    _module("templatetags/pictures.py", tmp_path)
    engine = importlib.import_module("django.template.engine").Engine(libraries={"pictures": "pictures"})
    context = importlib.import_module("django.template").Context({"key": 'a".jpg', "alt": "<b>"})
    source = "{% load pictures %}{% picture key alt=alt %} {% picture_url key fm='webp' %}"
    markup = engine.from_string(source).render(context)
    assert 'src="https://cdn.example/a%22.jpg?w=1920"' in markup
    assert 'alt="&lt;b&gt;"' in markup
    assert markup.endswith("https://cdn.example/a%22.jpg?fm=webp")


def test_what_the_page_calls_an_option_is_one() -> None:
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    for option in ("signing_keys", "domain_names", "certificate_arn", "placeholder_while_processing"):
        assert f"{option} = " in page
        assert hasattr(Config("dev").delivery, option)
