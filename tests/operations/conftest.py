"""What the functions really log, of everything that can happen to a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightpress.pipeline.paths import manifest_path
from tests.cdk.conftest import dev, template_of
from tests.handlers.conftest import IMAGES, clients, deployed, notification, settings, told
from tests.handlers.conftest import _new_container as new_container
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from tests.handlers.conftest import Deployed, Told

__all__ = ["clients", "deployed", "dev", "new_container", "settings", "template_of", "told"]

GOOD, BAD, GONE = "trips/good.jpg", "trips/bad.jpg", "trips/gone.jpg"
PHOTO = file_of(ramp((200, 150)), "JPEG", quality=95)


@pytest.fixture
def lines(deployed: Deployed, told: Told) -> list[dict[str, Any]]:
    """Every line, those of metrics included: published, rejected and recorded, removed, retried, nonsense."""
    deployed.upload(GOOD, PHOTO)
    deployed.upload(BAD, b"hello")
    deployed.invoke(*(notification(key) for key in (GOOD, GOOD, BAD, GONE)), "no")
    deployed.record()
    deployed.s3.delete_object(Bucket="uploads", Key=GOOD)
    deployed.invoke(notification(GOOD, name="ObjectRemoved:Delete"))
    deployed.s3.put_object(Bucket=IMAGES, Key=manifest_path(BAD), Body=b"overwritten by somebody")
    deployed.invoke(notification(BAD))
    return told.lines()
