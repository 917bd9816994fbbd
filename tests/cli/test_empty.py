"""`lightpress empty`: nothing is left in the buckets of a stack, and nothing is written into them meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner, Result

from lightpress.aws.copies import S3Copies
from lightpress.cli.emptying import Emptying, NotEmptiedError
from lightpress.cli.main import app
from lightpress.client.stack import Bucket, NoStackError, Stack, stack_of
from lightpress.pipeline.copy_pattern import Stored
from lightpress.pipeline.ports import Lies
from tests.pipeline.keys import NASTY_KEYS
from tools.fakes import s3 as simulated
from tools.fakes.s3 import SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BUCKETS = {"ImagesBucket": "images", "UploadsBucket": "uploads", "QuarantineBucket": "quarantine"}
SOURCES = ("source-1", "source-2")


class NotFoundError(ClientError):
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetEventSourceMapping")


@dataclass
class Lambda:
    """Event sources take a while to be disabled. slow: seconds that they take; invocations end `runs` seconds later."""

    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SOURCES, "Enabled"))
    slow: float = 5.0
    now: float = 0.0
    disabled_at: dict[str, float] = field(default_factory=dict)
    on_pause: Callable[[float], None] = lambda _: None

    def get_event_source_mapping(self, UUID: str) -> dict[str, str]:  # noqa: N803
        if UUID not in self.states:
            raise NotFoundError
        if UUID in self.disabled_at:
            done = self.now >= self.disabled_at[UUID] + self.slow
            self.states[UUID] = "Disabled" if done else "Disabling"
        return {"UUID": UUID, "State": self.states[UUID], "FunctionArn": f"arn:{UUID}"}

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> None:  # noqa: N803
        assert not Enabled
        self.disabled_at[UUID] = self.now

    def get_function_configuration(self, FunctionName: str) -> dict[str, int]:  # noqa: N803
        return {"Timeout": 60 if FunctionName == "arn:source-1" else 180}

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.on_pause(self.now)


@dataclass
class Account:
    s3: Any
    sqs: Any
    lambda_: Lambda
    stack: Stack

    def emptying(self, **changes: Any) -> Emptying:  # noqa: ANN401
        lambda_: Any = self.lambda_
        return Emptying(
            replace(self.stack, **changes), self.s3, self.sqs, lambda_, pause=lambda_.pause, clock=lambda: lambda_.now
        )

    def put(self, bucket: str, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket=bucket, Key=key, Body=b"data")

    def left(self) -> dict[str, int]:
        return dict(self.emptying().count())


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("COLUMNS", "200")
    with mock_aws():
        s3, sqs = boto3.client("s3"), boto3.client("sqs")
        for bucket in (*BUCKETS.values(), "attached"):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        queues = tuple(sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "dead"))
        buckets = tuple(Bucket(name, logical_id, kept=False) for logical_id, name in BUCKETS.items())
        yield Account(s3, sqs, Lambda(), Stack("Lightpress-dev", False, buckets, queues, SOURCES))  # noqa: FBT003


def fill(account: Account) -> int:
    """1,105 versions, 3 delete markers and 2 unfinished uploads of originals, and some variants; returns how many."""
    for number in range(550):
        account.put("uploads", *[f"trips/{number}.jpg"] * 2)
    account.put("uploads", "a b/ü+%.jpg", *["again.jpg"] * 4)
    for key in ("trips/1.jpg", "trips/2.jpg", "again.jpg"):
        account.s3.delete_object(Bucket="uploads", Key=key)
    for _ in range(2):
        account.s3.create_multipart_upload(Bucket="uploads", Key="large.tiff")
    account.put("images", "m/1.json", "i/1/1-x/w640.avif")
    account.put("quarantine", "pictures/1")
    return 1_105 + 3 + 2 + 3


def test_every_version_marker_and_unfinished_upload_is_counted_and_deleted(account: Account) -> None:
    count = fill(account)
    account.put("attached", "somebody-elses.jpg")
    assert account.emptying().count() == {"uploads": count - 3, "quarantine": 1, "images": 2}
    heard: list[int] = []
    assert account.emptying().remove(heard.append) == count
    assert heard == sorted(heard)
    assert account.left() == {"uploads": 0, "quarantine": 0, "images": 0}
    for bucket in BUCKETS.values():
        account.s3.delete_bucket(Bucket=bucket)  # which S3 refuses where anything is left
    assert account.s3.list_objects_v2(Bucket="attached")["KeyCount"] == 1


def test_originals_go_first_and_manifests_last(account: Account) -> None:
    assert [bucket.name for bucket in account.emptying().buckets()] == ["uploads", "quarantine", "images"]


class Strict(SimulatedS3):
    """S3 in memory, which has no unfinished uploads, and reads XML as it is defined."""

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401
        return NoPages() if operation == "list_multipart_uploads" else super().get_paginator(operation)

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        if any(character in one["Key"] for one in Delete["Objects"] for character in "\x00\x07\uffff"):
            raise ClientError({"Error": {"Code": "MalformedXML", "Message": ""}}, "DeleteObjects")
        return super().delete_objects(Bucket=Bucket, Delete=Delete)


class NoPages:
    """A listing of nothing."""

    def paginate(self, **_: str) -> tuple[()]:
        return ()


def test_keys_that_no_xml_can_hold_are_deleted_too() -> None:
    """Over the store of the simulation: moto cannot list some of them. https://www.w3.org/TR/xml/#charsets."""
    uploads = simulated.Bucket(versioned=True)
    for key in (*NASTY_KEYS, *NASTY_KEYS):
        uploads.put(key, b"data")
    uploads.delete(NASTY_KEYS[0])
    s3: Any = Strict({"uploads": uploads})
    nobody: Any = None
    stack = Stack("Lightpress-dev", False, (Bucket("uploads", "UploadsBucket", kept=False),), (), ())  # noqa: FBT003
    assert Emptying(stack, s3, nobody, nobody).remove() == 2 * len(NASTY_KEYS) + 1
    assert not uploads.keys


