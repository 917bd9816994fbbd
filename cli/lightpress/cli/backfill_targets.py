"""How a backfill sends items to a queue, and how it sees that they are published or compressed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.backfill.look import Looking
from lightpress.in_place.compress import CompressionResult, known_outcome
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_sqs import SQSClient

    from lightpress.cli.backfill import Item
    from lightpress.in_place.buckets import InPlace
    from lightpress.in_place.ports import Ledger, Objects
    from lightpress.pipeline.ports import Facts, Images, Originals, Reviews
    from lightpress.pipeline.recipe import RecipeBook

BATCH = 10
"""Messages that SQS accepts in one request."""

REQUESTS_AT_ONCE = 32
"""As many as the clients keep connections open (`client.waiting`)."""


@dataclass
class _Queued:
    """Sends reconcile messages to a queue, and checks outcomes in threads.

    Attributes:
        bucket: Of the items.
        sqs: The client that sends.
        queue_url: Of the queue.
        reads: GET and HEAD requests so far.
    """

    bucket: str
    sqs: SQSClient
    queue_url: str
    reads: int = 0
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(REQUESTS_AT_ONCE))

    def send(self, items: Sequence[Item]) -> list[Item]:
        """Send items, ten in a request, side by side; returns those that SQS did not accept."""
        batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
        return [item for refused in self._pool.map(self._send, batches) for item in refused]

    def _send(self, items: Sequence[Item]) -> list[Item]:
        answer = self.sqs.send_message_batch(
            QueueUrl=self.queue_url,
            Entries=[
                {"Id": str(number), "MessageBody": reconcile_message(Source(self.bucket, item.key))}
                for number, item in enumerate(items)
            ],
        )
        return [items[int(refused["Id"])] for refused in answer.get("Failed", [])]

    def endings(self, items: Sequence[Item]) -> Iterator[str | None]:
        """The outcome of each item, in order; None where it is not finished. After an error, nothing more is asked."""
        for ending, reads in self._pool.map(self._ending, items):
            self.reads += reads
            yield ending

    def _ending(self, item: Item) -> tuple[str | None, int]:
        raise NotImplementedError


@dataclass
class Variants(_Queued):
    """Originals are finished when they are published under the current recipes.

    Attributes:
        images: The images bucket.
        originals: Their bucket.
        recipes: Those that are deployed.
        under: The prefix under which the bucket's originals are published.
        reviews: What reviewers say; None where no recipe has a gate.
        facts: What enrichers say; None where no recipe asks any.
    """

    images: Images = field(kw_only=True)
    originals: Originals = field(kw_only=True)
    recipes: RecipeBook = field(kw_only=True)
    under: str = field(default="", kw_only=True)
    reviews: Reviews | None = field(default=None, kw_only=True)
    facts: Facts | None = field(default=None, kw_only=True)

    def _ending(self, item: Item) -> tuple[str | None, int]:
        """GET the manifest; HEAD the original where there is one. GET each review and fact."""
        look = Looking(self.images, self.originals, self.recipes, reviews=self.reviews, facts=self.facts)
        found = look(Source(self.bucket, item.key, self.under))
        return found.ending, found.reads


@dataclass
class Smaller(_Queued):
    """Objects are finished when they have been compressed in place, or left as they are for a reason.

    Attributes:
        existing: The bucket of the objects.
        ledger: What was done with each object.
        table: The options of the bucket.
    """

    existing: Objects = field(kw_only=True)
    ledger: Ledger = field(kw_only=True)
    table: InPlace = field(kw_only=True)

    def _ending(self, item: Item) -> tuple[str | None, int]:
        """HEAD the object; GET its ledger entry only where its metadata do not say."""
        found = known_outcome(Source(self.bucket, item.key), self.table, self.existing, self.ledger)
        if found is None:
            return None, 2
        return ("done" if found.result is CompressionResult.NOTHING else str(found.result)), 2
