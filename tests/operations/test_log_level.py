"""The log level of the configuration decides what is logged, whatever Lambda's own filter is set to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest

from lightpress.cdk.readiness import LAMBDA_SRC

_PROGRAM = """
from lightpress.telemetry import logger, metrics
for level in ("debug", "info", "warning", "error"):
    getattr(logger, level)("said")
metrics.add_metric(name="Retries", unit="Count", value=1)
metrics.flush_metrics()
"""


@pytest.mark.parametrize(
    ("chosen", "platform", "logged"),
    [
        ("DEBUG", "DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("INFO", "INFO", ["INFO", "WARNING", "ERROR"]),
        ("WARN", "INFO", ["WARNING", "ERROR"]),
        ("ERROR", "INFO", ["ERROR"]),
    ],
)
def test_the_level_is_the_chosen_one_and_metrics_are_written_at_every_level(
    chosen: str, platform: str, logged: list[str]
) -> None:
    lines = _lines(POWERTOOLS_LOG_LEVEL=chosen, AWS_LAMBDA_LOG_LEVEL=platform)
    assert [line["level"] for line in lines if "_aws" not in line] == logged
    assert [line["Retries"] for line in lines if "_aws" in line] == [[1.0]]


def test_the_time_of_a_line_is_in_rfc_3339_or_lambda_would_ignore_its_level() -> None:
    (line,) = [one for one in _lines(POWERTOOLS_LOG_LEVEL="ERROR", AWS_LAMBDA_LOG_LEVEL="INFO") if "_aws" not in one]
    assert "T" in line["timestamp"]
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None


def _lines(**variables: str) -> list[dict[str, Any]]:
    """What the functions' logger and metrics write in an environment with these variables."""
    settings = {"POWERTOOLS_SERVICE_NAME": "lightpress", "POWERTOOLS_METRICS_NAMESPACE": "Lightpress"}
    told = {**os.environ, **settings, **variables, "PYTHONPATH": str(LAMBDA_SRC)}
    written = subprocess.run([sys.executable, "-c", _PROGRAM], env=told, check=True, capture_output=True, text=True)
    assert not written.stderr
    return [json.loads(line) for line in written.stdout.splitlines()]
