"""Checks of names that must be free before the first deployment: a stack that kept its buckets leaves them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok

MOST_CHARACTERS = 63
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
HOLDS = ("uploads", "images", "quarantine")
HOLDS_LOGS = ("accesslogs",)
_NOT_THERE, _SOMEBODY_ELSES = "404", "403"


def bucket_names(place: Place) -> list[str]:
    """The names that the buckets of the stack get, as `lightpress.cdk.buckets` makes them."""
    suffix = "" if place.config.storage.bucket_namespace == "global" else "-an"
    all_holds = (*HOLDS, *(HOLDS_LOGS if place.config.delivery.access_log_days else ()))
    return [f"{place.config.prefix}-{holds}-{place.account}-{place.region}{suffix}" for holds in all_holds]


def buckets(place: Place) -> Finding:
    """No bucket has a name that the stack is about to give, and S3 takes each: the region is a part of them."""
    if place.status is not None:
        return ok("they are those of the stack")
    longest = max(bucket_names(place), key=len)
    if (more := len(longest) - MOST_CHARACTERS) > 0:
        return blocks(
            f"{longest} has {len(longest)} characters, and S3 takes {MOST_CHARACTERS}: choose a name of the "
            f"environment that is {more} shorter."
        )
    taken = {name: code for name in bucket_names(place) if (code := _bucket(place, name)) != _NOT_THERE}
    if not taken:
        return ok("free")
    name = next(iter(taken))
    if taken[name] == _SOMEBODY_ELSES:
        return blocks(f"The bucket {name} is of another account: choose another name of the environment.")
    return blocks(
        f"{', '.join(taken)} exist and belong to no stack: empty and delete them (aws s3 rb --force s3://{name}), or "
        "choose another name of the environment."
    )


def _bucket(place: Place, name: str) -> str:
    try:
        place.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in {_NOT_THERE, _SOMEBODY_ELSES}:
            raise
        return code
    return "200"


def dashboard(place: Place) -> Finding:
    """No dashboard has the name of ours."""
    if not place.config.monitoring.dashboard:
        return ok("not wanted (dashboard = false)")
    if place.status is not None:
        return ok("it is that of the stack")
    name = dashboard_name(place)
    found = place.client("cloudwatch").list_dashboards(DashboardNamePrefix=name)
    if name in {one["DashboardName"] for one in found.get("DashboardEntries", [])}:
        return blocks(f"There is a dashboard {name} already: aws cloudwatch delete-dashboards --dashboard-names {name}")
    return ok("free")


def dashboard_name(place: Place) -> str:
    """The name that the dashboard of the stack gets, as `lightpress.cdk.dashboard` makes it."""
    return f"{place.config.prefix}-{place.region}"


def existing(place: Place) -> Finding:
    """Attached buckets, and those compressed in place, are there and notify EventBridge."""
    options = place.config.existing
    attached, in_place = options.attach, options.in_place
    declared = sorted({one.pictures.bucket for one in attached} | {one.pictures.bucket for one in in_place})
    silent = [bucket for bucket in declared if not _notifies(place, bucket)]
    if silent:
        return note(
            f"{', '.join(silent)}: S3 does not notify EventBridge of new objects: lightpress connect {silent[0]}"
        )
    return ok(", ".join(declared) or "none")


def _notifies(place: Place, bucket: str) -> bool:
    return "EventBridgeConfiguration" in place.client("s3").get_bucket_notification_configuration(Bucket=bucket)
