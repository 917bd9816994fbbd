"""`lightpress plan` from one machine: reads manifests, all of them or a sample."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.aws.run_files import S3Lister
from lightpress.backfill.hashes import manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.manifest import Manifest

_AT_ONCE = 16
_CHUNK = 500


def manifest_paths(deployment: Deployment) -> Iterator[str]:
    """LIST: a thousand for each request."""
    return manifests(S3Lister(deployment.s3), deployment.images_bucket)


def read_manifests(
    deployment: Deployment, paths: Iterable[str], progress: Callable[[int], None] = lambda _: None
) -> Iterator[Manifest]:
    """GET each manifest; `progress` is called with numbers of manifests."""
    images, paths = S3Images(deployment.s3, deployment.images_bucket), iter(paths)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(islice(paths, _CHUNK)):
            for published in pool.map(images.published_at, some):
                if published is not None:
                    yield published.manifest
            progress(len(some))


def sample(paths: Iterable[str], count: int, seed: int = 0) -> tuple[list[str], int]:
    """Choose some of the paths at random, in memory that does not grow with their number.

    Args:
        paths: All paths.
        count: How many to choose; each path is as likely as any other.
        seed: Of the random numbers.

    Returns:
        The chosen paths, and the number of all.
    """
    chance = random.Random(seed)  # noqa: S311  it chooses whom to ask
    chosen: list[str] = []
    total = 0
    for path in paths:
        total += 1
        if len(chosen) < count:
            chosen.append(path)
        elif (place := chance.randrange(total)) < count:
            chosen[place] = path
    return chosen, total
