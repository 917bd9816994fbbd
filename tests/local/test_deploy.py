from pathlib import Path

import pytest

from lightpress.local import LocalCloudError, Session
from lightpress.local.deploy import deploy


def test_an_emulator_that_went_away_is_reported_in_a_sentence(tmp_path: Path, free_port: int) -> None:
    with pytest.raises(LocalCloudError, match=f"Lightpress-local could not be deployed: .*127.0.0.1:{free_port}"):
        deploy(tmp_path, "Lightpress-local", Session(f"http://127.0.0.1:{free_port}", None))
