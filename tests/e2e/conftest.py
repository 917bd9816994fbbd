"""The strict local cloud with the real stack in it, once for all tests: TLS, IAM and signatures are enforced.

With --outputs FILE, the tests run against what is deployed already, in an AWS account or a local cloud.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import urllib3

from lightpress.local import Outputs, down, up
from lightpress.local.deployment import of_local_cloud
from tests.e2e.account import given_outputs
from tests.e2e.checkouts import checkout_by_folder
from tests.e2e.hasten import hastened
from tests.web.browser import page_shot

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.client.deployment import Deployment

__all__ = ["page_shot"]

PROJECT = Path(__file__).resolve().parents[2]

Fetch = Callable[..., urllib3.BaseHTTPResponse]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--outputs", metavar="FILE", help="test this deployment: .local/ENV.json of make deploy, or of the local cloud"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a cloud of its own is not tried on another."""
    if config.getoption("--outputs", default=None):
        for item in items:
            if marker := item.get_closest_marker("emulator"):
                item.add_marker(pytest.mark.skip(reason=f"needs a local cloud of its own: {marker.args[0]}"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="session")
def bring_up(home: Path) -> Iterator[Callable[[], Outputs]]:
    """Starts the cloud, or brings it up to date."""
    port, cdn_port = free_ports(2)
    keeps_state = bool(float(os.environ.get("LIGHTPRESS_SOAK", "0")))  # which restarts it
    yield partial(
        up, home, project=PROJECT, strict=True, keeps_state=keeps_state, port=port, cdn_port=cdn_port, say=print
    )
    down(home)


@pytest.fixture(scope="session")
def cloud(request: pytest.FixtureRequest) -> Outputs:
    if given := request.config.getoption("--outputs", default=None):
        return given_outputs(Path(given))
    outputs: Outputs = request.getfixturevalue("bring_up")()
    return hastened(outputs)


@pytest.fixture(scope="session")
def cloud_by_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    """Another cloud, with recipes by folder: `checkout_by_folder`."""
    project, home = checkout_by_folder(tmp_path_factory.mktemp("checkout")), tmp_path_factory.mktemp("by-folder")
    port, cdn_port = free_ports(2)
    yield hastened(up(home, project=project, strict=True, port=port, cdn_port=cdn_port, say=print))
    down(home)


@pytest.fixture(scope="session")
def deployment(cloud: Outputs) -> Deployment:
    return of_local_cloud(cloud)


@pytest.fixture(scope="session")
def s3(cloud: Outputs) -> S3Client:
    return cloud.session().s3()


@pytest.fixture(scope="session")
def sqs(cloud: Outputs) -> SQSClient:
    return cloud.session().sqs()


@pytest.fixture(scope="session")
def cloudformation(cloud: Outputs) -> CloudFormationClient:
    return cloud.session().cloudformation()


@pytest.fixture(scope="session")
def fetch(cloud: Outputs) -> Iterator[Fetch]:
    """Fetches a path from the CDN as a browser would: `fetch("/i/...", method="HEAD", headers={...})`."""

    def fetch(path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        return pool.request(method, cloud.cdn_base_url + path, headers=headers, redirect=False, retries=False)

    with urllib3.PoolManager() as pool:
        yield fetch


@pytest.fixture(scope="session")
def unsigned(cloud: Outputs) -> Iterator[Fetch]:
    """Sends a request to the AWS endpoint as a stranger would: `unsigned("/bucket/key", method="PUT", body=b"")`."""

    def request(path: str, *, method: str = "GET", body: bytes | None = None) -> urllib3.BaseHTTPResponse:
        return pool.request(method, cloud.endpoint_url + path, body=body, redirect=False, retries=False)

    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:
        yield request


def free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
