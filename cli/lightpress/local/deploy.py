"""Deploys a cloud assembly, with the API calls that the CDK command line would make."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lightpress.client.deployment import deployed_of
from lightpress.local.errors import LocalCloudError
from lightpress.local.outputs import DEPLOYED
from lightpress.local.session import ACCOUNT, REGION
from lightpress.local.without_aliases import without_aliases

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.literals import CapabilityType
    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_s3 import S3Client

    from lightpress.local.session import Session

_TIMEOUT_SECONDS = 300.0
_PAUSE = 0.1
_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_UPDATABLE = {*_DEPLOYED, "UPDATE_ROLLBACK_COMPLETE"}
_CAPABILITIES: tuple[CapabilityType, ...] = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")

# CDK templates read the version of the bootstrap stack from there; nothing else of that stack is needed here.
_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"
_NEWEST = "1000"


def deploy(assembly: Path, stack: str, session: Session) -> dict[str, str]:
    """Create or update the stack from the assembly; returns its outputs, and `DEPLOYED`, which tells deployments apart.

    Raises LocalCloudError with the reason of each resource that failed.
    """
    try:
        return _deploy(assembly, stack, session)
    except (BotoCoreError, ClientError) as error:
        raise LocalCloudError(f"The stack {stack} could not be deployed: {error}") from error


def _deploy(assembly: Path, stack: str, session: Session) -> dict[str, str]:
    session.ssm().put_parameter(Name=_BOOTSTRAP_VERSION, Value=_NEWEST, Type="String", Overwrite=True)
    template_url = _publish(assembly, stack, session)
    cloudformation = session.cloudformation()
    _remove_if_broken(cloudformation, stack)
    _create_or_update(cloudformation, stack, template_url)
    deployed = _settled(cloudformation, stack)
    if deployed is None or deployed["StackStatus"] not in _DEPLOYED:
        raise LocalCloudError(_explanation(cloudformation, stack))
    outputs = {output["OutputKey"]: output["OutputValue"] for output in deployed.get("Outputs", [])}
    return outputs | {DEPLOYED: deployed_of(deployed)}


def _publish(assembly: Path, stack: str, session: Session) -> str:
    """Upload the assets that are missing; returns the URL of the template, which is one of them."""
    s3 = session.s3()
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text(encoding="utf-8"))
    template_url = ""
    for asset in manifest["files"].values():
        source = assembly / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket, key = _here(destination["bucketName"]), _here(destination["objectKey"])
            is_template = source.name == f"{stack}.template.json"
            _upload_once(s3, bucket, key, _emulated(source) if is_template else _content(source))
            if is_template:
                template_url = f"{session.endpoint_url}/{bucket}/{key}"
    return template_url


def _here(name: str) -> str:
    return name.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)


def _upload_once(s3: S3Client, bucket: str, key: str, content: Callable[[], bytes]) -> None:
    """Upload an asset unless its name, which contains its digest, is there."""
    s3.create_bucket(Bucket=bucket)
    if not s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["KeyCount"]:
        s3.put_object(Bucket=bucket, Key=key, Body=content())


def _content(source: Path) -> Callable[[], bytes]:
    return lambda: _zipped(source) if source.is_dir() else source.read_bytes()


def _emulated(template: Path) -> Callable[[], bytes]:
    return lambda: json.dumps(without_aliases(json.loads(template.read_text(encoding="utf-8")))).encode()


def _zipped(folder: Path) -> bytes:
    """The folder as an uncompressed zip archive: it stays on this machine, and every new worker unpacks it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def _remove_if_broken(cloudformation: CloudFormationClient, stack: str) -> None:
    """Delete a stack whose last deployment failed so that it cannot be updated."""
    found = _find(cloudformation, stack)
    if found and found["StackStatus"] not in _UPDATABLE:
        cloudformation.delete_stack(StackName=stack)
        _settled(cloudformation, stack)


def _create_or_update(cloudformation: CloudFormationClient, stack: str, template_url: str) -> None:
    change = cloudformation.update_stack if _find(cloudformation, stack) else cloudformation.create_stack
    try:
        change(StackName=stack, TemplateURL=template_url, Capabilities=_CAPABILITIES)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _find(cloudformation: CloudFormationClient, stack: str) -> StackTypeDef | None:
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _settled(cloudformation: CloudFormationClient, stack: str) -> StackTypeDef | None:
    """Wait until no operation of the stack is in progress; returns the stack, or None if it is deleted."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while (found := _find(cloudformation, stack)) and found["StackStatus"].endswith("IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise LocalCloudError(f"The stack {stack} is still {found['StackStatus']} after {_TIMEOUT_SECONDS:.0f} s.")
        time.sleep(_PAUSE)
    return found


def _explanation(cloudformation: CloudFormationClient, stack: str) -> str:
    failures = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]
    return "\n".join([f"The stack {stack} could not be deployed:", *reversed(failures)])
