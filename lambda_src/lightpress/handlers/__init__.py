"""The doors of the functions, and the first thing that Lambda loads of this package.

Looking for cycles among all that a cold start makes finds nothing and takes a tenth of its CPU, so it waits until the
first client is made (`aws.session`).
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
