"""Options that several commands share, and what they refer to; a wrong value ends the command with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightpress.cli.commands.terminal import stop
from lightpress.cli.project import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.recipe import RecipeBook

_LOCAL_CLOUD = "local"

Environment = Annotated[
    str,
    typer.Option(
        "--env",
        "-e",
        envvar="LIGHTPRESS_ENV",
        help="The deployment: local (the local cloud), an environment in AWS, or STACK/ID of a construct.",
    ),
]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def file_of_project(name: str, about: str) -> Any:  # noqa: ANN401  as `typer.Option` has it
    """An option that names a file. Left out, it is the one of this name below the working directory, if there is one.

    `lightpress init` writes such files. Elsewhere the option's default counts, which comes with Lightpress.
    """

    def chosen(context: typer.Context, param: typer.CallbackParam, value: Path) -> Path:
        source = context.get_parameter_source(param.name or "")
        is_given = source is not None and source.name != "DEFAULT"
        return value if is_given or not Path(name).is_file() else Path(name)

    return typer.Option(
        exists=True,
        dir_okay=False,
        callback=chosen,
        show_default=f"./{name} if it exists, else the file that comes with Lightpress",
        help=about,
    )


RecipesOption = Annotated[Path, file_of_project("recipes.toml", "The recipes file.")]


def deployment_of(environment: str) -> Deployment:
    """The deployment of an environment; ends the command where there is none."""
    from lightpress.client.deployment import NotDeployedError, deployment_in_account
    from lightpress.local.deployment import local_deployment

    try:
        return local_deployment(LOCAL) if environment == _LOCAL_CLOUD else deployment_in_account(environment)
    except NotDeployedError as error:
        stop(str(error))


def clients_for(environment: str) -> Callable[[str], Any]:
    """What makes clients for an environment, by the name of a service; ends the command without a local cloud."""
    from lightpress.client.stack import clients_of_account
    from lightpress.local.outputs import Outputs

    if environment != _LOCAL_CLOUD:
        return clients_of_account
    try:
        return Outputs.from_file(LOCAL / "outputs.json").session().client
    except FileNotFoundError:
        stop("The local cloud is not running; start it with lightpress local up.")


def recipes_of(path: Path) -> RecipeBook:
    """The recipes of a file; ends the command where the file is wrong."""
    from lightpress.pipeline.recipe_file import load_recipes
    from lightpress.toml_reader import ConfigError

    try:
        return load_recipes(path)
    except ConfigError as error:
        stop(str(error))
