"""The construct `Lightpress`: its core, the parts that are built on it, and what watches over both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import CfnOutput
from aws_cdk import aws_events as events

from lightpress.cdk.asking import asked_as_json
from lightpress.cdk.buckets import guard_names
from lightpress.cdk.canary import Canary
from lightpress.cdk.component import functions_of
from lightpress.cdk.core import make_core
from lightpress.cdk.dashboard import Dashboard
from lightpress.cdk.encryption import Encryption
from lightpress.cdk.enriching import shipped_in
from lightpress.cdk.existing import existing_as_json
from lightpress.cdk.given import Given, checked, who
from lightpress.cdk.monitoring import Monitoring
from lightpress.cdk.mount import Mount
from lightpress.cdk.naming import Root, pin
from lightpress.cdk.parts import make_parts
from lightpress.cdk.queries import SavedQueries
from lightpress.cdk.readiness import RECIPES
from lightpress.cdk.variables import check_variables
from lightpress.delivery.notify import KINDS, SOURCE
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.recipe_file import load_recipes
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
    from lightpress.cdk.component import Component
    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.parts import Parts

_PATH = "/pictures"


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
        path: str = _PATH,
        config: Config | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(scope, id_)
        if distribution is None and path != _PATH:
            raise ConfigError(
                f"{who(self)}: path: {path!r} is a part of a distribution of yours; allowed: with distribution"
            )
        given = Given(uploads, Mount(distribution, path) if distribution is not None else None)
        self._config = checked(self, given, name, config, options)
        self.name = self._config.environment
        guard_names(self, self._config)
        by_rules = uploads is not None or _has_rules(Path(recipes), self._config)
        Encryption(self, config=self._config, by_rules=by_rules)
        core = make_core(self, self._config, Path(recipes), given)
        self.uploads, self.images = core.originals, core.images
        self.distribution, self.base_url = core.delivery.distribution, core.delivery.base_url
        self.queue, self.dead_letters = core.processing.queue, core.processing.dead_letters
        self._enrichers = core.code.recipes.enrichers
        parts = self._parts = make_parts(self, core)
        components = (*core.components, *parts.components)
        self.functions = functions_of(*components)
        monitoring = _monitor(self, core, parts, self.functions)
        if self._config.processing.canary_minutes:
            Canary(self, "Canary", functions=self.functions, config=self._config)
        check_variables(self.functions, who(self))
        core.uploads.share_key(readers=[*core.readers, *parts.readers], writers=parts.writers)
        self._add_outputs(core, parts, (*components, monitoring))

    def _add_outputs(self, core: Core, parts: Parts, components: Sequence[Component]) -> None:
        config = self._config
        if parts.asked:
            self._output("AskedQueues", asked_as_json(parts.asked))
        if config.existing.attach or config.existing.in_place:
            self._output("ExistingBuckets", existing_as_json(config.existing.attach, config.existing.in_place))
        self._output("Retention", core.retention.to_json())
        for component in components:
            for name, value in component.outputs.items():
                self._output(name, value)

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
        if self._parts.enriching is None:
            raise ConfigError(
                f'{who(self)}: fact_queue: no recipe asks an enricher; allowed: where one has facts = ["NAME"]'
            )
        return self._parts.enriching.queue

    @property
    def review_queue(self) -> sqs.IQueue:
        """The queue of reviews (docs/how-to/moderation.md): whoever may send to it is a reviewer.

        Raises ConfigError where no recipe has a gate.
        """
        if self._parts.reviewing is None:
            raise ConfigError(
                f'{who(self)}: review_queue: no recipe has a gate; allowed: where one has gate = ["NAME"]'
            )
        return self._parts.reviewing.queue

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


def _has_rules(recipes: Path, config: Config) -> bool:
    """Whether the recipes need rules that send to queues of the stack."""
    book = load_recipes(recipes)
    return bool(book.reviewers or shipped_in(config, book.enrichers))


def _monitor(scope: Construct, core: Core, parts: Parts, functions: Sequence[PythonFunction]) -> Monitoring:
    """Alarms and, where they are chosen, the dashboard and the saved queries."""
    monitoring = Monitoring(scope, "Monitoring", core=core, parts=parts)
    if core.config.monitoring.dashboard:
        Dashboard(scope, "Dashboard", core=core, functions=functions, in_place=parts.in_place, alarms=monitoring.alarms)
    if core.config.monitoring.saved_queries:
        SavedQueries(scope, "Queries", functions=functions, config=core.config)
    return monitoring
