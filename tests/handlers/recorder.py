"""Which requests a handler really makes, and which grants each of them needs.

    with recorded() as calls:
        handler(event, context)
    assert needs(calls) <= granted

It hears what botocore is asked for, before anything is sent: so it must be there before the clients are made.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.aws.session import session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel
    from botocore.session import Session

BUCKET, OBJECTS = "the bucket", "its objects"

IAM_ACTIONS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    # Without s3:ListBucket, S3 says 403 and not 404 of what is not there.
    ("s3", "HeadObject"): (("s3:GetObject", OBJECTS), ("s3:ListBucket", BUCKET)),
    ("s3", "GetObject"): (("s3:GetObject", OBJECTS), ("s3:ListBucket", BUCKET)),
    ("s3", "HeadBucket"): (("s3:ListBucket", BUCKET),),
    ("s3", "ListObjectsV2"): (("s3:ListBucket", BUCKET),),
    ("s3", "ListObjectVersions"): (("s3:ListBucketVersions", BUCKET),),
    ("s3", "PutObject"): (("s3:PutObject", OBJECTS),),
    # Never sent: this is how boto3 finds the address of a form that it signs. What comes in by the form is put.
    ("s3", "CreateBucket"): (("s3:PutObject", OBJECTS),),
    ("s3", "DeleteObject"): (("s3:DeleteObject", OBJECTS),),
    # What a DeleteObject of exactly what was looked at needs instead:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    ("s3", "DeleteObjectIfMatch"): (("s3:DeleteObject", OBJECTS), ("s3:GetObject", OBJECTS)),
    # What a DeleteObject or DeleteObjects of one version needs instead.
    ("s3", "DeleteObjectVersion"): (("s3:DeleteObjectVersion", OBJECTS),),
    ("s3", "CreateMultipartUpload"): (("s3:PutObject", OBJECTS),),
    ("s3", "UploadPart"): (("s3:PutObject", OBJECTS),),
    ("s3", "CompleteMultipartUpload"): (("s3:PutObject", OBJECTS),),
    ("s3", "ListParts"): (("s3:ListMultipartUploadParts", OBJECTS),),
    ("s3", "AbortMultipartUpload"): (("s3:AbortMultipartUpload", OBJECTS),),
    ("s3", "DeleteObjects"): (("s3:DeleteObject", OBJECTS),),
    # The copy is read where it comes from; what it is without tags needs no more.
    ("s3", "CopyObject"): (("s3:PutObject", OBJECTS),),
    ("s3", "GetObjectTagging"): (("s3:GetObjectTagging", OBJECTS),),
    ("s3", "GetObjectAcl"): (("s3:GetObjectAcl", OBJECTS),),
    ("s3", "GetBucketOwnershipControls"): (("s3:GetBucketOwnershipControls", BUCKET),),
    # What a PutObject with tags, or with grants, needs besides.
    ("s3", "PutObjectTagging"): (("s3:PutObjectTagging", OBJECTS),),
    ("s3", "PutObjectAcl"): (("s3:PutObjectAcl", OBJECTS),),
    ("sqs", "SendMessage"): (("sqs:SendMessage", "the queue"),),
    ("sqs", "SendMessageBatch"): (("sqs:SendMessage", "the queue"),),
    ("sqs", "GetQueueAttributes"): (("sqs:GetQueueAttributes", "the queue"),),
    ("sqs", "ChangeMessageVisibility"): (("sqs:ChangeMessageVisibility", "the queue"),),
    ("dynamodb", "UpdateItem"): (("dynamodb:UpdateItem", "the table"),),
    ("dynamodb", "GetItem"): (("dynamodb:GetItem", "the table"),),
    ("events", "PutEvents"): (("events:PutEvents", "the bus"),),
    ("dynamodb", "Query"): (("dynamodb:Query", "the table"),),
    ("dynamodb", "Scan"): (("dynamodb:Scan", "the table"),),
    ("dynamodb", "DeleteItem"): (("dynamodb:DeleteItem", "the table"),),
    ("rekognition", "DetectLabels"): (("rekognition:DetectLabels", "*"),),
    ("rekognition", "DetectModerationLabels"): (("rekognition:DetectModerationLabels", "*"),),
    ("rekognition", "DetectFaces"): (("rekognition:DetectFaces", "*"),),
    ("bedrock-runtime", "Converse"): (("bedrock:InvokeModel", "the model"),),
    ("cloudwatch", "GetMetricData"): (("cloudwatch:GetMetricData", "all metrics"),),
    ("secretsmanager", "GetSecretValue"): (("secretsmanager:GetSecretValue", "the secret"),),
    ("cloudfront", "CreateInvalidation"): (("cloudfront:CreateInvalidation", "the distribution"),),
}
"""What IAM asks for each operation of each service, and on what. An operation that is missing here is a KeyError."""

_OF_COMMANDS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("cloudformation", "DescribeStacks"): (("cloudformation:DescribeStacks", "the stack"),),
    ("s3", "GetBucketReplication"): (("s3:GetReplicationConfiguration", BUCKET),),
    ("s3", "ListMultipartUploads"): (("s3:ListBucketMultipartUploads", BUCKET),),
}
"""The same of what no function asks for."""

PREFIXES = ("alike/", "b/", "c/", "copies/", "facts/", "held/", "i/", "m/", "reviews/", "thumbs/")


@dataclass(frozen=True, order=True)
class Call:
    """One request. resource: the name of what it is about; prefix: of the key, `*` if none of `PREFIXES`."""

    service: str
    operation: str
    resource: str
    prefix: str = ""


@dataclass(frozen=True, order=True)
class Need:
    """One grant. resource: the name of what it is on, or objects under a prefix of a bucket (`bucket/i/*`)."""

    action: str
    resource: str


def needs(calls: Iterable[Call]) -> set[Need]:
    """Everything that must be granted for `calls` to be allowed."""
    return {
        Need(action, f"{call.resource}/{call.prefix.rstrip('*')}*" if on == OBJECTS else call.resource)
        for call in calls
        for action, on in (IAM_ACTIONS | _OF_COMMANDS)[call.service, call.operation]
    }


@contextmanager
def recorded(of: Session | BaseEventHooks | None = None) -> Iterator[set[Call]]:
    """Collect the calls of every client that is made from here on. of: by whom; the functions' session if None."""
    clients = of or session()
    calls: set[Call] = set()

    def hear(**told: Any) -> None:  # noqa: ANN401  botocore's own signature
        model: OperationModel = told["model"]
        calls.update(_calls(model.service_model.service_name, model.name, told["params"]))

    clients.register("before-parameter-build", hear)
    try:
        yield calls
    finally:
        clients.unregister("before-parameter-build", hear)


