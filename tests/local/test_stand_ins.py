"""The services that stand-ins add to the emulator: heard and answered over HTTP, with the grants of who asks."""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError
from PIL import Image

from lightpress.cdk.readiness import PROJECT
from lightpress.local.certificates import Certificates
from lightpress.local.emulated.guardduty import EICAR, SERVICE, TAG, TEST_OBJECT
from lightpress.local.emulator import Emulator
from lightpress.local.home import Home, Shared
from lightpress.local.session import REGION, Session
from tools.drawing import file_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PYTHON = Shared(PROJECT / ".local").venv / "bin" / "python"
pytestmark = pytest.mark.skipif(not _PYTHON.exists(), reason="the emulator is not installed: lightpress local up")

BUCKET, STACK, FAILING = "scanned-pictures", "Scanned", "Failing"
PROFILE, MODEL = "eu.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"
RED = file_of(Image.new("RGB", (640, 480), "red"), "JPEG")
READS = ["s3:GetObject", "s3:GetObjectVersion"]
TELLS = ["s3:GetBucketNotification", "s3:ListBucket", "s3:PutBucketNotification"]
TAGS = ["s3:*Tagging"]
HEARS = ["events:*"]
EVERYTHING = [*READS, *TELLS, *HEARS, *TAGS, "s3:PutObject"]


def statement(effect: str, actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": effect, "Action": actions, "Resource": list(resources)}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def plan_and_role(actions: list[str], *, depends_on: str, service: str = SERVICE, **more: Any) -> dict[str, Any]:  # noqa: ANN401  of a template
    """A protection plan of the bucket, and its role, which may do this and read nothing below secret/."""
    objects = f"arn:aws:s3:::{BUCKET}"
    allowed = policy(
        statement("Allow", actions, objects, f"{objects}/*", "arn:aws:events:*:*:rule/DO-NOT-DELETE-*"),
        statement("Deny", READS, f"{objects}/secret/*"),
    )
    trusts = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": policy(trusts),
                "Policies": [{"PolicyName": "reads", "PolicyDocument": allowed}],
            },
        },
        "Plan": {
            "Type": "AWS::GuardDuty::MalwareProtectionPlan",
            "DependsOn": depends_on,
            "Properties": {
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "ProtectedResource": {"S3Bucket": {"BucketName": BUCKET, **more.pop("s3", {})}},
                **more,
            },
        },
    }


QUEUE = {
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["aws.guardduty"], "detail": {"s3ObjectDetails": {"bucketName": [BUCKET]}}},
            "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
    },
    "Allowed": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Queue"}],
            "PolicyDocument": policy(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
                }
            ),
        },
    },
}
SCANS = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}},
    },
    **QUEUE,
    **plan_and_role(
        EVERYTHING,
        depends_on="Bucket",
        s3={"ObjectPrefixes": ["in/", "secret/"]},
        Actions={"Tagging": {"Status": "ENABLED"}},
    ),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A strict emulator with nothing in it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    home = Home(tmp_path_factory.mktemp("stand-ins"))
    home.scratch.mkdir()
    certificates = Certificates.in_folder(home.certificates)
    certificates.make()
    emulator = Emulator(port, certificates)
    home.emulator.start(emulator.command(_PYTHON), environment=emulator.environment(home.scratch), folder=home.scratch)
    emulator.wait_until_healthy(home.emulator)
    yield Session(emulator.endpoint_url, emulator.ca_bundle)
    home.emulator.stop()


