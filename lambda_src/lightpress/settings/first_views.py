"""Settings of `render_lazy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import attached_buckets, cdn_path, memory_mb, text, uses_pixel_library

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LazySettings:
    """Settings of `render_lazy`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where manifests and variants are.
        memory_mb: Memory of the function, in MB as Lambda reports it.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        cdn_path: What the paths of pictures begin with on the CDN; empty where it serves nothing else.
        pixel_library: Whether the pixel library is used where it can.
    """

    uploads_bucket: str
    images_bucket: str
    memory_mb: int
    attached: tuple[dict[str, Any], ...] = ()
    cdn_path: str = ""
    pixel_library: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> LazySettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            images_bucket=text(environment, "IMAGES_BUCKET"),
            memory_mb=memory_mb(environment),
            attached=attached_buckets(environment),
            cdn_path=cdn_path(environment),
            pixel_library=uses_pixel_library(environment),
        )
