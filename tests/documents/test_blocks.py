"""Every block of code and every command in the documents: run by a test, or judged here by what would run it.

What is neither has its reason in `NOT_RUN`. A block in a language that is in none of the tables fails, and so does a
command of such a program.
"""

from __future__ import annotations

import ast
import html.parser
import importlib
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
import pytest
import typer
from botocore import xform_name
from botocore.stub import Stubber

from lightpress.cdk.config import load_config
from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app
from lightpress.pipeline.gate import Review
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.review_messages import read_review
from tests.documents.fences import PAGES, Fence, commands, fences, indented, name_of
from tests.edge.engine import node
from tests.pages import blocks
from tools.drawing import file_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from click import Command, Group

FENCES = [fence for page in PAGES for fence in fences(page)]
COMMANDS = sorted({(name_of(page), command) for page in PAGES for command in commands(page) if page.name != "cli.md"})

RUN = {
    ("README.md", "python"): "tests/package/test_examples.py::test_the_lines_of_the_readme_synthesize",
    ("clients/js/README.md", "js"): "tests/clients/test_uploads.py::test_the_blocks_of_the_readme_run_in_order",
    ("docs/architecture.md", "mermaid"): "tests/cdk/test_architecture_page.py::test_mermaid_itself_accepts_the_diagram",
    ("docs/construct.md", "python"): "tests/package/test_examples.py::"
    "test_the_first_app_of_the_page_synthesizes_as_it_stands_there",
    ("docs/deploying.md", "json"): "tests/cdk/test_deploying_page.py::",
    ("docs/deploying.md", "json policy.json"): "tests/cdk/test_deploying_page.py::",
    ("docs/deploying.md", "json trust.json"): "tests/cdk/test_deploying_page.py::",
    ("docs/encryption.md", "json"): "tests/cdk/test_options.py::",
    ("docs/events.md", "json"): "tests/cdk/test_events.py::",
    ("docs/events.md", "python"): "tests/cdk/test_events.py::"
    "test_the_documented_webhook_is_a_stack_that_sends_and_keeps_what_it_cannot_send",
    ("docs/events.md", "yaml"): "tests/e2e/test_events.py::",
    ("docs/facts.md", "json"): "tests/handlers/test_facts.py::"
    "test_the_documented_rule_hears_of_a_picture_until_the_documented_answer_is_in_its_manifest",
    ("docs/how-to/django.md", "python templatetags/pictures.py"): "tests/edge/test_how_to_pages.py::",
    ("docs/how-to/laravel.md", "php app/Support/Lightpress.php"): "tests/edge/test_how_to_pages.py::",
    ("docs/how-to/moderation.md", "python"): "tests/documents/test_blocks.py::"
    "test_the_reviewer_of_the_moderation_page_sends_what_is_understood",
    ("docs/how-to/nextjs.md", "js image-loader.js"): "tests/edge/test_how_to_pages.py::",
    ("docs/how-to/rails.md", "ruby app/helpers/lightpress_helper.rb"): "tests/edge/test_how_to_pages.py::",
    ("docs/how-to/wordpress.md", "php wp-content/mu-plugins/lightpress.php"): "tests/edge/test_how_to_pages.py::",
    ("docs/tutorial/first-picture.md", "sh"): "tests/documents/test_tutorial.py::",
    ("docs/tutorial/first-recipe.md", "sh"): "tests/documents/test_tutorial.py::",
    ("docs/tutorial/first-recipe.md", "toml recipes.toml"): "tests/documents/test_tutorial.py::",
    ("docs/tutorial/production.md", "toml prod.toml"): "tests/documents/test_tutorial.py::",
    ("docs/uploading.md", "js"): "tests/e2e/test_uploading.py::",
    ("docs/uploading.md", "python"): "tests/e2e/test_uploading.py::",
    ("docs/uploading.md", "sh"): "tests/e2e/test_uploading.py::",
}
"""The tests that run the blocks of a head on a page; of a name that ends with ::, several."""

NOT_RUN = {
    "": "a drawing",
    "blade": "Blade is compiled by Laravel, which is no package of this project; what it calls is run",
}
"""Heads of blocks, by their first word, that nothing runs."""

PROGRAMS_NOT_RUN = {
    ".": "a word of the shell; the tutorial's environment is what the tests run in",
    "cd": "a word of the shell",
    "echo": "a word of the shell",
    "cdk": "the command line of CDK comes from npm, and deploys to an account",
    "npx": "the command line of CDK comes from npm, and deploys to an account",
    "git": "there is no address of this repository to clone",
    "npm": "installs the package from its registry, where it is after the first release",
    "python3": "makes an environment, as tests/package does",
    "sam": "is not installed here, and deploys to an account",
}


