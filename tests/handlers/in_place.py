"""An existing bucket in moto, and everything that the in-place function asks of AWS."""

from __future__ import annotations

import json
from dataclasses import asdict

from lightpress.in_place.buckets import InPlace
from tests.handlers.conftest import DEAD_LETTERS, IMAGES, QUEUE
from tests.handlers.recorder import Call

CMS = "cms"
TABLE = InPlace(CMS, suffixes=(".jpg", ".png"), acls=True)
IN_PLACE = json.dumps([asdict(TABLE)])

LOOK = Call("s3", "HeadObject", CMS, "*")
IS_THE_BUCKET_THERE = Call("s3", "HeadBucket", CMS)
OWNERSHIP = Call("s3", "GetBucketOwnershipControls", CMS)
READ = Call("s3", "GetObject", CMS, "*")
REPLACE = Call("s3", "PutObject", CMS, "*")
READ_TAGS, WRITE_TAGS = Call("s3", "GetObjectTagging", CMS, "*"), Call("s3", "PutObjectTagging", CMS, "*")
READ_ACL, WRITE_ACL = Call("s3", "GetObjectAcl", CMS, "*"), Call("s3", "PutObjectAcl", CMS, "*")
READ_LEDGER, WRITE_LEDGER = Call("s3", "GetObject", IMAGES, "c/"), Call("s3", "PutObject", IMAGES, "c/")
GIVE_UP = Call("sqs", "SendMessage", DEAD_LETTERS)
HOLD_BACK = Call("sqs", "ChangeMessageVisibility", QUEUE)

COMPRESS_IN_PLACE = {
    LOOK,
    IS_THE_BUCKET_THERE,
    OWNERSHIP,
    READ,
    REPLACE,
    READ_TAGS,
    WRITE_TAGS,
    READ_ACL,
    WRITE_ACL,
    READ_LEDGER,
    WRITE_LEDGER,
    GIVE_UP,
    HOLD_BACK,
}
