"""Settings of whoever publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import attached_buckets, memory_mb, text, uses_pixel_library

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a function that publishes.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where variants and manifests are published.
        queue_url: The queue that its messages come from.
        memory_mb: Memory of the function, in MB as Lambda reports it.
        purge_queue_url: Where invalidations are requested; None if deleted variants are not invalidated.
        purge_delay_seconds: How long such a request waits in the queue.
        refresh_delay_seconds: How long the request to invalidate the permalinks of what is overwritten waits there;
            None if there is none, because the CDN keeps them for a minute only.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        pixel_library: Whether the pixel library is used where it can.
    """

    uploads_bucket: str
    images_bucket: str
    queue_url: str
    memory_mb: int
    purge_queue_url: str | None
    purge_delay_seconds: int
    refresh_delay_seconds: int | None = None
    attached: tuple[dict[str, Any], ...] = ()
    pixel_library: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingMissingError naming the variable."""
        refresh_delay = environment.get("REFRESH_DELAY_SECONDS")
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            images_bucket=text(environment, "IMAGES_BUCKET"),
            queue_url=text(environment, "QUEUE_URL"),
            memory_mb=memory_mb(environment),
            purge_queue_url=environment.get("PURGE_QUEUE_URL"),
            purge_delay_seconds=int(environment.get("PURGE_DELAY_SECONDS", "900")),
            refresh_delay_seconds=int(refresh_delay) if refresh_delay else None,
            attached=attached_buckets(environment),
            pixel_library=uses_pixel_library(environment),
        )


@dataclass(frozen=True, slots=True)
class LateLookSettings:
    """Where looks at what may be left behind are requested.

    Attributes:
        queue_url: The queue of uploads.
        delay_seconds: How long such a request waits in it.
    """

    queue_url: str
    delay_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> LateLookSettings | None:
        """Read the settings, None where nobody renders lazy variants; raises SettingMissingError."""
        if "LATE_LOOKS_QUEUE_URL" not in environment:
            return None
        return cls(text(environment, "LATE_LOOKS_QUEUE_URL"), int(text(environment, "LATE_LOOK_SECONDS")))


@dataclass(frozen=True, slots=True)
class CopySettings:
    """Where copies of variants go.

    Attributes:
        bucket: Of the owner; None for the images bucket.
        folders: Those of copies, each with "/" at its end.
        queue_url: The queue of uploads, through which those are looked at who wait for an address.
    """

    bucket: str | None
    folders: tuple[str, ...]
    queue_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> CopySettings | None:
        """Read the settings, None where there are no copies; raises SettingMissingError."""
        if "COPY_FOLDERS" not in environment:
            return None
        folders = tuple(text(environment, "COPY_FOLDERS").split(","))
        return cls(environment.get("COPIES_BUCKET"), folders, text(environment, "COPIES_QUEUE_URL"))


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Settings for notifications.

    Attributes:
        bus: Name or ARN of the event bus.
        deployment: Name of the stack, which is part of each event.
        cdn_base_url: Address of the CDN, without a slash at its end.
    """

    bus: str
    deployment: str
    cdn_base_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> EventSettings | None:
        """Read the settings, None where nothing is to be announced; raises SettingMissingError naming the variable."""
        if "EVENT_BUS" not in environment:
            return None
        return cls(
            bus=text(environment, "EVENT_BUS"),
            deployment=text(environment, "POWERTOOLS_SERVICE_NAME"),
            cdn_base_url=text(environment, "CDN_BASE_URL"),
        )


def backfill_queue_url(environment: Mapping[str, str]) -> str | None:
    """The other queue that `process_upload` gets messages from; None without one."""
    return environment.get("BACKFILL_QUEUE_URL")
