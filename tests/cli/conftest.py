"""What commands are tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.deployed import REGION, Rig, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A deployment in the account of these tests; commands speak of it, and have a wide terminal."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("LIGHTPRESS_ENV", "dev")
    monkeypatch.setenv("COLUMNS", "200")
    with deployed() as rig:
        yield rig
