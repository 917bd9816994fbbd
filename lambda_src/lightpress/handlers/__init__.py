"""Entry points of the Lambda functions, and the first module of this package that Lambda loads.

Garbage collection during a cold start finds nothing and takes a tenth of its CPU. So it is off until the first client
is made (`aws.session`).
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
