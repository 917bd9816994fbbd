"""The stack. Importing this package chooses the Node that CDK runs on, so it comes before `import aws_cdk`."""

from lightpress.cdk.readiness import use_bundled_node

use_bundled_node()
