"""A change to the syntax tree finds its place whatever the code around it is called and wrapped like, or says so."""

import pytest

from tests.simulation.syntax import Change, changed

SEND = Change("A.send(B, *_)", "A.log(B)")


@pytest.mark.parametrize(
    "text",
    [
        "queue.send(message, 3)",
        "dead_letters.send(\n    message,  # the last\n    3,\n)",
        "self.queue.send(message, 3, 4)",
    ],
)
def test_names_line_breaks_and_more_arguments_do_not_matter(text: str) -> None:
    assert changed(text, SEND).endswith(".log(message)")


def test_a_letter_stands_for_the_same_wherever_it_stands() -> None:
    twice = Change("A.first(B) or B", "B")
    assert changed("x = one.first(two) or two", twice) == "x = two"
    with pytest.raises(AssertionError, match="0 places"):
        changed("x = one.first(two) or three", twice)


@pytest.mark.parametrize(("text", "places"), [("queue.receive(3)", 0), ("a.send(1)\nb.send(2)", 2)])
def test_a_place_that_is_not_there_exactly_once_is_an_error(text: str, places: int) -> None:
    with pytest.raises(AssertionError, match=f"{places} places and not 1"):
        changed(text, SEND)


def test_only_the_function_that_is_named_is_changed() -> None:
    text = "def one():\n    a.send(1)\n\ndef two():\n    a.send(2)"
    assert changed(text, Change("A.send(B)", "None", "two")) == "def one():\n    a.send(1)\n\ndef two():\n    None"


def test_a_statement_is_replaced_by_any_number_of_them() -> None:
    text = "def work():\n    raise Lost(3) from error"
    namespace: dict[str, object] = {}
    exec(changed(text, Change("raise Lost(A) from B", "found = A\nreturn found + 1")), namespace)  # noqa: S102  our own
    work = namespace["work"]
    assert callable(work)
    assert work() == 4
