"""The local cloud itself: it is strict, it holds the real stack, and a deployment into it does what it says."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3

from lightpress.local import LocalCloudError, Outputs, status
from lightpress.local.deploy import deploy
from lightpress.pipeline.paths import generation_name, variants_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from tests.e2e.conftest import Fetch

STACK = "Small"
ASSETS = "cdk-hnb659fds-assets-000000000000-us-east-1"


@pytest.mark.emulator("a stack that was updated says so")
def test_the_real_stack_is_deployed(cloud: Outputs, cloudformation: CloudFormationClient) -> None:
    stack = cloudformation.describe_stacks(StackName=cloud.stack)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.functions["process_upload"] in {
        resource["PhysicalResourceId"]
        for resource in cloudformation.describe_stack_resources(StackName=cloud.stack)["StackResources"]
    }


def test_its_queues_can_be_used_by_their_urls(cloud: Outputs, sqs: SQSClient) -> None:
    for url in cloud.queues.values():
        assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_strangers_cannot_read_images_but_the_cdn_can(
    cloud: Outputs, s3: S3Client, unsigned: Fetch, fetch: Fetch
) -> None:
    path = f"{variants_folder('a.jpg')}{generation_name(1, 'identity', 'digest')}/small.webp"
    s3.put_object(Bucket=cloud.images_bucket, Key=path, Body=b"a picture")
    assert unsigned(f"/{cloud.images_bucket}/{path}").status == 403
    answer = fetch(f"/{path}")
    assert (answer.status, answer.data) == (200, b"a picture")


def test_strangers_cannot_upload(cloud: Outputs, s3: S3Client, unsigned: Fetch) -> None:
    assert unsigned(f"/{cloud.uploads_bucket}/stranger.jpg", method="PUT", body=b"x").status == 403
    assert s3.list_objects_v2(Bucket=cloud.uploads_bucket, Prefix="stranger.jpg")["KeyCount"] == 0


@pytest.mark.emulator("its certificate is its own")
def test_who_does_not_know_the_certificate_is_not_fooled(cloud: Outputs) -> None:
    with urllib3.PoolManager() as pool, pytest.raises(urllib3.exceptions.SSLError):
        pool.request("GET", cloud.endpoint_url, retries=False)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_cannot_be_a_picture_is_not_found(fetch: Fetch, method: str) -> None:
    assert fetch("/nothing", method=method).status == 404


@pytest.mark.emulator("it deploys")
def test_deploying_the_same_again_changes_nothing(
    cloud: Outputs, home: Path, bring_up: Callable[[], Outputs], cloudformation: CloudFormationClient
) -> None:
    def events() -> list[str]:
        found = cloudformation.describe_stack_events(StackName=cloud.stack)["StackEvents"]
        return [event["EventId"] for event in found]

    before = events(), status(home)
    assert before[1].healthy
    assert bring_up() == cloud
    assert (events(), status(home)) == before


@pytest.fixture
def small_stack(cloudformation: CloudFormationClient) -> Iterator[None]:
    """Leaves no small stack behind."""
    yield
    cloudformation.delete_stack(StackName=STACK)


@pytest.mark.emulator("it deploys stacks of its own")
@pytest.mark.usefixtures("small_stack")
def test_a_changed_function_and_a_changed_layer_are_deployed(cloud: Outputs, tmp_path: Path) -> None:
    for code, layer in (("one", "one"), ("two", "one"), ("two", "two")):
        write_assembly(tmp_path, FUNCTION, {"code": code, "layer": layer})
        name = deploy(tmp_path, STACK, cloud.session())["Name"]
        assert invoke(cloud, name) == [code, layer]


@pytest.mark.emulator("it deploys stacks of its own")
@pytest.mark.usefixtures("small_stack")
def test_a_failed_deployment_says_why_and_another_try_can_succeed(cloud: Outputs, tmp_path: Path) -> None:
    for _ in range(2):
        write_assembly(tmp_path, BROKEN, {})
        with pytest.raises(LocalCloudError, match=r"Forgetful \(AWS::SQS::Queue\): .*VisibilityTimeout"):
            deploy(tmp_path, STACK, cloud.session())
    write_assembly(tmp_path, {"Queue": QUEUE}, {})
    assert deploy(tmp_path, STACK, cloud.session())


QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
BROKEN = {"Queue": QUEUE, "Forgetful": QUEUE | {"Properties": {"VisibilityTimeout": 999_999}}}
FUNCTION: dict[str, Any] = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        },
    },
    "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Bucket": ASSETS, "S3Key": "layer"}}},
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.13",
            "Handler": "function.handler",
            "Layers": [{"Ref": "Layer"}],
            "Code": {"S3Bucket": ASSETS, "S3Key": "code"},
        },
    },
}


def write_assembly(folder: Path, resources: dict[str, Any], says: dict[str, str]) -> None:
    """Write what CDK would: a template, and a list of the assets, which it names by what is in them."""
    template = json.dumps({"Resources": resources, "Outputs": {"Name": {"Value": {"Ref": list(resources)[-1]}}}})
    assets = {}
    for name, word in says.items():
        template = template.replace(f'"S3Key": "{name}"', f'"S3Key": "{name}-{word}.zip"')
        assets[f"{name}-{word}.zip"] = name
    write(folder / "code" / "function.py", f"import tag\ndef handler(*_): return [{says.get('code')!r}, tag.TAG]\n")
    write(folder / "layer" / "python" / "tag.py", f"TAG = {says.get('layer')!r}\n")
    write(folder / f"{STACK}.template.json", template)
    assets[f"{zlib.crc32(template.encode())}.json"] = f"{STACK}.template.json"
    files = {
        key: {"source": {"path": path}, "destinations": {"here": {"bucketName": ASSETS, "objectKey": key}}}
        for key, path in assets.items()
    }
    write(folder / f"{STACK}.assets.json", json.dumps({"files": files}))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def invoke(cloud: Outputs, function: str) -> object:
    lambda_ = boto3.client(
        "lambda",
        endpoint_url=cloud.endpoint_url,
        verify=cloud.ca_bundle,
        region_name=cloud.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return json.loads(lambda_.invoke(FunctionName=function)["Payload"].read())
