"""The quota of a day, for the functions that count: `upload_api` and `fetch_url`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from lightpress.aws.session import client
from lightpress.aws.upload_counters import DynamoUploadCounters
from lightpress.settings.quotas import QuotaSettings
from lightpress.uploads.quota import DailyQuota, Usage

if TYPE_CHECKING:
    from botocore.config import Config


def daily_quota(waiting: Config) -> DailyQuota | None:
    """Build what counts uploads; None where the stack has no quota. waiting: how long DynamoDB may take."""
    settings = QuotaSettings.from_environment(os.environ)
    if settings is None:
        return None
    counters = DynamoUploadCounters(client("dynamodb", config=waiting), settings.table)
    return DailyQuota(Usage(settings.max_files, settings.max_bytes), counters, partial(datetime.now, UTC))
