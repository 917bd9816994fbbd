"""Showing pictures on a page."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import out, print_json, stop


def snippet(  # noqa: PLR0913, PLR0917  what a person may choose, nearly all with a default
    key: Annotated[str, typer.Argument(help="The key of an upload, as it is in the uploads bucket.")],
    alt: Annotated[str, typer.Option(help="What the picture shows, for those who do not see it.")] = "",
    sizes: Annotated[str, typer.Option(help="How wide it will be shown, as in the HTML attribute.")] = "100vw",
    names: Annotated[list[str] | None, typer.Option("--name", help="Sizes to offer; may be repeated.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Of your CDN's own domain, where it has one.")] = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Print the HTML that shows a picture. Exit code 1 where it is not published."""
    from lightpress.cli.snippet import NoSuchSizeError, ready_manifest, snippet_of

    deployment = deployment_of(environment)
    manifest = ready_manifest(deployment, key)
    if manifest is None:
        stop(f"{key} is not published; see: lightpress status {shlex.quote(key)}")
    try:
        found = snippet_of(manifest, base_url or deployment.cdn_base_url, alt=alt, sizes=sizes, names=names)
    except NoSuchSizeError as error:
        stop(str(error))
    if as_json:
        print_json(found.as_json())
    else:
        found.print(out)


def sign(
    url: Annotated[str, typer.Argument(help="Of an image; with --cookies, * stands for anything in it.")],
    key_id: Annotated[str, typer.Option(help="The output SigningKeyId0 of the stack.")],
    private_key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="PEM file, the key's other half.")],
    minutes: Annotated[int, typer.Option(min=1, help="How long it is good for.")] = 60,
    cookies: Annotated[bool, typer.Option("--cookies", help="Print cookies as JSON; permalinks need them.")] = False,
) -> None:
    """Sign the URL of a private picture, or make cookies for many."""
    from lightpress.client.signing import Signer, SigningError

    signer, until = Signer(key_id, private_key), datetime.now(UTC) + timedelta(minutes=minutes)
    try:
        said = json.dumps(signer.cookies(url, until)) if cookies else signer.url(url, until)
    except SigningError as error:
        stop(str(error))
    out.print(said)
