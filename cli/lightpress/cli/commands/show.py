"""Commands for pages: HTML of an original, and signed URLs."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import out, print_json, stop

_A_CENTURY = 100 * 365 * 24 * 60
"""In minutes: a calendar has an end."""


def snippet(  # noqa: PLR0913, PLR0917  what a person may choose, nearly all with a default
    key: Annotated[str, typer.Argument(help="The key of the original in the uploads bucket.")],
    alt: Annotated[
        str | None, typer.Option(help="The alternative text; without it, what is said of the picture (docs/facts.md).")
    ] = None,
    sizes: Annotated[str, typer.Option(help="The HTML attribute sizes: how wide the page shows it.")] = "100vw",
    names: Annotated[list[str] | None, typer.Option("--name", help="Offer only this size; may be repeated.")] = None,
    base_url: Annotated[str | None, typer.Option(help="The URL of your own domain, if the CDN has one.")] = None,
    lqip: Annotated[
        bool,
        typer.Option("--lqip", help="Show a blurred preview until it has loaded; not where it is transparent."),
    ] = False,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Print the <picture> element of an original. Exit code 1 if it is not published."""
    from lightpress.cli.snippet import NoSuchSizeError, ready_manifest, snippet_of

    deployment = deployment_of(environment)
    manifest = ready_manifest(deployment, key)
    if manifest is None:
        stop(f"{key} is not published; see: lightpress status {shlex.quote(key)}")
    try:
        found = snippet_of(manifest, base_url or deployment.cdn_base_url, alt=alt, sizes=sizes, names=names, lqip=lqip)
    except NoSuchSizeError as error:
        stop(str(error))
    if as_json:
        print_json(found.as_json())
    else:
        found.print(out)


def sign(
    url: Annotated[str, typer.Argument(help="The URL of an image; with --cookies, * matches any text.")],
    key_id: Annotated[str, typer.Option(help="The id of the public key: the output SigningKeyId0.")],
    private_key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The PEM file of the private key.")],
    minutes: Annotated[int, typer.Option(min=1, max=_A_CENTURY, help="Minutes until it expires.")] = 60,
    cookies: Annotated[
        bool,
        typer.Option(
            "--cookies", help="Print signed cookies as JSON instead of a URL; permalinks that redirect need them."
        ),
    ] = False,
) -> None:
    """Sign the URL of a private image, or make signed cookies for many."""
    from lightpress.client.signing import Signer, SigningError

    signer, until = Signer(key_id, private_key), datetime.now(UTC) + timedelta(minutes=minutes)
    try:
        said = json.dumps(signer.cookies(url, until)) if cookies else signer.url(url, until)
    except SigningError as error:
        stop(str(error))
    out.print(said)
