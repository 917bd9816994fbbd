"""A Debian package is unpacked without Debian's tools, and each photo completely or not at all."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from tools.benchmarks.fetch_photos import FetchError, unpack

if TYPE_CHECKING:
    from pathlib import Path


def package(**photos: bytes) -> bytes:
    """An `ar` archive of three parts, the first of which has an odd length."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as tar:
        for name, content in photos.items():
            member = tarfile.TarInfo(f"./usr/share/backgrounds/{name}.jpg")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    parts = {"debian-binary": b"2.0", "control.tar.xz": b"control!", "data.tar.xz": data.getvalue()}
    archive = b"!<arch>\n"
    for name, content in parts.items():
        archive += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        archive += content + b"\n" * (len(content) % 2)
    return archive


def test_named_photos_are_written(tmp_path: Path) -> None:
    unpack(package(heron=b"one", otter=b"two", hare=b"three"), ("heron.jpg", "hare.jpg"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"heron.jpg": b"one", "hare.jpg": b"three"}


def test_a_package_without_a_named_photo_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"lacks hare\.jpg"):
        unpack(package(heron=b"one"), ("heron.jpg", "hare.jpg"), tmp_path)


def test_a_source_archive_is_unpacked_as_well(tmp_path: Path) -> None:
    deb = package(heron=b"one", otter=b"two")
    archive = deb[deb.index(b"data.tar.xz") + 60 :]
    unpack(archive, ("otter.jpg",), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"otter.jpg": b"two"}


def test_a_file_that_is_neither_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="neither a Debian package nor a source archive"):
        unpack(b"<html>", ("heron.jpg",), tmp_path)
    with pytest.raises(FetchError, match="not a Debian package"):
        unpack(package(heron=b"one").replace(b"data.tar", b"rest.tar"), ("heron.jpg",), tmp_path)
