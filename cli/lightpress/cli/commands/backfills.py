"""The command that reprocesses whole buckets: backfill."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lightpress.cli.commands.costs import (
    ArchitectureOption,
    AssumeOption,
    PriceOption,
    RegionOption,
    assumptions_again,
    prices_of,
)
from lightpress.cli.commands.machine import (
    LEFT_TO_DO,
    EngineOption,
    MaxDollarsOption,
    RateOption,
    StopOption,
    exit_code_of,
    follow,
    halt_run,
    tell,
)
from lightpress.cli.commands.options import Environment, JsonOutput, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars, stop
from lightpress.cli.project import LOCAL, RECIPES

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.cli.backfill import Checkpoint, Limits
    from lightpress.cli.backfilling import Forecast, Job
    from lightpress.cli.commands.machine import Engine
    from lightpress.cli.distributed import Caps
    from lightpress.cli.tasks import Task
    from lightpress.costs.prices import Prices

Mode = Literal["variants", "in-place"]

BucketArgument = Annotated[
    str | None, typer.Argument(help="The uploads bucket (the default), an attached one, or one compressed in place.")
]
PrefixOption = Annotated[str, typer.Option(help="Only keys that begin with this.")]
SinceOption = Annotated[datetime | None, typer.Option(help="Only objects written since this time (UTC).")]
ModeOption = Annotated[Mode, typer.Option(help="Publish variants, or compress the objects in place.")]
InventoryOption = Annotated[
    str | None, typer.Option(metavar="S3-URL", help="Read this manifest.json of S3 Inventory instead of listing.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what it would do and cost, and send nothing.")]
MaxObjectsOption = Annotated[int | None, typer.Option(min=0, help="Send at most this many messages.")]
MaxInFlightOption = Annotated[
    int | None,
    typer.Option(
        min=10,
        max=100_000,
        help="Originals waiting in the queue at most; by default 1,000, and 5,000 on the state machine.",
    ),
]
TimeoutOption = Annotated[float, typer.Option(min=1, help="Seconds until an original counts as late.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not estimate first and do not ask.")]

_RATE, _MAX_IN_FLIGHT = 50.0, 1_000
_REFUSED = "without_original"
"""As in the JSON of a plan: pictures that cannot be made anew, estimated as those, or with --yes at least so many."""


def backfill(  # noqa: PLR0913, PLR0917  the command's options
    bucket: BucketArgument = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    mode: ModeOption = "variants",
    inventory: InventoryOption = None,
    dry_run: DryRunOption = False,
    max_objects: MaxObjectsOption = None,
    max_dollars: MaxDollarsOption = None,
    rate: RateOption = None,
    max_in_flight: MaxInFlightOption = None,
    engine: EngineOption = "auto",
    halt: StopOption = False,
    timeout: TimeoutOption = 900.0,
    yes: YesOption = False,
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Reprocess every original of a bucket through the queue and wait for completion; run it again to continue.

    On the state machine, the run goes on without this program, and whoever repeats the command sees or resumes it. The
    loop needs this program: Ctrl-C, or creating the file that it names, stops it after what is in the queue has
    finished. Exit code: 0 if all is done, 1 if originals stayed as they were, or have left and would be needed, or AWS
    did not answer, 3 if a limit or a stop left originals to do.
    """
    from lightpress.cli.backfill import BackfillError, Limits
    from lightpress.cli.backfilling import IN_PLACE_MODE, dollars_of, job_for, retrieval_of
    from lightpress.cli.distributed import Caps
    from lightpress.cli.tasks import backfill_of

    book = recipes_of(recipes)
    try:
        job = job_for(
            deployment_of(environment),
            bucket=bucket,
            prefix=prefix,
            mode=mode,
            since=since.replace(tzinfo=UTC) if since else None,
            inventory=inventory,
            recipes=book,
        )
        prices = prices_of(region, price)
        dollars = dollars_of(prices, assumptions_again(assume, book, in_place=mode == IN_PLACE_MODE), architecture)
        retrieval = retrieval_of(prices)
        limits = Limits(
            rate or _RATE, max_in_flight or _MAX_IN_FLIGHT, max_objects, max_dollars, timeout, dollars, retrieval
        )
        caps = Caps(rate, max_in_flight, max_objects, max_dollars)
        task = backfill_of(job, dollars, prices)
        run = _Run(job, task, limits, caps, prices, LOCAL / "backfill" / environment, as_json)
        if halt:
            halt_run(run.task, as_json=as_json)
            return
        exit_code = run(engine, dry_run=dry_run, yes=yes)
    except BackfillError as error:
        stop(str(error))
    raise typer.Exit(exit_code)


