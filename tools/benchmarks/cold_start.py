"""CPU time of a new function instance before its first original, above that of a bare interpreter, in turns."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = Path(__file__).resolve().parents[2] / "lambda_src"
BARE, CLIENT, OURS = "bare interpreter", 'boto3.client("s3")', "handler and its clients"
_SETTINGS = {
    "AWS_LAMBDA_FUNCTION_NAME": "process-upload",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "UPLOADS_BUCKET": "uploads",
    "IMAGES_BUCKET": "images",
    "QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/work",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "EVENT_BUS": "default",
    "CDN_BASE_URL": "https://d1.cloudfront.net",
    "POWERTOOLS_SERVICE_NAME": "lightpress",
}
PROGRAMS = {
    BARE: "import json",
    CLIENT: 'import boto3; boto3.client("s3")',
    "image core": "import lightpress.image.render, lightpress.image.compress",
    "handler": "import lightpress.handlers.process_upload",
    OURS: "import lightpress.handlers.process_upload as up; up.processor_of('')",
    # This client is made after the first original, and only where events are published.
    "handler, its clients and that of EventBridge": (
        "import lightpress.handlers.process_upload as up; up.processor_of('').announce.announcements.client()"
    ),
    # Viewers and uploaders wait for these two.
    "resolver and its client": (
        "import lightpress.handlers.resolve; from lightpress.composition.resolve import images; images()"
    ),
    "upload API": "import lightpress.handlers.upload_api",
}


def measure(turns: int = 9) -> dict[str, float]:
    """Median CPU time of each program, in milliseconds."""
    measured: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(turns):
        for name, program in PROGRAMS.items():
            measured[name].append(_cpu_ms(program))
    return {name: median(each) for name, each in measured.items()}


def table(measured: Mapping[str, float]) -> str:
    """As Markdown: milliseconds above the bare interpreter, and their ratio to those of the client alone."""
    over = {name: milliseconds - measured[BARE] for name, milliseconds in measured.items() if name != BARE}
    lines = [f"| {name} | {each:.0f} | {each / over[CLIENT]:.2f} |" for name, each in over.items()]
    return "\n".join(["| | CPU ms | against the client |", "|---|--:|--:|", *lines])


def _cpu_ms(program: str) -> float:
    # os._exit: the interpreter does not clean up, as it never does in a function instance.
    settings = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_PACKAGE), **_SETTINGS}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"{program}; import os; os._exit(0)"], env=settings, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000
