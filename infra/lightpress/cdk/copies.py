"""Copies of variants at the addresses that recipes name: what publishers may do there, and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws

from lightpress.cdk.findings import acknowledge
from lightpress.pipeline.copy_pattern import WAITING

if TYPE_CHECKING:
    from aws_cdk import aws_sqs as sqs

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction
    from lightpress.pipeline.recipe import RecipeBook


def copy_folders(config: Config, recipes: RecipeBook) -> tuple[str, ...]:
    """Every folder that copies lie in, or may lie in still."""
    return tuple(sorted({*recipes.copy_folders, *config.delivery.former_copies}))


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
        one.add_environment("COPY_FOLDERS", ",".join(folders))
        one.add_environment("COPIES_QUEUE_URL", queue.queue_url)
        one.allow("sqs:SendMessage", on=queue.queue_arn)
        one.allow("s3:GetObject", on=images.arn_for_objects("i/*"))
        one.allow("s3:PutObject", "s3:DeleteObject", on=images.arn_for_objects(f"{WAITING}*"))
        one.accept_any_key(images, f"{WAITING}*", *(f"{folder}*" for folder in folders if not name))
        if name:
            one.add_environment("COPIES_BUCKET", name)
            one.allow("s3:ListBucket", on=bucket)  # without, S3 would say 403 of what is not there
            acknowledge(
                one.own_role,
                *(f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{name}/{folder}*]" for folder in folders),
                because="Which keys there will be is not known at deploy; the actions are those on single objects.",
            )
        tagging = ["s3:PutObjectTagging"] if recipes.tags_copies else []
        for folder in folders:
            # GetObject: for a HEAD, and because a conditional DELETE by ETag needs it, too.
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
            one.allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", *tagging, on=f"{bucket}/{folder}*")
