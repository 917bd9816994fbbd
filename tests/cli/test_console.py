"""What strangers write (keys, notes, error texts) is shown, and is never an order to the operator's terminal."""

from __future__ import annotations

import ast
import io
import json
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from PIL import Image
from rich.table import Table
from typer.testing import CliRunner, Result

from lightpress.cli.backfill import Checkpoint
from lightpress.cli.console import Terminal, json_line, styled, visible
from lightpress.cli.main import app
from lightpress.cli.progress import progress_on
from lightpress.cli.project import PROJECT
from lightpress.cli.tables import print_backfill, print_manifests
from lightpress.client.faults import sentence_of
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.deployed import Rig

# Sets the title, clears the screen (ESC and C1), turns the reading direction, claims a line of its own, is markup.
HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b2J\u202egpj.exe\nb.jpg: ready [red]:smile:[/red]\r\x7f\u2028.jpg"
SHOWN = r"a\x1b]0;owned\x07\x1b[2J\x9b2J\u202egpj.exe\nb.jpg: ready [red]:smile:[/red]\r\x7f\u2028.jpg"


def controls(text: str) -> set[str]:
    """Whatever a terminal would act on, but for the ends of lines."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\n"}


def run(*arguments: str, answer: str | None = None) -> Result:
    result = CliRunner().invoke(app, [*arguments], input=answer)
    assert not controls(result.output), result.output
    assert not any(line.startswith("b.jpg") for line in result.output.splitlines()), "a key has written a line"
    return result


def printed(*objects: object) -> str:
    file = io.StringIO()
    Terminal(file=file, width=300, force_terminal=False).print(*objects)
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (HOSTILE, SHOWN),
        ("trips/ü 猫 😀 [1].jpg", "trips/ü 猫 😀 [1].jpg"),
        ("a\u3000b\u00a0c", "a\u3000b\u00a0c"),
        ("\udcff \u200b\u2066 \U000e0041", r"\udcff \u200b\u2066 \U000e0041"),
    ],
)
def test_controls_are_written_as_escapes_and_everything_else_stays(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert printed(text) == shown + "\n"


def test_strings_in_tables_and_styled_texts_are_shown_too() -> None:
    table = Table("key", box=None)
    table.add_row(HOSTILE)
    assert SHOWN in printed(table)
    assert SHOWN in printed(styled((HOSTILE, "bold"), ": failed"))
    file = io.StringIO()
    with progress_on(Terminal(file=file, width=300, force_terminal=True)) as progress:
        progress.add_task(HOSTILE, total=1)
    assert SHOWN in file.getvalue()


def test_json_is_safe_to_print_and_parses_to_exactly_the_value() -> None:
    value = {"key": HOSTILE + "\U000e0041\udcff ü", "n": 1}
    line = json_line(value)
    assert json.loads(line) == value
    assert not controls(line)
    assert "ü" in line
    assert printed(line) == line + "\n"


@pytest.fixture
def hostile(rig: Rig) -> Rig:
    """A failure of a picture, one of a URL, and their detail, all hostile."""
    rig.store.table.record(replace(rig.failed(HOSTILE), detail=HOSTILE, request_ids=(HOSTILE,)))
    rig.store.table.record(replace(rig.not_fetched(f"url/{HOSTILE}"), detail=HOSTILE, url=f"https://a/{HOSTILE}"))
    return rig


def commands(key: str) -> Iterator[tuple[str, ...]]:
    for name in (key, f"url/{key}"):
        yield "status", name
        yield "status", name, "--json"
        yield "failures", "show", name
        yield "failures", "show", name, "--json"
        yield "snippet", name
        yield "failures", "discard", f"nowhere-{name}", "--yes"
    yield "failures", "list"
    yield "failures", "list", "--json"
    yield "failures", "retry", "--timeout", "0"
    yield ("plan",)
    yield ("sweep",)
    yield "backfill", "--dry-run"
    yield "backfill", "--yes", key


@pytest.mark.sampled(3)
@pytest.mark.parametrize("arguments", list(commands(HOSTILE)), ids=repr)
def test_no_command_passes_a_hostile_key_on_to_the_terminal(hostile: Rig, arguments: tuple[str, ...]) -> None:
    assert hostile.published(HOSTILE)
    result = run(*arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception


def test_a_sweep_names_what_is_gone(hostile: Rig) -> None:
    hostile.deployment.s3.delete_object(Bucket="uploads", Key=HOSTILE)
    assert f"  {SHOWN}\n" in run("sweep").output


def test_discarding_asks_with_the_key_shown(hostile: Rig) -> None:
    assert hostile.store.table
    assert r"\x1b]0;owned" in run("failures", "discard", answer="n\n").output


def test_the_command_that_copies_from_quarantine_cannot_run_another(rig: Rig) -> None:
    rig.failed("x; rm -rf ~ #.jpg")
    (line,) = (line for line in run("failures", "show", "x; rm -rf ~ #.jpg").output.splitlines() if "aws s3" in line)
    assert "aws s3 cp 's3://quarantine/pictures/x; rm -rf ~ #.jpg/" in line


def test_files_with_hostile_names_are_rendered_and_named(tmp_path: Path) -> None:
    picture, broken = tmp_path / "\x1b[2J\nb.jpg: ready", tmp_path / "\x1b[2Jx.jpg"
    Image.new("RGB", (9, 9)).save(picture, "PNG")
    broken.write_bytes(b"nothing")
    assert r"\x1b[2J\nb.jpg: ready" in run("render", str(picture), str(broken), "--out", str(tmp_path / "out")).output


def test_lines_of_a_list_of_urls_are_named_as_they_are(rig: Rig, tmp_path: Path) -> None:
    assert rig.deployment.url_queue_url
    file = tmp_path / "urls.txt"
    file.write_bytes(b"\x1b[2Jnonsense\xc2\x9b2J\nhttps://example.com/\xe2\x80\xae.jpg\n")
    assert "line 1" in run("ingest", str(file)).output


def test_what_pictures_say_of_themselves_is_shown() -> None:
    variant = Variant("w\x1b[2J", "jpeg", "image/jpeg", 1, 1, 1, "", f"i/{HOSTILE}/{HOSTILE}", note=HOSTILE)
    source = PublishedSource("v", 4, "jpeg", 400, 300)
    ready = Manifest(HOSTILE, Status.READY, 1, source, "web", "d", "1-x", None, (variant,), notes=(HOSTILE,))
    failed = Manifest(HOSTILE, Status.FAILED, 1, source, reason=HOSTILE, detail=HOSTILE)
    file = io.StringIO()
    print_manifests(Terminal(file=file, width=300), [ready, failed], link=lambda it: it.path, times={HOSTILE: 1.0})
    print_backfill(Terminal(file=file), Checkpoint({}, late=[HOSTILE]), "finished", lambda _sent, _reads: 0.0)
    assert not controls(file.getvalue())
    assert f"{SHOWN}: not finished in time\n" in file.getvalue()


def test_what_aws_says_is_shown() -> None:
    error = ClientError({"Error": {"Code": "NoSuchKey", "Message": HOSTILE}}, "GetObject")
    assert not controls(printed(sentence_of(error)))


# Nothing else prints. Whoever needs another way to print adds it to lightpress.cli.console. What look.py prints is read
# by the program that started it.
_ALLOWED = {
    "cli/lightpress/cli/console.py",
    "cli/lightpress/cli/commands/terminal.py",
    "cli/lightpress/local/emulated/look.py",
}
_PRINTERS = {"print", "echo", "secho", "confirm", "prompt", "Console", "Text", "from_markup", "rprint", "pprint"}


def prints(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich"):
            yield from (f"{node.lineno}: import of {name.name}" for name in node.names if name.name in _PRINTERS)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _PRINTERS - {"confirm"}:
            yield f"{node.lineno}: {node.func.id}()"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {
            *(f"typer.{name}" for name in _PRINTERS),
            *(f"click.{name}" for name in _PRINTERS),
            "sys.stdout.write",
            "sys.stderr.write",
            "sys.stdout.buffer",
        }:
            yield f"{node.lineno}: {ast.unparse(node)}"


def test_everything_is_printed_by_the_one_console() -> None:
    found = {
        f"{path.relative_to(PROJECT)}:{line}"
        for path in (PROJECT / "cli").rglob("*.py")
        if str(path.relative_to(PROJECT)) not in _ALLOWED
        for line in prints(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "code", ["print('x')", "from rich.console import Console", "import typer\ntyper.echo('x')", "sys.stdout.write('')"]
)
def test_another_way_to_print_would_be_found(code: str) -> None:
    assert list(prints(ast.parse(code)))
