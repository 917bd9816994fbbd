"""The code that docs/how-to tells people to copy, run as it stands there: its addresses are those of the edge."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
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


def _module(page: str, name: str, folder: Path) -> ModuleType:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(block(page, name), encoding="utf-8")
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
    (tmp_path / "image-loader.mjs").write_text(block("how-to/nextjs.md", "image-loader.js"), encoding="utf-8")
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
    _module("how-to/django.md", "templatetags/pictures.py", tmp_path)
    engine = importlib.import_module("django.template.engine").Engine(libraries={"pictures": "pictures"})
    context = importlib.import_module("django.template").Context({"key": 'a".jpg', "alt": "<b>"})
    source = "{% load pictures %}{% picture key alt=alt %} {% picture_url key fm='webp' %}"
    markup = engine.from_string(source).render(context)
    assert 'src="https://cdn.example/a%22.jpg?w=1920"' in markup
    assert 'alt="&lt;b&gt;"' in markup
    assert markup.endswith("https://cdn.example/a%22.jpg?fm=webp")


def _run(program: str, script: str, folder: Path, *, package: str) -> str:
    """What a script in a language says that this machine may not have."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} here: apt-get install {package}")
    finished = subprocess.run(
        [found],
        input=script,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LIGHTPRESS_URL": "https://cdn.example"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    return finished.stdout


def _lead_to_their_keys(urls: list[str]) -> None:
    assert _keys_at_the_edge([url.removeprefix("https://cdn.example") for url in urls]) == KEYS


def test_rails_helper_writes_an_address_for_every_key(tmp_path: Path) -> None:
    (tmp_path / "helper.rb").write_text(block("how-to/rails.md", "app/helpers/lightpress_helper.rb"), encoding="utf-8")
    script = f"""
require "base64"; require "json"
begin; require "active_support"; require "active_support/core_ext"; require "action_view"
rescue LoadError; puts "null"; exit; end
require "./helper"
include ActionView::Helpers::AssetTagHelper; include LightpressHelper
keys = JSON.parse({json.dumps(json.dumps(KEYS, ensure_ascii=True)).replace("#", chr(92) + "#")})
urls = keys.map {{ |key| lightpress_url(key, w: 600) }}
puts [urls, lightpress_image_tag("/a b.jpg", alt: "<b>", sizes: "50vw")].to_json
"""
    said = json.loads(_run("ruby", script, tmp_path, package="ruby ruby-actionview"))
    if said is None:
        pytest.skip("there is no Action View here: apt-get install ruby-actionview")
    urls, image = said
    _lead_to_their_keys(urls)
    assert 'src="https://cdn.example/a%20b.jpg?w=1920"' in image
    assert 'sizes="50vw"' in image
    assert 'alt="&lt;b&gt;"' in image


def test_laravels_helper_writes_an_address_for_every_key(tmp_path: Path) -> None:
    (tmp_path / "Lightpress.php").write_text(block("how-to/laravel.md", "app/Support/Lightpress.php"), encoding="utf-8")
    script = f"""<?php
function config($name) {{ return ['services.lightpress.url' => 'https://cdn.example/'][$name]; }}
require './Lightpress.php';
$keys = json_decode(base64_decode('{base64.b64encode(json.dumps(KEYS).encode()).decode()}'));
$urls = array_map(fn ($key) => App\\Support\\Lightpress::url($key, ['w' => 600]), $keys);
echo json_encode([$urls, App\\Support\\Lightpress::srcset('/a b.jpg', [320, 640])]);
"""
    urls, srcset = json.loads(_run("php", script, tmp_path, package="php-cli"))
    _lead_to_their_keys(urls)
    assert srcset == "https://cdn.example/a%20b.jpg?w=320 320w, https://cdn.example/a%20b.jpg?w=640 640w"


# The hooks of WordPress, with its rules for what a filter is given; the plugin is not run within WordPress itself.
_WORDPRESS = """<?php
const LIGHTPRESS_URL = 'https://cdn.example'; const LIGHTPRESS_PREFIX = 'uploads/';
$hooks = [];
function add_filter($name, $do, $priority = 10, $takes = 1) { $GLOBALS['hooks'][$name] = [$do, $takes]; }
function apply_filters($name, ...$given) {
  [$do, $takes] = $GLOBALS['hooks'][$name];
  return $do(...array_slice($given, 0, $takes));
}
function get_post_meta($id, $name, $one) {
  return ['_wp_attached_file' => [1 => '2026/11/a b.jpg', 2 => 'a.pdf'][$id]][$name];
}
function wp_attachment_is_image($id) { return $id === 1; }
function wp_get_attachment_metadata($id) { return $id === 1 ? ['width' => 4000, 'height' => 3000] : []; }
function image_constrain_size_for_editor($width, $height, $size) { return [300, 225]; }
function esc_url($url) { return str_replace('&', '&#038;', $url); }
function esc_attr($text) { return htmlspecialchars($text, ENT_QUOTES); }
require './lightpress.php';
echo json_encode([
  apply_filters('wp_get_attachment_url', 'old', 1), apply_filters('wp_get_attachment_url', 'old', 2),
  apply_filters('image_downsize', false, 1, 'medium'), apply_filters('image_downsize', false, 2, 'medium'),
  apply_filters('intermediate_image_sizes_advanced', ['medium' => []]),
  apply_filters('wp_get_attachment_image_attributes', ['alt' => 'A'], (object) ['ID' => 1], 'medium'),
  apply_filters('wp_content_img_tag', '<img class="wp-image-1" src="old" alt="A">', 'the_content', 1),
  apply_filters('wp_content_img_tag', '<img src="else.jpg">', 'the_content', 0),
]);
"""


def test_wordpress_shows_pictures_by_their_permalinks_and_leaves_other_files_alone(tmp_path: Path) -> None:
    plugin = block("how-to/wordpress.md", "wp-content/mu-plugins/lightpress.php")
    (tmp_path / "lightpress.php").write_text(plugin, encoding="utf-8")
    url, other, small, no_picture, sizes, attributes, tag, foreign = json.loads(
        _run("php", _WORDPRESS, tmp_path, package="php-cli")
    )
    address = "https://cdn.example/uploads/2026/11/a%20b.jpg"
    srcset = ", ".join(f"{address}?w={width} {width}w" for width in (320, 640, 1280, 1920))
    assert (url, other, no_picture, sizes) == (address, "old", False, [])
    assert small == [f"{address}?w=300", 300, 225, False]
    assert attributes == {"alt": "A", "srcset": srcset, "sizes": "100vw"}
    assert tag == f'<img class="wp-image-1" src="{address}?w=1280" srcset="{srcset}" sizes="100vw" alt="A">'
    assert foreign == '<img src="else.jpg">'


def test_what_the_pages_call_an_option_is_one() -> None:
    options = {
        "private-pictures": ("signing_keys", "domain_names", "certificate_arn"),
        "html": ("permalinks",),
        "../recipes": ("placeholder_while_processing",),
    }
    for name, called in options.items():
        page = (DOCS / "how-to" / f"{name}.md").read_text(encoding="utf-8")
        for option in called:
            assert f"{option} = " in page
            assert hasattr(Config("dev").delivery, option)
