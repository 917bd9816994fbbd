"""Reads JSON that others wrote as every program reads it: I-JSON (RFC 7493), without the check for doubled names.

What `json.loads` would let through, or fail on with other errors than ValueError: NaN and Infinity, which are no JSON
and never equal what was read before; numbers that no double holds; halves of surrogate pairs, which no UTF-8 holds;
nesting that exhausts the stack.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_EXACT_DIGITS = 15  # of any whole number that is exact in a double: RFC 7493, 2.2

_Pairs = list[tuple[str, Any]]


def strict_json(text: str | bytes, of_object: Callable[[_Pairs], object] = dict) -> Any:  # noqa: ANN401  as json.loads has it
    """Parse it; raises ValueError with what is wrong, without a period at its end.

    of_object: Makes an object of its names and values.
    """
    try:
        found = json.loads(
            text, object_pairs_hook=of_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_finite
        )
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a text has half of a surrogate pair") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _integer(digits: str) -> float:
    """Read a number without a fraction; one that is not exact in a double becomes one, as in JavaScript."""
    if len(digits.lstrip("-")) <= _EXACT_DIGITS:
        return int(digits)
    return _finite(digits)


def _finite(digits: str) -> float:
    if not math.isfinite(float(digits)):
        raise ValueError("a number is too large for a double")
    return float(digits)
