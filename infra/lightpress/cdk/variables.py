"""Environment variables: all that a function has must fit into the 4 KB that Lambda takes of them together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_cdk import Stack, Token

from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.cdk.functions import PythonFunction

# Of the JSON of all of them, as Lambda says where it refuses ("String measured").
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_BYTES = 4096

# Those that grow with what options say.
_OPTIONS = {
    "ATTACHED": "attach",
    "COPY_FOLDERS": "former_copies",
    "FETCH": "fetch_allowed_networks",
    "IN_PLACE": "in_place",
    "MODERATION": "moderation_reject",
    "WEBHOOKS": "webhooks",
}
_KNOWN_LENGTHS = {"AWS::AccountId": 12, "AWS::Partition": 3, "AWS::Region": 14, "AWS::URLSuffix": 13}
_QUEUE = "Queue"  # what the logical IDs of queues, which are all pinned, end with
_ADDRESS_OF_A_QUEUE = len("https://sqs.ap-southeast-1.amazonaws.com/123456789012/")
_LONGEST_NAME_OF_A_QUEUE = 80
_LONGEST_NAME = 64  # of functions and buckets; tables may have longer ones
_LONGEST_STACK = 128
_RANDOM = 14  # letters and digits at the end of a name that CloudFormation makes, with hyphens


def check_variables(functions: Iterable[PythonFunction], whose: str) -> None:
    """Refuse more than Lambda takes, which would fail in the midst of a deploy, and roll it back.

    Args:
        functions: Those of one Lightpress.
        whose: What the error begins with.

    Raises:
        ConfigError: names the option that takes most of it.
    """
    for function in functions:
        values = _values(function)
        total = len(json.dumps(values, separators=(",", ":")))
        if total > MOST_BYTES:
            largest = max(values, key=lambda name: (name in _OPTIONS, len(values[name])))
            raise ConfigError(
                f"{whose}: {_OPTIONS.get(largest, largest)}: the environment variables of the function "
                f"{function.label} would have {total:,} bytes, {len(values[largest]):,} of them for this; allowed: "
                f"{MOST_BYTES:,}"
            )


def _values(function: PythonFunction) -> dict[str, str]:
    """The variables, with names as long as those that CloudFormation is going to make."""
    stack = Stack.of(function)
    of_stack = _LONGEST_STACK if Token.is_unresolved(stack.stack_name) else len(stack.stack_name)
    return {name: _as_long(stack.resolve(value), of_stack) for name, value in function.variables.items()}


def _as_long(value: Any, of_stack: int) -> str:  # noqa: ANN401  of a template
    if not isinstance(value, dict):
        return str(value)
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(_as_long(part, of_stack) for part in parts)
    name = str(value.get("Ref", ""))
    if name in _KNOWN_LENGTHS:
        return "x" * _KNOWN_LENGTHS[name]
    made = of_stack + len(name) + _RANDOM
    if name.endswith(_QUEUE):
        return "x" * (_ADDRESS_OF_A_QUEUE + min(made, _LONGEST_NAME_OF_A_QUEUE))
    return "x" * min(made, _LONGEST_NAME)
