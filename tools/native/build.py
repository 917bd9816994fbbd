"""Compiles the pixel library with Zig's C compiler, which builds for any processor on any, the same bytes every time.

The compiler is a package of PyPI (ziglang, locked in requirements-native.txt). Only those who change the sources need
it: what it makes is committed, beside the module that loads it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "layers" / "pixels"
LIBRARIES = PROJECT / "lambda_src" / "lightpress" / "image"
RECORD = SOURCES / "SHA256SUMS"
COMPILER = PROJECT / ".local" / "native" / "bin" / "python"

# The oldest glibc that wheels are made for; Lambda has 2.34.
_GLIBC = "2.17"
_FLAGS = (
    "-std=c11", "-O3", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC", "-fvisibility=hidden",
    "-ffp-contract=off",  # a weight is rounded as Pillow rounds it
    "-fno-sanitize=all", "-fno-ident",
)  # fmt: skip

_SOURCES = ("dispatch.c", "luma.c", "transpose.c", "codecs.c", "jpeg.c", "webp.c", "avif.c")


class BuildError(Exception):
    """The compiler is missing, or refuses; the message holds its own words."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A source that is compiled for an instruction set. defines: the macros that it is compiled with."""

    source: str
    cpu: str
    defines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor that functions run on, as `os.uname` names it, and what is compiled for it."""

    name: str
    variants: tuple[Variant, ...]

    @property
    def target(self) -> str:
        """In the words of the compiler."""
        return f"{self.name}-linux-gnu.{_GLIBC}"

    @property
    def library(self) -> str:
        """The name of its file."""
        return f"libpixels-{self.name}.so"


def _resize(cpu: str, name: str) -> Variant:
    return Variant("resize.c", cpu, (f"LP_RESIZE=lp_resize_{name}",))


def _unfilter(cpu: str, name: str) -> Variant:
    return Variant("unfilter.c", cpu, (f"LP_UNFILTER=lp_unfilter_{name}",))


def _colors(cpu: str, name: str) -> Variant:
    return Variant("colors.c", cpu, (f"LP_TO_RGB=lp_to_rgb_{name}", f"LP_FROM_RGB=lp_from_rgb_{name}"))


def _everywhere(cpu: str) -> tuple[Variant, ...]:
    """What has no need of longer vectors than each of these processors has."""
    return tuple(Variant(source, cpu) for source in _SOURCES)


MACHINES = (
    Machine(
        "x86_64",
        (
            _resize("x86_64", "baseline"),
            _resize("x86_64_v3", "avx2"),
            _unfilter("x86_64", "baseline"),
            _unfilter("x86_64_v2", "sse4"),
            _colors("x86_64", "baseline"),
            _colors("x86_64_v3", "avx2"),
            *_everywhere("x86_64"),
        ),
    ),
    Machine(
        "aarch64",
        (
            _resize("generic", "baseline"),
            _unfilter("generic", "baseline"),
            _colors("generic", "baseline"),
            *_everywhere("generic"),
        ),
    ),
)


def build(folder: Path, compiler: Path = COMPILER) -> None:
    """Compile the library for each machine into `folder`; raises BuildError."""
    if not compiler.exists():
        raise BuildError(f"{compiler} is missing; run make native, which installs it")
    for machine in MACHINES:
        with TemporaryDirectory() as scratch:
            objects = [_compiled(compiler, machine, variant, Path(scratch)) for variant in machine.variants]
            linked = ["-shared", "-s", "-Wl,--build-id=none", "-o", str(folder / machine.library)]
            _run(compiler, "-target", machine.target, *linked, *objects, "-ldl")
        (folder / machine.library).chmod(0o644)


def _compiled(compiler: Path, machine: Machine, variant: Variant, folder: Path) -> str:
    result = folder / f"{len(list(folder.iterdir()))}.o"
    macros = [f"-D{macro}" for macro in variant.defines]
    made_for = ["-target", machine.target, f"-mcpu={variant.cpu}"]
    _run(compiler, *_FLAGS, *made_for, *macros, "-c", variant.source, "-o", str(result))
    return str(result)


def _run(compiler: Path, *arguments: str) -> None:
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(compiler.parents[1] / "cache")}
    finished = subprocess.run(
        [str(compiler), "-m", "ziglang", "cc", *arguments],
        cwd=SOURCES,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise BuildError(f"The pixel library cannot be compiled. The compiler said:\n{finished.stdout}")


def record(libraries: Path = LIBRARIES) -> str:
    """The checksums of the sources, of this file and of the libraries, as `sha256sum` writes them."""
    return "".join(f"{_sha256(path)}  {name}\n" for name, path in _recorded(libraries))


def _recorded(libraries: Path) -> Iterator[tuple[str, Path]]:
    sources = sorted((*SOURCES.glob("*.[ch]"), *(SOURCES / "include").rglob("*.h")))
    yield from ((path.relative_to(PROJECT).as_posix(), path) for path in (*sources, Path(__file__).resolve()))
    for machine in MACHINES:
        yield (LIBRARIES / machine.library).relative_to(PROJECT).as_posix(), libraries / machine.library


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
