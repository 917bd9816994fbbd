"""A format is one row of image/outputs.py or image/inputs.py: a copy of the core with one row more in each.

The rows are of an invented format; a program asks every part that knows formats what it makes of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.paths import resolver_path

PROJECT = Path(__file__).parents[2]
ROWS = {
    ("outputs.py", "_OUTPUTS"): """
    Output(
        name="plain", pillow="PLAIN", media_type="image/x-plain", extension="pln", label="Plain",
        alpha=False, quality=((inf, 100),), max_side=65_535, lossy=False,
    ),""",
    ("inputs.py", "INPUTS"): """
    Input(
        name="plain", label="Plain", pillow="PLAIN", plugin="tests.delivery.one_row.plugin", bytes_per_pixel=4,
        magic=((b"PLAIN", 0),), media_types=("image/x-plain",), extensions=("plain", "pln"),
    ),""",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program found."""
    folder = tmp_path_factory.mktemp("one_row")
    # `lightpress` is a namespace: this image core comes first, and every other package is the one of the repository.
    image = folder / "lightpress" / "image"
    shutil.copytree(PROJECT / "lambda_src" / "lightpress" / "image", image, ignore=shutil.ignore_patterns("*.pyc"))
    for (file, name), row in ROWS.items():
        table = (image / file).read_text(encoding="utf-8")
        assert table.count(f"\n{name} = (\n") == 1
        (image / file).write_text(table.replace(f"\n{name} = (\n", f"\n{name} = ({row}\n"), encoding="utf-8")
    path = [folder, PROJECT, *(PROJECT / one for one in ("lambda_src", "infra", "cli"))]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.delivery.one_row.program", folder],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_a_recipe_may_name_it_and_its_variants_are_rendered_with_its_media_type_and_extension(
    told: dict[str, Any],
) -> None:
    assert told["opened"] == {"plain": ["PLAIN", 64, 48], "jpeg": ["JPEG", 64, 48]}
    assert told["path"].endswith("/w64.pln")
    assert told["media_types"] == ["image/jpeg", "image/x-plain"]


def test_the_upload_api_accepts_an_original_of_it_and_offers_its_variants(told: dict[str, Any]) -> None:
    assert (told["signed_type"], told["original"]) == ("image/x-plain", "plain")
    status = told["status"]
    assert status["srcset"]["plain"] == f"https://cdn.test/{told['path']} 64w"
    assert {variant["format"] for variant in status["variants"]} == {"plain", "jpeg"}


def test_the_edge_function_serves_it_to_viewers_that_name_it(told: dict[str, Any]) -> None:
    assert told["edge"] == [
        f"/{told['path']}",
        resolver_path("cat", accepted="plain"),
        resolver_path("cat", accepted="~plain"),
    ]
    assert told["resolved"] == f"/{told['path']}"


def test_the_openapi_document_lists_it(told: dict[str, Any]) -> None:
    assert "plain" in told["openapi_srcset"]
    assert "image/x-plain" in told["openapi_types"]


def test_the_upload_page_knows_its_names(told: dict[str, Any]) -> None:
    page = told["page"]
    assert "image/x-plain" in page["types"]
    assert "Plain" in page["kinds"]
    assert (page["extensions"]["plain"], page["extensions"]["pln"]) == ("image/x-plain", "image/x-plain")
    assert {"name": "plain", "label": "Plain"} in page["formats"]


def test_an_original_that_is_fetched_by_its_url_keeps_its_extension(told: dict[str, Any]) -> None:
    assert told["fetched_name"].endswith(".plain")
