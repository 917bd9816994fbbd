"""AWS answers with errors: a command ends with one sentence, and the next one does exactly what is left."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3
from botocore import exceptions as boto
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from lightpress.aws.images import S3Images
from lightpress.aws.ledger import S3Ledger
from lightpress.aws.objects import S3Objects
from lightpress.cli import backfilling
from lightpress.cli.backfill import Checkpoint, Limits
from lightpress.cli.backfilling import IN_PLACE_MODE, VARIANTS, CutOffError, job_for
from lightpress.cli.ingest import Checkpoint as Bookmark
from lightpress.cli.ingest import Ingest, NotSentError
from lightpress.cli.main import app
from lightpress.cli.project import LOCAL, RECIPES
from lightpress.client.faults import FAULTS, sentence_of
from lightpress.client.waiting import WAITING
from lightpress.in_place.buckets import InPlace
from lightpress.in_place.objects import LedgerEntry
from lightpress.pipeline.events import read
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.recipe_file import load_recipes
from tests.cli.deployed import IMAGES, IN_PLACE, REGION, UPLOADS, Rig, deployed
from tests.stores.refused import EXPIRED_TOKEN, LOST_CONNECTION, NOT_ALLOWED, Refusal, refusing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.ingest.orders import Order

CMS = "cms-that-is-cut-off"
BOOK = load_recipes(RECIPES)
WEB = BOOK.recipes["web"]
EXPIRED = "Your AWS credentials have expired (ExpiredToken): get new ones, such as with aws sso login."
LOST = "The connection to AWS was lost (Could not connect to the endpoint URL"
CUT_OFF = pytest.mark.parametrize(
    ("refusal", "sentence"), [(EXPIRED_TOKEN, EXPIRED), (LOST_CONNECTION, LOST)], ids=["expired", "lost"]
)


def after(requests: int) -> Callable[[str], bool]:
    """All requests but the first so many."""
    number = count()
    return lambda _: next(number) >= requests


def after_looks(number: int) -> Callable[[str], bool]:
    """All requests from the one on that looks at another object than the first so many."""
    looks = count()
    expired = False

    def is_refused(what: str) -> bool:
        nonlocal expired
        expired = expired or (what.startswith("HEAD ") and next(looks) >= number)
        return expired

    return is_refused


def from_picture(number: int) -> Callable[[str], bool]:
    """All requests about one of the pictures of `keys` but the first so many."""
    return lambda what: any(key in what for key in keys(100)[number:])


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("LIGHTPRESS_ENV", "dev")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # or a lost connection is waited for


# Sentences.


def refused(code: str, message: str = "words", status: int = 400) -> ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "GetObject")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refused("ExpiredTokenException"), "Your AWS credentials have expired (ExpiredTokenException): get new ones"),
        (refused("InvalidAccessKeyId", status=403), "AWS does not accept your credentials (InvalidAccessKeyId): aws"),
        (refused("SignatureDoesNotMatch"), "AWS does not accept your credentials (SignatureDoesNotMatch): aws config"),
        (refused("UnrecognizedClientException"), "AWS does not accept your credentials (Unrecog"),
        (refused("RequestTimeTooSkewed", status=403), "The clock of this machine is wrong (RequestTimeTooSkewed)"),
        (refused("InvalidSignatureException", "Signature expired: it was noon"), "The clock of this machine is wrong"),
        (refused("InvalidSignatureException", "It does not match."), "AWS does not accept your credentials"),
        (
            refused("AuthorizationHeaderMalformed"),
            "The request went to the wrong region (AuthorizationHeaderMalformed)",
        ),
        (refused("PermanentRedirect", status=301), "The request went to the wrong region (PermanentRedirect): set AWS"),
        (refused("AccessDenied", status=403), "You may not do this in AWS (GetObject: AccessDenied: words): ask for"),
        (
            refused("400", "Bad Request"),
            "AWS refused GetObject: 400: Bad Request, and gives no reason for a HEAD request",
        ),
        (refused("SlowDown", status=503), "AWS is overloaded or failing (GetObject: SlowDown: words), also after sev"),
        (refused("InternalError", status=500), "AWS is overloaded or failing (GetObject: InternalError: words)"),
        (refused("NoSuchBucket", "Not\n there.", 404), "AWS refused this (GetObject: NoSuchBucket: Not there)."),
        (
            boto.NoCredentialsError(),
            "There are no valid AWS credentials on this machine (Unable to locate credentials)",
        ),
        (boto.UnauthorizedSSOTokenError(), "There are no valid AWS credentials on this machine (The SSO session"),
        (boto.NoRegionError(), "No region is set: set AWS_DEFAULT_REGION to that of the stack (export AWS"),
        (boto.ReadTimeoutError(endpoint_url="https://s3"), "AWS did not answer in time (Read timeout on endpoint"),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), "The connection to AWS was lost (1 read, but"),
        (urllib3.exceptions.ProtocolError("reset"), "The connection to AWS was lost (reset): check the network."),
        (
            boto.UnknownServiceError(service_name="s4", known_service_names="s3"),
            "A request to AWS could not be made (Unknown ser",
        ),
    ],
)
def test_a_fault_is_a_sentence_that_says_whose_it_is_and_what_to_do(error: Exception, sentence: str) -> None:
    assert isinstance(error, FAULTS)
    said = sentence_of(error)
    assert said.startswith(sentence)
    assert said.endswith(".")
    assert "\n" not in said


def test_what_was_asked_about_is_named_where_the_fault_may_be_the_objects() -> None:
    error = refused("AccessDenied", "No.", 403)
    error.add_note("It was asked about cms/a.jpg.")
    assert "AccessDenied: No. It was asked about cms/a.jpg)" in sentence_of(error)
    expired = refused("ExpiredToken")
    expired.add_note("It was asked about cms/a.jpg.")
    assert "cms" not in sentence_of(expired)


def test_a_command_says_so_within_seconds_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    config: Any = WAITING
    assert (config.connect_timeout, config.read_timeout, config.retries["mode"]) == (5, 15, "standard")
    monkeypatch.setattr(WAITING, "read_timeout", 0.3)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        result = CliRunner().invoke(app, ["status", "a.jpg"])
    assert result.exit_code == 1
    assert "The stack Lightpress-dev cannot be read. AWS did not answer in time (Read timeout on" in result.output


# Backfills.


@pytest.fixture
def rig() -> Iterator[Rig]:
    with deployed(InPlace(CMS)) as rig:
        yield rig


def keys(number: int) -> list[str]:
    return [f"{one:03}.jpg" for one in range(number)]


def settled(rig: Rig, mode: str, number: int) -> None:
    """So many pictures that are as they should be, or are left alone for good."""
    for key in keys(number):
        if mode == IN_PLACE_MODE:
            rig.deployment.s3.put_object(Bucket=CMS, Key=key, Body=b"data", ContentEncoding="gzip")
        else:
            source = PublishedSource(rig.upload(key), 4)
            S3Images(rig.deployment.s3, IMAGES).publish(Manifest(key, Status.READY, 1, source, "web", WEB.digest), None)


def no_progress(_checkpoint: Checkpoint, _done: int, _under_way: int) -> None: ...


def run(
    rig: Rig,
    mode: str,
    folder: Path,
    progress: Callable[[Checkpoint, int, int], None] = no_progress,
    inventory: str | None = None,
) -> Checkpoint:
    job = job_for(rig.deployment, bucket=None, prefix="", mode=mode, since=None, inventory=inventory, recipes=BOOK)
    ended, checkpoint = backfilling.run(job, Limits(rate=1e6), folder, lambda: False, progress)
    assert ended == "finished"
    return checkpoint


def kept(folder: Path) -> Checkpoint:
    (path,) = folder.iterdir()
    return Checkpoint(**json.loads(path.read_text()))


def looked_at(rig: Rig, mode: str, folder: Path) -> set[str]:
    """Run it, and tell which objects were looked at."""
    asked: list[str] = []

    def hear(what: str) -> bool:
        asked.append(what)
        return False

    with refusing(rig.deployment.s3.meta.events, None, hear):
        run(rig, mode, folder)
    return {what.rpartition("/")[2] for what in asked if what.startswith("HEAD ") and what.endswith(".jpg")}


# One request lists; then each picture takes one, or two with its manifest, in an order that nobody knows.
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("mode", "refused", "numbers", "refusal"),
    [
        (IN_PLACE_MODE, after(0), range(1), EXPIRED_TOKEN),
        (IN_PLACE_MODE, after(2), range(2), EXPIRED_TOKEN),
        (IN_PLACE_MODE, after(18), range(18), EXPIRED_TOKEN),
        (IN_PLACE_MODE, from_picture(17), [17], LOST_CONNECTION),
        (VARIANTS, after(1), range(1), EXPIRED_TOKEN),
        (VARIANTS, after(41), range(21), EXPIRED_TOKEN),
        (VARIANTS, from_picture(29), [29], LOST_CONNECTION),
    ],
)
def test_a_backfill_that_is_cut_off_skips_nothing_and_the_next_one_looks_at_the_rest_alone(  # noqa: PLR0913, PLR0917  cases
    rig: Rig, tmp_path: Path, mode: str, refused: Callable[[str], bool], numbers: Sequence[int], refusal: Refusal | None
) -> None:
    settled(rig, mode, 30)
    with refusing(rig.deployment.s3.meta.events, refusal, refused), pytest.raises(CutOffError) as cut_off:
        run(rig, mode, tmp_path)
    ending = "left_alone" if mode == IN_PLACE_MODE else "ready"
    so_far = kept(tmp_path)
    number = so_far.settled
    assert number in numbers
    assert so_far.place == ("", *keys(30))[number]
    assert so_far.endings == ({ending: number} if number else {})
    assert not so_far.finished
    where = f"after {so_far.place!r}" if number else "from the beginning"
    assert str(cut_off.value).startswith(EXPIRED if refusal else LOST)
    assert str(cut_off.value).endswith(
        f". Nothing is skipped: {number} are done, and the same command continues {where}."
    )
    assert looked_at(rig, mode, tmp_path) == set(keys(30)[number:])
    assert kept(tmp_path).endings == {ending: 30}


def test_an_interrupted_report_names_the_row_after_which_it_continues(rig: Rig, tmp_path: Path) -> None:
    settled(rig, IN_PLACE_MODE, 30)
    rows = "".join(f'"{CMS}","{key}","4"\n' for key in keys(30))
    report = {
        "sourceBucket": CMS,
        "destinationBucket": f"arn:aws:s3:::{IMAGES}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "rows.csv.gz"}],
    }
    rig.deployment.s3.put_object(Bucket=IMAGES, Key="rows.csv.gz", Body=gzip.compress(rows.encode()))
    rig.deployment.s3.put_object(Bucket=IMAGES, Key="manifest.json", Body=json.dumps(report).encode())
    events, url = rig.deployment.s3.meta.events, f"s3://{IMAGES}/manifest.json"
    with refusing(events, EXPIRED_TOKEN, from_picture(20)), pytest.raises(CutOffError) as cut_off:
        run(rig, IN_PLACE_MODE, tmp_path, inventory=url)
    assert str(cut_off.value).endswith("20 are done, and the same command continues after row 0:19 of the report.")
    assert run(rig, IN_PLACE_MODE, tmp_path, inventory=url).endings == {"left_alone": 30}


@dataclass
class Workers:
    """Take what is in the queue, with credentials of their own, and find nothing smaller. done: how often each was."""

    done: Counter[str] = field(default_factory=Counter)
    s3: S3Client = field(default_factory=lambda: boto3.client("s3"))
    sqs: SQSClient = field(default_factory=lambda: boto3.client("sqs"))

    def __call__(self, _checkpoint: Checkpoint, _done: int, _under_way: int) -> None:
        url = self.sqs.get_queue_url(QueueName=IN_PLACE)["QueueUrl"]
        ledger = S3Ledger(self.s3, IMAGES)
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                (source,) = read(message["Body"]).sources
                held = S3Objects(self.s3).head(source)
                assert held is not None
                self.done[source.key] += ledger.last_entry(source) is None
                ledger.record(source, LedgerEntry(held.etag, InPlace(CMS).digest))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def to_the_queue(requests: int) -> Callable[[str], bool]:
    """All but the first so many."""
    sent = count()
    return lambda what: "://sqs." in what and next(sent) >= requests


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("kind", "number", "sent"), [(after_looks, 80, {64}), (to_the_queue, 2, {14, 20})])
def test_what_was_not_done_when_the_token_expired_is_done_by_the_next_run(
    rig: Rig, tmp_path: Path, kind: Callable[[int], Callable[[str], bool]], number: int, sent: set[int]
) -> None:
    for key in keys(100):
        rig.deployment.s3.put_object(Bucket=CMS, Key=key, Body=b"a picture")
    workers, meant = Workers(), kind(number)
    session: Any = boto3.DEFAULT_SESSION
    with (
        refusing(rig.deployment.s3.meta.events, EXPIRED_TOKEN, meant),
        refusing(session.events, EXPIRED_TOKEN, meant),  # of the client of SQS, which is made as it runs
        pytest.raises(CutOffError) as cut_off,
    ):
        run(rig, IN_PLACE_MODE, tmp_path, workers)
    assert str(cut_off.value).startswith(EXPIRED)
    workers(kept(tmp_path), 0, 0)
    assert len(workers.done) in sent
    assert run(rig, IN_PLACE_MODE, tmp_path, workers).endings == {"done": 100}
    assert workers.done == dict.fromkeys(keys(100), 1)


# Orders.


@dataclass
class UrlQueue:
    """Takes orders. expires_at: the order that finds the token expired."""

    expires_at: str = "-"
    taken: list[str] = field(default_factory=list)

    def send(self, orders: Sequence[Order]) -> list[int]:
        if any(self.expires_at in order.url for order in orders):
            raise refused("ExpiredToken")
        self.taken += [order.url for order in orders]
        return []

    def waiting(self) -> int:
        return 0


def ingest(queue: UrlQueue, file: Path) -> None:
    with file.open("rb") as lines:
        Ingest(queue, "", Bookmark.of(file, "", file.parent / "kept"))(lines)


@pytest.mark.parametrize("number", [0, 7, 410, 999])
def test_a_list_that_is_cut_off_is_gone_on_with_after_the_last_line_that_was_sent(tmp_path: Path, number: int) -> None:
    file, urls = tmp_path / "urls.txt", [f"https://example.com/{one:03}.jpg" for one in range(1000)]
    file.write_text("\n".join(urls), encoding="utf-8")
    first, second = UrlQueue(expires_at=f"/{number:03}.jpg"), UrlQueue()
    line = number // 10 * 10
    with pytest.raises(NotSentError) as cut_off:
        ingest(first, file)
    assert str(cut_off.value) == f"{EXPIRED} Then run the same command again: it continues after line {line}."
    ingest(second, file)
    assert sorted(second.taken) == urls[line:]
    assert {*first.taken, *second.taken} == set(urls)


def test_of_a_pipe_the_whole_list_is_sent_again(tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("https://example.com/a.jpg\n", encoding="utf-8")
    with (
        file.open("rb") as lines,
        pytest.raises(NotSentError, match="send the whole list again: a URL that is sent twice"),
    ):
        Ingest(UrlQueue(expires_at="a.jpg"), "", Bookmark(None))(lines)


# Commands.


def command(refusal: Refusal | None, meant: Callable[[str], bool], *arguments: str) -> Result:
    """Run it; what is meant is refused."""
    session: Any = boto3.DEFAULT_SESSION
    with refusing(session.events, refusal, meant):
        return CliRunner().invoke(app, arguments)


def last_words(result: Result) -> str:
    """What a command says that ends with exit code 1, and with nothing else."""
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "Traceback" not in result.output
    return result.stderr.splitlines()[-1]


COMMANDS = {
    "plan": 1,
    "sweep": 0,
    "sweep --remove": 1,
    "status 000.jpg": 0,
    "snippet 000.jpg": 0,
    "backfill --dry-run": 1,
    "failures list": 0,
    f"connect {UPLOADS}": 0,
}
"""And after how many requests they are cut off."""


@pytest.mark.sampled(1)
@CUT_OFF
def test_a_command_that_is_cut_off_ends_with_one_sentence(rig: Rig, refusal: Refusal | None, sentence: str) -> None:
    settled(rig, VARIANTS, 3)
    before = rig.stored(UPLOADS), rig.stored(IMAGES)
    for line, requests in COMMANDS.items():
        said = last_words(command(refusal, after(requests), *line.split()))
        assert said.startswith(sentence), line
        assert said.endswith(". Then run the same command again."), line
    assert (rig.stored(UPLOADS), rig.stored(IMAGES)) == before


@pytest.fixture
def environment() -> Iterator[str]:
    """The name of one that nobody else keeps checkpoints of."""
    name = f"test-{uuid.uuid4()}"
    yield name
    for what in ("backfill", "ingest"):
        shutil.rmtree(LOCAL / what / name, ignore_errors=True)


@pytest.mark.nightly
@pytest.mark.sampled(1)
@CUT_OFF
def test_so_do_commands_that_go_on_where_they_were(
    rig: Rig, tmp_path: Path, environment: str, refusal: Refusal | None, sentence: str
) -> None:
    settled(rig, IN_PLACE_MODE, 30)
    backfill = ("backfill", CMS, "--mode", "in-place", "--yes", "--env", environment)
    said = last_words(command(refusal, from_picture(10), *backfill))
    assert said.startswith(sentence)
    assert said.endswith("Nothing is skipped: 10 are done, and the same command continues after '009.jpg'.")
    finished = CliRunner().invoke(app, backfill)
    assert (finished.exit_code, finished.stdout.split(",")[0]) == (0, "finished: 30 done (30 left_alone)")
    file = tmp_path / "urls.txt"
    file.write_text("https://example.com/a.jpg\n", encoding="utf-8")
    said = last_words(command(refusal, after(0), "ingest", str(file), "--env", environment))
    assert said.startswith(sentence)
    assert said.endswith("Then run the same command again: it continues after line 0.")


def test_what_may_not_be_read_is_named(rig: Rig, tmp_path: Path) -> None:
    settled(rig, IN_PLACE_MODE, 30)
    events = rig.deployment.s3.meta.events
    with refusing(events, NOT_ALLOWED, lambda what: "012.jpg" in what), pytest.raises(CutOffError) as cut_off:
        run(rig, IN_PLACE_MODE, tmp_path)
    assert str(cut_off.value).startswith(
        "You may not do this in AWS (GetObject: AccessDenied: User is not authorized to perform: kms:Decrypt. It was "
        f"asked about {CMS}/012.jpg): ask for the permission, or change the policy that denies it."
    )
    assert kept(tmp_path).place == "011.jpg"


@pytest.mark.nightly
def test_a_stack_that_cannot_be_read_is_reported_in_the_same_words() -> None:
    with deployed():
        session: Any = boto3.DEFAULT_SESSION

        def expire(**_: object) -> None:
            raise refused("ExpiredToken")

        session.events.register_first("before-call.cloudformation.DescribeStacks", expire)
        result = CliRunner().invoke(app, ["plan"])
    assert last_words(result) == f"The stack Lightpress-dev cannot be read. {EXPIRED}"


def test_a_fault_of_a_command_itself_is_not_covered_up(rig: Rig) -> None:
    rig.deployment.s3.put_object(Bucket=IMAGES, Key="m/x.json", Body=b"no manifest")
    assert isinstance(CliRunner().invoke(app, ["plan"]).exception, ValueError)
