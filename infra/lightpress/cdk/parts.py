"""The components that options and recipes ask for, built on the core."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from lightpress.cdk.backfill import Backfill
from lightpress.cdk.component import functions_of
from lightpress.cdk.enriching import Enriching, read_facts
from lightpress.cdk.given import who
from lightpress.cdk.in_place import InPlace
from lightpress.cdk.moderating import Moderating
from lightpress.cdk.operators import Operators
from lightpress.cdk.purging import Purging
from lightpress.cdk.reviewing import Reviewing, ask_reviewers, list_held, note_rejections
from lightpress.cdk.topic import EventTopic
from lightpress.cdk.upload_api import UploadApi
from lightpress.cdk.upload_page import UploadPage
from lightpress.cdk.url_ingest import UrlIngest
from lightpress.cdk.webhooks import Webhooks
from lightpress.pipeline.facts import ALT, FACES, LABELS
from lightpress.pipeline.gate import MODERATION
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.asking import AskedQueue
    from lightpress.cdk.component import Component
    from lightpress.cdk.core import Core
    from lightpress.cdk.functions import PythonFunction


@dataclass(frozen=True)
class Parts:
    """What a Lightpress has besides the core; None where neither an option nor a recipe asks for it.

    Attributes:
        backfill: Looks at whole buckets.
        purging: Invalidates what was deleted and overwritten.
        reviewing: Takes reviews, for recipes with a gate.
        moderating: The reviewer that asks Rekognition.
        enriching: Takes facts, and has those asked for that ship.
        upload_api: Signs uploads.
        url_ingest: Fetches originals by URL.
        in_place: Compresses objects of existing buckets.
        webhooks: Sends events to receivers.
        topic: Sends events to an SNS topic.
        operators: What operators see and do.
    """

    backfill: Backfill
    purging: Purging | None
    reviewing: Reviewing | None
    moderating: Moderating | None
    enriching: Enriching | None
    upload_api: UploadApi | None
    url_ingest: UrlIngest | None
    in_place: InPlace | None
    webhooks: Webhooks | None
    topic: EventTopic | None
    operators: Operators | None = None

    @property
    def components(self) -> Sequence[Component]:
        """Those that there are."""
        return [part for part in (getattr(self, row.name) for row in fields(self)) if part is not None]

    @property
    def asked(self) -> Sequence[AskedQueue]:
        """Where events wait for functions that ask services about pictures."""
        enrichers = self.enriching.asked if self.enriching else ()
        return [*enrichers, *([self.moderating.asked] if self.moderating else [])]

    @property
    def readers(self) -> Sequence[PythonFunction]:
        """The functions that read originals."""
        operators = self.operators.readers if self.operators else ()
        return [self.backfill.function, *operators, *(self.moderating.functions if self.moderating else ())]

    @property
    def writers(self) -> Sequence[PythonFunction]:
        """The functions that write originals."""
        return functions_of(*(part for part in (self.upload_api, self.url_ingest) if part))


def make_parts(scope: Construct, core: Core) -> Parts:
    """Create them, in the order in which each needs the ones before.

    Raises ConfigError where one lacks what it needs.
    """
    config = core.config
    purging = Purging(scope, "Purging", core=core) if config.delivery.invalidate_deleted else None
    reviewing = _reviewing(scope, core)
    moderating = _moderating(scope, core, reviewing)
    url_ingest = UrlIngest(scope, "UrlIngest", core=core) if config.ingest.url_ingest else None
    upload_api = _upload_api(scope, core, url_ingest)
    backfill = Backfill(scope, "Backfill", core=core)
    if reviewing is not None:
        ask_reviewers(backfill.function, images=core.images)
    enriching = _enriching(scope, core)
    if enriching is not None:
        read_facts(backfill.function, images=core.images)
    parts = Parts(
        backfill=backfill,
        purging=purging,
        reviewing=reviewing,
        moderating=moderating,
        enriching=enriching,
        upload_api=upload_api,
        url_ingest=url_ingest,
        in_place=InPlace(scope, "InPlace", core=core) if config.existing.in_place else None,
        webhooks=Webhooks(scope, "Webhooks", code=core.code, config=config) if config.webhooks.webhooks else None,
        topic=EventTopic(scope, "EventTopic", config=config) if config.webhooks.event_topic else None,
    )
    return replace(parts, operators=_operators(scope, core, parts))


def _reviewing(scope: Construct, core: Core) -> Reviewing | None:
    if not core.code.recipes.reviewers:
        return None
    if not core.config.delivery.invalidate_deleted:
        raise ConfigError(
            f"{who(scope)}: invalidate_deleted: false, and a recipe has a gate: the CDN would go on showing pictures "
            "that are rejected after they were published. Remove one of the two"
        )
    ask_reviewers(*core.publishers, images=core.images)
    list_held(*core.publishers, images=core.images)
    note_rejections(core.failures.function, core.images)
    return Reviewing(scope, "Reviewing", core=core)


def _moderating(scope: Construct, core: Core, reviewing: Reviewing | None) -> Moderating | None:
    options = core.config.processing
    if not options.moderation_reject:
        return None
    if reviewing is None or MODERATION not in core.code.recipes.reviewers:
        raise ConfigError(
            f'{who(scope)}: moderation_reject: no recipe asks for it; allowed: with "{MODERATION}" in gate of a recipe'
        )
    if not options.event_bus:
        raise ConfigError(
            f'{who(scope)}: event_bus: "", and moderation_reject has Rekognition asked by events. Name a bus, or leave '
            "moderation_reject out"
        )
    return Moderating(scope, "Moderating", core=core, reviewing=reviewing)


def _enriching(scope: Construct, core: Core) -> Enriching | None:
    asked = core.code.recipes.enrichers
    options = core.config.processing
    for key, name, chosen in (
        ("detect_labels", LABELS, options.detect_labels),
        ("detect_faces", FACES, options.detect_faces),
        ("alt_text_model", ALT, options.alt_text_model),
    ):
        if chosen and name not in asked:
            raise ConfigError(
                f'{who(scope)}: {key}: no recipe asks for it; allowed: with "{name}" in facts of a recipe'
            )
    if not asked:
        return None
    if not options.event_bus:
        raise ConfigError(
            f'{who(scope)}: event_bus: "", and recipes ask {", ".join(asked)} for facts: they are asked by events. '
            "Name a bus, or leave those out of facts"
        )
    read_facts(*core.publishers, images=core.images)
    return Enriching(scope, "Enriching", core=core)


def _upload_api(scope: Construct, core: Core, url_ingest: UrlIngest | None) -> UploadApi | None:
    """The API with its page, if there is one, and the origins that may upload."""
    options = core.config.uploads
    origins = list(options.allowed_origins)
    api = None
    if options.upload_auth != "off":
        api = UploadApi(scope, "UploadApi", core=core, url_ingest=url_ingest)
        if options.upload_page:
            origins.append(api.origin)
            UploadPage(scope, "UploadPage", core=core, api=api)
    if origins:
        core.uploads.accept_from(*origins)
    return api


def _operators(scope: Construct, core: Core, parts: Parts) -> Operators | None:
    if parts.upload_api is None or not core.config.uploads.operators_scope:
        return None
    return Operators(
        scope,
        "Operators",
        core=core,
        api=parts.upload_api,
        backfill=parts.backfill,
        url_ingest=parts.url_ingest,
        reviewing=parts.reviewing,
        counted=functions_of(*core.components, *parts.components),
    )
