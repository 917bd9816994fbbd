"""What a deployer may choose, read from environments/NAME.toml. The only reader of the CDK context."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import asdict, dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from cli.prices import DEFAULT_REGION, PRICES
from lightpress.buckets import Attached, InPlace, Selection
from lightpress.image import METADATA, MODES, Limits, Squeezing
from lightpress.image.formats import OUTPUTS
from lightpress.tables import ConfigError, Table, read_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from constructs import Node

    from lightpress.image import Metadata, Mode

ENVIRONMENTS = Path(__file__).parent / "environments"
LOCAL = "local"

_DEFAULT_ENVIRONMENT = "dev"
# It becomes part of bucket names: `lightpress-NAME-uploads-ACCOUNT-REGION-an` must stay within 63 characters.
_NAME = r"[a-z][a-z0-9-]{0,11}"
_ORIGIN = r"https?://[a-z0-9.*-]+(:[0-9]{1,5})?"
_ANY_ORIGIN = "*"
_HTTPS_URL = r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
_FUNCTION_ARN = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?"
_EVENT_BUS = r"[A-Za-z0-9._-]{1,256}"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_PREFIX = r"|[^/].{0,511}"
_SUFFIX = r"\.[A-Za-z0-9]{1,10}"
_UNDER = r"[^/].{0,126}/"
_KMS_KEY = r"|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+"
# What CloudFront uses is kept in us-east-1, wherever the stack is.
_CERTIFICATE_ARN = r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+"
_WEB_ACL_ARN = r"arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+"
_DOMAIN = r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
_COUNTRY = r"[A-Z]{2}"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OWN_KEY = rf"create|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/({_UUID}|mrk-[0-9a-f]{{32}})"
CREATE = "create"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html
_SHIELDS = (
    "",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)
_STORAGES = ("standard", "infrequent-access", "intelligent-tiering", "glacier-instant-retrieval")
# How every RSA key of 2,048 bits with the usual exponent begins in DER (RFC 5280, 4.1), and how long it is.
_RSA_2048 = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_RSA_2048_BYTES = 294
_MOST_SIGNING_KEYS = 5  # of a key group
_INVOCATIONS_OF_A_POLLER = 10
_TABLES = "tables: [docs/existing-buckets.md](existing-buckets.md)"
_MOST_EXISTING = 5  # each takes grants, and a role's are limited
_MOST_TOLD_BYTES = 3_200
_LONGEST_SIDE = 65_535
_EMAIL = r"[^@\s,]+@[^@\s,]+\.[^@\s,.]+"
# CloudWatch Logs takes these numbers of days and no others.
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

_Value = TypeVar("_Value")


def _option(default: _Value, read: Callable[[Table, str], _Value], *, allowed: str) -> _Value:
    """One row of the table of options below: its default, how it is read from a file, and what may stand there."""
    value: _Value = field(default=default, metadata={"read": read, "allowed": allowed})
    return value


def _integer(default: int, *, low: int, high: int) -> int:
    return _option(
        default,
        lambda table, key: table.integer(key, default, low=low, high=high),
        allowed=f"{low:,} to {high:,}",
    )


def _choice(default: str, *allowed: str) -> str:
    return _option(
        default,
        lambda table, key: table.text(key, default, allowed=allowed),
        allowed=", ".join(f'"{one}"' for one in allowed),
    )


def _flag(*, default: bool) -> bool:
    return _option(default, lambda table, key: table.flag(key, default), allowed="true, false")


def _days_of_logs(default: int) -> int:
    def read(table: Table, key: str) -> int:
        days = table.integer(key, default, low=_LOG_DAYS[0], high=_LOG_DAYS[-1])
        if days not in _LOG_DAYS:
            raise table.error(key, f"{days} is not allowed; allowed: {', '.join(map(str, _LOG_DAYS))}")
        return days

    return _option(default, read, allowed=", ".join(f"{days:,}" for days in _LOG_DAYS))


def _matching(pattern: str, *, such_as: str, default: str = "") -> str:
    """A text of a certain form, or "" for none."""
    allowed = f'such as "{such_as}", or ""'

    def read(table: Table, key: str) -> str:
        text = table.text(key, default)
        if text and not re.fullmatch(pattern, text):
            raise table.error(key, f"{text!r} is not allowed; allowed: {allowed}")
        return text

    return _option(default, read, allowed=allowed)


def _texts() -> tuple[str, ...]:
    return _option((), lambda table, key: table.texts(key, ()), allowed="a list of texts")


def _each_matching(pattern: str, *, such_as: str) -> tuple[str, ...]:
    """A list of texts of a certain form."""
    allowed = f'a list of such as "{such_as}"'

    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.texts(key, ())
        for text in found:
            if not re.fullmatch(pattern, text):
                raise table.error(key, f"{text!r} is not allowed; allowed: {allowed}")
        return found

    return _option((), read, allowed=allowed)


def _public_keys() -> tuple[str, ...]:
    allowed = f'up to {_MOST_SIGNING_KEYS} RSA keys of 2,048 bits, each a text in PEM ("-----BEGIN PUBLIC KEY-----...")'

    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.texts(key, ())
        if len(found) > _MOST_SIGNING_KEYS or not all(map(is_rsa_2048, found)):
            raise table.error(key, f"not all of it is such a key; allowed: {allowed}")
        return tuple(f"{text.strip()}\n" for text in found)

    return _option((), read, allowed=allowed)


def is_rsa_2048(pem: str) -> bool:
    """Whether a text is the public half of a key that CloudFront takes; the private half must never stand in a file."""
    matched = re.fullmatch(r"-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----", pem.strip())
    if matched is None:
        return False
    try:
        der = base64.b64decode("".join(matched[1].split()), validate=True)
    except binascii.Error:
        return False
    return len(der) == _RSA_2048_BYTES and der.startswith(_RSA_2048)


def _origins() -> tuple[str, ...]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        origins = table.texts(key, ())
        for origin in origins:
            if origin != _ANY_ORIGIN and not re.fullmatch(_ORIGIN, origin):
                raise table.error(key, f'{origin!r} is no origin; allowed: such as "https://www.example.com", or "*"')
        return origins

    return _option((), read, allowed='origins such as "https://www.example.com", or "*"')


def _ports() -> tuple[int, ...]:
    default = (80, 443)
    return _option(
        default,
        lambda table, key: table.integers(key, default, low=1, high=65_535),
        allowed="numbers from 1 to 65,535",
    )


def _networks() -> tuple[str, ...]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        texts = table.texts(key, ())
        for text in texts:
            try:
                ip_network(text)
            except ValueError:
                raise table.error(key, f'{text!r} is no network; allowed: such as "127.0.0.0/8"') from None
        return texts

    return _option((), read, allowed='networks such as "127.0.0.0/8"')


_Pictures = TypeVar("_Pictures", bound=Selection)


@dataclass(frozen=True)
class Existing(Generic[_Pictures]):
    """Pictures of a bucket that is there already. kms_key: the ARN of the key that encrypts them; "" is S3's own."""

    pictures: _Pictures
    kms_key: str = ""


