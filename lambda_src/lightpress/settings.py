"""The only reader of the environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingMissingError(Exception):
    """An environment variable that the stack should have set is not there."""


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
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            queue_url=_text(environment, "QUEUE_URL"),
            memory_mb=_memory_mb(environment),
            purge_queue_url=environment.get("PURGE_QUEUE_URL"),
            purge_delay_seconds=int(environment.get("PURGE_DELAY_SECONDS", "900")),
            refresh_delay_seconds=int(refresh_delay) if refresh_delay else None,
            attached=_attached(environment),
            pixel_library=_uses_pixel_library(environment),
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
        return cls(_text(environment, "LATE_LOOKS_QUEUE_URL"), int(_text(environment, "LATE_LOOK_SECONDS")))


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
        folders = tuple(_text(environment, "COPY_FOLDERS").split(","))
        return cls(environment.get("COPIES_BUCKET"), folders, _text(environment, "COPIES_QUEUE_URL"))


@dataclass(frozen=True, slots=True)
class LazySettings:
    """Settings of `render_lazy`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where manifests and variants are.
        memory_mb: Memory of the function, in MB as Lambda reports it.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        pixel_library: Whether the pixel library is used where it can.
    """

    uploads_bucket: str
    images_bucket: str
    memory_mb: int
    attached: tuple[dict[str, Any], ...] = ()
    pixel_library: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> LazySettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            memory_mb=_memory_mb(environment),
            attached=_attached(environment),
            pixel_library=_uses_pixel_library(environment),
        )


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
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            auth=_text(environment, "UPLOAD_AUTH"),
            scope=_text(environment, "OPERATORS_SCOPE"),
            memory_mb=_memory_mb(environment),
            attached=_attached(environment),
            pixel_library=_uses_pixel_library(environment),
        )


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """Settings of `take_review`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where reviews are kept.
        queue_url: The queue of uploads, through which keys are looked at again.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        has_time_limits: Whether any recipe says what becomes of what nobody reviews in time.
    """

    uploads_bucket: str
    images_bucket: str
    queue_url: str
    attached: tuple[dict[str, Any], ...] = ()
    has_time_limits: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ReviewSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            queue_url=_text(environment, "QUEUE_URL"),
            attached=_attached(environment),
            has_time_limits="GATE_TIME_LIMITS" in environment,
        )


@dataclass(frozen=True, slots=True)
class ModerationSettings:
    """Settings of `moderate`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where manifests and reviews are.
        review_queue_url: Where reviews are sent.
        thresholds: What `pipeline.moderation.Thresholds.to_json` writes.
        memory_mb: Memory of the function, in MB as Lambda reports it.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        pixel_library: Whether the pixel library is used where it can.
    """

    uploads_bucket: str
    images_bucket: str
    review_queue_url: str
    thresholds: str
    memory_mb: int
    attached: tuple[dict[str, Any], ...] = ()
    pixel_library: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ModerationSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            review_queue_url=_text(environment, "REVIEW_QUEUE_URL"),
            thresholds=_text(environment, "MODERATION"),
            memory_mb=_memory_mb(environment),
            attached=_attached(environment),
            pixel_library=_uses_pixel_library(environment),
        )


@dataclass(frozen=True, slots=True)
class EnricherSettings:
    """Settings of the functions that are shipped enrichers.

    Attributes:
        images_bucket: Where manifests and variants are.
        fact_queue_url: Where answers are sent.
        alt_text_model: The id of the model on Bedrock that describes pictures; empty for other enrichers.
    """

    images_bucket: str
    fact_queue_url: str
    alt_text_model: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> EnricherSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            fact_queue_url=_text(environment, "FACT_QUEUE_URL"),
            alt_text_model=environment.get("ALT_TEXT_MODEL", ""),
        )


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Settings of `deliver_webhook`.

    Attributes:
        rows: Of each webhook, what `webhooks.deliver.Webhook` reads.
        allowed_networks: That are not public and are allowed nevertheless, in CIDR notation.
        timeout_seconds: How long one attempt may take.
    """

    rows: tuple[dict[str, Any], ...]
    allowed_networks: tuple[str, ...]
    timeout_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> WebhookSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        told = json.loads(_text(environment, "WEBHOOKS"))
        return cls(tuple(told["webhooks"]), tuple(told["allowed_networks"]), told["timeout_seconds"])


