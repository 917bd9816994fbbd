"""Starts, stops and inspects a local cloud: `up`, `down` and `status`."""

from __future__ import annotations

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lightpress.local import cdn
from lightpress.local.certificates import Certificates
from lightpress.local.cors import let_pages_ask
from lightpress.local.deploy import deploy
from lightpress.local.emulator import WORKER_PREFIX, Emulator
from lightpress.local.emulator_python import emulator_python
from lightpress.local.errors import LocalCloudError
from lightpress.local.home import Home, Shared, locked
from lightpress.local.idle import wait_until_idle
from lightpress.local.localize import localize
from lightpress.local.outputs import Outputs
from lightpress.local.ports import LOOPBACK, listens, require_free
from lightpress.local.processes import end_all
from lightpress.local.session import Session
from lightpress.local.synth import STACK, synthesize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from lightpress.local.processes import Running

    Say = Callable[[str], None]

_PROXY_TIMEOUT_SECONDS = 15.0
_SAVING_SECONDS = 120.0
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a local cloud.

    Attributes:
        endpoint_url: Of AWS; None if the emulator does not run.
        healthy: Whether the emulator answers, the CDN runs, and the stack is deployed.
        since: When the emulator was started.
        pids: Process ids by name.
    """

    endpoint_url: str | None
    healthy: bool
    since: datetime | None
    pids: Mapping[str, int]

    @property
    def running(self) -> bool:
        return bool(self.pids)

    def __str__(self) -> str:
        if not self.running:
            return "not running"
        processes = ", ".join(f"{name} {pid}" for name, pid in self.pids.items())
        if self.since is None:
            return f"broken: the emulator is gone (process {processes})"
        since = f"{self.since.astimezone():%Y-%m-%d %H:%M}"
        return f"{'running' if self.healthy else 'broken'} at {self.endpoint_url} since {since} (process {processes})"


def up(  # noqa: PLR0913  what a person may choose, all with a default
    home: Path,
    *,
    project: Path,
    strict: bool = False,
    keeps_state: bool = False,
    port: int = 4566,
    cdn_port: int = 4580,
    recipes: Path | None = None,
    say: Say,
) -> Outputs:
    """Start a local cloud in the background, deploy the project's stack into it, and start the CDN's proxy.

    A cloud that is running already is updated.

    Args:
        home: Folder of the cloud's state.
        project: Folder of the checkout.
        strict: Whether TLS, IAM and signatures are enforced.
        keeps_state: Whether the cloud can be restarted (`restart`). It then writes every object to disk.
        port: Of the emulator.
        cdn_port: Of the CDN's proxy.
        recipes: Other recipes than the project's.
        say: Is called with a sentence on each step.

    Raises:
        LocalCloudError: A port is taken, or a step failed.
    """
    cloud, shared = Home(home.resolve()), Shared(project.resolve() / ".local")
    emulator = Emulator(port, Certificates.in_folder(cloud.certificates) if strict else None)
    assembly = shared.assembly_of_other_recipes if recipes else shared.assembly
    with locked(cloud.emulator.record), locked(assembly), ThreadPoolExecutor(1) as background:
        _check_ports(cloud, emulator, cdn_port)
        synthesis = background.submit(synthesize, project.resolve(), assembly, say=say, recipes=recipes)
        _start(cloud, emulator, shared, say, keeps_state=keeps_state)
        synthesis.result()
        say(f"Deploying {STACK}")
        session = Session(emulator.endpoint_url, emulator.ca_bundle)
        deployed = deploy(assembly, STACK, session)
        _start_proxy(cloud, emulator, cdn_port, urlsplit(deployed["CdnBaseUrl"]).netloc)
        outputs = Outputs.of_stack(
            STACK, deployed, endpoint_url=emulator.endpoint_url, ca_bundle=emulator.ca_bundle, cdn_port=cdn_port
        )
        storage = f"https://{outputs.uploads_bucket}.s3.{outputs.region}.amazonaws.com"
        wait_until_idle(session.sqs())
        localize(
            session.lambda_(),
            session.iam(),
            {deployed["CdnBaseUrl"]: outputs.cdn_base_url, storage: emulator.endpoint_url},
        )
        let_pages_ask(assembly, STACK, session)
        outputs.write(cloud.outputs)
    return outputs


def restart(home: Path) -> None:
    """End the emulator with the functions that it runs, and start it again with all that it held.

    What a function had in hand comes back when its visibility timeout ends, as after an outage. The CDN has forgotten
    what it kept.

    Raises:
        LocalCloudError: No cloud runs, it was not started with `keeps_state`, or it does not come back.
    """
    cloud = Home(home.resolve())
    with locked(cloud.emulator.record):
        running = cloud.emulator.running()
        if running is None:
            raise LocalCloudError("There is no local cloud to restart. Start one: lightpress local up")
        if not cloud.state.is_dir():
            raise LocalCloudError("This local cloud forgets all when it ends: it was started without keeps_state.")
        emulator = _emulator_of(running, cloud)
        cloud.emulator.stop(grace_seconds=_SAVING_SECONDS)
        end_all(f"{cloud.scratch}/{WORKER_PREFIX}")
        cloud.emulator.start(
            running.command, environment=emulator.environment(cloud.scratch, cloud.state), folder=cloud.scratch
        )
        emulator.wait_until_healthy(cloud.emulator)


def down(home: Path) -> bool:
    """Stop a cloud and all its processes, including those left by a crash; returns whether there were any."""
    cloud = Home(home.resolve())
    with locked(cloud.emulator.record):
        stopped = [cloud.cdn.stop(), cloud.emulator.stop(), _end_workers(cloud)]
        for folder in (cloud.certificates, cloud.state):
            shutil.rmtree(folder, ignore_errors=True)
        cloud.outputs.unlink(missing_ok=True)
    return any(stopped)


def status(home: Path) -> Status:
    """Inspect the processes of a cloud, and ask its emulator."""
    cloud = Home(home.resolve())
    found = {"emulator": cloud.emulator.running(), "cdn": cloud.cdn.running()}
    pids = {name: running.pid for name, running in found.items() if running}
    if not found["emulator"]:
        return Status(None, healthy=False, since=None, pids=pids)
    emulator = _emulator_of(found["emulator"], cloud)
    healthy = emulator.healthy() and found["cdn"] is not None and cloud.outputs.exists()
    return Status(emulator.endpoint_url, healthy=healthy, since=found["emulator"].since, pids=pids)


def _check_ports(cloud: Home, emulator: Emulator, cdn_port: int) -> None:
    """Raise LocalCloudError if a port is taken or another cloud runs, before anything is started."""
    running = cloud.emulator.running()
    if running is None:
        require_free(emulator.port, use="the AWS endpoint", option="--port")
    elif (other := _emulator_of(running, cloud)) != emulator:
        raise LocalCloudError(
            f"A local cloud with other settings runs already, at {other.endpoint_url}. "
            "Stop it first: lightpress local down"
        )
    door = cloud.cdn.running()
    if door is None or str(cdn_port) not in door.command:
        require_free(cdn_port, use="the CDN", option="--cdn-port")
    if emulator.port == cdn_port:
        raise LocalCloudError(
            f"Port {cdn_port} is wanted for the AWS endpoint and for the CDN: choose another with --port or --cdn-port."
        )


def _emulator_of(running: Running, cloud: Home) -> Emulator:
    return Emulator.of_command(running.command, Certificates.in_folder(cloud.certificates))


def _start(cloud: Home, emulator: Emulator, shared: Shared, say: Say, *, keeps_state: bool) -> None:
    if cloud.emulator.running():
        say(f"The local cloud runs already, at {emulator.endpoint_url}")
    else:
        with locked(shared.venv):
            python = emulator_python(shared.venv, say=say)
        _end_workers(cloud)
        cloud.scratch.mkdir(parents=True)
        if emulator.certificates:
            emulator.certificates.make()
        if keeps_state:
            cloud.state.mkdir()
        say(f"Starting the local cloud at {emulator.endpoint_url}")
        environment = emulator.environment(cloud.scratch, cloud.state if keeps_state else None)
        cloud.emulator.start(emulator.command(python), environment=environment, folder=cloud.scratch)
    emulator.wait_until_healthy(cloud.emulator)


def _end_workers(cloud: Home) -> bool:
    """Kill functions that outlived their emulator, and remove their files; returns whether there were any."""
    found = end_all(f"{cloud.scratch}/{WORKER_PREFIX}")
    shutil.rmtree(cloud.scratch, ignore_errors=True)
    return found


def _start_proxy(cloud: Home, emulator: Emulator, port: int, distribution: str) -> None:
    """Start the CDN's proxy, unless it runs with the same command."""
    # Run as an isolated file: importing it by its package would load boto3 into a program that does not need it.
    command = [sys.executable, "-I", cdn.__file__, "--port", str(port), "--distribution", distribution]
    command += ["--endpoint", emulator.endpoint_url, *(["--ca", str(emulator.ca_bundle)] if emulator.ca_bundle else [])]
    running = cloud.cdn.running()
    if running and running.command == command:
        return
    cloud.cdn.stop()
    cloud.cdn.start(command, environment={}, folder=cloud.path)
    deadline = time.monotonic() + _PROXY_TIMEOUT_SECONDS
    while not listens(LOOPBACK, port):
        if not cloud.cdn.running() or time.monotonic() > deadline:
            raise LocalCloudError(f"The proxy of the CDN did not start. Its log:\n{cloud.cdn.last_words()}")
        time.sleep(_PAUSE)
