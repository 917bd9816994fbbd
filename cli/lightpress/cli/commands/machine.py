"""What commands on the state machine share: their options, following a run, and stopping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lightpress.cli.commands.terminal import err, out, print_json, progress_bars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightpress.backfill.results import Report
    from lightpress.backfill.run import Run
    from lightpress.cli.console import Terminal
    from lightpress.cli.distributed import Caps, Progress
    from lightpress.cli.tasks import Task

Engine = Literal["auto", "machine", "loop"]

EngineOption = Annotated[
    Engine,
    typer.Option(
        help="The state machine of the stack, or a loop of this program; auto: the machine from 10,000 objects on."
    ),
]
StopOption = Annotated[
    bool, typer.Option("--stop", help="Stop the run with these options on the state machine, whoever started it.")
]
RateOption = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        max=10_000,
        help="Originals sent each second; 50 by default. Given again, it changes the pace of a run.",
    ),
]
MaxDollarsOption = Annotated[float | None, typer.Option(min=0, help="Stop before the estimated cost exceeds this.")]

LEFT_TO_DO = 3
"""The exit code where a limit or a stop left something to do."""

_SECONDS_BETWEEN_LOOKS = 2.0


def follow(task: Task, caps: Caps) -> tuple[Run, Report]:
    """Start or join the run of a task, and show it until it ends. Ctrl-C ends the command, and not the run.

    A run that was about to stop when it was joined is resumed once it has: whoever has it go on was later. Of one that
    has come to a limit only where a limit is named now: who only looks does not let it spend more.
    """
    from lightpress.backfill.run import FINISHED, LEFT, STOPPED

    names_a_limit = caps.max_objects is not None or caps.max_dollars is not None
    task.write_files()
    while True:
        run = task.machine.start(task.name, task.job, caps)
        goes_on = run.stopped is not None and (run.stopped == STOPPED or names_a_limit)
        report = _shown(task, run, goes_on=goes_on)
        if not goes_on or report.ended in {FINISHED, LEFT}:
            return task.machine.find(task.name) or run, report


def _shown(task: Task, run: Run, *, goes_on: bool) -> Report:
    """Show a run until it ends. goes_on: whether it is resumed then."""
    from lightpress.backfill.run import NANOS

    if goes_on:
        err.print(f"{run.name} is about to stop ({run.stopped}), and goes on then", style="dim")
    err.print(
        f"{run.name} is at work on AWS, and goes on without this program; to stop it: the same command with --stop",
        style="dim",
    )
    with progress_bars() as progress:
        working = progress.add_task("planning", total=None)

        def show(now: Progress) -> None:
            told = f"pass {now.run.number}: shards; {now.run.sent:,} sent, ${now.run.spent / NANOS:.2f}"
            progress.update(working, completed=now.done, total=now.shards or None, description=told)

        try:
            return task.machine.follow(task.name, show, _SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            err.print("The run goes on. The same command shows it again; with --stop, it stops.", style="dim")
            raise typer.Exit(LEFT_TO_DO) from None


def tell(
    run: Run,
    report: Report,
    table: Callable[[Terminal, Run, Report], None],
    *,
    as_json: bool,
    more: Mapping[str, object] | None = None,
) -> None:
    """Print what came of a run. table: prints it for people; more: what its JSON has besides."""
    from lightpress.cli.facts import facts_of_run

    if as_json:
        print_json(facts_of_run(run, report) | dict(more or {}))
    else:
        table(out, run, report)


def halt_run(task: Task, *, as_json: bool) -> None:
    """Have the run of a task end after what it has sent."""
    run = task.machine.stop(task.name)
    if as_json:
        print_json({"run": run.name, "stopped": run.stopped})
        return
    out.print(
        f"{run.name}: it stops after what it has sent, within a minute. The same command without --stop resumes it."
    )


def exit_code_of(report: Report) -> int:
    """0 if all is done, 1 if something stayed as it was, 3 if a limit or a stop left something to do."""
    from lightpress.backfill.run import FINISHED, LEFT

    return {FINISHED: 0, LEFT: 1}.get(report.ended, LEFT_TO_DO)
