"""The edge function in a distribution that has other things behind other paths."""

from __future__ import annotations

from lightpress.cdk.delivery import viewer_request
from tests.edge.engine import RECIPES, Request, answer_to, answers_to

MOUNTED = viewer_request(RECIPES, "/pictures")
VARIANT = f"/i/{'a' * 26}/3-{'b' * 16}/small.avif"


def test_behind_its_path_each_address_becomes_what_it_is_without_one() -> None:
    for uri in (VARIANT, "/trips/cat%20nap.jpg", "/~Y2F0", "/pictures/cat.jpg", "/i/cat.jpg", "/"):
        (mounted,) = answers_to([Request(f"/pictures{uri}")], MOUNTED)
        assert mounted == answer_to(Request(uri)), uri


def test_what_is_not_behind_its_path_is_not_found() -> None:
    for uri in (VARIANT, "/cat.jpg", "/Pictures/cat.jpg", "/pict%75res/cat.jpg"):
        (answer,) = answers_to([Request(uri)], MOUNTED)
        assert answer["statusCode"] == 404, uri