@pytest.mark.parametrize("fence", FENCES, ids=str)
def test_every_block_is_run_by_a_test_or_judged_here(fence: Fence, tmp_path: Path) -> None:
    language = fence.head.partition(" ")[0]
    test = RUN.get((fence.page, fence.head))
    if test:
        file, _, name = test.partition("::")
        text = (PROJECT / file).read_text(encoding="utf-8")
        assert f"def {name}" in text
        page = Path(fence.page).name if "clients" in fence.page else fence.page.removeprefix("docs/")
        assert page in text, f"{file} reads the page"
    elif language not in NOT_RUN:
        JUDGES[language](fence.text, tmp_path)


def test_nothing_is_said_to_be_run_that_is_not_there() -> None:
    assert {*RUN} <= {(fence.page, fence.head) for fence in FENCES}
    assert {*NOT_RUN} <= {fence.head.partition(" ")[0] for fence in FENCES}
    assert {*PROGRAMS_NOT_RUN} <= {shlex.split(command)[0] for _, command in COMMANDS}


def loads_as_toml(text: str, folder: Path) -> None:
    """As recipes, or a part of one, or as options of an environment: by what reads them for a stack."""
    said = tomllib.loads(text)
    if not {"rules", "recipes", "steps"} & said.keys() and not all(map(_is_size, said.values())):
        (folder / "dev.toml").write_text(_filled_in(text, folder), encoding="utf-8")
        load_config(folder / "dev.toml")
        return
    (folder / "recipes.toml").write_text(_book(text, said), encoding="utf-8")
    (folder / "logo.png").write_bytes(file_of(plain(size=(40, 20))))
    shutil.copytree(PROJECT / "docs" / "own-steps", folder / "steps", dirs_exist_ok=True)
    load_recipes(folder / "recipes.toml")


def _is_size(value: object) -> bool:
    return isinstance(value, dict) and bool({"width", "height"} & value.keys())


def _book(text: str, said: dict[str, Any]) -> str:
    """A whole file around a part of one."""
    if "recipes" not in said and "rules" not in said:
        text = f"[recipes.part]\n{text}" if "steps" in said else f"[recipes.part.sizes]\n{text}"
        said = {"recipes": {"part": said if "steps" in said else {"sizes": said}}}
    for name, recipe in said["recipes"].items():
        if not {"sizes", "widths"} & recipe.keys():
            text += f"\n[recipes.{name}.sizes]\n" + "".join(f"w{n} = {{ width = {n} }}\n" for n in (320, 640, 1920))
    if not any(rule["path"] == "**" for rule in said.get("rules", [])):
        text += f'\n[[rules]]\npath = "**"\nrecipe = "{next(iter(said["recipes"]))}"\n'
    return text


def _filled_in(text: str, folder: Path) -> str:
    """Options with what only their reader has: a key, a certificate."""
    if "BEGIN PUBLIC KEY" in text:
        runs_in_a_shell((PROJECT / "docs/how-to/private-pictures.md").read_text().partition("```sh\n")[2], folder)
        text = re.sub(r"-----BEGIN.*?KEY-----\n", lambda _: (folder / "public.pem").read_text(), text, count=1)
        text = re.sub(r"\.\.\.\n-----END PUBLIC KEY-----\n", "", text)
    return text.replace(":us-east-1:...", ":us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012")


def runs_in_a_shell(text: str, folder: Path) -> None:
    """openssl really; lightpress as far as it reads its arguments."""
    lines = [line for line in text.partition("```")[0].splitlines() if line]
    for line in lines:
        command = re.split(r"\s{2,}#", line)[0]
        if command.startswith("openssl"):
            subprocess.run(shlex.split(command), cwd=folder, check=True, capture_output=True)
        else:
            understood(command, folder)


def parses_as_json(text: str, _: Path) -> None:
    json.loads(text)


def parses_as_html(text: str, _: Path) -> None:
    parser = _Html()
    parser.feed(text)
    parser.close()
    assert parser.opened == []
    assert parser.images
    assert all("alt" in image and "src" in image for image in parser.images)


