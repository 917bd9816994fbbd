"""The emulator's CDN in front of a function URL: what AWS is reported to sign otherwise fails here as well."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.local import emulated
from lightpress.local.home import Shared

_PYTHON = Shared(PROJECT / ".local").venv / "bin" / "python"
# In the emulator's own environment: asks for paths as its CDN does after the edge function.
_ASK = """
import asyncio, json, sys
import gateway
paths = json.loads(sys.argv[1])
async def reached(*_): return 200, "OK", [], b""
gateway._fetch = reached
ask = gateway.cloudfront._fetch_from_function_url_origin
print(json.dumps([asyncio.run(ask("host", {}, "GET", path, "", {}, b"", True, "", ""))[0] for path in paths]))
"""

pytestmark = pytest.mark.skipif(not _PYTHON.exists(), reason="the emulator is not installed: lightpress local up")


def statuses(*paths: str) -> list[int]:
    folder = Path(emulated.__file__).parent
    finished = subprocess.run(
        [_PYTHON, "-c", _ASK, json.dumps(paths)], cwd=folder, capture_output=True, text=True, check=True
    )
    found: list[int] = json.loads(finished.stdout.splitlines()[-1])
    return found


def test_a_path_with_a_plus_sign_a_percent_sign_or_an_equals_sign_does_not_reach_a_function_url() -> None:
    assert statuses("/r/aZ09/avif.webp/n-w_640/~bG9uZw-_", "/") == [200, 200]
    refused = ("/avif+webp", "/cat%20nap.jpg", "/=avif", "/a b", "/é", "/a,b", "/a:b", "/a@b", "/a!b", "/a'b", "/(a)*")
    assert statuses(*refused) == [403] * len(refused)
