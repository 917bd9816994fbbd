"""Disasters, and what brings everything back: variants and manifests are gone, or originals, too, but for replicas."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from lightpress.cdk.config import Config
from lightpress.cdk.options.storage import StorageOptions
from lightpress.cli.backfill import Limits
from lightpress.cli.backfilling import VARIANTS, StopSwitch, job_for, run
from lightpress.cli.project import RECIPES
from lightpress.client.uploading import upload
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import manifest_path, variants_folder
from lightpress.pipeline.recipe_file import load_recipes
from tests.cdk.templates import synthesize_with
from tests.e2e.test_pipeline import eventually, picture, settle, stored
from tools.drawing import disc, file_of, plain, ramp

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ReplicationConfigurationTypeDef

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest
    from tests.e2e.conftest import Fetch

Contents: TypeAlias = "tuple[Status | None, str | None, set[tuple[str, str, str]]]"

PREFIX, LOST, REPLICA = "disaster/", "lost/", "my-originals-elsewhere"
ORIGINALS = {
    f"{PREFIX}photo.jpg": file_of(ramp((1000, 700)), "JPEG"),
    f"{PREFIX}flat.jpg": picture(3),
    f"{PREFIX}logo.png": file_of(disc(400)),
    f"{PREFIX}moving.gif": file_of(plain(), "GIF", save_all=True, append_images=[plain((0, 0, 255))]),
    f"{PREFIX}broken.jpg": picture(4)[:200],
}


def test_after_the_images_bucket_was_emptied_a_backfill_brings_back_every_byte(
    deployment: Deployment, cloud: Outputs, s3: S3Client, fetch: Fetch, tmp_path: Path
) -> None:
    uploads = [upload(deployment, key, data, "image/jpeg") for key, data in ORIGINALS.items()]
    before = {manifest.key: manifest for manifest in settle(deployment, *uploads)}
    assert [key for key, manifest in before.items() if manifest.status is Status.FAILED] == [f"{PREFIX}broken.jpg"]

    empty_images_bucket(s3, cloud)
    assert fetch(f"/{before[f'{PREFIX}photo.jpg'].variants[0].path}").status in {403, 404}
    assert fetch(f"/{PREFIX}photo.jpg").headers["x-lightpress-status"] == "processing", "there is an original"

    limits = Limits(rate=100, dollars=lambda *_: 0.0)
    todo = job_for(
        deployment,
        bucket=None,
        prefix=PREFIX,
        mode=VARIANTS,
        since=None,
        inventory=None,
        recipes=load_recipes(RECIPES),
    )
    with StopSwitch(tmp_path / "stop") as switch:
        ended, checkpoint = run(todo, limits, tmp_path, switch, lambda *_: None)
    assert (ended, checkpoint.endings) == ("finished", {"ready": 4, "failed": 1})

    after = {key: deployment.manifest(key) for key in ORIGINALS}
    assert {key: contents(manifest) for key, manifest in after.items()} == {
        key: contents(manifest) for key, manifest in before.items()
    }
    for key, manifest in before.items():
        eventually(partial(answers, fetch, f"/{key}", 200 if manifest.status is Status.READY else 404))


@pytest.mark.nightly  # it synthesizes a template, and publishes everything twice
def test_after_a_region_was_lost_its_replica_brings_back_every_byte_and_nothing_that_was_deleted(
    deployment: Deployment, cloud: Outputs, s3: S3Client, tmp_path: Path
) -> None:
    """By the rule of the template. One cloud is both regions: the second has what the replica has, and nothing else."""
    originals = {key.replace(PREFIX, LOST): data for key, data in ORIGINALS.items()}
    bucket, deleted = deployment.uploads_bucket, f"{LOST}deleted.jpg"
    s3.create_bucket(Bucket=REPLICA)
    s3.put_bucket_versioning(Bucket=REPLICA, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=replication(tmp_path))
    try:
        uploads = [upload(deployment, key, data, "image/jpeg") for key, data in originals.items()]
        settle(deployment, *uploads, upload(deployment, deleted, picture(5), "image/jpeg"))
        before = {key: contents(deployment.manifest(key)) for key in originals}
        s3.delete_object(Bucket=bucket, Key=deleted)
        assert s3.head_object(Bucket=bucket, Key=f"{LOST}photo.jpg")["ReplicationStatus"] == "COMPLETED"
    finally:
        s3.delete_bucket_replication(Bucket=bucket)

    for key in (*originals, deleted):
        remove_versions(s3, bucket, key)
        eventually(partial(is_gone, deployment, key))
        s3.delete_object(Bucket=cloud.images_bucket, Key=manifest_path(key))

    replicas = [one["Key"] for one in s3.list_objects_v2(Bucket=REPLICA)["Contents"]]
    assert set(replicas) == set(originals), "what was deleted is deleted there, too"
    for key in replicas:
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": REPLICA, "Key": key})
    for key, known in before.items():
        eventually(partial(has, deployment, key, known))
    assert deployment.manifest(deleted) is None


def replication(folder: Path) -> ReplicationConfigurationTypeDef:
    """The rule that the template has for `replica_bucket`, as S3 itself takes it."""
    config = Config("dev", storage=StorageOptions(replica_bucket=REPLICA))
    template = synthesize_with(config, folder)
    (rule,) = template.resource("UploadsBucket").properties["ReplicationConfiguration"]["Rules"]
    as_s3_has_it: Any = {key.replace("Id", "ID"): value for key, value in rule.items()}
    as_s3_has_it["Destination"]["Bucket"] = f"arn:aws:s3:::{REPLICA}"
    return {"Role": "arn:aws:iam::000000000000:role/replication", "Rules": [as_s3_has_it]}


def remove_versions(s3: S3Client, bucket: str, key: str) -> None:
    """Delete an original and all that is known of it."""
    s3.delete_object(Bucket=bucket, Key=key)
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for one in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
        s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def is_gone(deployment: Deployment, key: str) -> bool:
    manifest = deployment.manifest(key)
    return manifest is not None and manifest.status is Status.DELETED


def has(deployment: Deployment, key: str, known: Contents) -> bool:
    return contents(deployment.manifest(key)) == known


def answers(fetch: Fetch, path: str, status: int) -> bool:
    """Whether the CDN says so, and of a picture that is published: it keeps a placeholder or a 404 for a moment."""
    answer = fetch(path)
    return answer.status == status and "x-lightpress-status" not in answer.headers


def contents(manifest: Manifest | None) -> Contents:
    """What viewers get: the status, the reason, and each variant with the checksum of its bytes."""
    if manifest is None:
        return None, None, set()
    files = {(variant.name, variant.format, variant.sha256) for variant in manifest.variants}
    return manifest.status, manifest.reason, files


def empty_images_bucket(s3: S3Client, cloud: Outputs) -> None:
    """Delete everything of these originals from it: other tests have theirs there."""
    for key in ORIGINALS:
        for path in (*stored(s3, cloud, variants_folder(key)), manifest_path(key)):
            s3.delete_object(Bucket=cloud.images_bucket, Key=path)
    assert not any(stored(s3, cloud, variants_folder(key)) for key in ORIGINALS)


pytestmark = pytest.mark.emulator("it deletes what is published")
