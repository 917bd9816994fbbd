"""What holds for every test: no account, no randomness from run to run."""

from __future__ import annotations

import gc
import os
import re
import signal

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.quicker import make_tests_quicker
from tests.sampling import leave_out
from tests.web.browser import browser

__all__ = ["browser"]  # one for all tests of a process: Playwright runs once

# Some of these are read when a module is imported, hence here and not in a fixture.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_SERVICE_NAME="lightpress",
    POWERTOOLS_METRICS_NAMESPACE="Lightpress",
)
for own in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
    os.environ.pop(own, None)

# A shell that starts tests in the background has them ignore Ctrl-C, and with them every command that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

make_tests_quicker()

# Of each property. For longer: LIGHTPRESS_EXAMPLES=1000 make unit
EXAMPLES = int(os.environ.get("LIGHTPRESS_EXAMPLES", "60"))

settings.register_profile("lightpress", deadline=None, derandomize=True, database=None, max_examples=EXAMPLES)
settings.register_profile(  # for `make mutation`, which only asks whether a test fails, and thousands of times
    "mutants",
    settings.get_profile("lightpress"),
    max_examples=20,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=tuple(HealthCheck),
)
settings.load_profile("lightpress")


CHANGES = re.compile(r"\{'[^':]*', '| at 0x[0-9a-f]{6}")
"""What the name of a case shows of a set with more than one member, or of an object's address."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests with very many cases, `make test` runs a part (tests/sampling.py)."""
    if changing := [item.nodeid for item in items if CHANGES.search(item.nodeid)]:
        # pytest-xdist refuses workers that name their cases differently: by chance, where a hash decides.
        message = f"the names of these cases differ from process to process: give them ids.\n{chr(10).join(changing)}"
        raise pytest.UsageError(message)
    leave_out(config, items)
    # Files are handed out in this order: were the longest the last, all workers but one would wait for it.
    items.sort(key=lambda item: not item.nodeid.startswith("tests/web/"))


def pytest_collection_finish() -> None:
    """What collecting has made lives as long as the run: the garbage collector need not look at it again."""
    gc.freeze()
