"""Several owners use one deployment at once, in any order: none of them sees or changes what is another's."""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING, Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.correction import Corrections
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.uploads.api import UploadService
from lightpress.uploads.keys import PublishedKeys
from lightpress.uploads.requests import PART_BYTES, Refused, UploadLimits, owner_of
from tests.uploads.fakes import FakeImages, FakeLooks, FakeUploads, etag_of

if TYPE_CHECKING:
    from collections.abc import Callable

OWNERS = tuple(map(owner_of, ("alice", "bob", "carol")))
RECIPES = load_recipes(LAMBDA_SRC / "recipes.toml")
# What an owner may choose of a key could be another owner's hash.
_CHOSEN = st.sampled_from(["cat", *OWNERS])
FILES: Final = st.builds(
    lambda name, collection: {"filename": name, "size": 5_000, "type": "image/jpeg", "collection": collection},
    _CHOSEN,
    _CHOSEN,
)
MAX_BYTES = 2 * PART_BYTES + 1
# Of requests by three owners. For longer: LIGHTPRESS_REQUESTS=200 make unit
SEQUENCES = int(os.environ.get("LIGHTPRESS_REQUESTS", "30"))

# How a caller may write another owner's key, in the hope that it passes for the caller's own.
DISGUISES: dict[str, Callable[[str, str], str]] = {
    "as it is": lambda key, _: key,
    "below the caller's folder": lambda key, caller: f"uploads/{caller}/{key}",
    "by way of the caller's folder": lambda key, caller: f"uploads/{caller}/../../{key}",
    "behind the caller's name": lambda key, caller: f"{caller}/{key}",
    "with a slash before it": lambda key, _: f"/{key}",
    "with the caller's name at its end": lambda key, caller: f"{key}/{caller}",
    "with the caller's name after a slash that is encoded": lambda key, caller: key.replace("/", f"%2F{caller}%2F", 1),
    "with the caller as its collection": lambda key, caller: f"{caller}/{key.partition('/')[2]}",
    "in capitals": lambda key, _: key.upper(),
}
STEPS: dict[str, Callable[[UploadService, object, str], dict[str, Any]]] = {
    "sign": UploadService.sign_part,
    "list": UploadService.list_parts,
    "complete": UploadService.complete_multipart,
    "abort": UploadService.abort_multipart,
}

View = tuple[dict[str, int], dict[tuple[str, str], dict[int, int]], dict[str, Manifest]]
callers, disguises, steps = st.sampled_from(OWNERS), st.sampled_from([*DISGUISES]), st.sampled_from([*STEPS])


