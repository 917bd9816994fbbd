"""The CDK app: one stack, for the environment chosen with `-c env=NAME` (dev unless said otherwise)."""

import sys
from pathlib import Path

# A checkout synthesizes its own code, whatever is installed: the parts of `lightpress` that it needs come from here.
sys.path[:0] = [str(Path(__file__).resolve().parent / part) for part in ("lambda_src", "infra", "cli")]

# isort: split
from lightpress.cdk.app import main

if __name__ == "__main__":
    main()
