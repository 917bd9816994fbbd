"""What S3 and EventBridge take of requests each second, by the documents of AWS, and what waits beyond that.

Each limit names its source. Excerpts of these pages were read on 2026-11-29; Service Quotas has what holds for an
account.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf

from lightpress.costs.estimate import Assumptions

_ASSUMED = Assumptions()
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"

PUT_OF_A_PARTITION, GET_OF_A_PARTITION = 3_500.0, 5_500.0
"""PUT, and GET or HEAD, a second of one partition."""
SPLIT_SECONDS = 2_700.0
"""How long a partition is overloaded until S3 has made two of it: assumed, between the 30 and 60 minutes that AWS's
support tells (https://repost.aws/knowledge-center/s3-request-limit-avoid-throttling). AWS promises no time."""

PUT_EVENTS = {
    **dict.fromkeys(("us-east-1", "us-west-2", "eu-west-1"), 10_000.0),
    **dict.fromkeys(("us-east-2", "eu-central-1", "eu-south-2"), 2_400.0),
    **dict.fromkeys(("us-west-1", "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-2"), 1_200.0),
    **dict.fromkeys(
        ("ap-east-1", "ap-northeast-2", "ap-south-1", "ca-central-1", "eu-north-1", "eu-west-3", "sa-east-1"), 600.0
    ),
}
"""PutEvents a second by region: "PutEvents throttle limit in transactions per second", L-9B653E91."""
PUT_EVENTS_ELSEWHERE = 400.0

INVOCATIONS = {
    **dict.fromkeys(("us-east-1", "us-west-2", "eu-west-1"), 18_750.0),
    **dict.fromkeys(("us-east-2", "eu-central-1", "eu-south-2"), 4_500.0),
    **dict.fromkeys(("us-west-1", "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-2"), 2_250.0),
    **dict.fromkeys(
        ("ap-east-1", "ap-northeast-2", "ap-south-1", "ca-central-1", "eu-north-1", "eu-west-3", "sa-east-1"), 1_100.0
    ),
}
"""Events that rules send to targets a second: "Invocations throttle limit in transactions per second", L-5540C5E3.
What comes beyond is late, and not lost."""
INVOCATIONS_ELSEWHERE = 750.0


@dataclass(frozen=True)
class Service:
    """A kind of request, and how many of it are taken.

    Attributes:
        name: What is asked.
        each: Requests of one original.
        rate: Requests a second that are taken at first.
        source: Where that is written.
        splits: Seconds of overload after which twice as many are taken; infinite where it stays.
    """

    name: str
    each: float
    rate: float
    source: str
    splits: float = inf

    @property
    def originals(self) -> float:
        """Originals a second that are taken at first."""
        return self.rate / self.each

    def split(self, partitions: int) -> Service:
        """The same, of a bucket that S3 has split into so many partitions, which get equal shares."""
        return replace(self, rate=self.rate * partitions)


IMAGES_PUT = Service("S3, images bucket, PUT", _ASSUMED.writes, PUT_OF_A_PARTITION, _S3, SPLIT_SECONDS)
IMAGES_GET = Service("S3, images bucket, GET", 1, GET_OF_A_PARTITION, _S3, SPLIT_SECONDS)
UPLOADS_GET = Service("S3, uploads bucket, GET and HEAD", _ASSUMED.reads - 1, GET_OF_A_PARTITION, _S3, SPLIT_SECONDS)


def put_events(region: str) -> Service:
    """PutEvents in a region."""
    return Service("EventBridge, PutEvents", _ASSUMED.events, PUT_EVENTS.get(region, PUT_EVENTS_ELSEWHERE), _EVENTS)


def services(region: str = "us-east-1", *, partitions: int = 1, writes: float = _ASSUMED.writes) -> tuple[Service, ...]:
    """What publishing asks for.

    Args:
        region: Of the stack.
        partitions: How many S3 has made of each bucket; one of a new bucket.
        writes: PUT of an original, its manifest included.
    """
    of_s3 = (replace(IMAGES_PUT, each=writes), IMAGES_GET, UPLOADS_GET)
    return (*(one.split(partitions) for one in of_s3), put_events(region))


@dataclass(slots=True)
class Throttle:
    """Takes requests of one service second by second; what does not fit into a second waits for the next with room.

    Nothing fails: that a worker gives up after four tries, and its message comes back, is in `partitions`.

    Attributes:
        service: Which.
        taken: Requests in each second from the beginning.
        asked: Requests in all.
        waited: Those that waited.
        full: Seconds since the last split in which there was no room for more.
    """

    service: Service
    taken: dict[int, float] = field(default_factory=dict)
    asked: float = 0.0
    waited: float = 0.0
    full: int = 0
    _free: dict[int, int] = field(default_factory=dict)
    _rate: float = 0.0

    def __post_init__(self) -> None:
        """Begin with the rate of the service."""
        self._rate = self.service.rate

    def take(self, at: float, count: float) -> float:
        """Make so many requests at a time; returns when the last of them is taken."""
        second, left = self._with_room(int(at)), count
        self.asked += count
        self.waited += count if second > int(at) else 0.0
        while True:
            room = self._rate - self.taken.get(second, 0.0)
            if left <= room:
                self.taken[second] = self._rate - room + left
                share = self.taken[second] / self._rate if second > int(at) else 0.0
                if left == room:
                    self._fill(second)
                return max(at, second + share)
            self.taken[second] = self._rate
            left -= room
            self._fill(second)
            second = self._with_room(second)

    def _with_room(self, second: int) -> int:
        """The first second from this one on that is not full."""
        passed = []
        while second in self._free:
            passed.append(second)
            second = self._free[second]
        for one in passed:
            self._free[one] = second
        return second

    def _fill(self, second: int) -> None:
        self._free[second] = second + 1
        self.full += 1
        if self.full >= self.service.splits:
            self.full, self._rate = 0, 2 * self._rate
