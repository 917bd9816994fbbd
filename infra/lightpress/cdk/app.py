"""The CDK app: one stack with one Lightpress, for the environment that the context names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import App, Stack

from lightpress.cdk.config import read_config
from lightpress.cdk.construct import Lightpress
from lightpress.cdk.layer_build import LayerError
from lightpress.cdk.local_services import with_local_services
from lightpress.cdk.options.environment import LOCAL
from lightpress.cdk.readiness import RECIPES, context_of_the_command_line
from lightpress.cdk.web_acl import WebAclStack
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from lightpress.cdk.config import Config


class LightpressStack(Stack):
    """A stack with nothing else in it."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, recipes: Path = RECIPES) -> None:
        super().__init__(
            scope,
            id_,
            description="Lightpress: every size and format the web needs of every image file uploaded to a bucket",
            termination_protection=config.storage.termination_protection,
        )
        # By this id, what is in it has the logical ids that it would have directly in the stack, as it once was.
        Lightpress(self, "Default", config=config, recipes=recipes)


def make_app(context: Mapping[str, object] | None = None, outdir: str | None = None) -> App:
    """The app, with its stack in it, or with `-c web_acl=true` that of the web ACL. Other context is as in cdk.json.

    `-c recipes=FILE` is another recipes file than the one that Lightpress comes with.
    """
    app = App(context={**context_of_the_command_line(), **(context or {})}, outdir=outdir)
    config = read_config(app.node)
    if app.node.try_get_context("web_acl") == "true":
        WebAclStack(app, f"Lightpress-{config.environment}-WebAcl", config=config)
    else:
        recipes = Path(app.node.try_get_context("recipes") or RECIPES)
        if config.environment == LOCAL:
            config = with_local_services(config, load_recipes(recipes))
        LightpressStack(app, f"Lightpress-{config.environment}", config=config, recipes=recipes)
    return app


def main() -> None:
    """Synthesize; a mistake in the configuration ends the process with one sentence."""
    try:
        make_app().synth()
    except (ConfigError, LayerError) as error:
        sys.exit(f"lightpress: {error}")