@pytest.fixture(scope="module")
def scans(session: Session) -> Callable[..., dict[str, Any]]:
    """Uploads a file to a bucket with a plan, and gives the event about it."""
    cloudformation, s3, sqs = session.cloudformation(), session.s3(), session.sqs()
    cloudformation.create_stack(
        StackName=STACK, TemplateBody=json.dumps({"Resources": SCANS}), Capabilities=["CAPABILITY_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    (queue,) = (one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::SQS::Queue")
    url = session.endpoint_url + "/" + queue.split("/", 3)[-1]

    def scan(key: str, data: bytes, seconds: int = 30) -> dict[str, Any]:
        version = s3.put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"]
        for _ in range(seconds):
            for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                event: dict[str, Any] = json.loads(message["Body"])
                if event["detail"]["s3ObjectDetails"]["versionId"] == version:
                    return event
        raise AssertionError(f"nobody has told of {key}")

    return scan


def test_each_upload_below_a_prefix_of_the_plan_is_told_of_and_tagged_with_its_result(
    session: Session, scans: Callable[..., dict[str, Any]]
) -> None:
    results = {}
    for key, data in (("in/cat.jpg", RED), ("in/eicar.jpg", EICAR), ("secret/cat.jpg", RED)):
        event = scans(key, data)
        assert (event["source"], event["detail-type"]) == (
            "aws.guardduty",
            "GuardDuty Malware Protection Object Scan Result",
        )
        assert ":malware-protection-plan/" in event["resources"][0]
        (tag,) = session.s3().get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
        results[key] = event["detail"]["scanResultDetails"]["scanResultStatus"]
        assert tag == {"Key": TAG, "Value": results[key]}
    assert list(results.values()) == ["NO_THREATS_FOUND", "THREATS_FOUND", "ACCESS_DENIED"]
    with pytest.raises(AssertionError, match="nobody has told of elsewhere"):
        scans("elsewhere/cat.jpg", RED, seconds=3)


@pytest.mark.usefixtures("scans")
def test_a_new_plan_has_the_bucket_tell_eventbridge_and_puts_an_object_of_its_own_there(session: Session) -> None:
    assert "EventBridgeConfiguration" in session.s3().get_bucket_notification_configuration(Bucket=BUCKET)
    assert session.s3().head_object(Bucket=BUCKET, Key=TEST_OBJECT)["ContentLength"] == 0


REFUSED = {
    "a second plan": (EVERYTHING, SERVICE, "has a protection plan already"),
    "another service": (EVERYTHING, "guardduty.amazonaws.com", f"does not trust {SERVICE}"),
    "PutObject": ([*READS, *TELLS, *HEARS], SERVICE, rf"may not s3:PutObject on \S+/{TEST_OBJECT}$"),
    "events": ([*READS, *TELLS, "s3:PutObject"], SERVICE, r"may not events:PutRule on \S+:rule/DO-NOT-DELETE"),
    "ListBucket": ([*READS, *TELLS[::2], *HEARS, "s3:PutObject"], SERVICE, r"may not s3:ListBucket on \S+$"),
    "reads": ([*TELLS, *HEARS, "s3:PutObject"], SERVICE, "may not s3:GetObject on .*, s3:GetObjectVersion on "),
}


@pytest.mark.usefixtures("scans")
@pytest.mark.parametrize("case", REFUSED)
def test_a_second_plan_of_a_bucket_fails_and_so_does_one_whose_role_is_not_what_aws_asks_for(
    session: Session, case: str
) -> None:
    actions, service, why = REFUSED[case]
    bucket = BUCKET if case == "a second plan" else f"{BUCKET}-{list(REFUSED).index(case)}"
    made = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}} if bucket != BUCKET else {}
    parts = plan_and_role(actions, depends_on="Bucket" if made else "Role", service=service)
    template = json.dumps({"Resources": made | parts}).replace(BUCKET, bucket)
    for _ in range(2):  # what has failed leaves nothing behind
        said = said_of_plan(session, template)
        assert any(re.search(why, one) for one in said), said


