"""The core: the components that every environment has, and that the others are built on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.announcements import announce_on
from lightpress.cdk.copies import copy_folders, copy_variants
from lightpress.cdk.delivery import DAYS_OF_A_RUN, Delivery
from lightpress.cdk.failures import BACKUP_DAYS, Failures
from lightpress.cdk.functions import FunctionCode
from lightpress.cdk.given import who
from lightpress.cdk.processing import Processing
from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.cdk.uploads import Uploads, drop_originals
from lightpress.pipeline.retention import Retention
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from aws_cdk import aws_s3 as s3
    from constructs import Construct

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.component import Component
    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.given import Given


@dataclass(frozen=True)
class Core:
    """The core, as the other components are given it.

    Attributes:
        config: The options.
        code: What functions run, and the recipes.
        uploads: Where originals land.
        processing: The queue of uploads, and the function that works on it.
        failures: What becomes of dead letters.
        delivery: The images bucket, and the CDN that serves it.
    """

    config: Config
    code: FunctionCode
    uploads: Uploads
    processing: Processing
    failures: Failures
    delivery: Delivery

    @property
    def originals(self) -> s3.IBucket:
        """The bucket of uploads."""
        return self.uploads.bucket

    @property
    def images(self) -> PrivateBucket:
        """The bucket of variants and manifests."""
        return self.delivery.images

    @property
    def publishers(self) -> tuple[PythonFunction, PythonFunction]:
        """The functions that publish what was uploaded: `process_upload`, and `record_failure` at its last try."""
        return self.processing.function, self.failures.function

    @property
    def components(self) -> Sequence[Component]:
        return self.code, self.uploads, self.processing, self.failures, self.delivery

    @property
    def readers(self) -> Sequence[PythonFunction]:
        """The functions that read originals."""
        return [*self.publishers, *([self.delivery.lazy.function] if self.delivery.lazy else [])]

    @property
    def retention(self) -> Retention:
        """What receipts of erasures tell, and for whom erasures wait."""
        return Retention(
            keeps_data=self.config.storage.removal == "retain",
            working_seconds=max(function.timeout_seconds for function in self.readers),
            invalidates=self.config.delivery.invalidate_deleted,
            logs=self.config.monitoring.log_retention_days,
            access_logs=self.config.delivery.access_log_days,
            queues=self.config.processing.queue_retention_days,
            dead_letters=self.config.processing.dead_letter_retention_days,
            failures=self.config.processing.failure_retention_days,
            runs=DAYS_OF_A_RUN,
            backups=BACKUP_DAYS,
            previous=self.config.storage.previous_days,
        )


def make_core(scope: Construct, config: Config, recipes: Path, given: Given) -> Core:
    """Create the core, in the order in which each component needs the ones before."""
    code = FunctionCode(scope, "Code", source=LAMBDA_SRC, recipes=recipes, config=config)
    uploads = Uploads(scope, "Uploads", config=config, recipes=code.recipes, given=given.uploads)
    delivery = Delivery(scope, "Delivery", uploads=uploads.bucket, code=code, config=config, mount=given.mount)
    processing = Processing(
        scope, "Processing", uploads=uploads.bucket, images=delivery.images, code=code, config=config
    )
    failures = Failures(
        scope,
        "Failures",
        processing=processing,
        uploads=uploads.bucket,
        images=delivery.images,
        code=code,
        config=config,
    )
    core = Core(config, code, uploads, processing, failures, delivery)
    if delivery.lazy is not None:
        delivery.lazy.look_later(processing.queue, *core.publishers)
    _copy(core)
    if code.recipes.drops_originals:
        drop_originals(*core.publishers, uploads=uploads.bucket)
    if config.processing.event_bus:
        announce_on(config.processing.event_bus, *core.publishers, base_url=delivery.base_url)
    return core


def _copy(core: Core) -> None:
    """Have the publishers copy variants where a recipe has copies."""
    if not copy_folders(core.config, core.code.recipes):
        if core.config.delivery.copies_bucket:
            raise ConfigError(
                f"{who(core.delivery)}: copies_bucket: no recipe has copies; allowed: where one has "
                'copies = "thumbs/{stem}-{size}.{ext}" or so'
            )
        return
    copy_variants(
        *core.publishers,
        images=core.images,
        queue=core.processing.queue,
        config=core.config,
        recipes=core.code.recipes,
    )