class Owners(RuleBasedStateMachine):
    """Requests of three owners, and what S3 and the pipeline do between them."""

    keys, uploads = Bundle("keys"), Bundle("uploads")

    def __init__(self) -> None:
        super().__init__()
        self.bucket, self.images = FakeUploads(), FakeImages()
        numbers = itertools.count()
        self.service = UploadService(
            UploadLimits(MAX_BYTES, ("image/jpeg",)),
            PublishedKeys(Publishing("uploads"), RECIPES),
            self.bucket,
            self.images,
            Corrections(self.images, FakeLooks()),
            Publishing("uploads").named,
            "https://cdn.test",
            lambda: f"n{next(numbers)}",
        )
        self.given_out: set[str] = set()

    @rule(target=keys, caller=callers, file=FILES)
    def begin(self, caller: str, file: dict[str, object]) -> str:
        return self._new(self.service.begin_upload(file, caller), caller)

    @rule(target=uploads, caller=callers, file=FILES)
    def begin_multipart(self, caller: str, file: dict[str, object]) -> tuple[str, str]:
        begun = self.service.begin_multipart(file, caller)
        return self._new(begun, caller), begun["upload_id"]

    @rule(key=keys, size=st.integers(1, 9_000))
    def form_is_sent(self, key: str, size: int) -> None:
        self.bucket.put(key, size)

    @rule(upload=uploads, number=st.integers(1, 3), size=st.integers(1, PART_BYTES))
    def part_is_sent(self, upload: tuple[str, str], number: int, size: int) -> None:
        if upload in self.bucket.multipart:
            self.bucket.put_part(*upload, number, size)

    @rule(key=keys | uploads.map(lambda upload: upload[0]), status=st.sampled_from([Status.FAILED, Status.DELETED]))
    def pipeline_publishes(self, key: str, status: Status) -> None:
        secret = f"secret of {_owner(key)}"
        self.images.manifests[key] = Manifest(key, status, revision=1, reason="corrupt", detail=secret)

    @rule(caller=callers, step=steps, upload=uploads, how=disguises, number=st.integers(1, 3))
    def go_on(self, caller: str, step: str, upload: tuple[str, str], how: str, number: int) -> None:
        key, upload_id = upload
        part = {"part_number": number, "size": 5, "etag": etag_of(upload_id, number)}
        body = {"key": DISGUISES[how](key, caller), "upload_id": upload_id, "parts": [part], **part}
        is_open = upload in self.bucket.multipart
        status, _ = self._asked(caller, lambda: STEPS[step](self.service, body, caller))
        if _owner(key) != caller and how == "as it is":
            assert status == 404
        elif how == "as it is" and is_open:
            assert status in ({200, 409, 413} if step == "complete" else {200})

    @rule(caller=callers, key=keys | uploads.map(lambda upload: upload[0]), how=disguises)
    def ask_for_status(self, caller: str, key: str, how: str) -> None:
        asked_for = DISGUISES[how](key, caller)
        status, said = self._asked(caller, lambda: self.service.status(asked_for, caller))
        if how == "as it is":
            assert status == (200 if _owner(key) == caller else 404)
        manifest = self.images.manifests.get(asked_for)
        if status == 200:
            assert said["status"] == (manifest.status if manifest else "processing")

    @rule(caller=callers, key=keys | uploads.map(lambda upload: upload[0]), how=disguises)
    def delete(self, caller: str, key: str, how: str) -> None:
        status, _ = self._asked(caller, lambda: self.service.delete(DISGUISES[how](key, caller), caller))
        if how == "as it is":
            assert status == (200 if _owner(key) == caller else 404)
            assert (key in self.bucket.objects) <= (_owner(key) != caller)

    @rule(caller=callers, key=keys | uploads.map(lambda upload: upload[0]), how=disguises)
    def correct_the_focus(self, caller: str, key: str, how: str) -> None:
        body = {"focus": "0.4,0.2"}
        status, _ = self._asked(
            caller, lambda: self.service.correct_published(DISGUISES[how](key, caller), body, caller)
        )
        if how == "as it is":
            assert status == (409 if _owner(key) == caller else 404)  # nothing of anybody is published here

    @invariant()
    def nothing_is_stored_under_a_key_that_was_not_given_out(self) -> None:
        assert self.bucket.objects.keys() <= self.given_out

    def _new(self, begun: dict[str, Any], caller: str) -> str:
        key: str = begun["key"]
        assert _owner(key) == caller
        assert key not in self.given_out
        self.given_out.add(key)
        return key

    def _asked(self, caller: str, ask: Callable[[], dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        """Make a request; returns its status and body. The other owners' files are as before, and unseen."""
        others = [owner for owner in OWNERS if owner != caller]
        before = {owner: self._view(owner) for owner in others}
        said: dict[str, Any] = {}
        status = 200
        try:
            said = ask()
        except Refused as refused:
            status, said = refused.status, {"detail": refused.detail, "fields": refused.fields}
        assert {owner: self._view(owner) for owner in others} == before
        assert not [owner for owner in others if f"secret of {owner}" in json.dumps(said)]
        return status, said

    def _view(self, owner: str) -> View:
        """A copy of all that is the owner's."""
        return (
            {key: size for key, size in self.bucket.objects.items() if _owner(key) == owner},
            {upload: {**parts} for upload, parts in self.bucket.multipart.items() if _owner(upload[0]) == owner},
            {key: manifest for key, manifest in self.images.manifests.items() if _owner(key) == owner},
        )


def _owner(key: str) -> str:
    return key.split("/")[1]


TestOwners = Owners.TestCase
TestOwners.settings = settings(max_examples=SEQUENCES, stateful_step_count=30, deadline=None)
