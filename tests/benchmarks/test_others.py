"""The table of other originals has a column for each engine."""

from tools.benchmarks.engines import Cost
from tools.benchmarks.others import Result, table


def test_an_engine_that_cannot_read_an_original_is_marked() -> None:
    result = Result(Cost(1234.0, 2000.0, 99.6), 45_678)
    found = {("HEIC", "ours"): result, ("HEIC", "theirs"): None, ("PNG", "ours"): result, ("PNG", "theirs"): result}
    assert table(found).splitlines() == [
        "| CPU s / kB / peak MB | ours | theirs |",
        "|---|---|---|",
        "| HEIC | 1.23 / 46 / 100 | cannot |",
        "| PNG | 1.23 / 46 / 100 | 1.23 / 46 / 100 |",
    ]
