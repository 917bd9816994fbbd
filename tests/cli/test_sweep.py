"""`lightpress sweep`: what nothing points to is found, and removed only where nobody can need it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.run_files import S3Lister
from lightpress.backfill.hashes import hashes
from lightpress.backfill.sweep import KINDS, LONGEST_LIFE_SECONDS, Found, Sweeper
from lightpress.cli.main import app
from lightpress.cli.sweep import Sweep
from lightpress.pipeline.copies import mark_of
from lightpress.pipeline.copy_pattern import Stored as StoredCopy
from lightpress.pipeline.events import read
from lightpress.pipeline.manifest import Copy, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.paths import generation_name, manifest_path, variants_folder
from lightpress.pipeline.ports import PreconditionFailed
from tests.cli.deployed import IMAGES, RETENTION, Rig

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.aws.copies import S3Copies
    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.ports import Lies

NOW = time.time()


def variant(rig: Rig, key: str, generation: str) -> str:
    path = f"{variants_folder(key)}{generation}/w320.webp"
    rig.deployment.s3.put_object(Bucket=IMAGES, Key=path, Body=b"variant")
    return path


def ready(rig: Rig, key: str, times: int) -> tuple[set[str], str]:
    """Publish it so often; returns what pages may show, the one before included, and the generation."""
    paths, generation = [], ""
    for revision in range(1, times + 1):
        identity = rig.upload(key)
        generation = generation_name(revision, identity, "digest")
        paths.append(variant(rig, key, generation))
        rig.manifest(key, Status.READY, identity, generation)
    return {*paths[-2:], manifest_path(key)}, generation


def sweep(rig: Rig, *, remove: bool, later: float = 0) -> Found:
    return Sweep(rig.deployment, remove, NOW + later)()


def test_where_nothing_is_amiss_nothing_is_found_nor_touched(rig: Rig) -> None:
    ready(rig, "a.jpg", times=2)
    rig.failed("b.jpg")
    rig.manifest("c.jpg", Status.DELETED)
    before = rig.stored(IMAGES)
    found = sweep(rig, remove=True, later=2 * LONGEST_LIFE_SECONDS)
    assert (found.manifests, sum(found.files.values()), found.sourceless, found.removed) == (3, 0, [], 0)
    assert rig.stored(IMAGES) == before
    assert rig.waiting() == []


def test_variants_of_generations_that_are_over_are_reported_and_then_removed(rig: Rig) -> None:
    kept, _ = ready(rig, "a.jpg", times=4)
    found = sweep(rig, remove=False)
    assert (found.files["dead"], found.bytes["dead"], found.removed) == (2, 14, 0)
    assert sweep(rig, remove=True).removed == 2
    assert rig.stored(IMAGES) == kept


def test_variants_for_a_later_revision_are_removed_once_nobody_can_publish_them(rig: Rig) -> None:
    kept, generation = ready(rig, "a.jpg", times=1)
    stranded = variant(rig, "a.jpg", generation_name(2, "v", "d"))
    read_by_a_worker = rig.published("a.jpg")
    assert sweep(rig, remove=False).files["stranded"] == 1
    assert sweep(rig, remove=True, later=LONGEST_LIFE_SECONDS / 2).removed == 0, "somebody may be writing them"
    assert rig.published("a.jpg") == read_by_a_worker
    assert stranded in rig.stored(IMAGES)
    assert sweep(rig, remove=True, later=2 * LONGEST_LIFE_SECONDS).removed == 1
    assert rig.stored(IMAGES) == kept
    now = rig.published("a.jpg")
    assert now is not None
    assert read_by_a_worker is not None
    assert (now.manifest.revision, now.manifest.generation, now.manifest.status) == (2, generation, Status.READY)
    assert now.etag != read_by_a_worker.etag, "the worker that wrote them loses its race"


@pytest.mark.parametrize(("days", "goes"), [(29, False), (31, True)])
def test_variants_that_were_replaced_go_after_as_many_days_as_the_deployment_says(
    rig: Rig, days: int, *, goes: bool
) -> None:
    _, generation = ready(rig, "a.jpg", times=2)
    deployed = replace(rig.deployment, retention=replace(RETENTION, previous=30))
    before, all_files = rig.published("a.jpg"), rig.stored(IMAGES)
    found = Sweep(deployed, remove=True, now=NOW + days * 24 * 60 * 60)()
    now = rig.published("a.jpg")
    assert before is not None
    assert now is not None
    assert found.files["previous"] == found.removed == goes
    assert now.manifest == (replace(before.manifest, previous=None) if goes else before.manifest)
    assert len(rig.stored(IMAGES)) == len(all_files) - goes
    assert any(f"/{generation}/" in path for path in rig.stored(IMAGES))


def test_a_manifest_that_is_replaced_meanwhile_keeps_its_generation_before(rig: Rig) -> None:
    """Somebody publishes between the look and the write: what was read says nothing of what is there now."""
    ready(rig, "a.jpg", times=2)
    s3, later = rig.deployment.s3, NOW + 31 * 24 * 60 * 60
    sweeper = Sweeper(
        S3Images(s3, IMAGES), S3Originals(s3), rig.deployment.publishing.named, None, lambda: later, previous_days=30
    )
    judged = sweeper.judge_all(list(hashes(S3Lister(s3), IMAGES)))
    assert [len(one.previous) for one in judged] == [1]
    ready(rig, "a.jpg", times=3)
    sweeper.remove(judged)
    now = rig.published("a.jpg")
    assert now is not None
    assert now.manifest.previous
    assert any(f"/{now.manifest.previous}/" in path for path in rig.stored(IMAGES))


def test_a_manifest_whose_source_is_gone_is_handed_to_the_queue(rig: Rig) -> None:
    ready(rig, "a.jpg", times=1)
    before = rig.stored(IMAGES)
    rig.deployment.s3.delete_object(Bucket="uploads", Key="a.jpg")
    assert sweep(rig, remove=False).sourceless == ["a.jpg"]
    assert rig.waiting() == []
    assert sweep(rig, remove=True).handed_over == 1
    assert [source.key for body in rig.waiting() for source in read(body).sources] == ["a.jpg"]
    assert rig.stored(IMAGES) == before, "it is for the story to judge"


@pytest.mark.parametrize(
    ("code", "advice"), [("AccessDenied", "ask for the permission"), ("InternalError", "wait some minutes")]
)
def test_what_s3_does_not_remove_of_many_ends_the_command_with_a_sentence(rig: Rig, code: str, advice: str) -> None:
    ready(rig, "a.jpg", times=4)
    refused = {"Key": "i/x", "Code": code, "Message": "Not now."}

    def refuse(parsed: dict[str, Any], **_: object) -> None:
        parsed["Errors"] = [refused]

    rig.deployment.s3.meta.events.register("after-call.s3.DeleteObjects", refuse)
    deployed = rig.deployment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lightpress.cli.commands.buckets.deployment_of", lambda _: deployed)
        result = CliRunner().invoke(app, ["sweep", "--remove"])
    assert (result.exit_code, advice in result.output) == (1, True), result.output
    assert "i/x" in result.output


@dataclass
class Refusing:
    """SQS that accepts all but the last of a batch."""

    sent: list[str] = field(default_factory=list)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: ARG002, N803
        self.sent += [one["MessageBody"] for one in Entries[:-1]]
        return {"Failed": [{"Id": Entries[-1]["Id"]}]}


def test_keys_that_the_queue_does_not_accept_are_told_as_left_to_do(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("a.jpg", "b.jpg"):
        rig.manifest(key, Status.READY, rig.upload(key))
        rig.deployment.s3.delete_object(Bucket="uploads", Key=key)
    queue = Refusing()
    sqs: Any = queue
    refusing = replace(rig.deployment, sqs=lambda: sqs)
    monkeypatch.setattr("lightpress.cli.commands.buckets.deployment_of", lambda _: refusing)
    result = CliRunner().invoke(app, ["sweep", "--remove"])
    assert result.exit_code == 3
    assert "1 keys sent to the queue" in result.stdout
    assert "1 keys were not accepted by the queue: run the same command again" in result.stdout
    assert len(queue.sent) == 1


@pytest.mark.parametrize(("age", "removed"), [(LONGEST_LIFE_SECONDS / 2, 0), (2 * LONGEST_LIFE_SECONDS, 1)])
def test_variants_without_a_manifest_are_removed_a_day_later_behind_a_tombstone(
    rig: Rig, age: float, removed: int
) -> None:
    path = variant(rig, "a.jpg", generation_name(3, "v", "d"))
    found = sweep(rig, remove=True, later=age)
    assert (found.files["ownerless"], found.removed) == (1, removed)
    assert (path in rig.stored(IMAGES)) == (not removed)
    left = rig.published("a.jpg")
    if removed:
        assert left is not None
        assert (left.manifest.status, left.manifest.revision) == (Status.DELETED, 3)
        text = rig.deployment.s3.get_object(Bucket=IMAGES, Key=manifest_path("a.jpg"))["Body"].read().decode()
        assert "a.jpg" not in text, "nobody knows the key of a hash"
    else:
        assert left is None


def test_whoever_was_writing_them_loses_its_race_and_no_file_of_it_is_named(rig: Rig) -> None:
    """What it wrote for the first revision may be gone; it finds a tombstone, and begins anew with the second."""
    variant(rig, "a.jpg", generation_name(1, "v", "d"))
    sweep(rig, remove=True, later=2 * LONGEST_LIFE_SECONDS)
    ours = Manifest("a.jpg", Status.READY, 1, generation=generation_name(1, "v", "d"))
    with pytest.raises(PreconditionFailed):
        S3Images(rig.deployment.s3, IMAGES).publish(ours, None)


@pytest.mark.parametrize("status", [Status.DELETED, Status.HELD])
def test_of_what_was_deleted_or_is_held_the_workflow_removes_what_is_left_over(rig: Rig, status: Status) -> None:
    """As long as it is there, whoever comes by has the CDN forget it, or lists what is held anew."""
    rig.manifest("a.jpg", status, rig.upload("a.jpg"))
    if status is Status.DELETED:
        rig.deployment.s3.delete_object(Bucket="uploads", Key="a.jpg")
    left = {variant(rig, "a.jpg", generation_name(revision, "v", "d")) for revision in (1, 4)}
    found = sweep(rig, remove=True)
    assert (found.keys["unfinished"], found.removed, found.handed_over) == (1, 0, 1)
    assert left < rig.stored(IMAGES)
    (body,) = rig.waiting()
    told = read(body)
    assert [source.key for source in told.sources] == ["a.jpg"]
    assert told.late == set(told.sources), "what somebody left behind is to be looked for"


def test_the_command_only_reports_unless_an_option_says_to_remove(rig: Rig) -> None:
    ready(rig, "a.jpg", times=4)
    before = rig.stored(IMAGES)
    result = CliRunner().invoke(app, ["sweep"])
    assert result.exit_code == 0
    assert "2 variants of past generations, 14 B" in result.stdout
    counted = [line for line in result.stdout.splitlines() if line.endswith(" B")]
    assert len(counted) == len(KINDS), "each kind has a line, in words"
    assert rig.stored(IMAGES) == before
    assert "2 variants removed" in CliRunner().invoke(app, ["sweep", "--remove"]).stdout


ADDRESS = "thumbs/a-w320.webp"


@dataclass(frozen=True)
class Copied:
    """A deployment with copies in its images bucket."""

    rig: Rig
    deployment: Deployment
    copies: S3Copies

    def publish(self, key: str, *addresses: str, refused: str | None = None) -> Manifest:
        """A picture with one variant, and a copy of it at each address, as a worker leaves them."""
        identity = self.rig.upload(key)
        generation = generation_name(1, identity, "digest")
        path = variant(self.rig, key, generation)
        one = Variant("w320", "webp", "image/webp", 320, 200, 7, "0a" * 32, path)
        copies = tuple(Copy(address, path, refused) for address in addresses)
        manifest = Manifest(
            key,
            Status.READY,
            1,
            source=PublishedSource(identity, 4),
            generation=generation,
            variants=(one,),
            copies=copies,
            copied_as="12345678",
        )
        S3Images(self.deployment.s3, IMAGES).publish(manifest, None)
        if not refused:
            for address in addresses:
                self.write(address, mark_of(one, manifest, self.copies.owner(key)))
        return manifest

    def write(self, address: str, mark: Lies) -> None:
        self.copies.write(address, b"variant", mark, StoredCopy("image/webp"), self.copies.look(address))

    def sweep(self, *, remove: bool = True, later: float = 2 * LONGEST_LIFE_SECONDS) -> Found:
        return Sweep(self.deployment, remove, NOW + later)()

    @property
    def addresses(self) -> set[str]:
        return {key for key in self.rig.stored(IMAGES) if key.startswith("thumbs/")}


@pytest.fixture
def copied(rig: Rig) -> Copied:
    deployment = replace(rig.deployment, copies_bucket=IMAGES, copy_folders=("thumbs/",))
    copies = deployment.copies
    assert copies is not None
    return Copied(rig, deployment, copies)


def gone(there: Copied, _: Manifest) -> None:
    there.deployment.s3.delete_object(Bucket=IMAGES, Key=ADDRESS)


def other_bytes(there: Copied, manifest: Manifest) -> None:
    mark = mark_of(replace(manifest.variants[0], sha256="1b" * 32), manifest, there.copies.owner(manifest.key))
    there.write(ADDRESS, mark)


def other_headers(there: Copied, manifest: Manifest) -> None:
    mark = mark_of(manifest.variants[0], replace(manifest, copied_as="87654321"), there.copies.owner(manifest.key))
    there.write(ADDRESS, mark)


@pytest.mark.parametrize("happens", [gone, other_bytes, other_headers])
def test_a_copy_that_is_not_as_its_manifest_says_is_left_to_a_worker_who_finishes_it(
    copied: Copied, happens: Callable[[Copied, Manifest], None]
) -> None:
    manifest = copied.publish("a.jpg", ADDRESS)
    before = copied.addresses
    assert (copied.sweep().uncopied, copied.rig.waiting()) == ([], [])
    happens(copied, manifest)
    assert (copied.sweep(remove=False).uncopied, copied.rig.waiting()) == (["a.jpg"], [])
    found = copied.sweep()
    assert (found.uncopied, found.handed_over, found.removed) == (["a.jpg"], 1, 0)
    (message,) = map(read, copied.rig.waiting())
    assert [source.key for source in message.sources] == ["a.jpg"]
    assert copied.addresses <= before


def test_a_refused_copy_is_looked_at_again_once_its_address_is_free(copied: Copied) -> None:
    copied.publish("a.jpg", ADDRESS)
    copied.publish("a.png", ADDRESS, refused="another_original")
    assert copied.sweep().uncopied == []
    gone(copied, copied.publish("b.jpg"))
    assert sorted(copied.sweep().uncopied) == ["a.jpg", "a.png"]


def test_who_was_refused_for_a_copy_that_no_manifest_names_is_looked_at_by_the_sweep_that_removes_it(
    copied: Copied,
) -> None:
    copied.publish("a.jpg", ADDRESS)
    copied.publish("a.png", "thumbs/other.webp", refused="another_original")
    mark = copied.copies.look(ADDRESS)
    assert mark is not None
    copied.write("thumbs/other.webp", mark)
    assert copied.sweep(remove=False).uncopied == []
    found = copied.sweep()
    assert (found.removed, found.uncopied, found.handed_over) == (1, ["a.png"], 1)


def test_copies_that_no_manifest_names_are_removed_a_day_later_and_what_others_wrote_stays(copied: Copied) -> None:
    manifest = copied.publish("a.jpg", ADDRESS)
    mark = mark_of(manifest.variants[0], manifest, copied.copies.owner("a.jpg"))
    copied.write("thumbs/left.webp", mark)
    copied.write("thumbs/erased.webp", replace(mark, owner=copied.copies.owner("erased.jpg")))
    copied.write("thumbs/of-another-deployment.webp", replace(mark, owner="name.elsewhere"))
    copied.deployment.s3.put_object(Bucket=IMAGES, Key="thumbs/logo.svg", Body=b"<svg/>")
    everything = copied.addresses
    young = copied.sweep(later=LONGEST_LIFE_SECONDS / 2)
    assert (young.files["astray"], young.removed, copied.addresses) == (0, 0, everything)
    reported = copied.sweep(remove=False)
    assert (reported.files["astray"], reported.bytes["astray"], reported.removed) == (2, 14, 0)
    assert copied.addresses == everything
    assert copied.sweep().removed == 2
    assert everything - copied.addresses == {"thumbs/left.webp", "thumbs/erased.webp"}


def test_a_copy_that_a_manifest_names_by_the_time_it_is_removed_is_written_again(copied: Copied) -> None:
    manifest = copied.publish("a.jpg")
    copied.write(ADDRESS, mark_of(manifest.variants[0], manifest, copied.copies.owner("a.jpg")))
    images = S3Images(copied.deployment.s3, IMAGES)
    named = replace(manifest, revision=2, copies=(Copy(ADDRESS, manifest.variants[0].path),))
    copied.deployment.s3.meta.events.register(
        "before-call.s3.DeleteObject", lambda **_: images.publish(named, images.published("a.jpg"))
    )
    found = copied.sweep()
    assert (found.files["astray"], found.removed, found.handed_over) == (1, 1, 1)
    (message,) = map(read, copied.rig.waiting())
    assert [source.key for source in message.sources] == ["a.jpg"]


def test_each_copy_is_looked_at_once_each_manifest_read_once_for_all_of_them_and_none_that_is_young(
    copied: Copied,
) -> None:
    manifest = copied.publish("a.jpg")
    mark = mark_of(manifest.variants[0], manifest, copied.copies.owner("a.jpg"))
    for number in range(5):
        copied.write(f"thumbs/{number}.webp", mark)
    asked: Counter[str] = Counter()
    copied.deployment.s3.meta.events.register(
        "before-parameter-build.s3.*",
        lambda model, params, **_: asked.update([f"{model.name} {params.get('Key', '')[:7]}"]),
    )
    copied.sweep(remove=False, later=LONGEST_LIFE_SECONDS / 2)
    assert asked["HeadObject thumbs/"] == 0
    manifests = asked.pop(read_manifest := f"GetObject {manifest_path('a.jpg')[:7]}")
    copied.sweep()
    assert (asked["HeadObject thumbs/"], asked["DeleteObject thumbs/"]) == (5, 5)
    assert asked[read_manifest] == manifests + 1, "once more than without any"