_NAMES: dict[str, Callable[[dict[str, Any]], Iterable[str]]] = {
    "cloudformation": lambda params: [params["StackName"]],
    "cloudfront": lambda params: [params["DistributionId"]],
    "cloudwatch": lambda _: ["all metrics"],
    "dynamodb": lambda params: [params["TableName"]],
    "events": lambda params: [entry["EventBusName"] for entry in params["Entries"]],
    "secretsmanager": lambda params: [params["SecretId"]],
    "rekognition": lambda _: ["*"],
    "bedrock-runtime": lambda params: [params["modelId"]],
    "sqs": lambda params: [params["QueueUrl"].rpartition("/")[2]],
}
"""What a request of a service but S3 is about."""


def _calls(service: str, operation: str, params: dict[str, Any]) -> Iterator[Call]:
    if service in _NAMES:
        yield from (Call(service, operation, name) for name in _NAMES[service](params))
    elif "CopySource" in params:
        bucket, _, key = params["CopySource"].partition("/")
        yield Call(service, "GetObject", bucket, _prefix(key))
        yield Call(service, operation, params["Bucket"], _prefix(params["Key"]))
    elif "Delete" in params:
        for item in params["Delete"]["Objects"]:
            named = "DeleteObjectVersion" if "VersionId" in item else operation
            yield Call(service, named, params["Bucket"], _prefix(item["Key"]))
    else:
        key = params.get("Key", params.get("Prefix"))
        prefix = _prefix(key) if key is not None else ""
        yield Call(service, _named(operation, params), params["Bucket"], prefix)
        if "Tagging" in params:
            yield Call(service, "PutObjectTagging", params["Bucket"], prefix)
        if any(name.startswith("Grant") for name in params):
            yield Call(service, "PutObjectAcl", params["Bucket"], prefix)


def _named(operation: str, params: dict[str, Any]) -> str:
    if operation != "DeleteObject":
        return operation
    return "DeleteObjectVersion" if "VersionId" in params else operation + "IfMatch" * ("IfMatch" in params)


def _prefix(key: str) -> str:
    return next((prefix for prefix in PREFIXES if key.startswith(prefix)), "*")
