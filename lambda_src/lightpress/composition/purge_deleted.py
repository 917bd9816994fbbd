"""What the function `purge_deleted` invalidates."""

from __future__ import annotations

import os
from functools import cache

from lightpress.aws.purges import CloudFrontCache
from lightpress.aws.session import client
from lightpress.settings import distribution_id


@cache
def cdn() -> CloudFrontCache:
    """Build the adapter to the cache of the distribution; once per container."""
    return CloudFrontCache(client("cloudfront"), distribution_id(os.environ))