def test_nothing_invokes_a_function_any_more_before_the_first_object_is_deleted(account: Account) -> None:
    """A worker that still runs ends by writing a manifest: it is deleted, too."""
    account.put("uploads", "a.jpg")
    account.sqs.send_message(QueueUrl=account.stack.queue_urls[0], MessageBody="in flight")
    account.sqs.receive_message(QueueUrl=account.stack.queue_urls[0], VisibilityTimeout=600)
    account.sqs.send_message(QueueUrl=account.stack.queue_urls[1], MessageBody="waits")

    def work(now: float) -> None:
        if now == 20:
            account.put("images", "m/late-tombstone.json")
            account.sqs.purge_queue(QueueUrl=account.stack.queue_urls[0])

    account.lambda_.on_pause = work
    account.emptying().stop_processing()
    assert account.lambda_.states == dict.fromkeys(SOURCES, "Disabled")
    assert account.lambda_.now >= 20
    account.emptying().remove()
    assert account.left() == {"uploads": 0, "quarantine": 0, "images": 0}
    for url in account.stack.queue_urls:
        assert "Messages" not in account.sqs.receive_message(QueueUrl=url)


def test_a_message_that_waits_12_hours_for_its_retry_is_waited_for_no_longer_than_a_function_runs(
    account: Account,
) -> None:
    account.sqs.send_message(QueueUrl=account.stack.queue_urls[0], MessageBody="retry")
    account.sqs.receive_message(QueueUrl=account.stack.queue_urls[0], VisibilityTimeout=43_200)
    account.emptying().stop_processing()
    assert account.lambda_.slow + 180 <= account.lambda_.now < account.lambda_.slow + 190


def test_where_lambda_does_not_disable_a_source_nothing_is_deleted(account: Account) -> None:
    account.lambda_.slow = 9e9
    with pytest.raises(NotEmptiedError, match=r"not disabled the event sources of Lightpress-dev after 300 s. Run the"):
        account.emptying().stop_processing()


def test_what_is_gone_already_is_no_fault(account: Account) -> None:
    gone = account.emptying(
        buckets=(*account.stack.buckets, Bucket("gone", "Gone", kept=False)),
        queue_urls=(*account.stack.queue_urls, account.stack.queue_urls[0] + "-gone"),
        event_sources=("gone", *SOURCES),
    )
    gone.stop_processing()
    gone.stop_processing()
    assert gone.remove() == 0
    assert gone.count()["gone"] == 0


def test_an_upload_that_arrives_meanwhile_is_deleted_in_the_next_round(account: Account) -> None:
    account.put("uploads", "a.jpg")
    account.put("images", "b.jpg")
    rounds: list[int] = []

    def arrive(count: int) -> None:
        rounds.append(count)
        if count == 2:
            account.put("uploads", "late.jpg")

    assert account.emptying().remove(arrive) == 3
    assert account.left() == {"uploads": 0, "quarantine": 0, "images": 0}


