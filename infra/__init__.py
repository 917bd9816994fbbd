"""The stack. Importing this package readies what CDK and the recipes need, so it comes before `import aws_cdk`."""

from infra.readiness import use_bundled_node, use_function_modules

use_bundled_node()
use_function_modules()
