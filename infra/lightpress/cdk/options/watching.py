"""Watching: alarms, the dashboard, logs and traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import Environment
from lightpress.cdk.options.kinds import choice, flag, integer, matching, option
from lightpress.costs.prices import DEFAULT_REGION, PRICES

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

_EMAIL = r"[^@\s,]+@[^@\s,]+\.[^@\s,.]+"
# CloudWatch Logs takes these numbers of days and no others.
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _days_of_logs(default: int) -> int:
    def read(table: Table, key: str) -> int:
        days = table.integer(key, default, low=_LOG_DAYS[0], high=_LOG_DAYS[-1])
        if days not in _LOG_DAYS:
            raise table.error(key, f"{days} is not allowed; allowed: {', '.join(map(str, _LOG_DAYS))}")
        return days

    return option(default, read, allowed=", ".join(f"{days:,}" for days in _LOG_DAYS))


@dataclass(frozen=True)
class WatchingOptions(Environment):
    """When somebody should look, and what there is to look at."""

    # Who gets an e-mail when something is wrong; "" is nobody. AWS asks that address to confirm first.
    alarm_email: str = matching(_EMAIL, such_as="you@example.com")
    # From how many failures among a hundred pictures on somebody should look, once it is so twice in 15 minutes.
    alarm_failure_percent: int = integer(20, low=1, high=100)
    # How long an upload may wait for its turn, and a failure to be recorded, until somebody should look.
    alarm_queue_age_minutes: int = integer(15, low=1, high=1440)
    alarm_dead_letter_age_minutes: int = integer(60, low=5, high=1440)
    # How many failures may wait to be recorded, for a quarter of an hour, until somebody should look.
    alarm_dead_letters: int = integer(1, low=1, high=1_000_000)

    # Invocations for each picture that comes to an end, from which on work goes in circles and money is lost: normally
    # it is one at most. Below 100 invocations in five minutes, nobody is told. 0: there is no such alarm.
    alarm_invocations_per_picture: int = integer(4, low=0, high=100)
    # What the whole AWS account may cost in a month, in dollars; 0 is no budget. The alarms' topic is told when four
    # fifths are spent, and when the month will end above it.
    monthly_budget_dollars: int = integer(0, low=0, high=1_000_000)
    # A dashboard in CloudWatch. Three are free in an account; each more is $3 a month.
    dashboard: bool = flag(default=True)
    # Whose list prices the dashboard counts with.
    price_region: str = choice(DEFAULT_REGION, *PRICES)
    # Questions to the logs, saved in Logs Insights (`infra/lightpress/cdk/queries.py`). They cost nothing until they
    # are asked.
    saved_queries: bool = flag(default=True)

    # What the functions log at least.
    log_level: str = choice("INFO", "DEBUG", "INFO", "WARN", "ERROR")
    # How long logs are kept.
    log_retention_days: int = _days_of_logs(30)
    # X-Ray traces of the functions. Costs a little per picture.
    tracing: bool = flag(default=False)


def check_alarms(options: WatchingOptions, table: Table) -> None:
    """An alarm must tell something from what is normal."""
    if options.alarm_invocations_per_picture == 1:
        raise table.error("alarm_invocations_per_picture", "1 is what is normal; allowed: 0 for none, or 2 to 100")