def test_where_uploads_never_end_the_command_says_so(account: Account) -> None:
    account.put("uploads", "a.jpg")
    with pytest.raises(NotEmptiedError, match="Objects keep arriving"):
        account.emptying().remove(lambda count: account.put("uploads", f"{count}.jpg"))


@pytest.mark.parametrize(
    ("code", "advice"), [("AccessDenied", "Allow s3:DeleteObjectVersion"), ("InternalError", "Wait some minutes")]
)
def test_what_s3_does_not_delete_is_named(account: Account, code: str, advice: str) -> None:
    account.put("uploads", "a.jpg")
    refused = {"Key": "a.jpg", "Code": code, "Message": "No."}
    account.s3.meta.events.register(
        "after-call.s3.DeleteObjects", lambda parsed, **_: parsed.update({"Errors": [refused]})
    )
    with pytest.raises(NotEmptiedError, match=rf"1 objects of uploads, such as 'a.jpg' \({code}: No.\). {advice}, and"):
        account.emptying().remove()


def put_copy(account: Account, path: str, images: str, key: str = "a.jpg") -> None:
    copies = S3Copies(account.s3, "site", images, ("thumbs/",))
    copies.write(path, b"copy", Lies("", copies.owner(key), 3, "seal"), Stored("image/webp"), None)


@pytest.fixture
def site(account: Account) -> Account:
    """A bucket of the owner's, with 21 copies of the deployment, one of another, and what is none."""
    account.s3.create_bucket(Bucket="site")
    for number in range(21):
        put_copy(account, f"thumbs/{number}.webp", "images")
    put_copy(account, "thumbs/theirs.webp", "images-of-another-stack")
    account.put("site", "thumbs/by-hand.webp", "index.html")
    return replace(account, stack=replace(account.stack, copies_bucket="site", copy_folders=("thumbs/",)))


def test_of_a_bucket_of_copies_only_those_of_this_deployment_are_counted_and_removed(site: Account) -> None:
    assert site.emptying().count_copies() == 21
    assert site.emptying().remove() == 21
    kept = [one["Key"] for one in site.s3.list_objects_v2(Bucket="site")["Contents"]]
    assert kept == ["index.html", "thumbs/by-hand.webp", "thumbs/theirs.webp"]


def test_copies_in_the_images_bucket_are_counted_once_and_a_bucket_of_copies_may_be_gone(account: Account) -> None:
    account.put("images", "thumbs/a.webp")
    inside = account.emptying(copies_bucket="images", copy_folders=("thumbs/",))
    assert (inside.copies, inside.count_copies(), inside.count()["images"]) == (None, 0, 1)
    gone = account.emptying(copies_bucket="gone", copy_folders=("thumbs/",))
    assert (gone.count_copies(), gone.remove()) == (0, 1)


# The command.


