"""How long the commands wait for AWS."""

from __future__ import annotations

from botocore.config import Config
from urllib3 import Timeout

WAITING = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard"}, max_pool_connections=32)
"""Of clients of AWS: 48 seconds at most, in three attempts, if nobody answers; botocore waits 60 seconds, five times.

AWS_MAX_ATTEMPTS changes the attempts. A read timeout bounds the wait for the next bytes, not for a whole body.
"""

UPLOAD_TIMEOUT = Timeout(connect=15, read=60)
"""Of uploads by presigned form. urllib3 waits forever by default, and sends under the connect timeout.

S3 answers an upload when all of it is stored, which takes longer the larger it is.
"""
