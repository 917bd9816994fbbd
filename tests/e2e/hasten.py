"""A local cloud whose CDN forgets at once.

In an account, a request to forget a file waits until whoever may still answer with it has ended, and until others have
come to go with it: a minute or more. Here nobody is that slow, and the tests would do nothing else but wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.local import Outputs

_DELAYS = ("PURGE_DELAY_SECONDS", "REFRESH_DELAY_SECONDS")
_SECONDS = 2


def hastened(cloud: Outputs) -> Outputs:
    """The same cloud, with delays of two seconds."""
    lambda_ = cloud.session().lambda_()
    for page in lambda_.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            variables = function.get("Environment", {}).get("Variables", {})
            if shorter := {name: str(_SECONDS) for name in _DELAYS if name in variables}:
                lambda_.update_function_configuration(
                    FunctionName=function["FunctionName"], Environment={"Variables": {**variables, **shorter}}
                )
    for source in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        if source.get("MaximumBatchingWindowInSeconds", 0) > _SECONDS:
            lambda_.update_event_source_mapping(UUID=source["UUID"], MaximumBatchingWindowInSeconds=_SECONDS)
    return cloud
