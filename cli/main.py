"""The `lightpress` command."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from cli.progress import progress_on
from cli.project import LOCAL, PROJECT, RECIPES
from lightpress.isolation import ChildLost
from lightpress.recipe import Recipe, RecipeBook, load_recipes
from lightpress.tables import ConfigError

if TYPE_CHECKING:
    from cli.deployment import Deployment
    from cli.estimate import Assumptions
    from cli.failures import Desk, Filters
    from cli.prices import Prices
    from cli.rendering import Rendered
    from lightpress.failures import Failure

app = typer.Typer(
    help="Drop a picture into an S3 bucket; every size and format the web needs is served from a CDN.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
local = typer.Typer(help="The local cloud: the whole system on this machine.", no_args_is_help=True)
app.add_typer(local, name="local")
failures = typer.Typer(help="What failed: list it, look at it, try it again, forget it.", no_args_is_help=True)
app.add_typer(failures, name="failures")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Environment = Annotated[
    str,
    typer.Option("--env", "-e", envvar="LIGHTPRESS_ENV", help="Which deployment: local, or one in your AWS account."),
]
ReasonOption = Annotated[str | None, typer.Option(help="Only those with this reason, such as corrupt.")]
PrefixOption = Annotated[str, typer.Option(help="Only pictures whose keys begin so, such as trips/.")]
SinceOption = Annotated[str | None, typer.Option(help="Only those that failed within an age: 90m, 12h or 7d.")]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def render(
    pictures: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="PICTURE...")],
    folder: Annotated[Path, typer.Option("--out", "-o", file_okay=False, help="Where the variants go.")],
    recipe: Annotated[str | None, typer.Option(help="A recipe's name; without it, the rules decide.")] = None,
    recipes: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The recipes file.")] = RECIPES,
    as_json: JsonOutput = False,
) -> None:
    """Make the variants of files on this machine, without any cloud."""
    from cli.rendering import folders_for, render_file

    book = _recipes(recipes)
    results: list[Rendered] = []
    lost = False
    for source, target in folders_for(pictures, folder):
        try:
            results.append(render_file(source, target, _recipe_for(source, recipe, book)))
        except (OSError, ChildLost) as error:
            lost = True
            err.print(f"{source}: could not be handled: {error}", style="red")
            continue
        if as_json:
            out.print(json.dumps(results[-1].as_json(), ensure_ascii=False), soft_wrap=True, markup=False)
    if not as_json:
        from cli.tables import print_manifests

        print_manifests(out, [result.manifest for result in results], link=lambda variant: variant.path)
    raise typer.Exit(1 if lost else 0)


@app.command()
def upload(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE...")],
    prefix: Annotated[str, typer.Option(help="Put before each file's name to make its key, such as avatars/.")] = "",
    environment: Environment = "local",
    patience: Annotated[float, typer.Option(help="Seconds to wait for the variants; 0 does not wait.")] = 120.0,
) -> None:
    """Upload files and wait until each is published, or failed with a reason."""
    from cli.tables import print_manifests
    from cli.uploading import UploadRefusedError, watch
    from cli.uploading import upload as send

    deployment = _deployment(environment)
    with progress_on(err) as progress:
        uploading = progress.add_task("uploading", total=len(files))
        uploads = []
        for file in files:
            try:
                uploads.append(send(deployment, prefix + file.name, file.read_bytes()))
            except UploadRefusedError as error:
                _stop(str(error))
            progress.advance(uploading)
        if patience <= 0:
            return
        publishing = progress.add_task("publishing", total=len(files))
        late = watch(deployment, uploads, patience=patience, settled=lambda _: progress.advance(publishing))
    settled = [one.manifest for one in uploads if one.manifest]
    times = {one.key: one.seconds for one in uploads}
    print_manifests(out, settled, link=lambda variant: deployment.url(variant.path), times=times)
    for one in late:
        err.print(f"{one.key}: not settled after {patience:.0f} s; see: lightpress status {one.key!r}", style="red")
    failed = [one for one in uploads if one.manifest and one.manifest.reason]
    raise typer.Exit(1 if late or failed else 0)


@app.command()
def ingest(
    urls: Annotated[Path, typer.Argument(metavar="FILE", help="A URL a line; - is standard input.")],
    prefix: Annotated[str, typer.Option(help="Put before each key, such as trips/.")] = "",
    environment: Environment = "local",
) -> None:
    """Have pictures fetched by their URLs. Repeat the command to go on after an interruption.

    Blank lines, and those that begin with #, are passed over. What cannot be fetched is told by: lightpress failures
    list. Exit code: 0 if all lines are ordered, 1 if some hold no URL.
    """
    from cli import ingest as ingesting
    from lightpress.aws.orders import SqsOrders

    deployment = _deployment(environment)
    if deployment.url_queue_url is None:
        _stop("This deployment fetches no URLs: it takes url_ingest = true in its environment.")
    piped = str(urls) == "-"
    if not piped and not urls.is_file():
        raise typer.BadParameter(f"{str(urls)!r} is no file", param_hint="FILE")
    folder = LOCAL / "ingest" / environment
    with progress_on(err) as progress:
        ordering = progress.add_task("ordering", total=None if piped else ingesting.count_lines(urls))
        run = ingesting.Ingest(
            SqsOrders(deployment.sqs(), deployment.url_queue_url),
            prefix,
            ingesting.Checkpoint(None) if piped else ingesting.Checkpoint.of(urls, prefix, folder),
            refused=lambda line, why: progress.console.print(f"line {line}: {why}", markup=False, soft_wrap=True),
            moved=lambda now: progress.update(ordering, completed=now.line),
        )
        try:
            with sys.stdin.buffer if piped else urls.open("rb") as lines:
                done = run(lines)
        except (ingesting.NotSentError, ingesting.OtherListError, ingesting.BadPrefixError) as error:
            _stop(str(error))
    out.print(f"{done.sent} ordered, {done.refused} lines refused")
    raise typer.Exit(1 if done.refused else 0)


@app.command()
def status(
    key: Annotated[str, typer.Argument(help="The key of an upload, as it is in the uploads bucket.")],
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Tell what became of an upload. Exit code: 0 ready, 1 failed or deleted, 2 unknown key, 3 still processing."""
    from cli.status import look

    found = look(_deployment(environment), key)
    if as_json:
        out.print(json.dumps(found.as_json(), ensure_ascii=False), soft_wrap=True, markup=False)
    else:
        found.print(out)
    raise typer.Exit(found.exit_code)


