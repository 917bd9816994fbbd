"""Options of monitoring: alarms, the dashboard, logs and traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.option_types import choice, flag, integer, matching, option
from lightpress.costs.prices import DEFAULT_REGION, PRICES

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

_EMAIL = r"[^@\s,]+@[^@\s,]+\.[^@\s,.]+"
# The only retention periods, in days, that CloudWatch Logs accepts.
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _days_of_logs(default: int, *, doc: str) -> int:
    def read(table: Table, key: str) -> int:
        days = table.integer(key, default, low=_LOG_DAYS[0], high=_LOG_DAYS[-1])
        if days not in _LOG_DAYS:
            raise table.error(key, f"{days} is not allowed; allowed: {', '.join(map(str, _LOG_DAYS))}")
        return days

    return option(default, read, allowed=", ".join(f"{days:,}" for days in _LOG_DAYS), doc=doc)


@dataclass(frozen=True)
class MonitoringOptions:
    """Alarms, the dashboard, logs and traces."""

    alarm_email: str = matching(
        _EMAIL,
        such_as="you@example.com",
        doc='E-mail address that gets the alarms; "" is none. AWS asks the address to confirm the subscription first.',
    )
    alarm_failure_percent: int = integer(
        20,
        low=1,
        high=100,
        doc="Percentage of originals that fail at which *ManyPicturesFail* is raised. It must be reached in two of "
        "three five-minute periods.",
    )
    alarm_queue_age_minutes: int = integer(
        15, low=1, high=1440, doc="Age of the oldest message in the queue at which *UploadsWaitTooLong* is raised."
    )
    alarm_dead_letter_age_minutes: int = integer(
        60, low=5, high=1440, doc="Age of the oldest dead letter at which *FailuresWaitTooLong* is raised."
    )
    alarm_dead_letters: int = integer(
        1,
        low=1,
        high=1_000_000,
        doc="Number of dead letters that have to be visible for a quarter of an hour before *FailuresAreNotRecorded* "
        "is raised.",
    )
    alarm_review_hours: int = integer(
        24,
        low=1,
        high=8760,
        doc="How long a picture may wait for a reviewer, in hours, before *ReviewsWaitTooLong* is raised; it is looked "
        "at every hour.",
    )
    alarm_invocations_per_picture: int = integer(
        4,
        low=0,
        high=100,
        doc="Invocations per finished original at which *ProcessUploadRetryLoop* and *CompressInPlaceRetryLoop* are "
        "raised: the same messages are being retried, which costs money. One or fewer is normal. Periods of five "
        "minutes with fewer than 100 invocations are ignored; 0 creates no such alarm.",
    )
    monthly_budget_dollars: int = integer(
        0,
        low=0,
        high=1_000_000,
        doc="Monthly budget of the whole AWS account, in dollars; 0 creates none. The alarm topic is notified when 80 "
        "% are spent, and when the forecast exceeds the budget.",
    )
    dashboard: bool = flag(
        default=True, doc="Create a CloudWatch dashboard. An account has three for free; each more is $3 a month."
    )
    price_region: str = choice(
        DEFAULT_REGION, *PRICES, doc="AWS region whose list prices the dashboard uses to compute costs."
    )
    saved_queries: bool = flag(
        default=True,
        doc="Save queries in CloudWatch Logs Insights (`infra/lightpress/cdk/queries.py`). Only running them costs "
        "money.",
    )
    log_level: str = choice(
        "INFO",
        "DEBUG",
        "INFO",
        "WARN",
        "ERROR",
        doc="Lowest level that the functions log. Metrics and uncaught exceptions are written at every level.",
    )
    log_retention_days: int = _days_of_logs(30, doc="How long logs are kept.")
    tracing: bool = flag(
        default=False, doc="Trace the functions with AWS X-Ray, which costs a little for each original."
    )


def check_alarms(options: MonitoringOptions, table: Table) -> None:
    """Reject a threshold that normal operation reaches."""
    if options.alarm_invocations_per_picture == 1:
        raise table.error("alarm_invocations_per_picture", "1 is what is normal; allowed: 0 for none, or 2 to 100")
