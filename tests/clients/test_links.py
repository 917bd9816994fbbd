"""Addresses by the npm package and by `lightpress.client`: those of the edge, for every key, however it is written."""

from __future__ import annotations

import json
import random
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.client.links import Links
from lightpress.delivery.permalink import permalink
from lightpress.delivery.resolve import read
from tests.edge.engine import Request, answers_to, node
from tests.edge.test_how_to_pages import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JS = PROJECT / "clients" / "js"
BASE = "https://cdn.example"
# What has a meaning somewhere in an address, or none in most alphabets.
PARTS = [
    "a",
    "Z",
    "0",
    " ",
    "%",
    "%20",
    "+",
    "&",
    "?",
    "#",
    "~",
    ".",
    "..",
    "/",
    "i/",
    "r/",
    "'",
    "(",
    "!",
    "*",
    "é",
    "猫",
    "🐈",
]


def random_keys(count: int, seed: int) -> list[str]:
    """Keys without a slash before them, which no client is told apart from one that has it."""
    made = random.Random(seed)  # noqa: S311  the same keys in each run
    keys = ["".join(made.choices(PARTS, k=made.randint(1, 12))).lstrip("/") for _ in range(count)]
    return [key for key in keys if key]


def run(script: str, given: object, cwd: Path = JS, **environment: str) -> Any:  # noqa: ANN401  JSON
    """What a module prints as JSON, of what it is given as `given`."""
    finished = subprocess.run(
        [node(), "--input-type=module", "-e", f"const given = {json.dumps(given)};\n{script}"],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def by_javascript(sources: Sequence[str]) -> list[str]:
    script = f"""
    import {{ Lightpress }} from './index.js';
    const lightpress = new Lightpress('{BASE}/');
    console.log(JSON.stringify(given.map((source) => lightpress.url(source, {{ w: 640 }}))));
    """
    urls: list[str] = run(script, sources)
    return urls


def by_python(sources: Sequence[str]) -> list[str]:
    return [Links(f"{BASE}/").url(source, w=640) for source in sources]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("client", [by_javascript, by_python])
def test_2000_keys_are_asked_for_by_the_address_that_leads_to_them(client: Any) -> None:  # noqa: ANN401
    keys = KEYS + random_keys(2000, seed=22)
    urls = client(keys)
    assert urls == [f"{BASE}{permalink(key)}?w=640" for key in keys]
    paths = [url.removeprefix(BASE).partition("?")[0] for url in urls]
    asked = [read(answer["uri"]) for answer in answers_to([Request(path) for path in paths])]
    assert [one and one.key for one in asked] == keys


@pytest.mark.parametrize("client", [by_javascript, by_python])
def test_a_slash_before_a_key_and_a_permalink_of_the_api_lead_to_the_same_picture(client: Any) -> None:  # noqa: ANN401
    opaque = permalink("a//b.jpg")
    assert opaque.startswith("/~")
    sources = ["/trips/cat nap.jpg", f"{BASE}/trips/cat%20nap.jpg", f"{BASE}/trips/cat%20nap.jpg?w=99", opaque]
    plain, coded = f"{BASE}/trips/cat%20nap.jpg?w=640", f"{BASE}{opaque}?w=640"
    assert client(sources) == [plain, plain, plain, coded]


def test_nothing_and_no_base_are_refused_with_what_is_missing() -> None:
    script = """
    import { Lightpress } from './index.js';
    const said = (call) => { try { return call(); } catch (error) { return `${error.name}: ${error.message}`; } };
    console.log(JSON.stringify([said(() => new Lightpress()), said(() => new Lightpress('https://a').url('/'))]));
    """
    without_base, without_key = run(script, None)
    assert without_base == "TypeError: Lightpress needs the address of the CDN: the output CdnBaseUrl"
    assert without_key == "TypeError: A picture needs a key, such as trips/cat.jpg"
    with pytest.raises(ValueError, match="A picture needs a key"):
        Links(BASE).url("/")


def test_both_write_the_same_srcset_from_the_smallest_width_up() -> None:
    script = f"""
    import {{ Lightpress }} from './index.js';
    const lightpress = new Lightpress('{BASE}');
    console.log(JSON.stringify([lightpress.srcset(given, [640, 320]), lightpress.image(given, {{ alt: 'A "cat"' }})]));
    """
    srcset, image = run(script, "a b.jpg")
    assert srcset == f"{BASE}/a%20b.jpg?w=320 320w, {BASE}/a%20b.jpg?w=640 640w"
    assert Links(BASE).srcset("a b.jpg", (640, 320)) == srcset
    assert image["src"] == f"{BASE}/a%20b.jpg?w=1920"
    html = Links(BASE).img("a b.jpg", alt='A "cat"')
    assert html == (
        f'<img src="{image["src"]}" srcset="{image["srcSet"]}" sizes="100vw" alt="A &quot;cat&quot;" loading="lazy">'
    )


def test_nexts_loader_reads_the_base_when_it_is_first_asked() -> None:
    script = (
        "import loader from './next.js'; console.log(JSON.stringify(loader({ src: given, width: 600, quality: 75 })));"
    )
    assert run(script, "/a b.jpg", NEXT_PUBLIC_LIGHTPRESS_URL=BASE) == f"{BASE}/a%20b.jpg?w=600"


@pytest.mark.parametrize("module", ["index", "next", "uploads"])
def test_the_types_declare_what_the_module_exports(module: str) -> None:
    exported = re.compile(r"^export (?:default )?(?:async )?(?:function |class |const |\{ )(\w+)", re.MULTILINE)
    code, types = ((JS / f"{module}.{ending}").read_text(encoding="utf-8") for ending in ("js", "d.ts"))
    names = set(exported.findall(code))
    assert names
    assert names == set(exported.findall(types))
    methods = set(re.findall(r"^  (?:async )?([a-z]\w*)\(", code, re.MULTILINE)) - {"constructor"}
    assert not [name for name in methods if not re.search(rf"^  {name}\(", types, re.MULTILINE)]


def test_the_package_has_no_dependencies_and_all_files_that_it_exports() -> None:
    package = json.loads((JS / "package.json").read_text(encoding="utf-8"))
    assert not [key for key in package if "ependencies" in key]
    assert package["type"] == "module"
    for entry in package["exports"].values():
        assert all((JS / path).is_file() for path in entry.values())
    project = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{package["version"]}"' in project, "both are released together"
