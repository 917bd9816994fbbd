"""The last release, as `git archive vVERSION app.py cdk.json infra lambda_src layers` made it."""

from __future__ import annotations

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).resolve().parents[2] / "tests" / "e2e" / "releases" / "0.1.0.tar.xz"
VERSION = ARCHIVE.name.removesuffix(".tar.xz")


def unpack(folder: Path) -> None:
    """Unpack the release into `folder`.

    Python before 3.11.4 (Debian 12 has 3.11.2) knows neither `extractall(filter=...)` nor `tarfile.data_filter`; there
    the archive, which is this repository's own, is unpacked without a filter.
    """
    with tarfile.open(ARCHIVE) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)  # noqa: S202  filtered where Python can