def said_of_plan(session: Session, template: str) -> list[str]:
    """Deploy a stack that fails, and remove it; returns what its events say of its plan."""
    cloudformation = session.cloudformation()
    cloudformation.create_stack(StackName=FAILING, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    with suppress(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(StackName=FAILING, WaiterConfig={"Delay": 1})
    events = cloudformation.describe_stack_events(StackName=FAILING)["StackEvents"]
    cloudformation.delete_stack(StackName=FAILING)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=FAILING, WaiterConfig={"Delay": 1})
    return [event.get("ResourceStatusReason", "") for event in events if event["LogicalResourceId"] == "Plan"]


@pytest.fixture(scope="module")
def somebody(session: Session, scans: object) -> Callable[[str, dict[str, Any]], Any]:
    """Makes a client of a service for a user who may do what a policy allows."""
    assert scans, "the bucket is there"
    iam = session.client("iam")

    def client(service: str, *statements: dict[str, Any]) -> Any:  # noqa: ANN401  boto3's
        name = f"user-{len(iam.list_users()['Users'])}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy(*statements)))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        make: Callable[..., Any] = boto3.client
        return make(
            service,
            region_name=REGION,
            endpoint_url=session.endpoint_url,
            verify=str(session.ca_bundle),
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    return client


def test_rekognition_is_asked_by_those_who_may_and_reads_from_s3_what_they_may_read(
    session: Session, somebody: Callable[..., Any]
) -> None:
    session.s3().put_object(Bucket=BUCKET, Key="in/red.jpg", Body=RED)
    sees = statement("Allow", ["rekognition:DetectModerationLabels"], "*")
    may_not = somebody("rekognition", statement("Allow", ["rekognition:DetectLabels"], "*"))
    may = somebody("rekognition", sees)
    may_read = somebody("rekognition", sees, statement("Allow", ["s3:GetObject"], f"arn:aws:s3:::{BUCKET}/in/*"))
    in_s3 = {"S3Object": {"Bucket": BUCKET, "Name": "in/red.jpg"}}
    found = [may.detect_moderation_labels(Image={"Bytes": RED}), may_read.detect_moderation_labels(Image=in_s3)]
    assert [one["ModerationLabels"][-1]["Name"] for one in found] == ["Blood & Gore"] * 2
    refused = [
        code_of(may_not.detect_moderation_labels, Image={"Bytes": RED}),
        code_of(may.detect_moderation_labels, Image=in_s3),
        code_of(may_read.detect_moderation_labels, Image={"S3Object": {"Bucket": BUCKET, "Name": "in/none.jpg"}}),
        code_of(may.detect_moderation_labels, Image={"Bytes": b"no picture"}),
    ]
    assert refused == [
        "AccessDeniedException",
        "AccessDeniedException",
        "InvalidS3ObjectException",
        "InvalidImageFormatException",
    ]


def test_bedrock_describes_a_picture_to_those_who_may_invoke_the_model_or_the_profile(
    somebody: Callable[..., Any],
) -> None:
    of_model = f"arn:aws:bedrock:{REGION}::foundation-model/{MODEL}"
    of_profile = f"arn:aws:bedrock:{REGION}:000000000000:inference-profile/{PROFILE}"
    asked = {"image": {"format": "jpeg", "source": {"bytes": RED}}}, {"text": "What is it?"}
    question: dict[str, Any] = {"messages": [{"role": "user", "content": list(asked)}]}
    for model, arn, other in ((MODEL, of_model, PROFILE), (PROFILE, of_profile, MODEL)):
        client = somebody("bedrock-runtime", statement("Allow", ["bedrock:InvokeModel"], arn))
        (said,) = client.converse(modelId=model, **question)["output"]["message"]["content"]
        assert said["text"] == "A mostly red picture, 640 pixels wide and 480 high."
        assert code_of(client.converse, modelId=other, **question) == "AccessDeniedException"
    nobody = somebody("bedrock-runtime", statement("Allow", ["bedrock:Converse"], "*"))
    assert code_of(nobody.converse, modelId=MODEL, **question) == "AccessDeniedException"


def code_of(call: Callable[..., Any], **request: Any) -> str:  # noqa: ANN401  boto3's
    """What a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])
