"""Commands that publish originals: rendered on this machine, uploaded, or fetched by the deployment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import err, out, print_json, progress_bars, stop
from lightpress.cli.project import LOCAL, RECIPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightpress.cli.files import File
    from lightpress.cli.rendering import Rendered
    from lightpress.pipeline.recipe import Recipe


FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Image files, folders with all below them, and patterns in quotes."),
]


def render(  # noqa: PLR0913, PLR0917  the command's options
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Image files, folders with all below them, and patterns in quotes; - reads one from standard input.",
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", file_okay=False, help="The folder to write the variants to; needed without --watch."
        ),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="The recipe to use; by default, the rules of the recipes file choose.")
    ] = None,
    recipes: RecipesOption = RECIPES,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Show FILE, one folder, on a page in your browser, which follows each edit of the recipes file.",
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of that page; 0: any that is free.")] = 0,
    as_json: JsonOutput = False,
) -> None:
    """Render the variants of image files on this machine, without AWS.

    Exit code: 0 if all are rendered, 1 if any was rejected or could not be rendered. With --watch, Ctrl-C ends it, and
    nothing is kept.
    """
    if watch:
        _watch(pictures, folder, recipe, recipes, port, as_json=as_json)
        return
    if folder is None:
        raise typer.BadParameter("Name the folder to write to, or add --watch.", param_hint="--out")
    from lightpress.cli.tables import print_manifests

    book = recipes_of(recipes)
    if recipe is not None and recipe not in book.recipes:
        raise typer.BadParameter(
            f"{recipe!r} is not a recipe; allowed: {', '.join(book.recipes)}", param_hint="--recipe"
        )
    only = book.recipes[recipe] if recipe else None
    _refuse_unwritable([only] if only else book.recipes.values())
    files = _files(pictures, formats=book.accept, out=folder)
    results, lost = _render_all(files, folder, lambda name: only or book.recipe_for(name), as_json=as_json)
    if not as_json:
        print_manifests(out, [result.manifest for result in results], link=lambda variant: variant.path)
    failed = lost or not results or any(result.manifest.reason for result in results)
    raise typer.Exit(1 if failed else 0)


def _render_all(
    files: list[File], folder: Path, recipe_for: Callable[[str], Recipe | None], *, as_json: bool
) -> tuple[list[Rendered], int]:
    """Render files; returns what came of them, and how many could not be rendered at all."""
    from lightpress.cli.rendering import folders_for

    results: list[Rendered] = []
    lost = 0
    with progress_bars() as progress:
        rendering = progress.add_task("rendering", total=len(files))
        for source, target in folders_for(files, folder):
            chosen = recipe_for(source.name)
            if chosen is None:
                err.print(f"{source}: left alone, as a rule of the recipes file says; --recipe renders it all the same")
            elif rendered := _rendered(source, target, chosen):
                results.append(rendered)
                if as_json:
                    print_json(rendered.as_json())
            else:
                lost += 1
            progress.advance(rendering)
    return results, lost


def _watch(  # noqa: PLR0913  the command's options
    pictures: list[str], folder: Path | None, recipe: str | None, recipes: Path, port: int, *, as_json: bool
) -> None:
    """Show a folder on a page, until Ctrl-C or a signal to end."""
    import signal

    from lightpress.cli.watching.server import PortError
    from lightpress.cli.watching.watch import watch

    if folder is not None or as_json:
        raise typer.BadParameter("It writes no files and no JSON: leave out --out and --json.", param_hint="--watch")
    if len(pictures) != 1 or not Path(pictures[0]).is_dir():
        raise typer.BadParameter(f"Name one folder, and not {' '.join(pictures)}.", param_hint="--watch")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        watch(Path(pictures[0]), recipes, recipe, say=out.print, opened=_say_where(recipes), port=port)
    except KeyboardInterrupt:
        err.print("Stopped.")
    except PortError as error:
        stop(str(error))


def _say_where(recipes: Path) -> Callable[[str], None]:
    def say(url: str) -> None:
        out.print(f"Open {url}")
        err.print(f"It follows {recipes}. Ctrl-C stops it.", style="dim")

    return say


def _rendered(source: File, target: Path, recipe: Recipe) -> Rendered | None:
    """Render one file; says why, and returns None, where that cannot be done."""
    from lightpress.cli.faults import sentence_of_file
    from lightpress.cli.rendering import render_file
    from lightpress.pipeline.ports import ChildLost

    try:
        return render_file(source, target, recipe)
    except OSError as error:
        err.print(f"{source}: not rendered. {sentence_of_file(error)}", style="red")
    except ChildLost as error:
        err.print(f"{source}: not rendered: {error}", style="red")
    return None


def _refuse_unwritable(recipes: Iterable[Recipe]) -> None:
    """End the command where a recipe writes, or looks for, what nothing here can."""
    from lightpress.image.codecs import not_installed
    from lightpress.image.faces import NOT_INSTALLED, is_installed

    for one in recipes:
        if one.spec.finds_faces and not is_installed():
            stop(f"The recipe {one.name} looks for faces, and {NOT_INSTALLED}")
        for form, package in not_installed(one.spec.formats).items():
            stop(
                f'The recipe {one.name} writes {form}, by {package}, which is missing: pip install "lightpress[{form}]"'
            )


def _files(
    names: list[str], *, relative: bool = False, formats: Iterable[str] = (), out: Path | None = None
) -> list[File]:
    """The files of a command's arguments; ends the command where a name leads nowhere.

    formats: What else is taken of folders than the usual ones. out: Where files are written to.
    """
    from lightpress.cli.files import NoFileError, files_of
    from lightpress.image.inputs import USUAL

    skipped: list[Path] = []
    try:
        found = files_of(names, relative=relative, formats=(*USUAL, *formats), out=out, skipped=skipped.append)
    except NoFileError as error:
        raise typer.BadParameter(str(error), param_hint="FILE...") from None
    if skipped:
        others = f" and {len(skipped) - 1:,} more" if len(skipped) > 1 else ""
        err.print(f"Passed over, no pictures by their names: {skipped[0]}{others}", style="dim")
    return found


def upload(  # noqa: PLR0913, PLR0917  the command's options
    files: FilesArgument,
    prefix: Annotated[str, typer.Option(help="Put this before each name to make its key, such as avatars/.")] = "",
    relative: Annotated[
        bool, typer.Option("--relative", help="Keep the folders of each FILE in its key; else it is the name alone.")
    ] = False,
    environment: Environment = "local",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the variants; 0: do not wait.")] = 120.0,
    as_json: JsonOutput = False,
) -> None:
    """Upload image files, and wait until each is published, waits for a reviewer, or has failed with a reason.

    The key of a file is its name; files of a folder keep its name and their path below it, such as trips/paris/a.jpg.
    Exit code: 0 if all are published or in review, 1 if any failed, could not be read, or is not finished in time.
    """
    from lightpress.cli.files import STDIN, NoKeyError, SameNameError, refuse_same_names, refuse_unfit_names
    from lightpress.cli.uploading import Uploading

    if STDIN in files:
        raise typer.BadParameter("Standard input has no name to make a key of.", param_hint="FILE...")
    chosen = _files(files, relative=relative)
    try:
        refuse_same_names(chosen)
        refuse_unfit_names(chosen, prefix)
    except (SameNameError, NoKeyError) as error:
        stop(str(error))
    uploading = Uploading(deployment_of(environment), timeout, as_json=as_json)
    raise typer.Exit(uploading(chosen, prefix))


def ingest(
    urls: Annotated[
        Path, typer.Argument(metavar="FILE", help="A text file with one URL on each line; - reads standard input.")
    ],
    prefix: Annotated[str, typer.Option(help="Put this before each key, such as trips/.")] = "",
    max_waiting: Annotated[
        int, typer.Option(min=10, max=10_000_000, help="URLs waiting in the queue at most.")
    ] = 20_000,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Queue a list of URLs for fetching, as the queue drains; run it again to continue after an interruption.

    Empty lines and lines that begin with # are skipped. Lists the lines that hold no URL. The deployment fetches the
    others in the background; lightpress failures list shows those that could not be fetched. Exit code: 0 if all lines
    were queued, 1 if some hold no URL.
    """
    from lightpress.aws.orders import SqsOrders
    from lightpress.cli import ingest as ingesting

    piped = str(urls) == "-"
    if not piped and not urls.is_file():
        raise typer.BadParameter(f"{str(urls)!r} is not a file", param_hint="FILE")
    deployment = deployment_of(environment)
    if deployment.url_queue_url is None:
        stop("This deployment does not fetch URLs: set url_ingest = true in its environment file, and deploy.")
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
                most_waiting=max_waiting,
            )
            with sys.stdin.buffer if piped else urls.open("rb") as lines:
                done = run(lines)
    except (ingesting.NotSentError, ingesting.OtherListError, ingesting.BadPrefixError) as error:
        stop(str(error))
    if as_json:
        print_json({"queued": done.sent, "refused": done.refused})
    else:
        out.print(f"{done.sent} URLs queued, {done.refused} lines refused")
    raise typer.Exit(1 if done.refused else 0)


