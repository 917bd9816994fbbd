"""What a child inherits is not its own doing: how much these tests have in memory when it is born."""

from __future__ import annotations

import resource
from pathlib import Path

from lightpress.units import MB

_STATM = Path("/proc/self/statm")


def inherited_mb() -> int:
    """Resident memory of this process in MB; 0 where there is no /proc to tell."""
    if not _STATM.exists():
        return 0
    return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize() // MB
