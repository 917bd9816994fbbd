"""What is made from the code, against the code."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.config import option_groups
from tools.documents.diagram import architecture_of, diagram
from tools.documents.options import DRAWN_ENVIRONMENT, PAGE, configuration_page, drawings
from tools.documents.sketch import sketch, widgets_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cdk.templates import Template


def test_the_page_of_options_is_what_the_options_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == configuration_page(), "it is stale: make docs"


def test_every_option_has_a_text_of_its_own_and_says_what_is_allowed() -> None:
    rows = [line.split(" | ") for line in configuration_page().splitlines() if line.startswith("| `")]
    options = [option for group in option_groups().values() for option in fields(group)]
    assert [row[0] for row in rows] == [f"| `{option.name}`" for option in options]
    assert [row[0] for row in rows if not row[2].strip() or len(row[3]) < 20] == []
    texts = Counter(option.metadata["doc"] for option in options)
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize("group", option_groups().values(), ids=option_groups())
def test_a_text_is_a_row_of_a_table_and_a_sentence(group: type[Any]) -> None:
    for option in fields(group):
        doc = option.metadata["doc"]
        assert not {"|", "\n"} & set(doc), option.name
        assert doc[0].isupper() or doc.startswith('"'), option.name
        assert doc.endswith(".") or "https://" in doc, option.name
        assert f"`{option.name}`" not in doc, f"{option.name} explains itself by its own name"


def test_the_drawings_are_those_of_the_stack(template_of: Callable[[str], Template]) -> None:
    for path, svg in drawings(template_of(DRAWN_ENVIRONMENT).raw["Resources"]).items():
        assert path.read_text(encoding="utf-8") == svg, f"{path.name} is stale: make docs"


def test_a_drawing_shows_every_widget_and_every_alarm(dev: Template) -> None:
    svg = sketch(widgets_of(dev.raw["Resources"]))
    titles = [widget.title for widget in widgets_of(dev.raw["Resources"]) if widget.kind != "text"]
    assert len(titles) > 10
    assert [title for title in titles if f">{escape(title)}<" not in svg] == []
    for alarm in dev.resources("AWS::CloudWatch::Alarm"):
        assert f">{alarm.properties['AlarmName'].split('-')[-1]}<" in svg


def test_what_leads_somewhere_in_the_stack_does_so_in_the_diagram(dev: Template) -> None:
    lines = architecture_of(dev.raw["Resources"]).description().splitlines()
    for line in (
        "UploadsBucket -> Queue: tells of changes",
        "Queue -> process_upload: hands over",
        "Queue -> DeadLetterQueue: gives up",
        "process_upload -> ImagesBucket: writes",
        "record_failure -> FailuresTable: records",
        "ImagesBucket -> Distribution: origin",
        "resolve -> Distribution: origin",
        "purge_deleted -> Distribution: makes forget",
    ):
        assert line in lines
    writers = {line.partition(" ")[0] for line in lines if line.endswith("-> UploadsBucket: writes")}
    assert writers == {"upload_api", "fetch_url"}, "what processes originals does not write them"


def test_what_has_no_place_in_the_diagram_is_named(dev: Template) -> None:
    resources = {id_: row for id_, row in dev.raw["Resources"].items() if id_ != "FailuresTable"}
    with pytest.raises(ValueError, match="FailuresTable"):
        diagram(architecture_of(resources))
