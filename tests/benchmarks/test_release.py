"""The archive of the last release can be unpacked with every Python version that the README names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.benchmarks import release

if TYPE_CHECKING:
    from pathlib import Path


def test_the_release_is_unpacked_as_it_was_deployed(tmp_path: Path) -> None:
    release.unpack(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"app.py", "cdk.json", "infra", "lambda_src", "layers"}
    assert (tmp_path / "lambda_src" / "lightpress" / "reconcile.py").is_file()
