"""The whole system on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lightpress.cli.commands.terminal import err, out, stop_with_log
from lightpress.cli.project import LOCAL, PROJECT


def demo(
    photos: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder of your own pictures.")
    ] = None,
) -> None:
    """Run the real pipeline on this machine: upload pictures, and fetch every variant from the CDN."""
    from lightpress.cli.demo.run import run_demo
    from lightpress.local import LocalCloudError

    try:
        succeeded = run_demo(PROJECT, LOCAL, photos, out)
    except LocalCloudError as error:
        stop_with_log(str(error))
    raise typer.Exit(0 if succeeded else 1)


def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the AWS endpoint.")] = 4566,
    cdn_port: Annotated[int, typer.Option(min=1, max=65535, help="Of the CDN, for your browser.")] = 4580,
) -> None:
    """Start the local cloud, deploy the stack into it, and leave it running."""
    from lightpress import local as local_cloud

    try:
        outputs = local_cloud.up(
            LOCAL, project=PROJECT, port=port, cdn_port=cdn_port, say=lambda text: err.print(text, style="dim")
        )
    except local_cloud.LocalCloudError as error:
        stop_with_log(str(error))
    out.print(f"AWS endpoint  {outputs.endpoint_url}")
    out.print(f"CDN           {outputs.cdn_base_url}")
    out.print(f"Upload page   {outputs.upload_api_url}")
    out.print(f"Everything    {LOCAL / 'outputs.json'}")
    out.print("Try           lightpress upload PICTURE...")


def down() -> None:
    """Stop the local cloud; what was uploaded is gone."""
    from lightpress import local as local_cloud

    out.print("stopped" if local_cloud.down(LOCAL) else "it was not running")


def status() -> None:
    """Tell whether the local cloud runs. Exit code 0 if it does."""
    from lightpress import local as local_cloud

    state = local_cloud.status(LOCAL)
    out.print(str(state))
    raise typer.Exit(0 if state.healthy else 1)
