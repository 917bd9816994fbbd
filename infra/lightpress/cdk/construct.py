"""The construct `Lightpress`: its components, in the order in which each needs the ones before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import CfnOutput
from aws_cdk import aws_events as events

from lightpress.cdk.announcements import announce_on
from lightpress.cdk.asking import asked_as_json
from lightpress.cdk.backfill import Backfill
from lightpress.cdk.buckets import guard_names
from lightpress.cdk.canary import Canary
from lightpress.cdk.copies import copy_folders, copy_variants
from lightpress.cdk.dashboard import Dashboard
from lightpress.cdk.delivery import DAYS_OF_A_RUN, Delivery
from lightpress.cdk.encryption import Encryption
from lightpress.cdk.enriching import Enriching, read_facts, shipped_in
from lightpress.cdk.existing import existing_as_json
from lightpress.cdk.failures import BACKUP_DAYS, Failures
from lightpress.cdk.functions import FunctionCode
from lightpress.cdk.given import Given, checked, who
from lightpress.cdk.in_place import InPlace
from lightpress.cdk.moderating import Moderating
from lightpress.cdk.monitoring import Monitoring
from lightpress.cdk.mount import Mount
from lightpress.cdk.naming import Root, pin
from lightpress.cdk.operators import Operators
from lightpress.cdk.processing import Processing
from lightpress.cdk.purging import Purging
from lightpress.cdk.queries import SavedQueries
from lightpress.cdk.readiness import LAMBDA_SRC, RECIPES
from lightpress.cdk.reviewing import Reviewing, ask_reviewers, list_held
from lightpress.cdk.topic import EventTopic
from lightpress.cdk.upload_api import UploadApi
from lightpress.cdk.upload_page import UploadPage
from lightpress.cdk.uploads import Uploads, drop_originals
from lightpress.cdk.url_ingest import UrlIngest
from lightpress.cdk.webhooks import Webhooks
from lightpress.delivery.notify import KINDS, SOURCE
from lightpress.pipeline.facts import ALT, FACES, LABELS
from lightpress.pipeline.gate import MODERATION
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.retention import Retention
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from aws_cdk import aws_cloudfront as cloudfront
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lightpress.cdk.arguments import Options
    from lightpress.cdk.asking import AskedQueue
    from lightpress.cdk.component import Component
    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction


class Lightpress(Root):
    """Pictures that are uploaded are processed, and delivered in every size and format that the web needs.

    Args:
        scope: A stack, or a construct in one. A stack may have several.
        id_: Of the construct.
        recipes: The file with the recipes; by default, those that Lightpress comes with.
        name: What the names of buckets, alarms and metrics have after `lightpress-`: up to 12 small letters, digits and
            hyphens, different for each Lightpress in an account. By default, it is made from the id and the stack.
        uploads: The bucket where originals are, of the same account and region; by default, one is created.
        distribution: The CloudFront distribution that serves pictures behind `path`; by default, one is created that
            serves nothing else.
        path: With `distribution`, what the paths of pictures begin with.
        config: All options at once, as `load_config` reads them from a TOML file; excludes `name` and `options`.
        options: docs/configuration.md; lists may be tuples, and texts values that only a deploy will know. The buckets
            of `attach` and `in_place` may be constructs.

    Attributes:
        uploads: The bucket of originals.
        images: The bucket of variants and manifests.
        distribution: The distribution that serves them.
        base_url: What the URL of each variant and permalink begins with.
        queue: The queue of uploads.
        dead_letters: Its dead-letter queue.
        functions: All functions.
        name: The name; of the environment, where `config` is given.

    Raises:
        ConfigError: An argument is not allowed. The text names it, its value and what is allowed.

    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        recipes: str | Path = RECIPES,
        name: str | None = None,
        uploads: s3.IBucket | None = None,
        distribution: cloudfront.IDistribution | None = None,
        path: str = "/pictures",
        config: Config | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(scope, id_)
        given = Given(uploads, Mount(distribution, path) if distribution is not None else None)
        self._config = checked(self, given, name, config, options)
        self.name = self._config.environment
        guard_names(self, self._config)
        by_rules = uploads is not None or _has_rules(Path(recipes), self._config)
        Encryption(self, config=self._config, by_rules=by_rules)
        core = _core(self, self._config, Path(recipes), given)
        self.uploads, self.images = core.uploads.bucket, core.delivery.images
        self.distribution, self.base_url = core.delivery.distribution, core.delivery.base_url
        self.queue, self.dead_letters = core.processing.queue, core.processing.dead_letters
        self._enrichers = core.code.recipes.enrichers
        self.functions = self._add(core)

    def _add(self, core: _Core) -> list[PythonFunction]:
        """The parts that are built on the core, and the outputs of all; returns all functions."""
        config = self._config
        purging = _purging(self, core)
        reviewing = self._reviewing = _reviewing(self, core)
        moderating = _moderating(self, core, reviewing)
        url_ingest = _url_ingest(self, core)
        upload_api = _upload_api(self, core, url_ingest)
        backfill = _backfill(self, core)
        if reviewing is not None:
            ask_reviewers(backfill.function, images=core.delivery.images)
        enriching = self._enriching = _enriching(self, core)
        if enriching is not None:
            read_facts(backfill.function, images=core.delivery.images)
        in_place = _in_place(self, core)
        webhooks = Webhooks(self, "Webhooks", code=core.code, config=config) if config.webhooks.webhooks else None
        topic = EventTopic(self, "EventTopic", config=config) if config.webhooks.event_topic else None
        parts = (purging, reviewing, moderating, enriching, upload_api, url_ingest, in_place, webhooks, topic)
        chosen = [part for part in parts if part is not None]
        handling = [one for part in (*core.components, backfill, *chosen) for one in part.functions]
        operators = _operators(self, core, upload_api, backfill, url_ingest, reviewing, handling)
        optional: list[Component] = [*chosen, *([operators] if operators else [])]
        components: list[Component] = [*core.components, backfill, *optional]
        functions = [function for component in components for function in component.functions]
        asked = [*(enriching.asked if enriching else ()), *([moderating.asked] if moderating else [])]
        components.append(_monitoring(self, core, components, backfill, in_place, webhooks, topic, reviewing, asked))
        if asked:
            self._output("AskedQueues", asked_as_json(asked))
        if config.processing.canary_minutes:
            Canary(self, "Canary", functions=functions, config=config)
        lazy = [core.delivery.lazy.function] if core.delivery.lazy else []
        core.uploads.share_key(
            readers=[
                core.processing.function,
                core.failures.function,
                backfill.function,
                *lazy,
                *(operators.readers if operators else ()),
                *(moderating.functions if moderating else ()),
            ],
            writers=[function for part in (upload_api, url_ingest) if part for function in part.functions],
        )
        if config.existing.attach or config.existing.in_place:
            self._output("ExistingBuckets", existing_as_json(config.existing.attach, config.existing.in_place))
        self._output("Retention", _retention(core).to_json())
        for component in components:
            for name, value in component.outputs.items():
                self._output(name, value)
        return functions

    def _output(self, name: str, value: str) -> None:
        pin(CfnOutput(self, name, value=value), name)

    def grant_upload(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let somebody store originals, and use the key that encrypts them."""
        return self.uploads.grant_put(grantee)

    @property
    def fact_queue(self) -> sqs.IQueue:
        """The queue that enrichers answer to (docs/facts.md): let those of your own send to it, and nobody else.

        Raises ConfigError where no recipe asks an enricher.
        """
        if self._enriching is None:
            raise ConfigError(
                f'{who(self)}: fact_queue: no recipe asks an enricher; allowed: where one has facts = ["NAME"]'
            )
        return self._enriching.queue

    @property
    def review_queue(self) -> sqs.IQueue:
        """The queue of reviews (docs/how-to/moderation.md): whoever may send to it is a reviewer.

        Raises ConfigError where no recipe has a gate.
        """
        if self._reviewing is None:
            raise ConfigError(
                f'{who(self)}: review_queue: no recipe has a gate; allowed: where one has gate = ["NAME"]'
            )
        return self._reviewing.queue

    def on_ready(
        self, target: events.IRuleTarget, *, id_: str = "OnReady", under: str = "", missing: str = ""
    ) -> events.Rule:
        """Send an event (docs/events.md, `ImageReady`) for each picture that is published.

        Args:
            target: What gets them, such as `aws_events_targets.LambdaFunction`.
            id_: Of the rule; each needs its own.
            under: What the keys begin with; by default, all pictures.
            missing: The name of an enricher: only pictures that it has not answered yet (docs/facts.md).

        Raises:
            ConfigError: The option `event_bus` is "", or no recipe asks the enricher.

        """
        bus = self._config.processing.event_bus
        if not bus:
            raise ConfigError(f'{who(self)}: event_bus: on_ready needs one; it is ""')
        if missing and missing not in self._enrichers:
            allowed = ", ".join(self._enrichers) or "none"
            raise ConfigError(f"{who(self)}: missing: no recipe has {missing!r} in facts; allowed: {allowed}")
        detail: dict[str, Any] = {"deployment": [self._config.prefix]}
        if under:
            detail["key"] = [{"prefix": under}]
        if missing:
            detail["facts"] = {"missing": [missing]}
        return events.Rule(
            self,
            id_,
            description=f"Pictures of {self._config.prefix} that are published",
            event_bus=events.EventBus.from_event_bus_name(self, f"{id_}Bus", bus),
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=[KINDS[Status.READY]], detail=detail),
            targets=[target],
        )


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


def _retention(core: _Core) -> Retention:
    """What receipts of erasures tell, and for whom erasures wait."""
    config = core.config
    readers = [core.processing.function, core.failures.function]
    readers += [core.delivery.lazy.function] if core.delivery.lazy else []
    return Retention(
        keeps_data=config.storage.removal == "retain",
        working_seconds=max(function.timeout_seconds for function in readers),
        invalidates=config.delivery.invalidate_deleted,
        logs=config.monitoring.log_retention_days,
        access_logs=config.delivery.access_log_days,
        queues=config.processing.queue_retention_days,
        dead_letters=config.processing.dead_letter_retention_days,
        failures=config.processing.failure_retention_days,
        runs=DAYS_OF_A_RUN,
        backups=BACKUP_DAYS,
    )


def _core(scope: Construct, config: Config, recipes: Path, given: Given) -> _Core:
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
    if delivery.lazy is not None:
        delivery.lazy.look_later(processing.queue, processing.function, failures.function)
    _copy(code, config, processing, failures, delivery)
    if code.recipes.drops_originals:
        drop_originals(processing.function, failures.function, uploads=uploads.bucket)
    if config.processing.event_bus:
        announce_on(config.processing.event_bus, processing.function, failures.function, base_url=delivery.base_url)
    return _Core(config, code, uploads, processing, failures, delivery)


def _copy(code: FunctionCode, config: Config, processing: Processing, failures: Failures, delivery: Delivery) -> None:
    if not copy_folders(config, code.recipes):
        if config.delivery.copies_bucket:
            raise ConfigError(
                f"{who(delivery)}: copies_bucket: no recipe has copies; allowed: where one has "
                'copies = "thumbs/{stem}-{size}.{ext}" or so'
            )
        return
    copy_variants(
        processing.function,
        failures.function,
        images=delivery.images,
        queue=processing.queue,
        config=config,
        recipes=code.recipes,
    )


def _purging(scope: Construct, core: _Core) -> Purging | None:
    if not core.config.delivery.invalidate_deleted:
        return None
    return Purging(
        scope,
        "Purging",
        processing=core.processing,
        failures=core.failures,
        delivery=core.delivery,
        code=core.code,
        config=core.config,
    )


def _reviewing(scope: Construct, core: _Core) -> Reviewing | None:
    if not core.code.recipes.reviewers:
        return None
    if not core.config.delivery.invalidate_deleted:
        raise ConfigError(
            f"{who(scope)}: invalidate_deleted: false, and a recipe has a gate: the CDN would go on showing pictures "
            "that are rejected after they were published. Remove one of the two"
        )
    publishers = (core.processing.function, core.failures.function)
    ask_reviewers(*publishers, images=core.delivery.images)
    list_held(*publishers, images=core.delivery.images)
    return Reviewing(
        scope,
        "Reviewing",
        uploads=core.uploads.bucket,
        images=core.delivery.images,
        processing=core.processing,
        code=core.code,
        config=core.config,
    )


def _moderating(scope: Construct, core: _Core, reviewing: Reviewing | None) -> Moderating | None:
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
    return Moderating(
        scope,
        "Moderating",
        uploads=core.uploads.bucket,
        images=core.delivery.images,
        reviewing=reviewing,
        code=core.code,
        config=core.config,
    )


def _has_rules(recipes: Path, config: Config) -> bool:
    """Whether the recipes need rules that send to queues of the stack."""
    book = load_recipes(recipes)
    return bool(book.reviewers or shipped_in(config, book.enrichers))


def _enriching(scope: Construct, core: _Core) -> Enriching | None:
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
    read_facts(core.processing.function, core.failures.function, images=core.delivery.images)
    return Enriching(
        scope,
        "Enriching",
        uploads=core.uploads.bucket,
        images=core.delivery.images,
        processing=core.processing,
        code=core.code,
        config=core.config,
    )


def _url_ingest(scope: Construct, core: _Core) -> UrlIngest | None:
    if not core.config.ingest.url_ingest:
        return None
    return UrlIngest(
        scope,
        "UrlIngest",
        uploads=core.uploads.bucket,
        processing=core.processing,
        code=core.code,
        config=core.config,
    )


def _upload_api(scope: Construct, core: _Core, url_ingest: UrlIngest | None) -> UploadApi | None:
    """The API with its page, if there is one, and the origins that may upload."""
    config, uploads = core.config, core.uploads
    origins = list(config.uploads.allowed_origins)
    api = None
    if config.uploads.upload_auth != "off":
        api = UploadApi(
            scope,
            "UploadApi",
            uploads=uploads.bucket,
            delivery=core.delivery,
            queue=core.processing.queue,
            failures=core.failures,
            url_ingest=url_ingest,
            code=core.code,
            config=config,
        )
        if config.uploads.upload_page:
            origins.append(api.origin)
            UploadPage(
                scope,
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


def _operators(  # noqa: PLR0913, PLR0917  all that it shows
    scope: Construct,
    core: _Core,
    upload_api: UploadApi | None,
    backfill: Backfill,
    url_ingest: UrlIngest | None,
    reviewing: Reviewing | None,
    counted: Sequence[PythonFunction],
) -> Operators | None:
    if upload_api is None or not core.config.uploads.operators_scope:
        return None
    return Operators(
        scope,
        "Operators",
        api=upload_api,
        uploads=core.uploads.bucket,
        delivery=core.delivery,
        processing=core.processing,
        failures=core.failures,
        backfill=backfill,
        url_ingest=url_ingest,
        reviewing=reviewing,
        counted=counted,
        code=core.code,
        config=core.config,
    )


def _backfill(scope: Construct, core: _Core) -> Backfill:
    return Backfill(
        scope,
        "Backfill",
        uploads=core.uploads.bucket,
        images=core.delivery.images,
        processing=core.processing,
        failures=core.failures,
        code=core.code,
        config=core.config,
    )


def _in_place(scope: Construct, core: _Core) -> InPlace | None:
    if not core.config.existing.in_place:
        return None
    return InPlace(scope, "InPlace", images=core.delivery.images, code=core.code, config=core.config)


def _monitoring(  # noqa: PLR0913, PLR0917  all that is watched
    scope: Construct,
    core: _Core,
    components: Sequence[Component],
    backfill: Backfill,
    in_place: InPlace | None,
    webhooks: Webhooks | None,
    topic: EventTopic | None,
    reviewing: Reviewing | None,
    asked: Sequence[AskedQueue],
) -> Monitoring:
    """Alarms and, where they are chosen, the dashboard and the saved queries: over all functions of `components`."""
    functions = [function for component in components for function in component.functions]
    monitoring = Monitoring(
        scope,
        "Monitoring",
        processing=core.processing,
        functions=functions,
        in_place=in_place,
        webhooks=webhooks,
        topic=topic,
        reviewing=reviewing,
        asked=asked,
        work_queues=[queue for component in components for queue in component.work_queues],
        backfill=backfill,
        config=core.config,
    )
    if core.config.monitoring.dashboard:
        Dashboard(
            scope,
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
        SavedQueries(scope, "Queries", functions=functions, config=core.config)
    return monitoring
