"""The limits of the sandbox for test files."""

from __future__ import annotations

from lightpress.pipeline.sandbox import SandboxLimits

BOUNDS = SandboxLimits(cpu_seconds=20, wall_seconds=60.0, memory_mb=1_700)
"""The wall-clock limit is three times the CPU limit, so that other load on the machine fails no file."""
