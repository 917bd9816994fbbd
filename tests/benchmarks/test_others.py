"""What engines make of other pictures is told side by side."""

from tools.benchmarks.engines import Cost
from tools.benchmarks.others import Made, table


def test_an_engine_that_cannot_read_a_picture_is_said_to() -> None:
    made = Made(Cost(1234.0, 2000.0, 99.6), 45_678)
    found = {("HEIC", "ours"): made, ("HEIC", "theirs"): None, ("PNG", "ours"): made, ("PNG", "theirs"): made}
    assert table(found).splitlines() == [
        "| CPU s / kB / peak MB | ours | theirs |",
        "|---|---|---|",
        "| HEIC | 1.23 / 46 / 100 | cannot |",
        "| PNG | 1.23 / 46 / 100 | 1.23 / 46 / 100 |",
    ]
