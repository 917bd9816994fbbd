"""Questions to the logs, saved where one asks them: CloudWatch, Logs Insights, Queries.

In capitals stands what is to be put in. That every field exists in what the functions log is tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_logs as logs
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction

QUERIES = {
    "Why did this key fail?": """\
fields @timestamp, message, reason, detail, attempts, quarantine, exception, correlation_id
| filter key = "KEY" and message in ["rejected", "recorded", "failed", "will be retried"]
| sort @timestamp desc
| limit 50""",
    "All lines about one upload": """\
fields @timestamp, function_name, message, key, reason, revision, waited_seconds, function_request_id
| filter correlation_id = "ID" or key = "KEY"
| sort @timestamp asc
| limit 200""",
    "The slowest pictures": """\
fields key, waited_seconds, read_ms, render_ms, write_ms, decode_cpu_ms, encode_cpu_ms, peak_rss_mb, original_bytes
| filter message = "published"
| sort render_ms desc
| limit 25""",
    "Cold starts": """\
fields record.metrics.initDurationMs as init_ms
| filter type = "platform.report"
| stats count(*) as invocations, count(init_ms) as cold, avg(init_ms) as average_ms, max(init_ms) as longest_ms by @log
| sort cold desc""",
    "What is uploaded, and what becomes of it": """\
filter message = "published"
| stats count(*) as pictures, sum(original_bytes) as originals, sum(largest_bytes) as largest,
  sum(variant_bytes) as variants, avg(encode_cpu_ms) as cpu_ms by original_format
| sort pictures desc""",
    "Messages that are retried again and again": """\
filter message = "will be retried"
| stats count(*) as times, latest(exception_name) as last_error by key
| sort times desc
| limit 50""",
}


class SavedQueries(Construct):
    """Each of `QUERIES`, over the logs of the functions."""

    def __init__(self, scope: Construct, id_: str, *, functions: Iterable[PythonFunction], config: Config) -> None:
        super().__init__(scope, id_)
        names = [function.log_group.log_group_name for function in functions]
        for number, (question, query) in enumerate(QUERIES.items()):
            logs.CfnQueryDefinition(
                self, f"Query{number}", name=f"{config.prefix}/{question}", query_string=query, log_group_names=names
            )
