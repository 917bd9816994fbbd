"""The stack: its components, in the order in which each needs the ones before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack

from lightpress.cdk.announcements import announce_on
from lightpress.cdk.backfill import Backfill
from lightpress.cdk.buckets import guard_names
from lightpress.cdk.canary import Canary
from lightpress.cdk.dashboard import Dashboard
from lightpress.cdk.delivery import Delivery
from lightpress.cdk.encryption import Encryption
from lightpress.cdk.existing import existing_as_json
from lightpress.cdk.failures import Failures
from lightpress.cdk.functions import FunctionCode
from lightpress.cdk.in_place import InPlace
from lightpress.cdk.monitoring import Monitoring
from lightpress.cdk.processing import Processing
from lightpress.cdk.purging import Purging
from lightpress.cdk.queries import SavedQueries
from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.cdk.upload_api import UploadApi
from lightpress.cdk.upload_page import UploadPage
from lightpress.cdk.uploads import Uploads
from lightpress.cdk.url_ingest import UrlIngest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from constructs import Construct

    from lightpress.cdk.component import Component
    from lightpress.cdk.config import Config


class LightpressStack(Stack):
    """Originals are uploaded, processed and delivered. `source` is the folder of the functions' code."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, source: Path = LAMBDA_SRC) -> None:
        super().__init__(
            scope,
            id_,
            description="Lightpress: every size and format the web needs of every image file uploaded to a bucket",
            termination_protection=config.storage.termination_protection,
        )
        guard_names(self, config)
        Encryption(self, config=config)
        core = _core(self, config, source)
        purging = _purging(self, core)
        url_ingest = _url_ingest(self, core)
        upload_api = _upload_api(self, core, url_ingest)
        backfill = _backfill(self, core)
        in_place = _in_place(self, core)
        optional = [part for part in (purging, upload_api, url_ingest, in_place) if part is not None]
        components: list[Component] = [*core.components, backfill, *optional]
        functions = [function for component in components for function in component.functions]
        components.append(_monitoring(self, core, components, backfill, in_place))
        if config.processing.canary_minutes:
            Canary(self, "Canary", functions=functions, config=config)
        if config.existing.attach or config.existing.in_place:
            CfnOutput(self, "ExistingBuckets", value=existing_as_json(config.existing.attach, config.existing.in_place))
        for component in components:
            for name, value in component.outputs.items():
                CfnOutput(self, name, value=value)


@dataclass(frozen=True)
class _Core:
    """The components that every environment has; the others are built on them."""

    config: Config
    code: FunctionCode
    uploads: Uploads
    processing: Processing
    failures: Failures
    delivery: Delivery

    @property
    def components(self) -> Sequence[Component]:
        return self.code, self.uploads, self.processing, self.failures, self.delivery


def _core(stack: Stack, config: Config, source: Path) -> _Core:
    code = FunctionCode(stack, "Code", source=source, config=config)
    uploads = Uploads(stack, "Uploads", config=config)
    delivery = Delivery(stack, "Delivery", uploads=uploads.bucket, code=code, config=config)
    processing = Processing(
        stack, "Processing", uploads=uploads.bucket, images=delivery.images, code=code, config=config
    )
    failures = Failures(
        stack,
        "Failures",
        processing=processing,
        uploads=uploads.bucket,
        images=delivery.images,
        code=code,
        config=config,
    )
    if delivery.lazy is not None:
        delivery.lazy.look_later(processing.queue, processing.function, failures.function)
    if config.processing.event_bus:
        announce_on(config.processing.event_bus, processing.function, failures.function, base_url=delivery.base_url)
    return _Core(config, code, uploads, processing, failures, delivery)


def _purging(stack: Stack, core: _Core) -> Purging | None:
    if not core.config.delivery.invalidate_deleted:
        return None
    return Purging(
        stack,
        "Purging",
        processing=core.processing,
        failures=core.failures,
        delivery=core.delivery,
        code=core.code,
        config=core.config,
    )


def _url_ingest(stack: Stack, core: _Core) -> UrlIngest | None:
    if not core.config.ingest.url_ingest:
        return None
    return UrlIngest(
        stack,
        "UrlIngest",
        uploads=core.uploads.bucket,
        processing=core.processing,
        code=core.code,
        config=core.config,
    )


def _upload_api(stack: Stack, core: _Core, url_ingest: UrlIngest | None) -> UploadApi | None:
    """The API with its page, if there is one, and the origins that may upload."""
    config, uploads = core.config, core.uploads
    origins = list(config.uploads.allowed_origins)
    api = None
    if config.uploads.upload_auth != "off":
        api = UploadApi(
            stack,
            "UploadApi",
            uploads=uploads.bucket,
            delivery=core.delivery,
            failures=core.failures,
            url_ingest=url_ingest,
            code=core.code,
            config=config,
        )
        if config.uploads.upload_page:
            origins.append(api.origin)
            UploadPage(
                stack,
                "UploadPage",
                api=api,
                uploads=uploads.bucket,
                delivery=core.delivery,
                recipes=core.code.recipes,
                config=config,
            )
    if origins:
        uploads.accept_from(*origins)
    return api


def _backfill(stack: Stack, core: _Core) -> Backfill:
    return Backfill(
        stack,
        "Backfill",
        uploads=core.uploads.bucket,
        images=core.delivery.images,
        processing=core.processing,
        code=core.code,
        config=core.config,
    )


def _in_place(stack: Stack, core: _Core) -> InPlace | None:
    if not core.config.existing.in_place:
        return None
    return InPlace(stack, "InPlace", images=core.delivery.images, code=core.code, config=core.config)


def _monitoring(
    stack: Stack,
    core: _Core,
    components: Sequence[Component],
    backfill: Backfill,
    in_place: InPlace | None,
) -> Monitoring:
    """Alarms and, where they are chosen, the dashboard and the saved queries: over all functions of `components`."""
    functions = [function for component in components for function in component.functions]
    monitoring = Monitoring(
        stack,
        "Monitoring",
        processing=core.processing,
        functions=functions,
        in_place=in_place,
        work_queues=[queue for component in components for queue in component.work_queues],
        backfill=backfill,
        config=core.config,
    )
    if core.config.monitoring.dashboard:
        Dashboard(
            stack,
            "Dashboard",
            uploads=core.uploads,
            processing=core.processing,
            delivery=core.delivery,
            functions=functions,
            in_place=in_place,
            alarms=monitoring.alarms,
            config=core.config,
        )
    if core.config.monitoring.saved_queries:
        SavedQueries(stack, "Queries", functions=functions, config=core.config)
    return monitoring
