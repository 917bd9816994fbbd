"""What is said of a file whose type the platform does not know: by both clients and the page, as one table has it."""

from __future__ import annotations

import json
import mimetypes
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.client.uploads import Uploads
from lightpress.image.inputs import BY_EXTENSION, INPUTS, READABLE
from lightpress.uploads.page import page_formats
from lightpress.uploads.requests import UploadLimits, media_types, parse_upload_request
from tests.clients.server import cloud
from tests.clients.test_links import run
from tests.pages import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [f"IMG 1.{form(extension)}" for extension in BY_EXTENSION for form in (str.lower, str.upper)]
LIMITS = UploadLimits(1_000, media_types(READABLE))
OCTETS = "application/octet-stream"

ANNOUNCED = """
import { Uploads } from './uploads.js';
const uploads = new Uploads({ api: given.api });
const types = [];
for (const [name, type] of given.files) await uploads.upload(new File(['pixels'], name, { type }));
console.log('null');
"""
OF_THE_PAGE = """
import { typeOf } from './media-types.js';
console.log(JSON.stringify(given.files.map(([name, type]) => typeOf({ name, type }, given.extensions))));
"""


def said_by_node(files: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """What the npm client tells the API of files, of each its name and what the browser says of it."""
    with cloud() as there:
        run(ANNOUNCED, {"api": there.url, "files": files})
        return [said for _, path, _, said in there.requests if path == "/uploads"]


def said_by_python(names: list[str], folder: Path) -> list[dict[str, Any]]:
    with cloud() as there:
        for name in names:
            (folder / name).write_bytes(b"pixels")
            Uploads(there.url).upload(folder / name)
        return [said for _, path, _, said in there.requests if path == "/uploads"]


def in_the_table(names: list[str]) -> list[str]:
    return [BY_EXTENSION[name.rpartition(".")[2].lower()] for name in names]


@pytest.mark.parametrize("unknown", ["", OCTETS])
def test_the_npm_client_names_the_type_of_every_file_that_the_api_takes_where_the_browser_does_not(
    unknown: str,
) -> None:
    said = said_by_node([(name, unknown) for name in NAMES])
    assert [parse_upload_request(one, LIMITS).media_type for one in said] == in_the_table(NAMES)


def test_the_npm_client_says_what_the_browser_says_and_makes_up_nothing() -> None:
    known = [("a.heic", "image/heif"), ("notes.txt", "text/plain")]
    unknown = [("a.unknown", ""), ("a.constructor", ""), ("heic", "")]
    types = [one["type"] for one in said_by_node([*known, *unknown])]
    assert types == ["image/heif", "text/plain", OCTETS, OCTETS, OCTETS]


@pytest.fixture
def _older_system() -> Iterator[None]:
    """One that calls a PSD what the API does not take, as older Debians do."""
    mimetypes.add_type("image/x-photoshop", ".psd")
    yield
    mimetypes.init()


@pytest.mark.usefixtures("_older_system")
def test_the_python_client_names_the_type_of_every_file_that_the_api_takes_whatever_the_system_knows(
    tmp_path: Path,
) -> None:
    said = said_by_python(NAMES, tmp_path)
    assert [parse_upload_request(one, LIMITS).media_type for one in said] == in_the_table(NAMES)


def test_the_python_client_says_what_the_system_knows_of_other_files(tmp_path: Path) -> None:
    types = [one["type"] for one in said_by_python(["notes.txt", "a.unknown", "heic"], tmp_path)]
    assert types == ["text/plain", OCTETS, OCTETS]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.HEIC", "image/heic"), ("a.webp", "image/webp"), ("a.png", "image/png"), ("a.unknown", OCTETS)],
)
def test_the_documented_program_names_a_type_for_every_file(tmp_path: Path, name: str, media_type: str) -> None:
    _, program = blocks("uploading.md", "python")
    (tmp_path / name).write_bytes(b"pixels")
    with cloud() as there:
        there.statuses = [{"status": "ready", "permalink": "p"}]
        environment = {**os.environ, "API": there.url, "TOKEN": "t"}
        subprocess.run([sys.executable, "-c", program, tmp_path / name], env=environment, check=True)
    assert there.requests[0][3]["type"] == media_type


@pytest.mark.parametrize("name", ["Paris, 2024.jpg", "a;type=b.jpg", 'the "cat" +1 %41.jpg', "é 猫.jpg"])
def test_the_documented_lines_of_the_shell_send_a_file_of_any_name(tmp_path: Path, name: str) -> None:
    missing = [name for name in ("curl", "file", "jq") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    (program,) = blocks("uploading.md", "sh")
    (tmp_path / name).write_bytes(b"pixels")
    with cloud() as there:
        environment = {**os.environ, "API": there.url, "TOKEN": "t"}
        subprocess.run(["sh", "-euc", program, "upload", tmp_path / name], env=environment, check=True)
    begun, sent = (said for *_, said in there.requests)
    assert (begun["filename"], begun["size"]) == (name, 6)
    assert sent[-1] == ("file", "pixels")


def test_the_page_names_the_same_types() -> None:
    files = [(name, unknown) for name in NAMES for unknown in ("", OCTETS)]
    extensions = json.loads(json.dumps(page_formats(INPUTS)["extensions"]))
    named = run(OF_THE_PAGE, {"files": files, "extensions": extensions})
    assert named == in_the_table([name for name, _ in files])


def test_raw_files_are_called_by_the_name_of_their_own_format() -> None:
    types = {extension: BY_EXTENSION[extension] for extension in ("dng", "cr2", "cr3", "nef", "arw", "raf", "j2k")}
    assert types == {
        "dng": "image/x-adobe-dng",
        "cr2": "image/x-canon-cr2",
        "cr3": "image/x-canon-cr3",
        "nef": "image/x-nikon-nef",
        "arw": "image/x-sony-arw",
        "raf": "image/x-fuji-raf",
        "j2k": "image/jp2",
    }