@dataclass
class CloudFormation:
    """One stack, as CloudFormation describes it. policy: DeletionPolicy of its buckets."""

    stack: Stack
    policy: str = "Delete"
    protected: bool = False

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if StackName != self.stack.name:
            said = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}}
            raise ClientError(said, "DescribeStacks")  # type: ignore[arg-type]
        outputs = {"CopiesBucketName": self.stack.copies_bucket, "CopyFolders": ",".join(self.stack.copy_folders)}
        told = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items() if value]
        return {"Stacks": [{"EnableTerminationProtection": self.protected, "Outputs": told}]}

    def get_template(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        assert StackName == self.stack.name
        resources = {bucket.logical_id: {"DeletionPolicy": self.policy} for bucket in self.stack.buckets}
        return {"TemplateBody": {"Resources": resources}}

    def get_paginator(self, _: str) -> CloudFormation:
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
        assert StackName == self.stack.name
        rows = [("AWS::S3::Bucket", one.logical_id, one.name) for one in self.stack.buckets]
        rows += [("AWS::SQS::Queue", f"Q{number}", url) for number, url in enumerate(self.stack.queue_urls)]
        rows += [("AWS::Lambda::EventSourceMapping", id_, id_) for id_ in self.stack.event_sources]
        rows += [("AWS::IAM::Role", "Role", "role")]
        names = ("ResourceType", "LogicalResourceId", "PhysicalResourceId")
        some = [dict(zip(names, row, strict=True)) for row in rows]
        return [{"StackResourceSummaries": some[:3]}, {"StackResourceSummaries": some[3:]}]


@pytest.fixture
def cloudformation(account: Account, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    """The stack dev, where the commands look for it: moto has neither CloudFormation nor Lambda here."""
    found = CloudFormation(account.stack)
    account.lambda_.slow = 0
    clients = {"cloudformation": found, "lambda": account.lambda_, "s3": account.s3, "sqs": account.sqs}
    monkeypatch.setattr("lightpress.client.stack.clients_of_account", clients.__getitem__)
    return found


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["empty", *arguments], input=answer)


def test_a_stack_is_read_with_its_buckets_queues_and_event_sources(cloudformation: CloudFormation) -> None:
    client: Any = cloudformation
    assert stack_of("dev", client) == cloudformation.stack
    cloudformation.policy, cloudformation.protected = "RetainExceptOnCreate", True
    found = stack_of("dev", client)
    assert (found.protected, {bucket.kept for bucket in found.buckets}) == (True, {True})
    with pytest.raises(NoStackError, match="There is no stack Lightpress-test in this account and region"):
        stack_of("test", client)


@pytest.mark.usefixtures("cloudformation")
def test_the_command_asks_with_the_names_and_counts_and_deletes_nothing_without_a_yes(account: Account) -> None:
    account.put("uploads", "a.jpg", "a.jpg", "b.jpg")
    account.put("images", "m/a.json")
    result = run("dev", answer="n\n")
    assert result.exit_code == 1
    for told in ("uploads: 3 versions", "images: 1 versions", "quarantine: 0 versions", "Delete all of it (4)"):
        assert told in result.output
    assert account.left() == {"uploads": 3, "quarantine": 0, "images": 1}
    assert not account.lambda_.disabled_at
    result = run("dev", answer="y\n")
    assert (result.exit_code, account.left()) == (0, {"uploads": 0, "quarantine": 0, "images": 0})
    assert "4 deleted. The event sources of Lightpress-dev are disabled" in result.output


def test_the_command_tells_of_copies_in_a_bucket_that_is_not_of_the_stack(
    account: Account, cloudformation: CloudFormation
) -> None:
    account.s3.create_bucket(Bucket="site")
    put_copy(account, "thumbs/1.webp", "images")
    account.put("site", "index.html")
    cloudformation.stack = replace(account.stack, copies_bucket="site", copy_folders=("thumbs/",))
    result = run("dev", answer="y\n")
    assert "site: 1 copies of this deployment; all else in it is yours, and stays" in result.output
    assert "Delete all of it (1)" in result.output
    assert [one["Key"] for one in account.s3.list_objects_v2(Bucket="site")["Contents"]] == ["index.html"]


@pytest.mark.parametrize(
    ("policy", "protected"), [("Retain", False), ("RetainExceptOnCreate", False), ("Delete", True)]
)
def test_what_is_to_be_kept_is_deleted_only_by_the_flag_that_says_so(
    account: Account, cloudformation: CloudFormation, policy: str, protected: bool
) -> None:
    cloudformation.policy, cloudformation.protected = policy, protected
    account.put("uploads", "a.jpg")
    result = run("dev", "--yes")
    assert result.exit_code == 1
    assert "add --yes-delete-my-originals" in result.output
    result = run("dev", "--yes", "--before-destroy")
    assert result.exit_code == 0
    assert "Nothing is emptied: the stack Lightpress-dev keeps its buckets" in result.output
    assert account.left()["uploads"] == 1
    assert run("dev", "--yes", "--yes-delete-my-originals").exit_code == 0
    assert account.left()["uploads"] == 0


@pytest.mark.usefixtures("cloudformation")
def test_a_stack_that_is_gone_is_no_obstacle_to_its_removal() -> None:
    assert run("test", "--before-destroy").exit_code == 0
    result = run("test")
    assert (result.exit_code, "There is no stack Lightpress-test" in result.output) == (1, True)


def test_make_destroy_empties_before_it_deletes() -> None:
    from lightpress.cli.project import PROJECT

    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\ndestroy:")[2].partition("\n\n")[0]
    assert 0 < recipe.index("lightpress empty $(ENV) --before-destroy") < recipe.index("$(CDK) destroy")
    assert json.dumps(recipe).count("--yes") == 0
