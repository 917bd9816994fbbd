"""`lightpress erase`: nothing is left of an owner, a folder or a key, and everything of the others is."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from typer.testing import CliRunner, Result

from lightpress.aws.facts import S3Facts
from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.purges import SqsLateLooks, SqsPurges
from lightpress.aws.quarantine import copies_folder
from lightpress.aws.upload_counters import OWNER_DAY
from lightpress.cli.erasing import Erasing, Kind, NotErasedError, Scope
from lightpress.cli.erasure import Erasure, Survey, Waiting, erasure_of, held_after
from lightpress.cli.main import app
from lightpress.client.deployment import deployment_in_account
from lightpress.pipeline.buckets import Attached, Publishing
from lightpress.pipeline.copies import mark_of
from lightpress.pipeline.copy_pattern import Stored
from lightpress.pipeline.events import read
from lightpress.pipeline.facts import Fact
from lightpress.pipeline.failures import Trial, subject_of_picture
from lightpress.pipeline.gate import held_path, review_path
from lightpress.pipeline.manifest import Copy, Manifest, Status, Variant
from lightpress.pipeline.paths import fact_path, generation_name, likeness_paths, manifest_path, variants_folder
from lightpress.pipeline.ports import Dependencies, Lies
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from lightpress.uploads.requests import owner_of
from tests.aws.tables import make_table
from tests.cli.deployed import FAILURES, IMAGES, PURGES, QUARANTINE, QUEUE, RETENTION, UPLOADS, Rig
from tests.handlers.recorder import Need, needs, recorded
from tests.pipeline.fakes import book
from tests.pipeline.keys import NASTY_KEYS
from tools.fakes.dynamodb import SimulatedDynamoDb, Table
from tools.fakes.s3 import Bucket, SimulatedS3
from tools.fakes.sqs import Queue, SimulatedSqs

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.cli.erasing import Round

ALICE, BOB = owner_of("alice"), owner_of("bob")


@dataclass
class Workers:
    """Whoever works off the queue of uploads while an erasure waits. on_wait: what somebody does who was at work."""

    rig: Rig
    on_wait: Callable[[], object] = lambda: None
    waited: int = 0
    looked: Counter[str] = field(default_factory=Counter)

    def for_workers(self, unsettled: int) -> None:
        assert unsettled > 0
        self.work()

    def for_those_at_work(self) -> bool:
        self.work()
        self.on_wait()
        self.waited += 1
        return True

    def work(self) -> None:
        deployment, sqs = self.rig.deployment, self.rig.deployment.sqs()
        purges = SqsPurges(sqs, deployment.purge_queue_url or "", 0)
        images, originals = S3Images(deployment.s3, IMAGES), S3Originals(deployment.s3)
        dependencies = Dependencies(originals, images, book(), _never, purges=purges, copies=deployment.copies)
        while messages := sqs.receive_message(QueueUrl=deployment.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                for source in read(message["Body"]).about(deployment.publishing.find_source).sources:
                    self.looked[source.name] += 1
                    reconcile(source, dependencies, redelivered=True)
                sqs.delete_message(QueueUrl=deployment.queue_url, ReceiptHandle=message["ReceiptHandle"])


def _never(*_: object) -> Any:  # noqa: ANN401  as ports have it
    raise AssertionError("an erased original was rendered")


def publish(rig: Rig, key: str, *, versions: int = 2) -> None:
    """A picture that was overwritten, is published, and has failed before: all that there can be of one."""
    rig.failed(key)
    rig.store.table.begin_trial(Trial(subject_of_picture(UPLOADS, key), "another", "d", "m"))
    for revision in range(2, versions + 1):
        identity = rig.upload(key, b"again")
        generation = generation_name(revision, identity, "digest")
        path = f"{variants_folder(key)}{generation}/w320.webp"
        rig.deployment.s3.put_object(Bucket=IMAGES, Key=path, Body=b"variant")
        rig.manifest(key, Status.READY, identity, generation)


def copies(rig: Rig, key: str) -> None:
    """Copies in quarantine, as functions name them."""
    from lightpress.aws.quarantine import copies_folder
    from lightpress.pipeline.source import Source

    rig.deployment.s3.put_object(Bucket=QUARANTINE, Key=f"{copies_folder(Source(UPLOADS, key))}c", Body=b"copy")


def everything(rig: Rig) -> dict[str, Any]:
    """All that is stored, with every version and row."""
    found: dict[str, Any] = {}
    for bucket in (UPLOADS, IMAGES, QUARANTINE):
        listed = rig.deployment.s3.list_object_versions(Bucket=bucket)
        rows = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
        found |= {f"{bucket}/{row['Key']}?{row['VersionId']}": row.get("ETag", "") for row in rows}
    for item in rig.deployment.dynamodb().scan(TableName=FAILURES)["Items"]:
        found[f"{item['subject']['S']} {item['identity']['S']}"] = sorted(item)
    return found


def erase(rig: Rig, scope: Scope, workers: Workers | None = None) -> tuple[bool, Counter[Kind]]:
    removed: Counter[Kind] = Counter()

    def heard(done: Round) -> None:
        removed.update(done.removed)

    with erasure_of(rig.deployment, scope) as erasure:
        survey = erasure.survey()
        removed.update(erasure.remove_uploads(survey))
        one_by_one = replace(erasure.erasing, each=map)  # moto's lists do not bear threads
        return one_by_one.run(survey.names, workers or Workers(rig), heard), removed


def test_of_two_owners_one_is_erased_and_of_the_other_every_byte_stays(rig: Rig) -> None:
    for owner in (BOB, f"{BOB}b"[:16], f"{ALICE}x"):
        publish(rig, f"photos/{owner}/1/cat.jpg")
    copies(rig, f"photos/{BOB}/1/cat.jpg")
    before = everything(rig)
    mine = (f"photos/{ALICE}/1/cat.jpg", f"avatars/{ALICE}/2.900/me ü+%.png", f"photos/{ALICE}/3/gone.jpg")
    for key in mine:
        publish(rig, key)
        copies(rig, key)
    rig.deployment.s3.delete_object(Bucket=UPLOADS, Key=mine[2])
    rig.deployment.s3.create_multipart_upload(Bucket=UPLOADS, Key=f"photos/{ALICE}/4/large.tiff")
    sure, removed = erase(rig, Scope(owners=(ALICE,)))
    assert sure
    assert removed[Kind.VERSIONS] == 3 * 2 + 1
    assert (removed[Kind.ROWS], removed[Kind.COPIES], removed[Kind.UPLOADS]) == (3 * 2, 3, 1)
    assert removed[Kind.MANIFESTS] == 3
    after = everything(rig)
    assert {name: tag for name, tag in after.items() if name in before} == before
    left = after.keys() - before.keys()
    # `Rig.failed` names copies in a way of its own.
    nameless = {f"images/{manifest_path(key)}?null" for key in mine}
    assert {name for name in left if not name.startswith("quarantine/pictures/")} == nameless
    bodies = [rig.deployment.s3.get_object(Bucket=IMAGES, Key=manifest_path(key))["Body"].read() for key in mine]
    assert all(json.loads(body) | {"revision": 3} == json.loads(TOMBSTONE) for body in bodies)
    assert not any(ALICE in body.decode() for body in bodies)


TOMBSTONE = (
    '{"key":"","status":"deleted","revision":3,"source":null,"recipe":null,"digest":null,"generation":null,'
    '"previous":null,"variants":[],"notes":[],"reason":null,"detail":null,"lazy":[],"correction":null,"gate":[],'
    '"held_at":null,"held_until":null,"original_dropped":null,"schema":1}'
)


def copied(rig: Rig, key: str, *addresses: str) -> None:
    """Copies of a published picture, as its manifest names them."""
    images, there = S3Images(rig.deployment.s3, IMAGES), rig.published(key)
    assert there is not None
    path = f"{variants_folder(key)}{there.manifest.generation}/w320.webp"
    one = Variant("w320", "webp", "image/webp", 320, 200, 7, "0a" * 32, path)
    named = tuple(Copy(address, path) for address in addresses)
    manifest = replace(there.manifest, variants=(one,), copies=named, copied_as="12345678")
    images.publish(manifest, there)
    for address in addresses:
        copy_to(rig, manifest, address)


def copy_to(rig: Rig, manifest: Manifest, address: str) -> None:
    there = rig.deployment.copies
    assert there is not None
    mark = mark_of(manifest.variants[0], manifest, there.owner(manifest.key))
    there.write(address, b"variant", mark, Stored("image/webp"), there.look(address))


def test_copies_go_with_their_picture_also_one_that_is_written_late_and_those_of_others_stay(rig: Rig) -> None:
    rig = replace(rig, deployment=replace(rig.deployment, copies_bucket=IMAGES, copy_folders=("thumbs/",)))
    for key in ("trips/a.jpg", "home/b.jpg"):
        publish(rig, key)
        copied(rig, key, f"thumbs/{key}-w320.webp", f"thumbs/{key}-w640.webp")
    rig.deployment.s3.put_object(Bucket=IMAGES, Key="thumbs/trips/logo.svg", Body=b"<svg/>")
    published = rig.published("trips/a.jpg")
    assert published is not None
    late = [partial(copy_to, rig, published.manifest, "thumbs/trips/a.jpg-w320.webp")]
    workers = Workers(rig, on_wait=lambda: late.pop()() if late else None)
    sure, _ = erase(rig, Scope(prefix="trips/"), workers)
    assert sure
    left = {path for path in rig.stored(IMAGES) if path.startswith("thumbs/")}
    assert left == {"thumbs/home/b.jpg-w320.webp", "thumbs/home/b.jpg-w640.webp", "thumbs/trips/logo.svg"}
    tombstone = rig.deployment.s3.get_object(Bucket=IMAGES, Key=manifest_path("trips/a.jpg"))["Body"].read()
    assert b"a.jpg" not in tombstone, "neither its key nor an address"


def test_the_cdn_is_told_of_each_picture_whose_variants_were_there(rig: Rig) -> None:
    publish(rig, "trips/a.jpg")
    publish(rig, "home/b.jpg")
    erase(rig, Scope(prefix="trips/"))
    queue = rig.deployment.purge_queue_url or ""
    answer = rig.deployment.sqs().receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    assert PURGES in queue
    assert {message["Body"] for message in answer["Messages"]} == {variants_folder("trips/a.jpg")}


def test_each_key_is_erased_whatever_it_is_called_and_no_other_key_that_begins_so() -> None:
    """Over the stores of the simulation: of moto, some of these keys cannot be listed."""
    uploads, images = Bucket(versioned=True), Bucket()
    asked: list[str] = []

    def wire(operation: str, what: str, effect: Callable[[], Any], *, changes: bool = False) -> Any:  # noqa: ANN401
        asked.extend([what] if operation == "DeleteObjects" and changes else [])
        return effect()

    s3: Any = SimulatedS3({UPLOADS: uploads, IMAGES: images, QUARANTINE: Bucket()}, wire)
    dynamodb: Any = SimulatedDynamoDb({FAILURES: Table(("subject", "identity"))})
    sqs: Any = SimulatedSqs({"queue": Queue("queue")})
    for key in NASTY_KEYS:
        uploads.put(key, b"1")
        uploads.put(key, b"2")
        uploads.put(f"{key}-2", b"of another")
    for key in NASTY_KEYS:
        Erasing(
            s3,
            UPLOADS,
            QUARANTINE,
            S3Images(s3, IMAGES),
            DynamoFailures(dynamodb, FAILURES, lambda: 0, 0),
            SqsLateLooks(sqs, "queue", 0),
            Publishing(UPLOADS),
            Scope(key=key),
        ).run({key}, Impatient(), lambda _: None)
        assert key not in uploads.keys
    assert set(uploads.keys) == {f"{key}-2" for key in NASTY_KEYS}
    assert set(images.keys) == {manifest_path(key) for key in NASTY_KEYS}
    # DeleteObjects is XML, which cannot hold these: https://www.w3.org/TR/xml/#charsets
    assert not [what for what in asked if any(character in what for character in "\x00\x07\uffff")]


class CtrlCError(Exception):
    """The operator has pressed Ctrl-C."""


def test_whatever_request_an_erasure_is_interrupted_at_a_repetition_finds_what_is_left() -> None:
    left = None
    for most in range(100):
        there = _a_failed_picture()
        left = _erased_folder(there, most)
        if left is not None:
            break
        assert _erased_folder(there, None) == {manifest_path(_FAILED)}, f"after {most} requests"
    assert left == {manifest_path(_FAILED)}
    assert most > 20


_FAILED = "trips/a.jpg"


def _a_failed_picture() -> tuple[dict[str, Bucket], Table]:
    """All that there is of a picture that failed, and was deleted."""
    buckets = {UPLOADS: Bucket(versioned=True), IMAGES: Bucket(), QUARANTINE: Bucket()}
    rows = Table(("subject", "identity"))
    buckets[UPLOADS].put(_FAILED, b"1")
    buckets[IMAGES].put(manifest_path(_FAILED), Manifest(_FAILED, Status.DELETED, 2).to_json())
    buckets[QUARANTINE].put(f"{copies_folder(Source(UPLOADS, _FAILED))}c", b"1")
    said = (held_path(_FAILED, 1), review_path(_FAILED, "v1", "person"), fact_path(_FAILED, "v1", "alt"))
    for path in (*said, *likeness_paths(_FAILED, "0" * 16)):
        buckets[IMAGES].put(path, b"{}")
    rows.items[subject_of_picture(UPLOADS, _FAILED), "v1"] = {
        "subject": {"S": subject_of_picture(UPLOADS, _FAILED)},
        "identity": {"S": "v1"},
    }
    return buckets, rows


def _erased_folder(there: tuple[dict[str, Bucket], Table], most: int | None) -> set[str] | None:
    """What is left once a folder is erased, all that is stored; None if that was interrupted after so many requests."""
    buckets, rows = there
    asked: list[str] = []

    def wire(operation: str, what: str, effect: Callable[[], Any], *, changes: bool = False) -> Any:  # noqa: ANN401, ARG001
        asked.append(what)
        if most is not None and len(asked) > most:
            raise CtrlCError
        return effect()

    s3: Any = SimulatedS3(buckets, wire)
    erasing = Erasing(
        s3,
        UPLOADS,
        QUARANTINE,
        S3Images(s3, IMAGES),
        DynamoFailures(cast("Any", SimulatedDynamoDb({FAILURES: rows}, wire)), FAILURES, lambda: 0, 0),
        SqsLateLooks(cast("Any", SimulatedSqs({"queue": Queue("queue")})), "queue", 0),
        Publishing(UPLOADS),
        Scope(prefix="trips/"),
    )
    survey, deployment = Survey(), cast("Any", SimpleNamespace(uploads_bucket=UPLOADS, name_of=lambda _, key: key))
    try:
        Erasure(deployment, erasing.scope, erasing).find_names(survey)
        assert erasing.run(survey.names, Impatient(), lambda _: None)
    except CtrlCError:
        return None
    return {path for bucket in buckets.values() for path in bucket.keys} | {subject for subject, _ in rows.items}


class Impatient:
    """Waits for nobody."""

    def for_workers(self, unsettled: int) -> None:
        raise AssertionError(f"{unsettled} are left")

    def for_those_at_work(self) -> bool:
        return True


def test_at_no_moment_is_an_older_version_or_what_was_deleted_the_current_one(rig: Rig) -> None:
    for data in (b"1", b"2", b"3"):
        rig.upload("trips/a.jpg", data)
    rig.upload("trips/b.jpg")
    rig.deployment.s3.delete_object(Bucket=UPLOADS, Key="trips/b.jpg")
    seen: list[set[str]] = []
    rig.deployment.s3.meta.events.register(
        "after-call.s3.DeleteObjects", lambda **_: seen.append(rig.stored(UPLOADS) & {"trips/a.jpg", "trips/b.jpg"})
    )
    sure, removed = erase(rig, Scope(prefix="trips/"))
    assert (sure, removed[Kind.VERSIONS]) == (True, 5)
    assert len(seen) >= 3
    assert not set().union(*seen)


def test_what_somebody_writes_who_was_at_work_is_found_and_what_is_uploaded_meanwhile(rig: Rig) -> None:
    publish(rig, "trips/a.jpg")
    later: list[Callable[[], object]] = [
        lambda: rig.store.table.record(replace(rig.not_fetched("trips/a.jpg"), identity="late")),
        lambda: rig.upload("trips/b.jpg"),
    ]
    workers = Workers(rig, on_wait=lambda: later.pop()() if later else None)
    sure, removed = erase(rig, Scope(prefix="trips/"), workers)
    assert sure
    assert removed[Kind.VERSIONS] == 3
    assert rig.stored(UPLOADS) == set()
    assert not rig.deployment.dynamodb().scan(TableName=FAILURES)["Items"]
    assert workers.waited == 2  # an original has turned up after the first time, so somebody may have read that


def test_what_waits_since_stays_on_the_list_and_what_was_said_of_erased_versions_goes(rig: Rig) -> None:
    publish(rig, "trips/a.jpg")
    s3 = rig.deployment.s3
    for path in (review_path("trips/a.jpg", "old", "person"), held_path("trips/a.jpg", 2), held_path("trips/a.jpg", 7)):
        s3.put_object(Bucket=IMAGES, Key=path, Body=b"{}")
    sure, removed = erase(rig, Scope(prefix="trips/"))
    assert (sure, removed[Kind.REVIEWS]) == (True, 3)
    assert rig.stored(IMAGES) == {manifest_path("trips/a.jpg")}
    # Whoever was about to publish what the last entry was of would replace an older revision than that.
    published = S3Images(s3, IMAGES).published("trips/a.jpg")
    assert published is not None
    assert published.manifest.revision == 7


def test_an_erasure_that_was_interrupted_goes_on_and_ends_with_nothing_found(rig: Rig) -> None:
    for number in range(3):
        publish(rig, f"trips/{number}.jpg")
    calls: list[int] = []

    def die(**_: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    rig.deployment.s3.meta.events.register("before-call.s3.DeleteObjects", die)
    with pytest.raises(KeyboardInterrupt):
        erase(rig, Scope(prefix="trips/"))
    assert erase(rig, Scope(prefix="trips/"))[0]
    with erasure_of(rig.deployment, Scope(prefix="trips/")) as erasure:
        assert erasure.survey().counts.total() == 0
    assert erase(rig, Scope(prefix="trips/")) == (True, Counter(dict.fromkeys(Kind, 0)))


def test_the_counters_of_an_owner_go_and_those_of_another_stay(rig: Rig) -> None:
    dynamodb = boto3.client("dynamodb")
    make_table(dynamodb, "counters", OWNER_DAY)
    for row in (f"{ALICE} 2026-11-27", f"{ALICE} 2026-11-28", f"{BOB} 2026-11-28"):
        dynamodb.put_item(TableName="counters", Item={OWNER_DAY: {"S": row}})
    deployment = replace(rig.deployment, counters_table="counters")
    with erasure_of(deployment, Scope(owners=(ALICE,))) as erasure:
        on_that_day = Erasure(deployment, erasure.scope, erasure.erasing, date(2026, 11, 28))
        survey = on_that_day.survey()
        assert on_that_day.remove_uploads(survey)[Kind.COUNTERS] == 2
    assert [item[OWNER_DAY]["S"] for item in dynamodb.scan(TableName="counters")["Items"]] == [f"{BOB} 2026-11-28"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (Scope(prefix="shop/"), {"shop/new/cat.jpg", "shop/old/cat.jpg"}),
        (Scope(prefix="shop/new/"), {"shop/new/cat.jpg"}),
        (Scope(prefix="sho/"), set()),
        (Scope(key="shop/new/cat.jpg"), {"shop/new/cat.jpg"}),
        (Scope(prefix="shop/none/"), set()),
        (Scope(owners=("new",)), set()),
    ],
    ids=["a folder", "a folder within", "half a name", "a key", "an empty folder", "an owner"],
)
def test_originals_of_an_attached_bucket_are_found_and_left_to_who_owns_them(
    rig: Rig, scope: Scope, found: set[str]
) -> None:
    s3 = rig.deployment.s3
    s3.create_bucket(Bucket="my-shop")
    for key in ("new/cat.jpg", "old/cat.jpg", "old/cat.txt"):
        s3.put_object(Bucket="my-shop", Key=key, Body=b"data")
    deployment = replace(rig.deployment, attached=(Attached("my-shop", "", (".jpg",), "shop/"),))
    with erasure_of(deployment, scope) as erasure:
        assert {source.name for source in erasure.attached_originals()} == found


def test_who_never_removes_variants_is_waited_for_as_long_as_it_is_said_and_then_named() -> None:
    now = [0.0]
    waiting = Waiting(
        60, 100, to_the_end=True, pause=lambda seconds: now.append(now.pop() + seconds), clock=lambda: now[0]
    )
    with pytest.raises(NotErasedError, match="variants of 7 originals are still there after 100 s"):
        _wait_on(waiting)
    assert 100 < now[0] < 170
    assert waiting.for_those_at_work()
    assert now[0] > 160


def _wait_on(waiting: Waiting) -> None:
    for _ in range(99):
        waiting.for_workers(7)


def say(rig: Rig, key: str, identity: str, *alike: str) -> None:
    """What an enricher has said of a published picture, and its manifest, which tells it."""
    fact, images = Fact("duplicates", looks_like=alike), S3Images(rig.deployment.s3, IMAGES)
    S3Facts(rig.deployment.s3, IMAGES).keep(key, identity, fact, said_at=1)
    before = images.published(key)
    assert before is not None
    images.publish(replace(before.manifest, facts=(fact,), enrichers=("duplicates",)), before)


def test_what_is_said_of_others_names_no_erased_key_and_they_are_looked_at_again(rig: Rig) -> None:
    deleted(rig, "trips/a  b.jpg")
    identity = rig.upload("home/c.jpg")
    rig.manifest("home/c.jpg", Status.READY, identity)
    say(rig, "home/c.jpg", "before", "trips/a  b.jpg")
    say(rig, "home/c.jpg", identity, "trips/a  b.jpg", "home/d.jpg")
    done = json.loads(run("--prefix", "trips/", "--yes", "--json").stdout)
    assert (done["complete"], done["removed"]["names"]) == (True, 3)
    published = rig.published("home/c.jpg")
    assert published is not None
    assert (published.manifest.revision, published.manifest.status) == (2, Status.READY)
    assert published.manifest.facts == (Fact("duplicates", looks_like=("home/d.jpg",)),)
    assert S3Facts(rig.deployment.s3, IMAGES).of("home/c.jpg", identity, ("duplicates",)) == published.manifest.facts
    assert any("home/c.jpg" in body for body in rig.waiting())
    for path in rig.stored(IMAGES):
        assert b"trips/" not in rig.deployment.s3.get_object(Bucket=IMAGES, Key=path)["Body"].read()
    assert json.loads(run("--prefix", "trips/", "--yes", "--json").stdout)["removed"]["names"] == 0


def test_whoever_had_read_a_name_before_it_was_taken_out_is_waited_for(rig: Rig) -> None:
    deleted(rig, "trips/a.jpg")
    rig.manifest("home/c.jpg", Status.DELETED)
    there = S3Images(rig.deployment.s3, IMAGES)
    fact = Fact("duplicates", looks_like=("trips/a.jpg",))

    def tell() -> None:
        before = there.published("home/c.jpg")
        assert before is not None
        there.publish(replace(before.manifest, facts=(fact,), revision=before.manifest.revision + 1), before)

    late: list[Callable[[], None]] = [
        tell,
        partial(S3Facts(rig.deployment.s3, IMAGES).keep, "home/c.jpg", "v1", fact, said_at=1),
    ]
    workers = Workers(rig, on_wait=lambda: late.pop()() if late else None)
    sure, removed = erase(rig, Scope(prefix="trips/"), workers)
    assert (sure, removed[Kind.NAMES], late) == (True, 2, [])
    told = there.published("home/c.jpg")
    assert told is not None
    assert told.manifest.facts == (fact.without(lambda _: True),)


def everything_of(rig: Rig, key: str) -> None:
    """A picture of which there is all that there can be."""
    identity, images = rig.upload(key, b"again"), rig.deployment.s3
    publish(rig, key)
    copies(rig, key)
    copied(rig, key, "thumbs/a.jpg-w320.webp")
    images.create_multipart_upload(Bucket=UPLOADS, Key=f"{key}.tiff")
    for path in (
        held_path(key, 1),
        review_path(key, identity, "scan"),
        *likeness_paths(key, "0" * 16),
    ):
        images.put_object(Bucket=IMAGES, Key=path, Body=b"")
    S3Facts(images, IMAGES).keep(key, identity, Fact("alt", alt="a dog"), said_at=1)
    S3Facts(images, IMAGES).keep("home/b.jpg", "v1", Fact("duplicates", looks_like=(key,)), said_at=1)


def test_whoever_erases_needs_what_the_documentation_lists_and_no_more(rig: Rig) -> None:
    sqs, with_copies = rig.deployment.sqs(), partial(replace, copies_bucket=IMAGES, copy_folders=("thumbs/",))
    unheard = replace(rig, deployment=with_copies(rig.deployment, sqs=lambda: sqs))
    everything_of(unheard, "trips/a.jpg")
    there = unheard.deployment.copies
    assert there is not None
    assert boto3.DEFAULT_SESSION is not None
    with recorded(boto3.DEFAULT_SESSION.events) as calls:
        heard = replace(rig, deployment=with_copies(deployment_in_account("dev")))
        lying = Lies("any", there.owner("trips/a.jpg"), 1)
        late = partial(there.wait, "home/b.jpg", "thumbs/b.jpg", lying)  # after workers have looked
        sure, removed = erase(heard, Scope(prefix="trips/"), Workers(unheard, on_wait=late))
        held_after(heard.deployment, datetime.now(UTC))
    assert sure
    assert {kind for kind in Kind if not removed[kind]} == {Kind.COUNTERS, Kind.VARIANTS}
    assert needs(calls) == _documented() - _OF_OTHER_DEPLOYMENTS


_ON = {
    "the stack": "Lightpress-dev",
    "the uploads bucket": UPLOADS,
    "the quarantine bucket": QUARANTINE,
    "the images bucket": IMAGES,
    "folders of copies, in it or in the `copies_bucket`": f"{IMAGES}/thumbs/*",
    "the queue of uploads": QUEUE,
    "the table of failures": FAILURES,
    "the table of upload counters": "counters",
    "attached buckets": "attached",
}
_ON_OBJECTS = re.compile(r"s3:.*(Object|Abort)")
_OF_OTHER_DEPLOYMENTS = {
    Need("s3:DeleteObjectVersion", f"{QUARANTINE}/*"),
    Need("dynamodb:GetItem", "counters"),
    Need("dynamodb:DeleteItem", "counters"),
    Need("s3:ListBucket", "attached"),
}


def _documented() -> set[Need]:
    """The table of docs/operations.md: what is of a bucket, and what is of its objects."""
    text = Path("docs/operations.md").read_text(encoding="utf-8").partition("Whoever runs it needs:")[2]
    rows = re.findall(r"^\| (?!on |---)(.+?) \| (.+?) \|$", text.partition("\n## ")[0], re.MULTILINE)
    needed = set()
    for place, actions in rows:
        folders = [f"{IMAGES}/{folder}" for folder in re.findall(r"`([a-z]+/\*)`", place)]
        for action, on in product(re.findall(r"`(.+?)`", actions), folders or [_ON[place]]):
            objects = on in {UPLOADS, QUARANTINE} and _ON_OBJECTS.match(action)
            needed.add(Need(action, f"{on}/*" if objects else on))
    return needed


# The command.


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["erase", "dev", *arguments], input=answer)


def deleted(rig: Rig, key: str) -> None:
    """A picture that was deleted long ago: nothing is left but what only an erasure removes."""
    rig.upload(key)
    rig.deployment.s3.delete_object(Bucket=UPLOADS, Key=key)
    rig.manifest(key, Status.DELETED)


def test_the_command_asks_with_counts_and_gives_a_receipt_that_says_until_when_what_is_held(rig: Rig) -> None:
    for key in ("trips/a.jpg", "home/c.jpg"):
        deleted(rig, key)
    refused = run("--prefix", "trips/", answer="n\n")
    assert refused.exit_code == 1
    assert "2 versions and delete markers of originals" in refused.stderr
    assert "1 manifests" in refused.stderr
    assert "Erase all of it, of 1 keys in dev?" in refused.stderr
    before = datetime.now(UTC)
    done = run("--prefix", "trips/", "--json", answer="y\n")
    assert done.exit_code == 0
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["complete"], told["again_at"], told["keys"], told["scope"]) == (True, None, 1, {"prefix": "trips/"})
    assert (told["removed"]["versions"], told["removed"]["manifests"], told["removed"]["variants"]) == (2, 1, 0)
    until = {held["where"].split(" (")[0]: held["until"] for held in told["held"]}
    assert until["logs of the functions"][:10] == f"{before + timedelta(RETENTION.logs):%Y-%m-%d}"
    assert until["access logs of the CDN"][:10] == f"{before + timedelta(RETENTION.access_logs):%Y-%m-%d}"
    again = run("--prefix", "trips/", "--yes")
    assert again.exit_code == 0
    assert "        0  versions and delete markers of originals" in again.stdout
    left = rig.deployment.s3.list_object_versions(Bucket=UPLOADS)
    assert {row["Key"] for row in (*left["Versions"], *left["DeleteMarkers"])} == {"home/c.jpg"}


def test_of_a_key_that_is_given_a_copy_is_found_that_nothing_names(rig: Rig) -> None:
    copies(rig, "trips/a.jpg")
    told = json.loads(run("--key", "trips/a.jpg", "--yes", "--json").stdout)
    assert (told["complete"], told["removed"]["copies"]) == (True, 1)
    assert rig.stored(QUARANTINE) == set()


def test_without_waiting_the_key_stays_until_the_command_is_run_again(rig: Rig) -> None:
    deleted(rig, "trips/a.jpg")
    assert run("--prefix", "trips/", "--yes", "--no-wait").exit_code == 3
    assert rig.published("trips/a.jpg") is not None
    assert b"trips/a.jpg" in _manifest(rig, "trips/a.jpg")
    again = json.loads(run("--prefix", "trips/", "--yes", "--json").stdout)
    assert (again["complete"], again["keys"], again["removed"]["manifests"]) == (True, 1, 1)
    assert b"trips/a.jpg" not in _manifest(rig, "trips/a.jpg")


def _manifest(rig: Rig, key: str) -> bytes:
    return bytes(rig.deployment.s3.get_object(Bucket=IMAGES, Key=manifest_path(key))["Body"].read())


def test_without_waiting_the_receipt_says_that_it_is_not_the_last_word(rig: Rig) -> None:
    deleted(rig, "trips/a.jpg")
    done = run("--key", "trips/a.jpg", "--yes", "--no-wait")
    assert done.exit_code == 3
    assert "run it again after 20" in done.stdout


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "choose one of --owner, --prefix and --key"),
        (("--owner", "a", "--key", "b"), "choose one of --owner, --prefix and --key"),
        (("--prefix", "trips"), "'trips' has no / at its end"),
        (("--prefix", ""), "'' has no / at its end"),
        (("--owner", ""), "lightpress empty removes everything"),
        (("--key", ""), "lightpress empty removes everything"),
    ],
)
@pytest.mark.usefixtures("rig")
def test_what_would_be_too_much_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_an_owner_is_named_as_the_authorizer_does_or_as_keys_do(rig: Rig) -> None:
    for owner in ("alice", ALICE):
        deleted(rig, f"photos/{ALICE}/1/cat.jpg")
        assert json.loads(run("--owner", owner, "--yes", "--json").stdout)["removed"]["versions"] == 2


def test_the_receipt_names_replicas_the_cdn_that_is_not_told_and_stacks_that_do_not_say(rig: Rig) -> None:
    now = datetime.now(UTC)
    untold = replace(rig.deployment, retention=replace(RETENTION, invalidates=False, access_logs=0))
    held = {one.where: one for one in held_after(untold, now)}
    assert "create-invalidation --distribution-id E1 --paths '/i/*' '/r/*'" in held["the CDN"].todo
    assert not any("access logs" in where for where in held)
    assert not any("replica" in where for where in held)
    destination = {"Bucket": "arn:aws:s3:::copies", "StorageClass": "STANDARD"}
    rule: Any = {"Status": "Enabled", "Destination": destination, "Prefix": "", "ID": "r", "Priority": 1}
    rig.deployment.s3.create_bucket(Bucket="copies")
    rig.deployment.s3.put_bucket_versioning(Bucket="copies", VersioningConfiguration={"Status": "Enabled"})
    rig.deployment.s3.put_bucket_replication(
        Bucket=UPLOADS, ReplicationConfiguration={"Role": "arn:aws:iam::123456789012:role/r", "Rules": [rule]}
    )
    assert "the replica copies" in {one.where for one in held_after(rig.deployment, now)}
    assert "Deploy this release" in held_after(replace(rig.deployment, retention=None), now)[0].todo
