"""Run what is deployed on the processor that it is deployed for (`make arm64`).

The layer and the code of the functions, as `cdk synth` builds them, run on an arm64 CPython 3.13: natively on an arm64
Linux, else under qemu, on Debian's. Each format is read and written in the sandbox, packed without loss and compressed
in place, and the files are compared with those of this machine. Each handler is loaded with the settings of the
template, and answers.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from lightpress.cdk.readiness import PROJECT
from tools.arm64 import guest
from tools.arm64.artefact import artefact, functions
from tools.arm64.aws import empty_account
from tools.arm64.calls import CALLS, wrong_with
from tools.arm64.jobs import jobs
from tools.arm64.judge import Verdict, judged, judged_library
from tools.arm64.machine import MachineError, arm64_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.arm64.artefact import Artefact
    from tools.arm64.machine import Machine

HOME = PROJECT / ".local" / "arm64"
_GUEST = Path(guest.__file__)
_WIDTH = 120  # of the table, also where there is no terminal
_PROCESS = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "of nobody, and as long as those of AWS are",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


def main() -> int:
    """Try everything; returns 1 if anything is not as it must be, 2 if there is no machine."""
    out = Console(highlight=False, width=_WIDTH)
    try:
        machine = arm64_machine(HOME / "machine")
    except MachineError as error:
        out.print(f"There is no arm64 machine: {error}", markup=False)
        return 2
    built = artefact(HOME / "artefact")
    verdicts = [_of_library(machine, built), *_of_pictures(machine, built, out), *_of_functions(machine, built)]
    out.print(_table(verdicts))
    failed = [verdict for verdict in verdicts if verdict.wrong]
    out.print(f"{len(verdicts) - len(failed)} of {len(verdicts)} as they must be")
    return 1 if failed else 0


def _of_library(machine: Machine, built: Artefact) -> Verdict:
    began = time.monotonic()
    ran = machine.run(str(_GUEST), "library", environment={**_PROCESS, "PYTHONPATH": built.python_path})
    return judged_library(ran.returncode, ran.stdout, time.monotonic() - began)


def _of_pictures(machine: Machine, built: Artefact, out: Console) -> Iterator[Verdict]:
    folder = HOME / "pictures"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("originals", "here"):
        (folder / name).mkdir(parents=True)
    work, files = jobs()
    for name, data in files.items():
        (folder / "originals" / name).write_bytes(data)
    (folder / "jobs.json").write_text(json.dumps(work), encoding="utf-8")
    ran = machine.run(str(_GUEST), "pictures", str(folder), environment={**_PROCESS, "PYTHONPATH": built.python_path})
    about, there = _results(folder / "results.jsonl")
    out.print(", ".join(f"{name} {version}" for name, version in about.items()), markup=False)
    if ran.returncode != 0:
        yield Verdict("pictures", f"it ended with {ran.returncode}", ran.stdout[-2_000:])
    for job in work:
        here = guest.work_on(job, files[job["file"]], folder / "here")
        yield judged(job["name"], there.get(job["name"]), here, folder, emulated=machine.emulated)


def _results(path: Path) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """What the machine says of itself, and the results of its jobs by name."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    about, *results = [json.loads(line) for line in lines] or [{}]
    return about, {result["name"]: result for result in results}


def _of_functions(machine: Machine, built: Artefact) -> Iterator[Verdict]:
    """Each in a process of its own, as on Lambda."""
    deployed = functions(HOME / "template")
    yield from (Verdict(module, "", "it is not called here") for module in sorted(deployed.keys() - CALLS.keys()))
    with empty_account() as account:
        for module, event in CALLS.items():
            began = time.monotonic()
            own = {"AWS_ENDPOINT_URL": account.url, "PYTHONPATH": built.path_of(deployed[module])}
            variables = {**_PROCESS, **deployed[module].variables, **own}
            ran = machine.run(str(_GUEST), "function", module, json.dumps(event), environment=variables)
            account.signed, signed = [], account.signed
            said, wrong = wrong_with(module, ran.returncode, ran.stdout, signed)
            yield Verdict(module.rpartition(".")[2], said, wrong, time.monotonic() - began)


def _table(verdicts: list[Verdict]) -> Table:
    table = Table("", "", "what came out", "s", box=None, pad_edge=False)
    for one in verdicts:
        mark = "[red]wrong[/red]" if one.wrong else "ok"
        said = "; ".join(part for part in (one.said, one.wrong) if part)
        table.add_row(mark, one.name, said.replace("[", "\\["), f"{one.seconds:.1f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
