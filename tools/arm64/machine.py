"""A CPython 3.13 for arm64: this machine's own where it is one, else Debian's, emulated."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ARM = {"aarch64", "arm64"}
_PYTHON = (3, 13)
_EMULATOR = "qemu-aarch64-static"
# That of Graviton2, which Lambda runs arm64 on. qemu's own choice, "max", signs pointers as well, and is five times as
# slow for it: https://www.qemu.org/docs/master/system/arm/cpu-features.html
_PROCESSOR = "neoverse-n1"
# What Linux tells of it: a file below the root is read instead of the host's. In the host's, cpuinfo, the library by
# which LiteRT chooses its kernels, finds no processor that it knows, and ends the process.
_TOLD = """processor\t: {number}
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1

"""
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SOURCE = f"deb [arch=arm64 signed-by={_KEYRING}] http://deb.debian.org/debian trixie main\n"
# What `python3.13` depends on, as far as its standard library is used.
_PACKAGES = (
    "python3.13", "python3.13-minimal", "libpython3.13-minimal", "libpython3.13-stdlib", "libc6", "libgcc-s1",
    "libstdc++6", "zlib1g", "libssl3t64", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libuuid1",
    "libzstd1",
)  # fmt: skip


class MachineError(Exception):
    """There is no arm64 machine; the message says what to install."""


@dataclass(frozen=True)
class Machine:
    """Runs Python on arm64.

    Attributes:
        command: What stands before Python's own arguments.
        environment: Variables that it needs.
        emulated: Whether an emulator runs it: it does not limit memory (RLIMIT_AS), and is some 10 times as slow.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    emulated: bool

    def run(self, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run Python to its end, with these variables and no others."""
        return subprocess.run(
            [*self.command, *arguments],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def arm64_machine(folder: Path) -> Machine:
    """Take this machine, or an emulated one that is unpacked into `folder` once; raises MachineError if it cannot."""
    if platform.system() == "Linux" and platform.machine() in _ARM and sys.version_info[:2] == _PYTHON:
        return Machine((sys.executable, "-P"), {}, emulated=False)
    emulator = _program(_EMULATOR, "qemu-user-static")
    _program("apt-get", "apt")
    _program("dpkg", "dpkg")
    if not os.access(_KEYRING, os.R_OK):
        raise MachineError(f"{_KEYRING} is missing; install it: apt-get install debian-archive-keyring")
    root = folder / "root"
    if not (root / "usr" / "bin" / "python3.13").exists():
        _unpack(folder, root)
    _tell_processors(root)
    command = (emulator, "-L", str(root), str(root / "usr" / "bin" / "python3.13"), "-P")
    return Machine(command, {"QEMU_LD_PREFIX": str(root), "QEMU_CPU": _PROCESSOR}, emulated=True)


def _tell_processors(root: Path) -> None:
    (root / "proc").mkdir(exist_ok=True)
    told = "".join(_TOLD.format(number=number) for number in range(os.cpu_count() or 1))
    (root / "proc" / "cpuinfo").write_text(told, encoding="utf-8")


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MachineError(
            f"{name} is missing; install it on a Debian or Ubuntu: apt-get install {package}. "
            "An arm64 Linux with Python 3.13 needs none of this."
        )
    return found


def _unpack(folder: Path, root: Path) -> None:
    """Download Debian's packages for arm64 and unpack them. Nothing is installed, and nothing needs to be root."""
    shutil.rmtree(folder, ignore_errors=True)
    for needed in ("lists/partial", "cache/archives/partial", "debs"):
        (folder / needed).mkdir(parents=True)
    (folder / "sources.list").write_text(_SOURCE, encoding="utf-8")
    settings = {
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    _checked(["apt-get", *options, "update", "-qq"], folder)
    _checked(["apt-get", *options, "download", "-qq", *_PACKAGES], folder / "debs")
    for package in sorted((folder / "debs").glob("*.deb")):
        _checked(["dpkg", "-x", str(package), str(root)], folder)
    # Debian's /lib is a link to /usr/lib, which `dpkg -x` does not make: the loader is looked for in it.
    shutil.rmtree(root / "lib", ignore_errors=True)
    (root / "lib").symlink_to("usr/lib")


def _checked(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise MachineError(f"{command[0]} failed. It said:\n{done.stdout}")
