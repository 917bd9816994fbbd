"""Settings of `preview`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import attached_buckets, memory_mb, text, uses_pixel_library

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """Settings of `preview`.

    Attributes:
        uploads_bucket: Where originals are.
        auth: Kind of the upload API's authorizer.
        scope: What the tokens of operators carry.
        memory_mb: Memory of the function, in MB as Lambda reports it.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        pixel_library: Whether the pixel library is used where it can.
    """

    uploads_bucket: str
    auth: str
    scope: str
    memory_mb: int
    attached: tuple[dict[str, Any], ...] = ()
    pixel_library: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> PreviewSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            auth=text(environment, "UPLOAD_AUTH"),
            scope=text(environment, "OPERATORS_SCOPE"),
            memory_mb=memory_mb(environment),
            attached=attached_buckets(environment),
            pixel_library=uses_pixel_library(environment),
        )