@dataclass(frozen=True, slots=True)
class InPlaceSettings:
    """Settings of `compress_in_place`.

    Attributes:
        tables: Of each bucket, what `buckets.InPlace` holds.
        images_bucket: Where the ledger is.
        queue_url: The queue that its messages come from.
        memory_mb: Memory of the function, in MB as Lambda reports it.
    """

    tables: tuple[dict[str, Any], ...]
    images_bucket: str
    queue_url: str
    memory_mb: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> InPlaceSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            tables=tuple(json.loads(_text(environment, "IN_PLACE"))),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            queue_url=_text(environment, "QUEUE_URL"),
            memory_mb=_memory_mb(environment),
        )


@dataclass(frozen=True, slots=True)
class BackfillSettings:
    """Settings of `backfill`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where manifests are, and the files of runs.
        hints_queue_url: The queue of the backfill.
        runs_table: Name of the table of runs.
        nightly_days: How far the scheduled look looks back.
        failures_table: Name of the failures table.
        attached: Of each attached bucket, what `buckets.Attached` holds.
    """

    uploads_bucket: str
    images_bucket: str
    hints_queue_url: str
    runs_table: str
    nightly_days: int
    failures_table: str
    attached: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> BackfillSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            hints_queue_url=_text(environment, "HINTS_QUEUE_URL"),
            runs_table=_text(environment, "RUNS_TABLE"),
            nightly_days=int(_text(environment, "NIGHTLY_DAYS")),
            failures_table=_text(environment, "FAILURES_TABLE"),
            attached=_attached(environment),
        )


@dataclass(frozen=True, slots=True)
class FailureSettings:
    """Settings that `record_failure` has besides `Settings`.

    Attributes:
        quarantine_bucket: Where copies of failed originals go.
        failures_table: Name of the failures table.
        retention_seconds: How long a failure is kept.
    """

    quarantine_bucket: str
    failures_table: str
    retention_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> FailureSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            quarantine_bucket=_text(environment, "QUARANTINE_BUCKET"),
            failures_table=_text(environment, "FAILURES_TABLE"),
            retention_seconds=int(_text(environment, "FAILURE_RETENTION_SECONDS")),
        )


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
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            images_bucket=_text(environment, "IMAGES_BUCKET"),
            queue_url=_text(environment, "QUEUE_URL"),
            cdn_base_url=_text(environment, "CDN_BASE_URL"),
            auth=_text(environment, "UPLOAD_AUTH"),
            attached=_attached(environment),
        )


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
            bus=_text(environment, "EVENT_BUS"),
            deployment=_text(environment, "POWERTOOLS_SERVICE_NAME"),
            cdn_base_url=_text(environment, "CDN_BASE_URL"),
        )


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Settings of `fetch_url`.

    Attributes:
        uploads_bucket: Where fetched files are stored.
        queue_url: The URL queue.
        options: As `cdk.url_ingest` writes them and `composition.fetch_url` reads them.
    """

    uploads_bucket: str
    queue_url: str
    options: dict[str, Any]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> FetchSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            queue_url=_text(environment, "QUEUE_URL"),
            options=json.loads(_text(environment, "FETCH")),
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
            uploads_bucket=_text(environment, "UPLOADS_BUCKET"),
            url_queue_url=_text(environment, "URL_QUEUE_URL"),
            failures_table=_text(environment, "FAILURES_TABLE"),
        )


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Settings that the operators' API has besides `UploadSettings`.

    Attributes:
        scope: What the tokens of operators carry.
        queue_url: The queue of uploads.
        url_queue_url: The URL queue; None where no URLs are fetched.
        review_queue_url: The review queue; None where no recipe has a gate.
        quarantine_bucket: Where the copies of failed originals are.
        failures_table: Name of the failures table.
        runs_table: Name of the table of backfills.
        metrics: What is counted, and what it costs: as `aws.counts` reads it.
    """

    scope: str
    queue_url: str
    url_queue_url: str | None
    review_queue_url: str | None
    quarantine_bucket: str
    failures_table: str
    runs_table: str
    metrics: dict[str, Any]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> OperatorSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            scope=_text(environment, "OPERATORS_SCOPE"),
            queue_url=_text(environment, "QUEUE_URL"),
            url_queue_url=environment.get("URL_QUEUE_URL"),
            review_queue_url=environment.get("REVIEW_QUEUE_URL"),
            quarantine_bucket=_text(environment, "QUARANTINE_BUCKET"),
            failures_table=_text(environment, "FAILURES_TABLE"),
            runs_table=_text(environment, "RUNS_TABLE"),
            metrics=json.loads(_text(environment, "METRICS")),
        )


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """What each owner may upload in a day.

    Attributes:
        table: Name of the table of counters.
        max_files: Files of one owner in one day; 0 for any number.
        max_bytes: Bytes of one owner in one day; 0 for any number.
    """

    table: str
    max_files: int
    max_bytes: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> QuotaSettings | None:
        """Read the settings; None where there is no quota."""
        if "UPLOAD_COUNTERS_TABLE" not in environment:
            return None
        return cls(
            table=_text(environment, "UPLOAD_COUNTERS_TABLE"),
            max_files=int(_text(environment, "MAX_UPLOADS_PER_DAY")),
            max_bytes=int(_text(environment, "MAX_BYTES_PER_DAY")),
        )