def _attached() -> tuple[Existing[Attached], ...]:
    return _option((), lambda table, key: _rows(table, key, _attachment), allowed=_TABLES)


def _in_place() -> tuple[Existing[InPlace], ...]:
    return _option((), lambda table, key: _rows(table, key, _replacement), allowed=_TABLES)


def _rows(table: Table, key: str, read: Callable[[Table, Selection], _Pictures]) -> tuple[Existing[_Pictures], ...]:
    if not table.has(key):
        return ()
    rows = table.tables(key)
    if len(rows) > _MOST_EXISTING:
        raise table.error(key, f"{len(rows)} are too many; allowed: {_MOST_EXISTING}")
    return tuple(_existing(row, read) for row in rows)


def _existing(row: Table, read: Callable[[Table, Selection], _Pictures]) -> Existing[_Pictures]:
    selection = Selection(
        bucket=row.text("bucket", pattern=_BUCKET),
        prefix=row.text("prefix", "", pattern=_PREFIX),
        suffixes=row.texts("suffixes", ()),
    )
    for suffix in selection.suffixes:
        if not re.fullmatch(_SUFFIX, suffix):
            raise row.error("suffixes", f'{suffix!r} is no suffix; allowed: such as ".jpg"')
    existing = Existing(read(row, selection), row.text("kms_key", "", pattern=_KMS_KEY))
    row.close()
    return existing


