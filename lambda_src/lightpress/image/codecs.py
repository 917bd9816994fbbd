"""The modules of Pillow that read and write a format, imported when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lightpress.image.formats import INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.image.formats import Input


def load_codec(row: Input) -> None:
    """Pay for a codec when its first file comes; each decodes in one thread, for Lambda bills one CPU."""
    import_module(row.plugin)
    if row.threads is not None:
        module, name = row.threads
        setattr(import_module(module), name, 1)


def load_codecs(formats: Iterable[str]) -> None:
    """Load what reads and writes these formats (by name), as a parent does whose children would each pay for it.

    No file is touched. A name that is not one of ours loads nothing: it may come from a child.
    """
    wanted = frozenset(formats)
    for row in INPUTS:
        if row.name in wanted:
            load_codec(row)
