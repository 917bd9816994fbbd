"""Commands that publish originals: rendered on this machine, uploaded, or fetched by the deployment."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import err, out, print_json, progress_bars, stop
from lightpress.cli.project import LOCAL, RECIPES

if TYPE_CHECKING:
    from lightpress.cli.rendering import Rendered
    from lightpress.pipeline.recipe import Recipe, RecipeBook


def render(
    pictures: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE...", help="Image files.")
    ],
    folder: Annotated[Path, typer.Option("--out", "-o", file_okay=False, help="The folder to write the variants to.")],
    recipe: Annotated[
        str | None, typer.Option(help="The recipe to use; by default, the rules of the recipes file choose.")
    ] = None,
    recipes: RecipesOption = RECIPES,
    as_json: JsonOutput = False,
) -> None:
    """Render the variants of image files on this machine, without AWS. Exit code 1 if a file could not be rendered."""
    from lightpress.cli.rendering import folders_for, render_file
    from lightpress.pipeline.sandbox import ChildLost

    book = recipes_of(recipes)
    results: list[Rendered] = []
    lost = False
    for source, target in folders_for(pictures, folder):
        try:
            results.append(render_file(source, target, _recipe_for(source, recipe, book)))
        except (OSError, ChildLost) as error:
            lost = True
            err.print(f"{source}: not rendered: {error}", style="red")
            continue
        if as_json:
            print_json(results[-1].as_json())
    if not as_json:
        from lightpress.cli.tables import print_manifests

        print_manifests(out, [result.manifest for result in results], link=lambda variant: variant.path)
    raise typer.Exit(1 if lost else 0)


def upload(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE...", help="Image files.")],
    prefix: Annotated[str, typer.Option(help="Put this before each file name to make its key, such as avatars/.")] = "",
    environment: Environment = "local",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the variants; 0: do not wait.")] = 120.0,
) -> None:
    """Upload image files, and wait until each is published or has failed with a reason.

    Exit code: 0 if all are published, 1 if any failed or is not finished in time.
    """
    from lightpress.cli.tables import print_manifests
    from lightpress.client.uploading import UploadRefusedError, watch
    from lightpress.client.uploading import upload as send

    deployment = deployment_of(environment)
    with progress_bars() as progress:
        uploading = progress.add_task("uploading", total=len(files))
        uploads = []
        for file in files:
            try:
                uploads.append(send(deployment, prefix + file.name, file.read_bytes()))
            except UploadRefusedError as error:
                stop(str(error))
            progress.advance(uploading)
        if timeout <= 0:
            return
        publishing = progress.add_task("publishing", total=len(files))
        late = watch(deployment, uploads, timeout=timeout, settled=lambda _: progress.advance(publishing))
    settled = [one.manifest for one in uploads if one.manifest]
    times = {one.key: one.seconds for one in uploads}
    print_manifests(out, settled, link=lambda variant: deployment.url(variant.path), times=times)
    for one in late:
        err.print(
            f"{one.key}: not finished after {timeout:.0f} s; see: lightpress status {shlex.quote(one.key)}", style="red"
        )
    failed = [one for one in uploads if one.manifest and one.manifest.reason]
    raise typer.Exit(1 if late or failed else 0)


def ingest(
    urls: Annotated[
        Path, typer.Argument(metavar="FILE", help="A text file with one URL on each line; - reads standard input.")
    ],
    prefix: Annotated[str, typer.Option(help="Put this before each key, such as trips/.")] = "",
    environment: Environment = "local",
) -> None:
    """Queue a list of URLs for fetching; run it again to continue after an interruption.

    Empty lines and lines that begin with # are skipped. Lists the lines that hold no URL. The deployment fetches the
    others in the background; lightpress failures list shows those that could not be fetched. Exit code: 0 if all lines
    were queued, 1 if some hold no URL.
    """
    from lightpress.aws.orders import SqsOrders
    from lightpress.cli import ingest as ingesting

    deployment = deployment_of(environment)
    if deployment.url_queue_url is None:
        stop("This deployment does not fetch URLs: set url_ingest = true in its environment file, and deploy.")
    piped = str(urls) == "-"
    if not piped and not urls.is_file():
        raise typer.BadParameter(f"{str(urls)!r} is not a file", param_hint="FILE")
    folder = LOCAL / "ingest" / environment
    try:
        with progress_bars() as progress:
            queueing = progress.add_task("queueing", total=None if piped else ingesting.count_lines(urls))
            run = ingesting.Ingest(
                SqsOrders(deployment.sqs(), deployment.url_queue_url),
                prefix,
                ingesting.Checkpoint(None) if piped else ingesting.Checkpoint.of(urls, prefix, folder),
                refused=lambda line, why: progress.console.print(f"line {line}: {why}"),
                moved=lambda now: progress.update(queueing, completed=now.line),
            )
            with sys.stdin.buffer if piped else urls.open("rb") as lines:
                done = run(lines)
    except (ingesting.NotSentError, ingesting.OtherListError, ingesting.BadPrefixError) as error:
        stop(str(error))
    out.print(f"{done.sent} URLs queued, {done.refused} lines refused")
    raise typer.Exit(1 if done.refused else 0)


def status(
    key: Annotated[str, typer.Argument(help="The key of the original in the uploads bucket.")],
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Show the status of an original and the URLs of its variants.

    Exit code: 0 ready, 1 failed or deleted, 2 unknown key, 3 still processing.
    """
    from lightpress.cli.status import look

    found = look(deployment_of(environment), key)
    if as_json:
        print_json(found.as_json())
    else:
        found.print(out)
    raise typer.Exit(found.exit_code)


def _recipe_for(source: Path, name: str | None, book: RecipeBook) -> Recipe:
    if name is not None and name not in book.recipes:
        raise typer.BadParameter(f"{name!r} is not a recipe; allowed: {', '.join(book.recipes)}", param_hint="--recipe")
    recipe = book.recipes[name] if name else book.recipe_for(source.name)
    if recipe is None:
        stop(f"{source}: no rule of the recipes file matches it; choose a recipe with --recipe")
    return recipe