def _attachment(row: Table, selection: Selection) -> Attached:
    """By default, a bucket's pictures are published under its name."""
    under = row.text("publish_under", f"{selection.bucket}/", pattern=_UNDER)
    return Attached(selection.bucket, selection.prefix, selection.suffixes, under)


def _replacement(row: Table, selection: Selection) -> InPlace:
    limits = Limits(max_bytes=row.integer("max_mb", 64, low=1, high=512) * 1024 * 1024)
    squeezing = Squeezing(
        mode=cast("Mode", row.text("mode", "lossless", allowed=MODES)),
        metadata=cast("Metadata", row.text("metadata", "all", allowed=METADATA)),
        quality=_lossy_quality(row.table("quality")),
        max_width=row.integer("max_width", _LONGEST_SIDE, low=16, high=_LONGEST_SIDE),
        max_height=row.integer("max_height", _LONGEST_SIDE, low=16, high=_LONGEST_SIDE),
        limits=limits,
    )
    for key in ("quality", "max_width", "max_height"):
        if row.has(key) and not squeezing.lossy:
            raise row.error(key, 'changes pixels, which mode = "lossless" never does; allowed: with mode = "lossy"')
    return InPlace(
        selection.bucket,
        selection.prefix,
        selection.suffixes,
        squeezing,
        min_saving_percent=row.integer("min_saving_percent", 2, low=1, high=90),
        acls=row.flag("acls", default=False),
    )


def _lossy_quality(row: Table) -> dict[str, int]:
    quality = {
        name: row.integer(name, low=1, high=100) for name, output in OUTPUTS.items() if output.lossy and row.has(name)
    }
    row.close()
    return quality