def status(
    key: Annotated[str, typer.Argument(help="The key of the original in the uploads bucket.")],
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Show the status of an original and the URLs of its variants.

    Exit code: 0 ready, 1 failed or deleted, 2 unknown key, 3 still processing, or held for reviewers.
    """
    from lightpress.cli.status import look

    found = look(deployment_of(environment), key)
    if as_json:
        print_json(found.as_json())
    else:
        found.print(out)
    raise typer.Exit(found.exit_code)


def focus(
    key: Annotated[str, typer.Argument(help="The key of the original in the uploads bucket.")],
    point: Annotated[
        str,
        typer.Argument(
            metavar="POINT",
            help="Where its subject is: shares of width and height, such as 0.4,0.2; none takes a correction back.",
        ),
    ],
    environment: Environment = "local",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the variants; 0: do not wait.")] = 120.0,
    as_json: JsonOutput = False,
) -> None:
    """Correct the focus of a published picture, without uploading it again.

    All sizes with fit = "cover" are cut around the point from then on, whatever the recipe or the upload says, until
    the original is overwritten or deleted. Exit code: 0 the variants follow it, 1 it was overwritten or deleted
    meanwhile, 2 nothing is published of it, 3 the variants do not follow it yet.
    """
    from lightpress.cli.correcting import BadPointError, correct, point_of
    from lightpress.pipeline.correction import NothingPublished, OriginalDropped
    from lightpress.pipeline.outcomes import TooManyConflicts

    try:
        corrected = correct(deployment_of(environment), key, point_of(point), timeout=timeout)
    except BadPointError as error:
        raise typer.BadParameter(str(error), param_hint="POINT") from None
    except NothingPublished as nothing:
        state = nothing.manifest.status if nothing.manifest else "not processed yet, or never uploaded"
        err.print(f"{key}: no picture is published that has a focus ({state}); lightpress status {key} tells more")
        raise typer.Exit(2) from None
    except OriginalDropped:
        stop(
            f'{key} is published, and its original has left (originals = "drop_after_publish"), of which '
            "other variants would have to be made. Upload it again, with the focus as metadata: x-amz-meta-focus."
        )
    except TooManyConflicts:
        stop(f"{key} was published anew again and again while its focus was written: run the command again.")
    if as_json:
        print_json(corrected.as_json())
    else:
        out.print(f"{key}: focus {point}, {corrected.sentence}")
    raise typer.Exit(corrected.exit_code)


def describe(
    key: Annotated[str, typer.Argument(help="The key of the original in the uploads bucket.")],
    alt: Annotated[
        str | None, typer.Option(help="The text for those who do not see it; none takes back what was said.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="What is in it, separated by commas; none takes back what was said.")
    ] = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Say what a published picture shows, without uploading it again.

    It counts more than what any enricher says (docs/facts.md), until the original is overwritten or deleted.
    Without an option, it tells what is said now. Exit code: 0 it is said, 2 nothing is published of it.
    """
    from lightpress.cli.correcting import describe as say
    from lightpress.pipeline.correction import NothingPublished
    from lightpress.pipeline.outcomes import TooManyConflicts

    try:
        said = say(deployment_of(environment), key, alt=alt, labels=labels)
    except NothingPublished as nothing:
        state = nothing.manifest.status if nothing.manifest else "not processed yet, or never uploaded"
        err.print(f"{key}: no picture is published that words could be about ({state})")
        raise typer.Exit(2) from None
    except TooManyConflicts:
        stop(f"{key} was published anew again and again meanwhile: run the command again.")
    if as_json:
        print_json(said)
    else:
        out.print(f"{key}: alt {said['alt'] or '(none)'}; labels {', '.join(said['labels']) or '(none)'}")
