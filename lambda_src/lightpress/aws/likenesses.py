"""Which pictures look alike: an index of perceptual hashes, as names of empty objects in the images bucket.

Of hashes that differ in few bits, one of eight parts is the same: so each hash is entered under each of its parts, and
whoever shares a part is a candidate. An entry is a hint: what counts is the manifest that it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.image.alike import ALIKE_BITS, differing_bits
from lightpress.pipeline.facts import DUPLICATES, MOST_ALIKE, Fact
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import MANIFESTS, likeness_of_entry, likeness_paths, likeness_prefixes, short_name

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_CANDIDATES = 200
_MOST_READ = 100  # of five pictures in a batch, some 10 s of the 60 that the function may run


@dataclass(frozen=True, slots=True)
class S3Likenesses:
    """Entered first, looked for then: of two pictures at the same time, one at least finds the other.

    Manifests are read until ten lead to pictures that are still there; and of many that were deleted, no more than 100.
    """

    s3: S3Client
    bucket: str

    def compared(self, key: str, likeness: str) -> Fact:
        """Enter a picture, and say which others look like it. One without any detail is like no other."""
        if not int(likeness, 16):
            return Fact(DUPLICATES)
        for path in likeness_paths(key, likeness):
            self.s3.put_object(Bucket=self.bucket, Key=path, Body=b"")
        found: dict[str, int] = {}
        for prefix in likeness_prefixes(likeness):
            rows = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=_CANDIDATES).get("Contents", ())
            for other, name in (likeness_of_entry(row["Key"]) for row in rows):
                bits = differing_bits(likeness, other)
                # Entries of what it showed before stay beside those of now.
                found[name] = min(bits, found.get(name, bits))
        found.pop(short_name(key), None)
        near = sorted((bits, name) for name, bits in found.items() if bits <= ALIKE_BITS)
        keys = (self._key_of(name, likeness) for _, name in near[:_MOST_READ])
        return Fact(DUPLICATES, looks_like=tuple(islice((key for key in keys if key is not None), MOST_ALIKE)))

    def _key_of(self, name: str, likeness: str) -> str | None:
        """The key that an entry leads to, if it is still published and looks like this now."""
        published = S3Images(self.s3, self.bucket).published_at(f"{MANIFESTS}{name}.json")
        manifest = published.manifest if published else None
        if manifest is None or manifest.status is not Status.READY or manifest.source is None:
            return None
        shown = manifest.source.likeness
        return manifest.key if shown and differing_bits(likeness, shown) <= ALIKE_BITS else None
