"""Commands for a project of one's own: its files, and CloudFormation for those who deploy without CDK."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from lightpress.cdk.options.environment import LOCAL
from lightpress.cli.commands.options import JsonOutput, RecipesOption, file_of_project
from lightpress.cli.commands.terminal import err, out, print_json, stop
from lightpress.cli.project import PROJECT, RECIPES

_OPTIONS = PROJECT / "infra" / "environments" / "prod.toml"
_ENVIRONMENT = "[a-z][a-z0-9-]{0,11}"


def init(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="The folder of the project; created if needed.")],
    environment: Annotated[str, typer.Option("--env", help="The name of its first environment.")] = "dev",
    schemas: Annotated[
        bool, typer.Option("--schemas", help="Write only the JSON Schemas anew, into a project that is there.")
    ] = False,
    as_json: JsonOutput = False,
) -> None:
    """Write a new project: recipes, an environment, the CDK app and a workflow that deploys it."""
    from lightpress.cli.starting import ExistsError, NoProjectError, renew_schemas, start

    if not re.fullmatch(_ENVIRONMENT, environment):
        raise typer.BadParameter(
            f"{environment!r}: at most 12 small letters, digits and hyphens, for it is in the names of buckets",
            param_hint="--env",
        )
    if environment == LOCAL:
        raise typer.BadParameter(
            f"{LOCAL!r} is the local cloud of this machine for every command; choose another name, such as dev",
            param_hint="--env",
        )
    try:
        files = renew_schemas(folder) if schemas else start(folder, environment)
    except (ExistsError, NoProjectError) as error:
        stop(str(error))
    if as_json:
        print_json([str(path) for path in files])
        return
    for path in files:
        out.print(str(path))
    if schemas:
        return
    step = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))}; "
    err.print(f"Next: {step}README.md has the rest.")


def template(
    folder: Annotated[Path, typer.Option("--out", "-o", file_okay=False, help="The folder to write to.")],
    options: Annotated[
        Path,
        file_of_project("environments/prod.toml", "The options, a TOML file whose name is the environment's."),
    ] = _OPTIONS,
    recipes: RecipesOption = RECIPES,
    as_json: JsonOutput = False,
) -> None:
    """Write plain CloudFormation, and the files for a bucket: for the console, Terraform or SAM."""
    from lightpress.cdk.config import load_config
    from lightpress.cdk.layer_build import LayerError
    from lightpress.cdk.plain import write_template

    config = load_config(options)
    try:
        written = write_template(config, recipes, folder)
    except LayerError as error:
        stop(str(error))
    if as_json:
        print_json({"template": str(written.template), "assets": [str(path) for path in written.assets]})
        return
    for path in (written.template, *written.assets):
        out.print(str(path))
    err.print("Next: docs/template.md says how to deploy it.")
