"""The edge function on a second engine, one of the edge's own family: the same answers, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.edge.engine import Request, answers_of_njs, answers_to, njs
from tests.edge.test_permalinks import ACCEPT, asked

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.skipif(njs() is None, reason="there is no njs on this machine: apt-get install njs")

_KEY = "mfrggzdfmztwq2lknnwg23tpob"
_VARIANT = f"/i/{_KEY}/12-mfrggzdfmztwq2lk/w640.avif"
_PATHS = [
    _VARIANT,
    f"{_VARIANT}\n",
    f"/i/{_KEY}/../../m/{_KEY}.json",
    "/",
    "",
    "/cat.jpg",
    "/a%20b%2Ejpg",
    "/%C3%BC/%25.jpg",
    "/ü.jpg",
    "/a/%2e%2e/b",
    "/a//b",
    "/%zz",
    "/%ff",
    "/%00",
    "/%252e%252e/m",
    "/~YS8uLi9i",
    "/~!",
    "/i/x",
    f"/{'x' * 1_024}",
    f"/{'x' * 1_025}",
    "/" + "%C3%A9" * 513,
    "/__proto__",
]
_QUERIES: list[dict[str, str]] = [
    {},
    {"w": "300", "dpr": "2"},
    {"h": "99999"},
    {"size": "large", "w": "1"},
    {"fm": "webp"},
    {"fm": "toString"},
    {"w": "1e3"},
    {"__proto__": "x", "constructor": "y"},
]


def _cases() -> Iterable[Request]:
    yield from (asked(path) for path in _PATHS)
    yield from (asked(accept=accept, **query) for accept in ACCEPT.values() for query in _QUERIES)
    yield from (asked(accept=accept) for accept in ("image/avif;q=0, image/webp", "IMAGE/WEBP", "," * 5_000, "\x00"))
    yield Request(_VARIANT, method="POST")
    yield Request("/cat.jpg", method="HEAD")
    yield Request("/cat.jpg", headers={"accept": {"value": "x", "multiValue": [{"value": "image/webp"}]}})


def test_njs_and_node_answer_alike() -> None:
    cases = list(_cases())
    assert len(cases) > 90
    for case, on_njs, on_node in zip(cases, answers_of_njs(cases), answers_to(cases), strict=True):
        assert on_njs == on_node, case
