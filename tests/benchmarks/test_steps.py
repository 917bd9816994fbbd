from __future__ import annotations

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.image.stepping import built_in
from tools.benchmarks import steps

FOUND = (steps.Measured("flip", 2.0, 0.01), steps.Measured("blur", 60.0, 0.3))


def test_every_step_that_recipes_have_is_measured_and_each_entry_is_one_that_recipes_take() -> None:
    assert steps.ENTRIES.keys() == built_in().keys()
    assert [step.name for step in steps.steps().values()] == list(steps.ENTRIES)


@pytest.mark.nightly
def test_each_step_is_compared_with_the_plain_picture_of_its_own_turn() -> None:
    plain_ms, found = steps.measure(turns=1)
    cost = {one.name: one for one in found}
    for one in found:
        assert one.ratio == pytest.approx(one.ms / plain_ms)
    # A blur touches each pixel with dozens of others, a mirror image copies it.
    assert cost["blur"].ratio > 3 * cost["flip"].ratio > 0


def test_the_dearest_step_comes_first_and_the_page_keeps_what_is_around_the_table() -> None:
    said = steps.table(200.0, FOUND)
    assert said.splitlines()[2:] == [
        "| `blur = 4` | 60.0 | 30.0% |",
        '| `flip = "horizontal"` | 2.0 | 1.0% |',
        "| the plain picture | 200.0 | 100.0% |",
    ]
    page = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert steps.with_table(page, said).replace(said, "") != page
    assert said in steps.with_table(page, said)
    with pytest.raises(ValueError, match="lacks"):
        steps.with_table("# Another page\n", said)


def test_the_page_has_a_row_for_each_step() -> None:
    page = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert all(f"| `{entry}` |" in page for entry in steps.ENTRIES.values())