class _Html(html.parser.HTMLParser):
    """Knows what is open, and the attributes of each image."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in {"img", "meta", "source", "link"}:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def imports_as_python(text: str, _: Path) -> None:
    """It compiles, and what it imports is there."""
    for statement in ast.walk(ast.parse(text)):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                importlib.import_module(alias.name)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            module = importlib.import_module(statement.module)
            assert [alias.name for alias in statement.names if not hasattr(module, alias.name)] == []


def parses_as_javascript(text: str, folder: Path) -> None:
    script = folder / "block.mjs"
    script.write_text(text, encoding="utf-8")
    checked = subprocess.run([node(), "--check", str(script)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def parses_as_php(text: str, folder: Path) -> None:
    php = shutil.which("php")
    if php is None:
        pytest.skip("no PHP on this machine")
    (folder / "block.php").write_text(text if text.startswith("<?php") else f"<?php\n{text}", encoding="utf-8")
    subprocess.run([php, "-l", str(folder / "block.php")], check=True, capture_output=True)


def parses_as_terraform(text: str, _: Path) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no Terraform on this machine")
    formatted = subprocess.run([terraform, "fmt", "-"], input=text, capture_output=True, text=True, check=False)
    assert (formatted.returncode, formatted.stdout) == (0, text)


def has_prompts(text: str, _: Path) -> None:
    """Its commands are judged one by one, below; the other lines are what programs answer."""
    assert re.search(r"^\$ ", text, re.MULTILINE)


JUDGES: dict[str, Callable[[str, Path], None]] = {
    "console": has_prompts,
    "hcl": parses_as_terraform,
    "html": parses_as_html,
    "js": parses_as_javascript,
    "json": parses_as_json,
    "php": parses_as_php,
    "python": imports_as_python,
    "sh": runs_in_a_shell,
    "toml": loads_as_toml,
}


@pytest.mark.sampled(50)
@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda value: str(value)[:80])
def test_every_command_is_understood_by_its_program(page: str, command: str, tmp_path: Path) -> None:
    assert page
    for part in command.split(" && "):
        understood(part, tmp_path)


def understood(command: str, folder: Path) -> None:
    """Whether a program would take the command: it is read, and not run."""
    program, *arguments = shlex.split(_chosen(command))
    program = program.removeprefix(".venv/bin/")
    if program not in PROGRAMS_NOT_RUN:
        PROGRAMS[program](arguments, folder)


def _chosen(command: str) -> str:
    """The command with everything that is optional, and the first of each choice."""
    return re.sub(r"\|[\w-]+", "", re.sub(r"\[([^\]']+)\]", r"\1", command)) if "[--" in command else command


def lightpress(arguments: list[str], folder: Path) -> None:
    for name in (
        "cat.jpg",
        "photo.jpg",
        "urls.txt",
        "private.pem",
        "recipes.toml",
        "shop/recipes.toml",
        "environments/prod.toml",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    command = cast("Command", typer.main.get_command(app))
    with chdir(folder):
        while True:
            context = command.make_context(command.name, list(arguments))
            if not hasattr(command, "resolve_command"):
                break
            _, found, arguments = cast("Group", command).resolve_command(
                context,
                [*context._protected_args, *context.args],  # noqa: SLF001  there is no other way
            )
            assert found is not None
            command = found


def make(arguments: list[str], _: Path) -> None:
    """Targets and variables are those of the Makefile."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for argument in arguments:
        name, is_variable, _value = argument.partition("=")
        expected = rf"\$\((?:if \$\()?{name}\b" if is_variable else rf"^{name}:"
        assert re.search(expected, makefile, re.MULTILINE), argument


def aws(arguments: list[str], _: Path) -> None:
    """The operation and each option are those of AWS' own model of the service; `s3` is a program of its own."""
    service, operation, *rest = arguments
    if service == "s3":
        assert (operation, {word for word in rest if word.startswith("--")} - {"--recursive"}) == ("cp", set())
        return
    model = botocore.session.get_session().get_service_model(service)
    named = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(named[operation]).input_shape
    assert shape is not None
    members = {f"--{xform_name(name, '-')}" for name in shape.members}
    options = {word.replace("--no-", "--") for word in rest if word.startswith("--")}
    given = options - members - ({"--paths"} if service == "cloudfront" else set())  # short for an invalidation batch
    assert given == set()


