"""Copies of variants at the addresses that recipes name: what publishers may do there, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws

from lightpress.cdk.findings import acknowledge
from lightpress.pipeline.copy_pattern import WAITING
from lightpress.toml_reader import ConfigError
from lightpress.uploads.requests import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk import aws_sqs as sqs

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction
    from lightpress.pipeline.recipe import RecipeBook


def copy_folders(config: Config, recipes: RecipeBook) -> tuple[str, ...]:
    """Every folder that copies lie in, or may lie in still."""
    return tuple(sorted({*recipes.copy_folders, *config.delivery.former_copies}))


def refuse_to_hide_permalinks(whose: str, config: Config, recipes: RecipeBook) -> None:
    """Reject folders of copies in which originals are expected, where the CDN serves copies from the images bucket.

    All paths that begin with such a folder go to the bucket, so the permalinks of keys that begin with it answer 404.
    Rules for all folders alike, such as `**`, say nothing of where originals are.

    Args:
        whose: What the error begins with.
        config: Options.
        recipes: Rules, and recipes that may have copies.

    Raises:
        ConfigError: names the key of the folder, and why originals are expected there.
    """
    if config.delivery.copies_bucket:
        return
    for key, folder in _named_folders(config, recipes):
        why = next(_originals_in(folder, config, recipes), None)
        if why:
            raise ConfigError(
                f"{whose}: {key}: {folder!r} is {why}: their permalinks would be looked for among copies; allowed: a "
                "folder without originals, or a copies_bucket of yours"
            )


def _named_folders(config: Config, recipes: RecipeBook) -> Iterator[tuple[str, str]]:
    """Each folder of copies, after the key that names it."""
    for recipe in recipes.recipes.values():
        if recipe.copies:
            yield f"recipes.{recipe.name}.copies", recipe.copies.pattern.folder
    for folder in config.delivery.former_copies:
        yield "former_copies", folder


def _originals_in(folder: str, config: Config, recipes: RecipeBook) -> Iterator[str]:
    """Why there are originals with keys that begin with `folder`, in words, each reason."""
    if config.uploads.upload_auth != "off" and folder == f"{COLLECTION}/":
        yield "the usual collection of the upload API, where it puts originals"
    for one in config.existing.attach:
        if one.pictures.under.startswith(folder):
            yield f"where originals of {one.pictures.bucket} are published (publish_under = {one.pictures.under!r})"
    for rule in recipes.rules:
        if rule.recipe and _is_for(folder, rule.path):
            yield f"where the rule {rule.path!r} has originals rendered"


def _is_for(folder: str, path: str) -> bool:
    """Whether a rule names a folder, or what it begins with. path: of the rule, with wildcards."""
    start, wildcard, rest = path.partition("*")
    if start.startswith(folder):
        return True
    goes_deeper = bool(wildcard) and ("/" in rest or rest.startswith("*"))
    return bool(start) and goes_deeper and folder.startswith(start)


def copy_variants(
    *publishers: PythonFunction, images: PrivateBucket, queue: sqs.IQueue, config: Config, recipes: RecipeBook
) -> None:
    """Have `publishers` write copies, see whose lie there already, and remove their own.

    queue: That of uploads, through which those are looked at who wait for an address.
    """
    folders = copy_folders(config, recipes)
    name = config.delivery.copies_bucket
    bucket = f"arn:{Aws.PARTITION}:s3:::{name}" if name else images.bucket_arn
    for one in publishers:
        one.tell("COPY_FOLDERS", ",".join(folders))
        one.tell("COPIES_QUEUE_URL", queue.queue_url)
        one.allow("sqs:SendMessage", on=queue.queue_arn)
        one.allow("s3:GetObject", on=images.arn_for_objects("i/*"))
        # GetObject: a conditional DELETE by ETag needs it, too.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
        one.allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=images.arn_for_objects(f"{WAITING}*"))
        one.accept_any_key(images, f"{WAITING}*", *(f"{folder}*" for folder in folders if not name))
        if name:
            one.tell("COPIES_BUCKET", name)
            one.allow("s3:ListBucket", on=bucket)  # without, S3 would say 403 of what is not there
            acknowledge(
                one.own_role,
                *(f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{name}/{folder}*]" for folder in folders),
                because="Which keys there will be is not known at deploy; the actions are those on single objects.",
            )
        tagging = ["s3:PutObjectTagging"] if recipes.tags_copies else []
        for folder in folders:
            # GetObject: for a HEAD, and for conditional DELETEs.
            one.allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", *tagging, on=f"{bucket}/{folder}*")
