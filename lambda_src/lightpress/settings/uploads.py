"""Settings of the upload API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import attached_buckets, text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class UploadSettings:
    """Settings of the upload API.

    Attributes:
        uploads_bucket: Where files are uploaded to.
        images_bucket: Where the manifests are.
        queue_url: Of the queue of uploads.
        cdn_base_url: Address of the distribution, without a slash at its end.
        auth: By whom callers are authorized: "none", "iam", "jwt" or "authorizer".
        attached: Of each attached bucket, what `buckets.Attached` holds.
    """

    uploads_bucket: str
    images_bucket: str
    queue_url: str
    cdn_base_url: str
    auth: str
    attached: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> UploadSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            images_bucket=text(environment, "IMAGES_BUCKET"),
            queue_url=text(environment, "QUEUE_URL"),
            cdn_base_url=text(environment, "CDN_BASE_URL"),
            auth=text(environment, "UPLOAD_AUTH"),
            attached=attached_buckets(environment),
        )


@dataclass(frozen=True, slots=True)
class OrderSettings:
    """Settings that the upload API has besides, where it accepts URLs.

    Attributes:
        uploads_bucket: Where fetched files are stored.
        url_queue_url: The URL queue.
        failures_table: Name of the failures table, which tells which URLs could not be fetched.
    """

    uploads_bucket: str
    url_queue_url: str
    failures_table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> OrderSettings | None:
        """Read the settings; None where no URLs are fetched."""
        if "URL_QUEUE_URL" not in environment:
            return None
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            url_queue_url=text(environment, "URL_QUEUE_URL"),
            failures_table=text(environment, "FAILURES_TABLE"),
        )
