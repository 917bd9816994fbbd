import subprocess
from pathlib import Path

import pytest

from lightpress.local import LocalCloudError
from lightpress.local.emulator_python import emulator_python


@pytest.mark.nightly
def test_the_environment_is_made_once_and_again_when_the_lock_changes(tmp_path: Path) -> None:
    lock, venv, said = tmp_path / "lock.txt", tmp_path / "venv", list[str]()
    lock.write_text("# nothing\n")
    python = emulator_python(venv, say=said.append, lock=lock)
    prefix = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    assert prefix.stdout.strip() == str(venv)
    left = venv / "left"
    left.touch()
    assert emulator_python(venv, say=said.append, lock=lock) == python
    assert left.exists()
    assert len(said) == 1
    lock.write_text("# nothing else\n")
    emulator_python(venv, say=said.append, lock=lock)
    assert not left.exists()
    assert len(said) == 2


@pytest.mark.nightly
def test_the_error_holds_pips_own_words_and_the_next_run_starts_anew(tmp_path: Path) -> None:
    lock, venv = tmp_path / "lock.txt", tmp_path / "venv"
    lock.write_text("six==1.17.0\n")
    for _ in range(2):
        with pytest.raises(LocalCloudError, match="Hashes are required in --require-hashes mode"):
            emulator_python(venv, say=lambda _: None, lock=lock)
