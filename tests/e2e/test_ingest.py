"""Pictures by URL on the strict local cloud, from a server that misbehaves: each settles, and for the right reason.

`LIGHTPRESS_URLS=3000 make e2e` takes as many as a run of all tests cannot afford.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from lightpress.aws.orders import SqsOrders
from lightpress.cli.failures import FailureStore, Filters
from lightpress.cli.ingest import Checkpoint, Ingest
from lightpress.ingest.orders import order_for
from lightpress.ingest.urls import parse_url
from lightpress.pipeline.manifest import Status
from tests.e2e.test_pipeline import eventually
from tests.ingest.server import ENDINGS, READY, Misbehaving, misbehaving, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs

URLS = int(os.environ.get("LIGHTPRESS_URLS", "150"))
PATIENCE = 120.0 + URLS / 4
PREFIX = "by-url/"
# Every kind once, and as many good ones again.
KINDS = [*ENDINGS, *(["ok", "plain", "redirect"] * len(ENDINGS))[: len(ENDINGS)]]


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as world:
        yield world


@pytest.fixture(scope="module")
def store(deployment: Deployment) -> FailureStore:
    return FailureStore.of(deployment)


def url_of(server: Misbehaving, number: int) -> tuple[str, str]:
    """A URL and how it ends. Those that want to be left alone are another host: the others need not wait for them."""
    kind = KINDS[number % len(KINDS)]
    url = server.url(kind, number)
    return (url.replace("127.0.0.1", "localhost") if kind.startswith("first-") else url), ENDINGS[kind]


def ingest(deployment: Deployment, file: Path) -> None:
    assert deployment.url_queue_url
    run = Ingest(SqsOrders(deployment.sqs(), deployment.url_queue_url), PREFIX, Checkpoint(None))
    with file.open("rb") as lines:
        assert run(lines).refused == 0


def ending_of(deployment: Deployment, key: str) -> str | None:
    """Of an upload: `ready`, or why it failed; None while it is on its way."""
    manifest = deployment.manifest(key)
    if manifest is None:
        return None
    return READY if manifest.status is Status.READY else manifest.reason


def settle(store: FailureStore, keys: set[str]) -> dict[str, str]:
    """Wait until each key has an ending; returns them."""
    endings: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(8) as pool:
        while waiting := sorted(keys - endings.keys()):
            assert time.monotonic() < deadline, waiting
            looks = zip(waiting, pool.map(lambda key: ending_of(store.deployment, key), waiting), strict=True)
            endings |= {key: ending for key, ending in looks if ending is not None}
            endings |= {row.key: row.reason for row in store.table.all() if row.url and row.key in keys}
            time.sleep(0.5)
    return endings


def test_every_url_settles_as_a_picture_or_with_the_right_reason(
    store: FailureStore, server: Misbehaving, tmp_path: Path
) -> None:
    wanted = {}
    lines = []
    # The slow ones together, at the end: one of them in every batch would make every batch as slow.
    for number in sorted(range(URLS), key=lambda number: ENDINGS[KINDS[number % len(KINDS)]] == "timeout"):
        url, ending = url_of(server, number)
        wanted[order_for(parse_url(url), PREFIX).key] = ending
        lines.append(url)
    file = tmp_path / "urls.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    began = time.monotonic()
    ingest(store.deployment, file)
    found = settle(store, set(wanted))
    print(f"{URLS} URLs settled in {time.monotonic() - began:.0f} s: {dict(Counter(found.values()))}")  # noqa: T201
    assert {key: (found[key], ending) for key, ending in wanted.items() if found[key] != ending} == {}
    rows = [row for row in store.failures(Filters(prefix=PREFIX)) if row.url is not None]
    assert Counter(row.reason for row in rows) == Counter(
        ending for ending in wanted.values() if ending not in {READY, "corrupt"}
    )


def test_the_same_list_once_more_writes_nothing(
    store: FailureStore, server: Misbehaving, tmp_path: Path, deployment: Deployment
) -> None:
    numbers = [number for number in range(URLS) if KINDS[number % len(KINDS)] == "ok"][:10]
    keys = [order_for(parse_url(server.url("ok", number)), PREFIX).key for number in numbers]
    before = {key: deployment.s3.head_object(Bucket=deployment.uploads_bucket, Key=key)["VersionId"] for key in keys}
    file = tmp_path / "urls.txt"
    file.write_text("\n".join(server.url("ok", number) for number in numbers), encoding="utf-8")
    ingest(store.deployment, file)
    eventually(lambda: all(server.asked[f"/ok/{number}.jpg"] > 1 for number in numbers))
    time.sleep(0.5)  # for what it might write
    after = {key: deployment.s3.head_object(Bucket=deployment.uploads_bucket, Key=key) for key in keys}
    assert {key: head["VersionId"] for key, head in after.items()} == before
    assert after[keys[0]]["Metadata"]["source-url"] == server.url("ok", numbers[0])


def test_a_url_that_is_there_at_last_is_published_by_a_retry(store: FailureStore, server: Misbehaving) -> None:
    row = next(row for row in store.failures(Filters(prefix=PREFIX)) if row.reason == "server_error" and row.url)
    path = parse_url(row.url or "").target
    with server.lock:
        server.mended.add(path)
    retries = list(store.send([row]))
    store.wait(retries, timeout=PATIENCE, settled=lambda _: None)
    assert [retry.ending for retry in retries] == ["ready"]
    assert not [one for one in store.of_subject(row.key or "") if one.url]
    original = store.deployment.s3.get_object(Bucket=store.deployment.uploads_bucket, Key=row.key or "")
    assert original["Body"].read() == picture(int(path.rpartition("/")[2].partition(".")[0]))


def test_a_caller_who_may_upload_may_order_urls_and_read_the_status_of_each(
    cloud: Outputs, server: Misbehaving
) -> None:
    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:

        def ask(method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
            answer = pool.request(
                method,
                f"{cloud.upload_api_url}{path}",
                body=None if body is None else json.dumps(body),
                headers={"content-type": "application/json"},
                retries=False,
            )
            return answer.status, json.loads(answer.data)

        urls = [server.url("ok", 9_000), "nonsense", server.url("missing", 9_001)]
        status, said = ask("POST", "ingest", {"urls": urls, "prefix": "trips/"})
        assert status == 202
        assert [(one["index"], one["reason"]) for one in said["refused"]] == [(1, "invalid_url")]
        good, missing = (one["key"] for one in said["accepted"])

        def told(key: str) -> dict[str, Any]:
            result: dict[str, Any] = eventually(
                lambda: (found := ask("GET", f"images/{key}")[1])["status"] != "processing" and found
            )
            return result

        assert (told(good)["status"], told(good)["width"]) == ("ready", 24)
        assert (told(missing)["status"], told(missing)["reason"]) == ("failed", "not_found")
