"""The CDK app: one stack for the environment that `-c env=NAME` chooses (dev unless said otherwise)."""

import sys
from pathlib import Path

from lightpress.cdk import Lightpress

# isort: split
from aws_cdk import App, Stack

from lightpress.cdk.config import load_config
from lightpress.cdk.layer_build import LayerError
from lightpress.cdk.web_acl import WebAclStack
from lightpress.toml_reader import ConfigError

HERE = Path(__file__).parent


def main() -> None:
    """Synthesize; a mistake in a TOML file ends with one sentence."""
    app = App()
    name = app.node.try_get_context("env") or "dev"
    try:
        config = load_config(HERE / "environments" / f"{name}.toml")
        if app.node.try_get_context("web_acl") == "true":
            # Of a stack in another region, the web ACL is one of its own, in us-east-1.
            WebAclStack(app, f"Lightpress-{name}-WebAcl", config=config)
        else:
            stack = Stack(app, f"Lightpress-{name}", termination_protection=config.storage.termination_protection)
            # By this id and the stack's name, the command line finds it as `--env NAME`. Others may stand beside.
            Lightpress(stack, "Default", config=config, recipes=HERE / "recipes.toml")
        app.synth()
    except (ConfigError, LayerError) as error:
        sys.exit(f"lightpress: {error}")


if __name__ == "__main__":
    main()
