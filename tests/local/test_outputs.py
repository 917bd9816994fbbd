from pathlib import Path

import pytest

from lightpress.local import Outputs

STACK = {
    "UploadsBucketName": "uploads",
    "ImagesBucketName": "images",
    "QueueUrl": "http://localhost:4566/000000000000/main",
    "DeadLetterQueueUrl": "http://localhost:4566/000000000000/dead",
    "RecipesDigest": "0123456789abcdef",
    "ProcessUploadFunctionName": "process",
    "RecordFailureFunctionName": "record",
    "QuarantineBucketName": "quarantine",
    "FailuresTableName": "failures",
    "UploadApiUrl": "https://abc123.execute-api.us-east-1.amazonaws.com",
    "CdnBaseUrl": "https://d1.cloudfront.net",
    "DistributionId": "D1",
}


def outputs(endpoint_url: str = "https://127.0.0.1:4570", ca_bundle: Path | None = None) -> Outputs:
    return Outputs.of_stack("Lightpress-local", STACK, endpoint_url=endpoint_url, ca_bundle=ca_bundle, cdn_port=4580)


def test_every_address_works_from_this_machine() -> None:
    found = outputs()
    assert found.queues == {
        "main": "https://127.0.0.1:4570/000000000000/main",
        "dead_letter": "https://127.0.0.1:4570/000000000000/dead",
    }
    assert found.cdn_base_url == "http://localhost:4580"
    assert found.upload_api_url == "https://127.0.0.1:4570/_aws/execute-api/abc123/$default/"


@pytest.mark.parametrize("ca_bundle", [None, Path("/tls/ca.pem")])
def test_what_is_written_is_read(tmp_path: Path, ca_bundle: Path | None) -> None:
    written = outputs(ca_bundle=ca_bundle)
    written.write(tmp_path / "outputs.json")
    assert Outputs.from_file(tmp_path / "outputs.json") == written
    assert written.session().ca_bundle == ca_bundle
    assert [path.name for path in tmp_path.iterdir()] == ["outputs.json"]
