"""The CDK app: one stack, for the environment that the context names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aws_cdk import App

from lightpress.cdk.config import read_config
from lightpress.cdk.layer_build import LayerError
from lightpress.cdk.readiness import context_of_the_command_line
from lightpress.cdk.stack import LightpressStack
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


def make_app(context: Mapping[str, object] | None = None, outdir: str | None = None) -> App:
    """The app, with its stack in it. What is not in `context` is as in cdk.json."""
    app = App(context={**context_of_the_command_line(), **(context or {})}, outdir=outdir)
    config = read_config(app.node)
    LightpressStack(app, f"Lightpress-{config.environment}", config=config)
    return app


def main() -> None:
    """Synthesize; a mistake in the configuration ends the process with one sentence."""
    try:
        make_app().synth()
    except (ConfigError, LayerError) as error:
        sys.exit(f"lightpress: {error}")