def pip(arguments: list[str], _: Path) -> None:
    """What is installed is the package, with extras that it has, or what `lightpress init` writes."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    word, *wanted = arguments
    assert word == "install"
    for one in wanted:
        name, _bracket, extra = one.rstrip("]").partition("[")
        assert name in {project["name"], "-r", "requirements.txt"}
        assert not extra or extra in project["optional-dependencies"]


def python(arguments: list[str], _: Path) -> None:
    """pytest, with a folder of tests that is there."""
    assert arguments[:2] == ["-m", "pytest"]
    assert (PROJECT / arguments[2]).is_dir()


PROGRAMS = {"lightpress": lightpress, "make": make, "aws": aws, "pip": pip, "python": python}


@pytest.mark.parametrize(
    ("labels", "approved", "detail"),
    [
        ([], True, ""),
        ([("Explicit", 59.9), ("Alcohol", 99.0)], True, ""),
        ([("Explicit", 60.0)], False, "It shows what is not allowed here: Explicit."),
    ],
    ids=["nothing", "too little, and what nobody minds", "enough"],
)
def test_the_reviewer_of_the_moderation_page_sends_what_is_understood(
    monkeypatch: pytest.MonkeyPatch, labels: list[tuple[str, float]], approved: bool, detail: str
) -> None:
    """Rekognition and SQS are stood in for by botocore, which knows what each takes and answers."""
    (code,) = blocks("how-to/moderation.md", "python")
    names: dict[str, Any] = {}
    exec(compile(code, "moderation.md", "exec"), names)  # noqa: S102  our own page
    monkeypatch.setenv("REVIEW_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/reviews")
    clients = {name: boto3.client(name, region_name="eu-west-1") for name in ("rekognition", "sqs")}
    sent: list[str] = []
    clients["sqs"].meta.events.register(
        "before-parameter-build.sqs.SendMessage", lambda params, **_: sent.append(params["MessageBody"])
    )
    where = {"Bucket": "uploads", "Name": "trips/a.jpg", "Version": "v1"}
    found = [
        {"Name": name, "Confidence": confidence, "ParentName": "", "TaxonomyLevel": 1} for name, confidence in labels
    ]
    with Stubber(clients["rekognition"]) as seeing, Stubber(clients["sqs"]) as queue:
        seeing.add_response(
            "detect_moderation_labels", {"ModerationLabels": found}, {"Image": {"S3Object": where}, "MinConfidence": 60}
        )
        queue.add_response("send_message", {"MessageId": "1"})
        monkeypatch.setitem(names, "boto3", SimpleNamespace(client=clients.__getitem__))
        held = {"original": {"bucket": "uploads", "key": "trips/a.jpg"}, "version": "v1", "reviewers": ["person"]}
        names["handler"]({"detail": held}, None)
        assert sent == [], "another reviewer was asked"
        names["handler"]({"detail": held | {"reviewers": ["person", "moderation"]}}, None)
    (given,) = (read_review(body, lambda source: source) for body in sent)
    assert (given.source.key, given.identity) == ("trips/a.jpg", "v1")
    assert given.review == Review("moderation", approved, detail)


_REQUEST = re.compile(r"(GET|POST|PATCH|DELETE)\s+/([\w/]+?)(?:/KEY)?(?:[\s?].*)?")


@pytest.mark.parametrize(("page", "document"), [("api.md", "openapi.json"), ("operators.md", "operators-openapi.json")])
def test_every_request_of_a_page_is_one_that_the_api_describes(page: str, document: str) -> None:
    described = json.loads((PROJECT / "docs" / document).read_text(encoding="utf-8"))["paths"]
    known = {
        (method.upper(), re.sub(r"/\{\w+\+?\}", "", path).strip("/"))
        for path, methods in described.items()
        for method in methods
    }
    asked = {match.groups() for line in indented(PROJECT / "docs" / page) if (match := _REQUEST.fullmatch(line))}
    assert len(asked) > 5
    assert asked <= known


@pytest.mark.parametrize(
    "command",
    [
        "lightpress rendr photo.jpg",
        "lightpress render photo.jpg --output out",
        "lightpress failures retry --reason",
        "make demos",
        "make simulate SCHEDULE=1",
        "aws cloudformation delete-stacks --stack-name x",
        "aws cloudformation delete-stack --name x",
        "pip install 'lightpress[aws]'",
        "unheard-of",
    ],
)
def test_a_command_that_no_program_takes_is_noticed(command: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"."):
        understood(command, tmp_path)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("html", '<picture><img src="a.jpg" alt=""></div>'),
        ("html", '<img src="a.jpg">'),
        ("js", "const a = ;"),
        ("json", "{,}"),
        ("python", "from lightpress.cdk import Lightpres"),
        ("sh", "lightpress focus --key a.jpg"),
        ("toml", "removall = 'retain'"),
        ("toml", "card = { width = 800, max_kbs = 60 }"),
        ("toml", "[recipes.product]\nformat = ['jpeg']"),
        ("toml", "steps = [{ blurr = 4 }]"),
    ],
)
def test_a_block_that_is_wrong_is_noticed(language: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"."):
        JUDGES[language](text, tmp_path)