@dataclass(frozen=True)
class _Run:
    """One run of the command.

    Attributes:
        job: What is to be done.
        task: The same, as the state machine is told it.
        limits, caps: Of the loop and of the state machine.
        prices: Of the region.
        folder: Where the loop keeps its checkpoint, and looks for the file that stops it.
        as_json: Whether to print JSON.
    """

    job: Job
    task: Task
    limits: Limits
    caps: Caps
    prices: Prices
    folder: Path
    as_json: bool

    def __call__(self, engine: Engine, *, dry_run: bool, yes: bool) -> int:
        """Estimate and ask where that is wanted, then do it; returns the exit code."""
        on_machine = self.task.is_for_machine(engine)
        asks = not yes and (not on_machine or self.task.begins_anew)
        objects, refused = self._tell(on_machine=on_machine, dry_run=dry_run, asks=asks)
        if dry_run:
            return int(refused > 0)
        if asks:
            _ask()
        exit_code = self._on_machine(refused) if on_machine else self._in_loop(objects, refused)
        return exit_code or int(refused > 0)

    def _tell(self, *, on_machine: bool, dry_run: bool, asks: bool) -> tuple[int | None, int]:
        """Print what it would do and cost, as far as that is asked for.

        Returns the number of objects, None if they were not counted; and how many pictures cannot be made anew, of a
        sample if nothing was counted.
        """
        if dry_run or (asks and not on_machine):
            found = self._estimate(on_machine=on_machine, dry_run=dry_run)
            return found.objects, found.without_original
        if asks:
            self._outline()
        return None, _tell_refused(self.job)

    def _outline(self) -> None:
        """Tell what is known without listing the bucket, which takes hours for those that the machine is for."""
        from lightpress.cli.outline import outline
        from lightpress.cli.tables import print_outline

        print_outline(out, outline(self.job, datetime.now(UTC)), self.limits.dollars, self.limits.rate, self.prices)

    def _estimate(self, *, on_machine: bool, dry_run: bool) -> Forecast:
        """Print what it would do and cost."""
        from lightpress.cli.backfilling import forecast
        from lightpress.cli.facts import facts_of_forecast
        from lightpress.cli.tables import print_forecast

        with progress_bars() as progress:
            listing = progress.add_task("listing", total=None)
            found = forecast(
                self.job,
                retrieval=self.limits.retrieval,
                progress=lambda count: progress.update(listing, completed=count),
            )
        pace = math.inf if on_machine else found.checks_a_second
        if self.as_json and dry_run:
            print_json(facts_of_forecast(found, self.limits.dollars, self.limits.rate, pace))
        else:
            print_forecast(out, found, self.limits.dollars, self.limits.rate, pace)
        return found

    def _on_machine(self, refused: int) -> int:
        """Start or join the run on the state machine, and follow it; returns the exit code. refused: for its JSON."""
        from lightpress.cli.tables import print_report

        run, report = follow(self.task, self.caps)
        tell(run, report, print_report, as_json=self.as_json, more={_REFUSED: refused})
        return exit_code_of(report)

    def _in_loop(self, objects: int | None, refused: int) -> int:
        """Run the loop of this program; returns the exit code.

        Args:
            objects: How many there are; None if they were not counted.
            refused: For its JSON.
        """
        from lightpress.cli.facts import facts_of_backfill
        from lightpress.cli.tables import print_backfill

        ended, checkpoint = self._work_off(objects)
        if self.as_json:
            print_json(facts_of_backfill(checkpoint, ended, self.limits.dollars) | {_REFUSED: refused})
        else:
            print_backfill(out, checkpoint, ended, self.limits.dollars)
        if checkpoint.late:
            return 1
        return 0 if ended == "finished" else LEFT_TO_DO

    def _work_off(self, objects: int | None) -> tuple[str, Checkpoint]:
        """Run the loop, showing progress."""
        from lightpress.cli import backfilling
        from lightpress.cli.progress import Pace

        switch, pace = backfilling.StopSwitch(self.folder / "stop"), Pace(time.monotonic)
        err.print(f"To stop: Ctrl-C, or: touch {switch.file}", style="dim")
        with switch, progress_bars() as progress:
            working = progress.add_task("working", total=objects)

            def show(now: Checkpoint, done: int, in_queue: int) -> None:
                spent = self.limits.dollars(now.sent, now.reads) + now.retrieval
                told = f"{in_queue:,} in the queue, ${spent:.2f}, {pace.told(done, objects)}".rstrip(", ")
                progress.update(working, completed=done, description=told)

            return backfilling.run(self.job, self.limits, self.folder, switch, show)


def _ask() -> None:
    if not sys.stdin.isatty():
        stop("Nothing was sent: this is no terminal to ask on. Add --yes to send without asking.")
    confirm("Continue?")


def _tell_refused(job: Job) -> int:
    """Say what cannot be made anew, to who asked for no estimate; returns how many pictures at least."""
    from lightpress.cli.backfilling import refused_at_least
    from lightpress.cli.tables import print_refused

    found = refused_at_least(job)
    print_refused(err, found, "At least ")
    return found
