"""A receiver hears of pictures on the strict local cloud: signed, again after an error, refused ones by a replay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from lightpress.cli.dead_letters import receivers_of
from lightpress.client.uploading import upload
from lightpress.local import down, up
from lightpress.local.deployment import of_local_cloud
from tests.e2e.checkouts import checkout_with
from tests.e2e.conftest import free_ports
from tests.e2e.test_pipeline import eventually
from tests.webhooks.receiver import KEY, Receiver, receiving
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs

pytestmark = pytest.mark.emulator("its options are others")

PHOTO = file_of(ramp((300, 200)), "JPEG")
OPTIONS = """
event_topic = true
webhook_allowed_networks = ["127.0.0.0/8", "::1/128"]
[[webhooks]]
url = "{url}"
secret_arn = "{secret}"
"""


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, Path]]:
    """A receiver, and the file of the authority that vouches for it."""
    authority, file = trustme.CA(), tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with receiving(authority) as world:
        yield world, file


@pytest.fixture(scope="module")
def cloud(receiver: tuple[Receiver, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    """A cloud of this module's own, with the receiver and a topic."""
    world, authority = receiver
    project = checkout_with("", tmp_path_factory.mktemp("checkout"))
    home, (port, cdn_port) = tmp_path_factory.mktemp("webhooks"), free_ports(2)
    first = up(home, project=project, strict=True, port=port, cdn_port=cdn_port, say=print)
    secret = first.session().client("secretsmanager").create_secret(Name="hook", SecretString=KEY)["ARN"]
    environment = project / "infra" / "environments" / "local.toml"
    environment.write_text(environment.read_text("utf-8") + OPTIONS.format(url=world.url, secret=secret), "utf-8")
    outputs = up(home, project=project, strict=True, port=port, cdn_port=cdn_port, say=print)
    trust(outputs, authority)
    yield outputs
    down(home)


def trust(cloud: Outputs, authority: Path) -> None:
    """Have the function trust the receiver's authority, as it trusts those of the web."""
    lambda_ = cloud.session().client("lambda")
    for function in lambda_.list_functions()["Functions"]:
        if function["Handler"].endswith("deliver_webhook.handler"):
            variables = function["Environment"]["Variables"] | {"SSL_CERT_FILE": str(authority)}
            lambda_.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )


def kinds(world: Receiver, key: str) -> list[str]:
    return [event["type"] for event, _ in world.taken if event["data"]["key"] == key]


@pytest.fixture
def deployment(cloud: Outputs) -> Deployment:
    return of_local_cloud(cloud)


def test_a_picture_is_told_as_ready_by_a_request_that_the_published_package_verifies_and_again_after_an_error(
    deployment: Deployment, receiver: tuple[Receiver, Path]
) -> None:
    world, _ = receiver
    world.answers = [503]
    upload(deployment, "hooks/cat.jpg", PHOTO, "image/jpeg")
    eventually(lambda: len(kinds(world, "hooks/cat.jpg")) >= 2)
    assert set(kinds(world, "hooks/cat.jpg")) == {"ImageReady"}
    assert len(set(world.ids)) == 1


def test_what_a_receiver_that_was_gone_did_not_take_comes_by_a_replay(
    deployment: Deployment, receiver: tuple[Receiver, Path]
) -> None:
    world, _ = receiver
    receivers = receivers_of(deployment)
    world.answers = [410]
    upload(deployment, "hooks/dog.jpg", PHOTO[:200], "image/jpeg")
    eventually(lambda: sum(one.dead_letters for one in receivers.all()))
    told = len(kinds(world, "hooks/dog.jpg"))
    assert receivers.send_again(None, lambda _: None) == 1
    eventually(lambda: len(kinds(world, "hooks/dog.jpg")) > told)
    assert set(kinds(world, "hooks/dog.jpg")) == {"ImageFailed"}
    assert [(one.name, one.dead_letters) for one in receivers.all()] == [(world.url, 0)]


def test_who_subscribes_to_the_topic_gets_every_event(cloud: Outputs, deployment: Deployment) -> None:
    session = cloud.session()
    topics = [topic["TopicArn"] for topic in session.client("sns").list_topics()["Topics"]]
    (topic,) = (arn for arn in topics if "EventTopic" in arn)
    sqs = session.sqs()
    queue_url = sqs.create_queue(QueueName="listening")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    let_in = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": attributes["QueueArn"],
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})
    session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
    upload(deployment, "hooks/topic.jpg", PHOTO, "image/jpeg")

    def heard() -> dict[str, Any] | None:
        messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=1).get("Messages", [])
        return json.loads(json.loads(messages[0]["Body"])["Message"]) if messages else None

    event = eventually(heard)
    assert (event["detail-type"], event["detail"]["key"]) == ("ImageReady", "hooks/topic.jpg")
