"""The example of an enricher, examples/enricher: its own test, and its way from a picture into the manifest."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from examples.enricher import embedded
from lightpress.cdk.readiness import PROJECT
from lightpress.handlers import take_fact
from lightpress.pipeline.outcomes import Action
from lightpress.pipeline.recipe_file import load_recipes
from tests.handlers.conftest import FACTS, REGION, Context, Deployed, batch, url_of
from tests.handlers.test_facts import event, look, published, sent
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = PROJECT / "examples" / "enricher"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:i="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">'
    b"<i:AltTextAccessibility><rdf:Alt><rdf:li>A cat sleeps.</rdf:li></rdf:Alt></i:AltTextAccessibility>"
    b"<dc:subject><rdf:Bag><rdf:li>cat</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FACT_QUEUE_URL", url_of(FACTS))
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    embedded.client.cache_clear()
    yield
    embedded.client.cache_clear()


def test_the_test_that_ships_with_it_passes_as_it_stands_there() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_embedded.py"]
    ended = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "7 passed" in ended.stdout


def test_its_recipe_asks_for_it_by_the_name_that_it_answers_under() -> None:
    assert load_recipes(EXAMPLE / "recipes.toml").enrichers == (embedded.NAME,)


@pytest.mark.parametrize(("xmp", "alt", "labels"), [(XMP, "A cat sleeps.", ["cat"]), (b"", None, [])])
def test_what_is_written_in_a_file_comes_into_its_manifest_and_nobody_is_asked_again(
    deployed: Deployed, xmp: bytes, alt: str | None, labels: list[str]
) -> None:
    first = published(deployed, embedded.NAME, data=file_of(ramp((300, 200)), "JPEG", xmp=xmp))
    assert first.missing == (embedded.NAME,)
    calls: list[str] = []
    for name in ("s3", "sqs"):
        embedded.client(name).meta.events.register(
            "before-parameter-build", lambda model, **_: calls.append(model.name)
        )
    embedded.handler(json.loads(event(first)), Context())
    assert calls == ["GetObject", "SendMessage"], "as examples/enricher/app.py grants it"
    assert take_fact.handler(batch(*sent(deployed)), Context()) == {"batchItemFailures": []}
    outcome = look(deployed, embedded.NAME)
    assert outcome.manifest is not None
    assert outcome.action is Action.RETOLD
    assert (outcome.manifest.alt, [one.name for one in outcome.manifest.labels]) == (alt, labels)
    assert outcome.manifest.missing == ()