def dead_letter_queue_url(environment: Mapping[str, str]) -> str:
    """Where a function sends what no retry can help."""
    return _text(environment, "DEAD_LETTER_QUEUE_URL")


def backfill_queue_url(environment: Mapping[str, str]) -> str | None:
    """The other queue that `process_upload` gets messages from; None without one."""
    return environment.get("BACKFILL_QUEUE_URL")


def images_bucket(environment: Mapping[str, str]) -> str:
    """The name of the bucket in which `resolve` finds manifests and variants."""
    return _text(environment, "IMAGES_BUCKET")


def permalink_seconds(environment: Mapping[str, str]) -> int | None:
    """How long the CDN keeps the picture that `resolve` sends; None if it redirects instead."""
    seconds = environment.get("PERMALINK_SECONDS")
    return int(seconds) if seconds else None


def cdn_path(environment: Mapping[str, str]) -> str:
    """What the paths of pictures begin with on the CDN; empty where it serves nothing else."""
    return environment.get("CDN_PATH", "")


def placeholders_for(environment: Mapping[str, str]) -> str | None:
    """The bucket for whose pictures `resolve` shows a placeholder while they are processed; None: for none."""
    return environment.get("PLACEHOLDERS_BUCKET")


@dataclass(frozen=True, slots=True)
class PurgeSettings:
    """Settings of `purge_deleted`.

    Attributes:
        distribution_id: The CDN.
        queue_url: The purge queue.
        all_from: From how many waiting purges on everything is invalidated at once; 0 for never.
    """

    distribution_id: str
    queue_url: str
    all_from: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> PurgeSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            distribution_id=_text(environment, "DISTRIBUTION_ID"),
            queue_url=_text(environment, "PURGE_QUEUE_URL"),
            all_from=int(_text(environment, "INVALIDATE_ALL_FROM")),
        )


def _uses_pixel_library(environment: Mapping[str, str]) -> bool:
    return environment.get("PIXEL_LIBRARY") != "off"


def _attached(environment: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(environment.get("ATTACHED", "[]")))


def _memory_mb(environment: Mapping[str, str]) -> int:
    return int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"))


def _text(environment: Mapping[str, str], name: str) -> str:
    try:
        return environment[name]
    except KeyError:
        raise SettingMissingError(f"the environment variable {name!r} is not set") from None