@dataclass(frozen=True)
class Config:
    """An environment. Every option has a default that suits a first try, so that a file says only what differs."""

    environment: str

    # The processor of the functions. "host" is the machine and the Python that synthesize: for the local cloud alone.
    architecture: str = _choice("arm64", "arm64", "x86_64", "host")
    # Lambda gives CPU in proportion to memory; 1769 MB is one whole CPU, and a picture uses one.
    memory_mb: int = _integer(1769, low=512, high=10_240)
    # For a batch. One picture may take 25 s before it is stopped; what a batch has no time left for comes back.
    timeout_seconds: int = _integer(60, low=60, high=900)
    # Of the account's concurrency, kept for publishing pictures and for nothing else; 0: none. Not less than
    # `max_concurrency`: what is throttled counts as a try.
    reserved_concurrency: int = _integer(0, low=0, high=1000)
    # Pollers of the queue that always run, and how many there may be: they react sooner to a flood of uploads. Each is
    # paid by the hour, and hands on up to 10 batches at a time. 0: none. In place of `max_concurrency`.
    provisioned_pollers: int = _integer(0, low=0, high=200)
    provisioned_pollers_max: int = _integer(20, low=2, high=100)
    # How the function starts that leads from permalinks to images, and that a viewer waits for: "cold" from nothing,
    # "snapshot" from a memory image (SnapStart), "provisioned" never, for as many at once as the next option says.
    resolver_start: str = _choice("cold", "cold", "snapshot", "provisioned")
    resolver_provisioned: int = _integer(1, low=1, high=100)
    # Messages handed to a function at once. They are worked off one after the other: more of them save little.
    batch_size: int = _integer(5, low=1, high=10)
    # Functions at work at the same time: the limit of what a flood of uploads takes from the account, and costs.
    max_concurrency: int = _integer(50, low=2, high=1000)
    # Tries before a message is set aside, and looked at once more alone. It waits between them, up to 15 minutes each
    # time: 8 take half an hour. Lambda's throttling counts as a try: with fewer than 5, good messages are set aside.
    max_receive_count: int = _integer(8, low=1, high=1000)
    # How long work may wait, and how long somebody has to look at what failed. The second counts from the upload too.
    queue_retention_days: int = _integer(4, low=1, high=13)
    dead_letter_retention_days: int = _integer(14, low=2, high=14)

    # How long the copy of what failed, and the row that tells why, are kept for somebody to look at.
    failure_retention_days: int = _integer(30, low=1, high=3650)
    # Have the CDN forget the images of deleted pictures: one path each; beyond 1,000 a month, AWS takes $0.005 for it.
    invalidate_deleted: bool = _flag(default=True)

    # The event bus where it is announced what became of each picture: "default" is the account's own, another must be
    # there already, "" is none. An event for each picture costs $1 a million: docs/events.md.
    event_bus: str = _matching(_EVENT_BUS, such_as="default", default="default")

    # Who gets an e-mail when something is wrong; "" is nobody. AWS asks that address to confirm first.
    alarm_email: str = _matching(_EMAIL, such_as="you@example.com")
    # From how many failures among a hundred pictures on somebody should look, once it is so twice in 15 minutes.
    alarm_failure_percent: int = _integer(20, low=1, high=100)
    # How long an upload may wait for its turn, and a failure to be recorded, until somebody should look.
    alarm_queue_age_minutes: int = _integer(15, low=1, high=1440)
    alarm_dead_letter_age_minutes: int = _integer(60, low=5, high=1440)
    # How many failures may wait to be recorded, for a quarter of an hour, until somebody should look.
    alarm_dead_letters: int = _integer(1, low=1, high=1_000_000)

    # Invocations for each picture that comes to an end, from which on work goes in circles and money is lost: normally
    # it is one at most. Below 100 invocations in five minutes, nobody is told. 0: there is no such alarm.
    alarm_invocations_per_picture: int = _integer(4, low=0, high=100)
    # What the whole AWS account may cost in a month, in dollars; 0 is no budget. The alarms' topic is told when four
    # fifths are spent, and when the month will end above it.
    monthly_budget_dollars: int = _integer(0, low=0, high=1_000_000)
    # A dashboard in CloudWatch. Three are free in an account; each more is $3 a month.
    dashboard: bool = _flag(default=True)
    # Whose list prices the dashboard counts with.
    price_region: str = _choice(DEFAULT_REGION, *PRICES)
    # Questions to the logs, saved in Logs Insights (`infra/queries.py`). They cost nothing until they are asked.
    saved_queries: bool = _flag(default=True)

    # What the functions log at least.
    log_level: str = _choice("INFO", "DEBUG", "INFO", "WARN", "ERROR")
    # How long logs are kept.
    log_retention_days: int = _days_of_logs(30)
    # X-Ray traces of the functions. Costs a little per picture.
    tracing: bool = _flag(default=False)

    # What becomes of the buckets, with everything in them, when the stack is deleted. "destroy" needs empty buckets.
    removal: str = _choice("destroy", "retain", "destroy")
    # Refuses to delete the stack until it is switched off.
    termination_protection: bool = _flag(default=False)
    # Old versions of overwritten and deleted originals can be brought back for so long.
    noncurrent_version_days: int = _integer(30, low=1, high=3650)

    # Where originals go when they are older than so many days. They are read again only when a recipe changes.
    originals_storage: str = _choice("standard", *_STORAGES)
    originals_storage_days: int = _integer(30, low=30, high=3650)
    # Originals are deleted so many days after their upload, and with them what was published of them; 0: never. There
    # is no such option for images alone: pages would point to what their pictures still promise.
    originals_expiration_days: int = _integer(0, low=0, high=36_500)
    # Where images go when they are older than so many days. S3 moves only those of 128 KB and more, and reading costs.
    variants_storage: str = _choice("standard", *_STORAGES)
    variants_storage_days: int = _integer(30, low=30, high=3650)
    # Encrypts buckets, queues, the table, the topic and logs: "create" makes a key, an ARN names one of yours in the
    # stack's region, whose policy must say what docs/encryption.md says. "": keys that AWS keeps.
    encryption_key: str = _matching(
        _OWN_KEY,
        such_as='create" or "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    )

    # "account-regional" buckets have names that nobody else can take. Some regions have only "global" ones.
    bucket_namespace: str = _choice("account-regional", "account-regional", "global")
    # Sites whose pages may upload from the browser. None: only servers and tools may.
    allowed_origins: tuple[str, ...] = _origins()
    # Who may use the upload API: "iam" is whoever signs with AWS credentials, "jwt" whoever brings a token of
    # `upload_jwt_issuer`, "authorizer" whoever the function `upload_authorizer_arn` lets in, "none" everybody (for the
    # local cloud alone). "off": there is no such API.
    upload_auth: str = _choice("off", "off", "iam", "jwt", "authorizer", "none")
    # Who issues the tokens (OpenID Connect), and for whom: `aud` or `client_id` must be one of these.
    upload_jwt_issuer: str = _matching(_HTTPS_URL, such_as="https://login.example.com")
    upload_jwt_audiences: tuple[str, ...] = _texts()
    # A Lambda function of yours: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
    # It answers in the simple form (payload 2.0), with the caller's name as `owner` in its context.
    upload_authorizer_arn: str = _matching(_FUNCTION_ARN, such_as="arn:aws:lambda:eu-west-1:123456789012:function:who")
    # Requests of the upload API: on average in a second, and at once.
    upload_rate_limit: int = _integer(50, low=1, high=10_000)
    upload_burst_limit: int = _integer(100, low=1, high=5_000)
    # A page for uploading in the browser, at the API's own address.
    upload_page: bool = _flag(default=False)
    # The page's client id at the issuer, a public client without a secret: the page then signs in there. Without, and
    # with an authorizer of yours, it asks for a token.
    upload_page_client_id: str = _matching(r"[\x21-\x7e]{1,200}", such_as="1example23456789")
    # Fetch pictures by their URLs: `lightpress ingest`, and `POST /ingest` of the upload API.
    url_ingest: bool = _flag(default=False)
    # Functions that fetch at the same time, each 10 URLs at once.
    fetch_max_concurrency: int = _integer(10, low=2, high=1000)
    # What one file may have. The function gets memory for ten of them.
    fetch_max_mb: int = _integer(32, low=1, high=512)
    # What one URL may take, with all its redirects.
    fetch_timeout_seconds: int = _integer(30, low=2, high=120)
    # Tries where a server is busy or broken, and the seconds between the first two; then twice as long each time, or as
    # long as the server says. What is slow or cut short is tried 3 times at most.
    fetch_tries: int = _integer(6, low=1, high=20)
    fetch_first_pause_seconds: int = _integer(15, low=1, high=300)
    # What one function asks of one host: requests at once, and new ones in a second. All functions together ask at most
    # `fetch_max_concurrency` times as many.
    fetch_per_host: int = _integer(4, low=1, high=10)
    fetch_per_host_rate: int = _integer(10, low=1, high=1000)
    # Ports of public addresses that may be asked.
    fetch_ports: tuple[int, ...] = _ports()
    # Fetch over http, too: whoever sits between may then choose the picture.
    fetch_plain_http: bool = _flag(default=False)
    # Networks that may be asked although they are not public, on any port: whoever may order URLs can then reach into
    # them. Refused in prod.
    fetch_allowed_networks: tuple[str, ...] = _networks()
    # Where CloudFront keeps copies: "100" is Europe and North America, "200" adds most others, "all" is everywhere.
    price_class: str = _choice("100", "100", "200", "all")

    # Names of yours for the CDN, and the certificate for them, which must be in us-east-1. Every URL begins with the
    # first. Point each at the output `CdnDomainName` in your DNS.
    domain_names: tuple[str, ...] = _each_matching(_DOMAIN, such_as="images.example.com")
    certificate_arn: str = _matching(
        _CERTIFICATE_ARN, such_as="arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd"
    )
    # A web ACL (AWS WAF) of yours before the CDN. It must be in us-east-1, with the scope CLOUDFRONT.
    web_acl_arn: str = _matching(
        _WEB_ACL_ARN, such_as="arn:aws:wafv2:us-east-1:123456789012:global/webacl/NAME/1234abcd-12ab-34cd"
    )
    # How long the CDN's access logs are kept, with the addresses of viewers, in a bucket of their own; 0: there are
    # none.
    access_log_days: int = _integer(0, low=0, high=3650)
    # The countries (ISO 3166) that see pictures, or those that do not.
    countries_allowed: tuple[str, ...] = _each_matching(_COUNTRY, such_as="DE")
    countries_denied: tuple[str, ...] = _each_matching(_COUNTRY, such_as="DE")
    # One more cache, in a region near the stack's, which all others ask: fewer requests of S3 and of the resolver.
    origin_shield_region: str = _choice("", *_SHIELDS)
    # Pictures are private: images and permalinks are for those alone who bring a URL or cookies that are signed with
    # the other half of one of these (docs/recipes.md, "Private pictures").
    signing_keys: tuple[str, ...] = _public_keys()
    # A permalink of a picture that has been uploaded and is not published yet shows a small grey one, and not 404.
    placeholder_while_processing: bool = _flag(default=False)

    # Buckets that are there already, a table each ([[attach]], [[in_place]]): docs/existing-buckets.md.
    # Their pictures are published under `publish_under`; the buckets are only read.
    attach: tuple[Existing[Attached], ...] = _attached()
    # Their pictures are replaced by smaller ones where that saves at least `min_saving_percent`.
    in_place: tuple[Existing[InPlace], ...] = _in_place()

    @property
    def prefix(self) -> str:
        """What the names of an environment's buckets begin with."""
        return f"lightpress-{self.environment}"


def read_config(node: Node, folder: Path = ENVIRONMENTS) -> Config:
    """The environment that the context names; raises ConfigError with the key, what was found and what is allowed."""
    known = sorted(path.stem for path in folder.glob("*.toml"))
    context = Table({"env": node.try_get_context("env") or _DEFAULT_ENVIRONMENT}, f"context (files in {folder.name}/)")
    return load_config(folder / f"{context.text('env', allowed=known)}.toml")


def load_config(path: Path) -> Config:
    """Read one environment's file."""
    if not re.fullmatch(_NAME, path.stem):
        raise ConfigError(f"{path.name}: the file's name must match {_NAME}: it becomes part of bucket names")
    table = read_toml(path)
    options: dict[str, Any] = {
        option.name: option.metadata["read"](table, option.name) for option in fields(Config) if option.metadata
    }
    table.close()
    config = Config(environment=path.stem, **options)
    _check_together(config, table)
    return config


def _check_together(config: Config, table: Table) -> None:
    """The rules about more than one option."""
    _check_own_buckets(config, table)
    _check_prefixes([one.pictures for one in config.attach], table)
    _check_room("attach", [one.pictures for one in config.attach], table)
    _check_room("in_place", [one.pictures for one in config.in_place], table)
    if config.dead_letter_retention_days <= config.queue_retention_days:
        raise table.error(
            "dead_letter_retention_days",
            f"{config.dead_letter_retention_days} is not more than queue_retention_days "
            f"({config.queue_retention_days}): messages would be gone before anybody could look at them",
        )
    if config.alarm_invocations_per_picture == 1:
        raise table.error("alarm_invocations_per_picture", "1 is what is normal; allowed: 0 for none, or 2 to 100")
    _check_uploads(config, table)
    if config.environment == "prod" and config.fetch_allowed_networks:
        raise table.error("fetch_allowed_networks", "private networks are not fetched from in prod; allowed: none")
    _check_delivery(config, table)
    _check_concurrency(config, table)
    _check_lifecycle(config, table)
    if config.environment == "prod" and _ANY_ORIGIN in config.allowed_origins:
        raise table.error("allowed_origins", '"*" is not allowed in prod: name the sites that may upload')


def _check_uploads(config: Config, table: Table) -> None:
    """Whoever may upload must be told apart."""
    if config.upload_auth == "none" and config.environment != LOCAL:
        raise table.error("upload_auth", f'"none" is allowed in {LOCAL}.toml only: everybody could upload')
    needed: dict[str, dict[str, object]] = {
        "jwt": {"upload_jwt_issuer": config.upload_jwt_issuer, "upload_jwt_audiences": config.upload_jwt_audiences},
        "authorizer": {"upload_authorizer_arn": config.upload_authorizer_arn},
    }
    for key, value in needed.get(config.upload_auth, {}).items():
        if not value:
            raise table.error(key, f'it is missing: upload_auth is "{config.upload_auth}"')
    if config.upload_page and config.upload_auth in {"off", "iam"}:
        raise table.error(
            "upload_page",
            f'a page cannot be used with upload_auth "{config.upload_auth}"; allowed: with "jwt" or "authorizer"',
        )


def _check_delivery(config: Config, table: Table) -> None:
    """What the CDN takes only together, or never together."""
    if config.domain_names and not config.certificate_arn:
        raise table.error("certificate_arn", "it is missing: domain_names need a certificate, in us-east-1")
    if config.certificate_arn and not config.domain_names:
        raise table.error("domain_names", "they are missing: certificate_arn is for names of yours")
    if config.countries_allowed and config.countries_denied:
        raise table.error("countries_denied", "cannot stand beside countries_allowed; allowed: one of both")


def _check_concurrency(config: Config, table: Table) -> None:
    """Whatever is handed to a function must be let in: being throttled counts as a try of each message."""
    most = config.max_concurrency
    if config.provisioned_pollers:
        if config.provisioned_pollers_max < config.provisioned_pollers or config.provisioned_pollers == 1:
            raise table.error(
                "provisioned_pollers",
                f"{config.provisioned_pollers} is not allowed; "
                f"allowed: 0, 2 to provisioned_pollers_max ({config.provisioned_pollers_max})",
            )
        if table.has("max_concurrency"):
            raise table.error(
                "max_concurrency",
                "cannot stand beside provisioned_pollers; "
                f"allowed: provisioned_pollers_max, {_INVOCATIONS_OF_A_POLLER} invocations each",
            )
        most = _INVOCATIONS_OF_A_POLLER * config.provisioned_pollers_max
    if 0 < config.reserved_concurrency < most:
        raise table.error(
            "reserved_concurrency",
            f"{config.reserved_concurrency} is less than the {most} that may be started; allowed: 0, {most:,} to 1,000",
        )


def _check_lifecycle(config: Config, table: Table) -> None:
    """S3 refuses to move what it would delete before."""
    expires = config.originals_expiration_days
    if expires and config.originals_storage != "standard" and expires <= config.originals_storage_days:
        raise table.error(
            "originals_expiration_days",
            f"{expires} is not more than originals_storage_days ({config.originals_storage_days}); "
            f'allowed: 0, more than that, or originals_storage = "standard"',
        )


def _check_own_buckets(config: Config, table: Table) -> None:
    """Replacing an upload would make everything of it anew, and what is published is nobody's to change."""
    buckets = {f"attach[{number}]": one.pictures.bucket for number, one in enumerate(config.attach)}
    buckets |= {f"in_place[{number}]": one.pictures.bucket for number, one in enumerate(config.in_place)}
    for key, bucket in buckets.items():
        if bucket.startswith(f"{config.prefix}-"):
            raise table.error(f"{key}.bucket", f"{bucket!r} is named like one of the stack's own buckets")


def _check_room(key: str, pictures: Sequence[Selection], table: Table) -> None:
    """Lambda takes 4 KB of environment variables, in which there are others."""
    size = len(json.dumps([asdict(one) for one in pictures]).encode())
    if size > _MOST_TOLD_BYTES:
        raise table.error(key, f"the tables take {size} bytes of a function's environment; allowed: {_MOST_TOLD_BYTES}")


def _check_prefixes(attached: Sequence[Attached], table: Table) -> None:
    """No two pictures may be published under one name."""
    for number, one in enumerate(attached):
        for other in attached[:number]:
            if one.under.startswith(other.under) or other.under.startswith(one.under):
                raise table.error(
                    f"attach[{number}].publish_under",
                    f"{one.under!r} and {other.under!r} (of {other.bucket}) begin alike; each needs its own",
                )
