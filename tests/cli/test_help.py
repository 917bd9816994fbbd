"""The help, which whoever looks for a command waits for."""

from __future__ import annotations

import json
import subprocess
import sys

from lightpress.cdk.readiness import PROJECT

_PROGRAM = """
import json, sys
from lightpress.cli.main import app
try:
    app(["--help"])
except SystemExit as end:
    assert end.code == 0
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_help_loads_neither_pictures_nor_aws() -> None:
    finished = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "backfill" in finished.stdout
    loaded = set(json.loads(finished.stdout.splitlines()[-1]))
    assert "typer" in loaded
    assert not loaded & {"PIL", "boto3", "botocore", "aws_cdk", "lightpress.image", "lightpress.pipeline"}
