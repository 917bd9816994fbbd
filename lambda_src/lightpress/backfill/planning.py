"""A child that plans: compares the manifests of one shard with other recipes, within what the run may spend."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.backfill.at_once import on_threads
from lightpress.backfill.hashes import manifests
from lightpress.backfill.plan import MOST_EXAMPLES, plan
from lightpress.backfill.ports import Refused
from lightpress.backfill.results import added, some_of_each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.backfill.at_once import AtOnce
    from lightpress.backfill.ports import Lister
    from lightpress.backfill.results import Result
    from lightpress.backfill.run import Job, Run
    from lightpress.backfill.shards import Shard
    from lightpress.backfill.spending import Purse
    from lightpress.pipeline.ports import Published
    from lightpress.pipeline.recipe import RecipeBook

CHUNK = 200
_CHUNKS_OF_A_STEP = 10


class OtherRecipesError(Exception):
    """The recipes of a run cannot be read here as they are where it was begun; the message says why."""


@dataclass(frozen=True, slots=True)
class Planning:
    """Plans shards of manifests.

    Attributes:
        lister: Lists the images bucket.
        bucket: Its name.
        published_at: Reads the manifest at a path.
        book_of: The recipes of a job.
        purse: What the run may spend.
        at_once: Has several manifests read at once.
    """

    lister: Lister
    bucket: str
    published_at: Callable[[str], Published | None]
    book_of: Callable[[Job], RecipeBook]
    purse: Purse
    at_once: AtOnce = field(default_factory=on_threads)

    def __call__(self, run: Run, shard: Shard, result: Result) -> tuple[Run, Result]:
        """Read and compare some chunks of manifests, or until a cap ends it."""
        book = self.book_of(run.job)
        rest = manifests(self.lister, self.bucket, result.after, shard.until)
        for _ in range(_CHUNKS_OF_A_STEP):
            chunk = list(islice(rest, CHUNK))
            if not chunk:
                return run, replace(result, done=True)
            try:
                run = self.purse.pay(run, run.job.nanos_read * len(chunk))
            except Refused as refused:
                return self.purse.end(refused.run, result)
            result = self._planned(result, chunk, book)
        return run, result

    def _planned(self, result: Result, chunk: Sequence[str], book: RecipeBook) -> Result:
        found = [one for one in self.at_once(self.published_at, chunk) if one is not None]
        compared = plan((one.manifest for one in found), book)
        examples = [(self.bucket, key, state) for state, keys in compared.examples.items() for key in keys]
        return replace(
            result,
            after=chunk[-1],
            looked=result.looked + len(found),
            reads=result.reads + len(chunk),
            named=some_of_each((*result.named, *examples), MOST_EXAMPLES),
            tables=added(result.tables, compared.tables()),
        )
