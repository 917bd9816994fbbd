"""The CDK app: one stack, for the environment chosen with `-c env=NAME` (dev unless said otherwise)."""

import sys
from collections.abc import Mapping

import infra  # noqa: F401  before aws_cdk: it chooses the Node that aws_cdk starts as soon as it is imported

# isort: split
from aws_cdk import App

from infra.config import read_config
from infra.readiness import context_of_the_command_line
from infra.stack import LightpressStack
from layers.build import LayerError
from lightpress.tables import ConfigError


def make_app(context: Mapping[str, object] | None = None, outdir: str | None = None) -> App:
    """The app, with its stack in it. What is not in `context` is as in cdk.json."""
    app = App(context={**context_of_the_command_line(), **(context or {})}, outdir=outdir)
    config = read_config(app.node)
    LightpressStack(app, f"Lightpress-{config.environment}", config=config)
    return app


if __name__ == "__main__":
    try:
        make_app().synth()
    except (ConfigError, LayerError) as error:
        sys.exit(f"lightpress: {error}")