@failures.command("list")
def failures_list(
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """List what failed and still is, the last one first. Exit code 0 also if there is something."""
    from cli.failures import as_json as json_of
    from cli.tables import print_failures

    desk = _desk(environment)
    found = desk.failures(_filters(reason, prefix, since))
    if as_json:
        for failure in found:
            out.print(
                json.dumps(json_of(failure, desk.copy(failure)), ensure_ascii=False), soft_wrap=True, markup=False
            )
    elif found:
        print_failures(out, found)
    else:
        out.print("nothing failed")


@failures.command("show")
def failures_show(
    key: Annotated[str, typer.Argument(help="The key of an upload, or message:ID.")],
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Show everything that is known about the failures of a picture or a message. Exit code 2 if there are none."""
    from cli.failures import as_json as json_of
    from cli.tables import print_failure

    desk = _desk(environment)
    found = desk.of_subject(key)
    for failure in found:
        if as_json:
            out.print(
                json.dumps(json_of(failure, desk.copy(failure)), ensure_ascii=False), soft_wrap=True, markup=False
            )
        else:
            print_failure(out, failure, copy=desk.copy(failure), still_true=desk.is_still_true(failure))
    if not found:
        err.print(f"{key}: no failure is known", markup=False)
        raise typer.Exit(2)


@failures.command("retry")
def failures_retry(  # noqa: PLR0913, PLR0917  the command's options
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="These pictures; none: all.")] = None,
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    environment: Environment = "local",
    patience: Annotated[float, typer.Option(help="Seconds to wait for the last one.")] = 600.0,
) -> None:
    """Try failed pictures again, through the queue, and wait until each is settled. Nothing is removed before.

    Exit code: 0 if all are published, 1 if any failed again or is not settled.
    """
    desk = _desk(environment)
    chosen = _chosen(desk, keys, _filters(reason, prefix, since))
    pictures = [failure for failure in chosen if failure.key is not None]
    if len(pictures) < len(chosen):
        err.print(f"{len(chosen) - len(pictures)} are messages without a picture: there is nothing to try again")
    with progress_on(err) as progress:
        sending = progress.add_task("sending", total=len(pictures))
        retries = []
        for retry in desk.send(pictures):
            retries.append(retry)
            progress.advance(sending)
        settling = progress.add_task("settling", total=len(retries))
        desk.wait(retries, patience=patience, settled=lambda _: progress.advance(settling))
    for retry in retries:
        out.print(f"{retry.failure.key}: {retry.ending or 'not settled yet'}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if all(retry.ending in {"ready", "deleted"} for retry in retries) else 1)


@failures.command("discard")
def failures_discard(  # noqa: PLR0913, PLR0917  the command's options
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="These, or message:ID; none: all.")
    ] = None,
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    environment: Environment = "local",
) -> None:
    """Forget failures: their rows, and the copies in quarantine. Originals and manifests stay as they are."""
    from cli.tables import print_failures

    desk = _desk(environment)
    chosen = _chosen(desk, keys, _filters(reason, prefix, since))
    if not chosen:
        out.print("nothing to discard")
        return
    if not yes:
        print_failures(err, chosen)
        typer.confirm(f"Forget {len(chosen)}, and remove the copies in quarantine?", abort=True, err=True)
    with progress_on(err) as progress:
        discarding = progress.add_task("discarding", total=len(chosen))
        kept = []
        for failure in chosen:
            kept += [] if desk.discard(failure) else [failure]
            progress.advance(discarding)
    for failure in kept:
        err.print(f"{failure.subject}: failed anew meanwhile, and is kept", markup=False)
    out.print(f"{len(chosen) - len(kept)} discarded")


@app.command()
def sweep(
    remove: Annotated[bool, typer.Option("--remove", help="Mend what is found, beside running workers.")] = False,
    environment: Environment = "local",
) -> None:
    """Report variants that nothing points to and manifests whose source is gone; with --remove, be rid of them."""
    from cli.sweep import Sweep
    from cli.tables import print_sweep

    with progress_on(err) as progress:
        looking = progress.add_task("looking", total=None)
        found = Sweep(_deployment(environment), remove)(lambda count: progress.update(looking, completed=count))
    print_sweep(out, found, removing=remove)


PriceOption = Annotated[
    list[str] | None, typer.Option("--price", metavar="NAME=DOLLARS", help="Another price; see cli/prices.py.")
]
AssumeOption = Annotated[
    list[str] | None, typer.Option("--assume", metavar="NAME=NUMBER", help="Another assumption; see estimate.")
]
RegionOption = Annotated[str, typer.Option(help="Whose prices.")]
ArchitectureOption = Annotated[str, typer.Option(help="Of the functions: arm64 or x86_64.")]
RecipesOption = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The recipes file.")]


@app.command()
def estimate(  # noqa: PLR0913, PLR0917  the command's options
    pictures: Annotated[int, typer.Option(min=1, help="How many.")] = 1_000_000,
    in_place: Annotated[bool, typer.Option("--in-place", help="Of compression in place, not of variants.")] = False,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
) -> None:
    """Tell what pictures cost, and everything that is taken for granted in it."""
    from cli.estimate import estimate as estimated
    from cli.tables import print_estimate

    prices, assumed = _prices(region, price), _assumptions(assume, in_place=in_place)
    bill = estimated(assumed, prices, pictures=pictures, architecture=architecture)
    print_estimate(out, bill, assumed, prices)


@app.command()
def plan(  # noqa: PLR0913, PLR0917  the command's options
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    sample: Annotated[int, typer.Option(min=0, help="Look at so many manifests, chosen at random; 0: at all.")] = 0,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
) -> None:
    """Show what a changed recipes file would make, keep and remove, and what that costs. Changes nothing."""
    from cli.estimate import cost_of
    from cli.plan import manifest_paths, read_manifests
    from cli.plan import plan as planned
    from cli.plan import sample as chosen
    from cli.tables import print_plan

    deployment, book = _deployment(environment), _recipes(recipes)
    dollars = cost_of(_assumptions(assume), _prices(region, price), architecture)
    with progress_on(err) as progress:
        reading = progress.add_task("reading manifests", total=None)
        paths, total = chosen(manifest_paths(deployment), sample or sys.maxsize)
        progress.update(reading, total=len(paths))
        found = planned(read_manifests(deployment, paths, lambda count: progress.advance(reading, count)), book)
    if found.seen and found.seen < total:
        out.print(f"{found.seen} of {total} manifests, chosen at random; the numbers are scaled up.")
        found = found.scaled(total / found.seen)
    print_plan(out, found, dollars)


@app.command()
def backfill(  # noqa: PLR0913, PLR0917  the command's options
    bucket: Annotated[str | None, typer.Argument(help="The uploads bucket, an attached one, or one in place.")] = None,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only what was written since (UTC).")] = None,
    mode: Annotated[str, typer.Option(help="variants or in-place.")] = "variants",
    inventory: Annotated[
        str | None, typer.Option(metavar="S3-URL", help="The manifest.json of an S3 Inventory report, not a listing.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do.")] = False,
    max_objects: Annotated[int | None, typer.Option(min=0, help="Send at most so many.")] = None,
    max_dollars: Annotated[float | None, typer.Option(min=0, help="Spend at most so much.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Pictures sent in a second.")] = 50.0,
    at_once: Annotated[int, typer.Option(min=10, max=100_000, help="Pictures under way at most.")] = 1000,
    patience: Annotated[float, typer.Option(min=1, help="Seconds until a picture counts as late.")] = 900.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, and look at no sample first.")] = False,
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
) -> None:
    """Have every picture of a bucket looked at, through the queue, and see it done. Repeat the command to go on.

    Ctrl-C, or a file named as it is told, stops it: what is under way is settled first. Exit code: 0 if it is finished,
    1 if some were not settled in time, 3 if there is more to do.
    """
    from cli import backfilling
    from cli.backfill import Limits, OtherRunError
    from cli.backfill_sources import BadInventoryError
    from cli.tables import print_backfill, print_forecast

    if mode not in {backfilling.VARIANTS, backfilling.IN_PLACE_MODE}:
        raise typer.BadParameter(f"{mode!r} is no mode; there are: variants, in-place", param_hint="--mode")
    try:
        job = backfilling.job_for(
            _deployment(environment),
            bucket=bucket,
            prefix=prefix,
            mode=mode,
            since=since.replace(tzinfo=UTC) if since else None,
            inventory=inventory,
            recipes=_recipes(recipes),
        )
        dollars = backfilling.dollars_of(job, _prices(region, price), _assumptions(assume), architecture)
        if dry_run or not yes:
            with progress_on(err) as progress:
                listing = progress.add_task("listing", total=None)
                found = backfilling.forecast(job, progress=lambda count: progress.update(listing, completed=count))
            print_forecast(out, found, dollars, rate)
            if dry_run:
                return
            if not sys.stdin.isatty():
                _stop("Nothing was sent: say --yes where nobody can be asked.")
            typer.confirm("Go on?", abort=True, err=True)
        folder = LOCAL / "backfill" / environment
        stop = backfilling.StopSwitch(folder / "stop")
        limits = Limits(rate, at_once, max_objects, max_dollars, patience, dollars)
        err.print(f"Stop it with Ctrl-C, or: touch {stop.file}", style="dim", soft_wrap=True)
        with stop, progress_on(err) as progress:
            working = progress.add_task("working", total=None)
            ended, checkpoint = backfilling.run(
                job,
                limits,
                folder,
                stop,
                lambda now, under_way: progress.update(
                    working,
                    completed=now.settled,
                    description=f"{now.settled} settled, {under_way} under way, ${dollars(now.sent, now.reads):.2f}",
                ),
            )
    except (
        backfilling.UnknownBucketError,
        backfilling.NotDeployedRecipesError,
        BadInventoryError,
        OtherRunError,
    ) as error:
        _stop(str(error))
    print_backfill(out, checkpoint, ended, dollars)
    raise typer.Exit(_ENDED.get(ended, 3) if not checkpoint.late else 1)


_ENDED = {"finished": 0}


@app.command()
def connect(
    bucket: Annotated[str, typer.Argument(help="A bucket that is there already.")],
) -> None:
    """Have a bucket of your account tell EventBridge of its changes. Its other notifications stay as they are."""
    import boto3

    from cli.connecting import connect as switch_on

    changed = switch_on(boto3.client("s3"), bucket)
    out.print(f"{bucket}: {'tells EventBridge from now on' if changed else 'told EventBridge already'}", markup=False)


@app.command()
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
    from cli.snippet import NoSuchSizeError, ready_manifest, snippet_of

    deployment = _deployment(environment)
    manifest = ready_manifest(deployment, key)
    if manifest is None:
        _stop(f"{key} is not published; see: lightpress status {key!r}")
    try:
        found = snippet_of(manifest, base_url or deployment.cdn_base_url, alt=alt, sizes=sizes, names=names)
    except NoSuchSizeError as error:
        _stop(str(error))
    if as_json:
        out.print(json.dumps(found.as_json(), ensure_ascii=False), soft_wrap=True, markup=False)
    else:
        found.print(out)


@app.command()
def sign(
    url: Annotated[str, typer.Argument(help="Of an image; with --cookies, * stands for anything in it.")],
    key_id: Annotated[str, typer.Option(help="The output SigningKeyId0 of the stack.")],
    private_key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="PEM file, the key's other half.")],
    minutes: Annotated[int, typer.Option(min=1, help="How long it is good for.")] = 60,
    cookies: Annotated[bool, typer.Option("--cookies", help="Print cookies as JSON; permalinks need them.")] = False,
) -> None:
    """Sign the URL of a private picture, or make cookies for many."""
    from cli.signing import Signer, SigningError

    signer, until = Signer(key_id, private_key), datetime.now(UTC) + timedelta(minutes=minutes)
    try:
        said = json.dumps(signer.cookies(url, until)) if cookies else signer.url(url, until)
    except SigningError as error:
        _stop(str(error))
    out.print(said, soft_wrap=True, markup=False)


@app.command()
def demo(
    photos: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder of your own pictures.")
    ] = None,
) -> None:
    """Run the real pipeline on this machine: upload pictures, and fetch every variant from the CDN."""
    from cli.demo.run import run_demo
    from cli.local_cloud import LocalCloudError

    try:
        succeeded = run_demo(PROJECT, LOCAL, photos, out)
    except LocalCloudError as error:
        _stop(str(error))
    raise typer.Exit(0 if succeeded else 1)


@local.command("up")
def local_up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the AWS endpoint.")] = 4566,
    cdn_port: Annotated[int, typer.Option(min=1, max=65535, help="Of the CDN, for your browser.")] = 4580,
) -> None:
    """Start the local cloud, deploy the stack into it, and leave it running."""
    from cli.local_cloud import LocalCloudError, up

    try:
        outputs = up(
            LOCAL, project=PROJECT, port=port, cdn_port=cdn_port, say=lambda text: err.print(text, style="dim")
        )
    except LocalCloudError as error:
        _stop(str(error))
    out.print(f"AWS endpoint  {outputs.endpoint_url}")
    out.print(f"CDN           {outputs.cdn_base_url}")
    out.print(f"Upload page   {outputs.upload_api_url}", soft_wrap=True)
    out.print(f"Everything    {LOCAL / 'outputs.json'}")
    out.print("Try           lightpress upload PICTURE...")


@local.command("down")
def local_down() -> None:
    """Stop the local cloud; what was uploaded is gone."""
    from cli.local_cloud import down

    out.print("stopped" if down(LOCAL) else "it was not running")


@local.command("status")
def local_status() -> None:
    """Tell whether the local cloud runs. Exit code 0 if it does."""
    from cli.local_cloud import status as look

    state = look(LOCAL)
    out.print(str(state))
    raise typer.Exit(0 if state.healthy else 1)


def _recipes(path: Path) -> RecipeBook:
    try:
        return load_recipes(path)
    except ConfigError as error:
        _stop(str(error))


def _recipe_for(source: Path, name: str | None, book: RecipeBook) -> Recipe:
    if name is not None and name not in book.recipes:
        raise typer.BadParameter(
            f"{name!r} is not a recipe; there are: {', '.join(book.recipes)}", param_hint="--recipe"
        )
    recipe = book.recipes[name] if name else book.recipe_for(source.name)
    if recipe is None:
        _stop(f"{source}: the rules say to ignore it; name a recipe with --recipe")
    return recipe


def _desk(environment: str) -> Desk:
    from cli.failures import Desk

    return Desk.of(_deployment(environment))


def _filters(reason: str | None, prefix: str, since: str | None) -> Filters:
    from cli.failures import BadAgeError, Filters, seconds_of

    try:
        return Filters(reason, prefix, seconds_of(since) if since else None)
    except BadAgeError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


def _chosen(desk: Desk, keys: list[str] | None, filters: Filters) -> list[Failure]:
    """The failures that still are, of these keys or of all."""
    if not keys:
        return desk.failures(filters)
    found = [failure for key in keys for failure in desk.of_subject(key) if desk.is_still_true(failure)]
    named = {failure.key or failure.subject for failure in found}
    for key in keys:
        if key not in named:
            err.print(f"{key}: no failure is known", markup=False)
    return found


def _prices(region: str, changes: list[str] | None) -> Prices:
    from cli.prices import UnknownPriceError, prices_of

    try:
        return prices_of(region, changes or ())
    except UnknownPriceError as error:
        _stop(str(error))


def _assumptions(changes: list[str] | None, *, in_place: bool = False) -> Assumptions:
    from cli.estimate import IN_PLACE, Assumptions, UnknownAssumptionError, assume

    try:
        return assume(changes or (), replace(Assumptions(), **IN_PLACE) if in_place else None)
    except UnknownAssumptionError as error:
        _stop(str(error))


def _deployment(environment: str) -> Deployment:
    from cli.deployment import NotDeployedError, find_deployment

    try:
        return find_deployment(environment, LOCAL)
    except NotDeployedError as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    err.print(message, style="red", markup=False)
    raise typer.Exit(1)
