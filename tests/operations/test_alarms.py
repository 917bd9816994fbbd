"""Every alarm is fed metrics: it is raised when it should be, and stays silent as long as all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from lightpress.cdk.config import Config
from lightpress.cdk.options.delivery import DeliveryOptions
from lightpress.cdk.options.existing import Existing, ExistingOptions
from lightpress.cdk.options.ingest import IngestOptions
from lightpress.cdk.options.storage import StorageOptions
from lightpress.cdk.options.uploads import UploadOptions
from lightpress.cdk.options.webhooks import WebhookOptions, WebhookRow
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.buckets import Attached
from tests.cdk.templates import synthesize_with
from tests.cdk.test_monitoring import SYMPTOMS, SYMPTOMS_IN_PLACE, SYMPTOMS_LAZY, SYMPTOMS_WEBHOOKS, alarms
from tests.operations.alarming import Measured, is_raised, metrics_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# For each period of the alarm (five minutes, of purges an hour), what was measured in it. () is one without any.
Series: TypeAlias = "dict[str, Sequence[Sequence[float]]]"

_MINUTE = 60
_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"
_QUIET: Sequence[Sequence[float]] = ((0,),) * 4
_BREAKS: Mapping[str, Sequence[Series]] = {
    "well": ({"Errors": _QUIET}, {"Errors": ((1,), (0,), (3,), (0,))}, {"Errors": ((), (), ())}),
    "ill": ({"Errors": ((1,), (2,), (1,))},),
}
_THROTTLED: Mapping[str, Sequence[Series]] = {
    "well": ({"Throttles": _QUIET}, {"Throttles": ((9,), (0,), (4,))}),
    "ill": ({"Throttles": ((1,), (1,), (1,))},),
}
_UNDELIVERED: Mapping[str, Sequence[Series]] = {
    "well": ({"FailedInvocations": _QUIET},),
    "ill": ({"FailedInvocations": ((0,), (1,))},),
}
_SET_ASIDE: Mapping[str, Sequence[Series]] = {
    "well": ({"ApproximateNumberOfMessagesVisible": _QUIET},),
    "ill": ({"ApproximateNumberOfMessagesVisible": ((0,), (1,))},),
}


def work(invocations: int, **ends: int) -> Series:
    """Three periods of so many invocations, and so many pictures that came to each end."""
    return {"Invocations": ((invocations,),) * 3, **{name: ((count,),) * 3 for name, count in ends.items()}}


def purges(hours: int, *, done: int, visible: int, hidden: int) -> Series:
    """So many periods of an hour, with so many purges in each that were done, waited, and were worked on."""
    counts = {
        "NumberOfMessagesDeleted": done,
        "ApproximateNumberOfMessagesVisible": visible,
        "ApproximateNumberOfMessagesNotVisible": hidden,
    }
    return {name: ((count,),) * hours for name, count in counts.items()}


_SIX_HOURS = 6
_ONE_IS_DONE = purges(1, done=1, visible=1, hidden=0)

_ALL = SYMPTOMS | SYMPTOMS_IN_PLACE | SYMPTOMS_LAZY | SYMPTOMS_WEBHOOKS

CASES: Mapping[str, Mapping[str, Sequence[Series]]] = {
    "FailuresAreNotRecorded": {
        "well": (
            {"ApproximateNumberOfMessagesVisible": _QUIET},
            # An outage's letters, taken one after the other: in each period the queue was empty for a moment.
            {"ApproximateNumberOfMessagesVisible": ((9, 4, 0), (7, 0, 2), (5, 1, 0))},
        ),
        "ill": ({"ApproximateNumberOfMessagesVisible": ((1, 1, 1), (1, 2, 2), (2, 2, 3))},),
    },
    "ChangesAreNotDelivered": _UNDELIVERED,
    "InPlaceChangesAreNotDelivered": _UNDELIVERED,
    "EventTopicIsNotTold": _SET_ASIDE,
    "WebhooksAreNotDelivered": _SET_ASIDE,
    "OriginalsAreNotReplicated": {
        "well": ({"OperationsFailedReplication": _QUIET},),
        "ill": ({"OperationsFailedReplication": ((0,), (1,))},),
    },
    "InPlaceMessagesAreSetAside": _SET_ASIDE,
    "FailuresWaitTooLong": {
        "well": (
            {"ApproximateAgeOfOldestMessage": ((0,), (59 * _MINUTE,), (0,))},
            {"DeadLetterAge": ((), (59 * _MINUTE,), ())},
        ),
        "ill": (
            {"ApproximateAgeOfOldestMessage": ((0,), (60 * _MINUTE,))},
            # Received three times, and left out by SQS since; its function tries it, and fails.
            {"ApproximateAgeOfOldestMessage": ((45,), (), ()), "DeadLetterAge": ((45,), (), (60 * _MINUTE,))},
        ),
    },
    "UploadsWaitTooLong": {
        "well": ({"ApproximateAgeOfOldestMessage": ((0,), (14 * _MINUTE,), (3,))},),
        "ill": ({"ApproximateAgeOfOldestMessage": ((15 * _MINUTE,),)},),
    },
    "MessagesExpireSoon": {
        "well": ({"ApproximateAgeOfOldestMessage": ((0,), (119 * 60 * _MINUTE,), ())},),
        "ill": ({"ApproximateAgeOfOldestMessage": ((0,), (120 * 60 * _MINUTE,))},),
    },
    "PurgesWaitTooLong": {
        "well": (
            purges(_SIX_HOURS, done=0, visible=0, hidden=0),
            # All day long pictures are overwritten: some purges always wait, and others are done.
            purges(_SIX_HOURS, done=900, visible=20, hidden=40),
            # An hour of a million deletions and the next; or a stop of five hours.
            purges(2, done=400_000, visible=500_000, hidden=2_000),
            purges(5, done=0, visible=3, hidden=1),
            # After five hours, one is done.
            {name: (*series, *_ONE_IS_DONE[name]) for name, series in purges(5, done=0, visible=1, hidden=0).items()},
        ),
        "ill": (
            # One deletion, whose message the function takes and fails at, in turns.
            purges(_SIX_HOURS, done=0, visible=0, hidden=1),
            # Nobody takes any.
            purges(_SIX_HOURS, done=0, visible=7, hidden=0),
        ),
    },
    "BackfillsEndEarly": {
        "well": ({"ExecutionsFailed": _QUIET},),
        "ill": ({"ExecutionsFailed": ((0,), (1,))},),
    },
    "ManyPicturesFail": {
        "well": (
            {"FailureRate": ((0,) * 100,) * 3},
            {"FailureRate": ((0,) * 90 + (100,) * 10,) * 3},
            # At night, one bad picture is all there is; and then nothing for an hour.
            {"FailureRate": ((100,), (), (), (), (100,))},
        ),
        "ill": ({"FailureRate": ((0,) * 8 + (100,) * 2, (), (100,))},),
    },
    "ProcessUploadRetryLoop": {
        "well": (
            work(0),
            work(5_000, PicturesPublished=4_700, PicturesRejected=200, PicturesUnchanged=100),
            # An outage: every picture is tried three times, and then published.
            work(3_000, PicturesPublished=1_000),
            # A handful at night that cannot be published whatever is done.
            work(60, PicturesPublished=1),
            # A minute of nonsense.
            {"Invocations": ((20,), (9_000,), (20,)), "PicturesPublished": ((20,), (10,), (20,))},
        ),
        "ill": (
            work(5_000, PicturesUnchanged=400, PicturesPublished=100),
            work(5_000),
        ),
    },
    "CompressInPlaceRetryLoop": {
        "well": (
            # Each write comes back once, and ends with a look.
            work(10_000, ObjectsReplaced=5_000, ObjectsUnchanged=5_000),
            work(2_000, ObjectsReplaced=5_000, ObjectsKept=5_000),  # full batches of a backfill
        ),
        "ill": (work(9_000, ObjectsReplaced=1_000),),
    },
    **{symptom: _BREAKS for symptom in _ALL if symptom.endswith("Breaks")},
    **{symptom: _THROTTLED for symptom in _ALL if symptom.endswith("IsThrottled")},
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every alarm that there can be, as the template of an environment with everything has it."""
    config = Config(
        "full",
        uploads=UploadOptions(upload_auth="iam"),
        ingest=IngestOptions(url_ingest=True),
        delivery=DeliveryOptions(keep_lazy_origin=True),
        storage=StorageOptions(replica_bucket="my-originals-elsewhere"),
        webhooks=WebhookOptions(
            (WebhookRow("https://www.example.com/", ("ImageReady",), _SECRET_ARN),), event_topic=True
        ),
        existing=ExistingOptions(
            attach=(Existing(Attached("my-cms", under="cms/")),),
            in_place=(Existing(InPlace("my-shop", "photos/", (".jpg",))),),
        ),
    )
    return alarms(synthesize_with(config, tmp_path_factory.mktemp("full")), config.prefix)


def test_every_alarm_of_the_template_is_fed_here(deployed: dict[str, dict[str, Any]]) -> None:
    assert set(deployed) == set(CASES)


@pytest.mark.parametrize("symptom", sorted(CASES))
def test_it_is_raised_when_something_is_wrong(deployed: dict[str, dict[str, Any]], symptom: str) -> None:
    for series in CASES[symptom]["ill"]:
        assert is_raised(deployed[symptom], Measured(series)), series


@pytest.mark.parametrize("symptom", sorted(CASES))
def test_it_stays_silent_at_the_normal_rate_and_without_data(deployed: dict[str, dict[str, Any]], symptom: str) -> None:
    alarm = deployed[symptom]
    nothing: Series = dict.fromkeys(metrics_of(alarm), ((), (), ()))
    for series in (*CASES[symptom]["well"], nothing):
        assert not is_raised(alarm, Measured(series)), series


def test_what_an_alarm_is_fed_is_what_it_looks_at(deployed: dict[str, dict[str, Any]]) -> None:
    for symptom, cases in CASES.items():
        fed = {name for series in (*cases["ill"], *cases["well"]) for name in series}
        assert fed <= metrics_of(deployed[symptom]), symptom
