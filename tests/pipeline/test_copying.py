"""Copies of variants: their addresses, and the races for an address that schedules of requests seldom meet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.copies import S3Copies
from lightpress.aws.images import S3Images
from lightpress.pipeline import gate, paths
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.copies import MOST_PAST, with_copies
from lightpress.pipeline.copy_pattern import (
    ANOTHERS,
    FOREIGN,
    RESERVED,
    TOO_LONG,
    CopyPattern,
    CopyRules,
    purged_by,
)
from lightpress.pipeline.copying import match_copies
from lightpress.pipeline.facts import FACTS
from lightpress.pipeline.manifest import Copy, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.paths import short_name
from lightpress.pipeline.ports import Dependencies, PreconditionFailed
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from tests.pipeline.fakes import book
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.pipeline.source import Source

IMAGES = "images"
RULES = CopyRules(CopyPattern("thumbs/{stem}-{size}.{ext}"))


def address(pattern: str, key: str) -> str:
    return CopyPattern(pattern).address(key, short_name(key), "w640", 640, "webp")


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("thumbs/{stem}-{size}.{ext}", "2026/11/cat.jpg", "thumbs/cat-w640.webp"),
        ("thumbs/{folder}/{stem}-{width}.{ext}", "2026/11/cat.jpg", "thumbs/2026/11/cat-640.webp"),
        ("thumbs/{folder}/{stem}-{width}.{ext}", "cat.jpg", "thumbs/cat-640.webp"),
        ("thumbs/{key}/{size}.{ext}", "a/cat.tar.jpg", "thumbs/a/cat.tar.jpg/w640.webp"),
        ("thumbs/{name}.{ext}", "a/cat", "thumbs/cat.webp"),
        ("thumbs/{stem}.{ext}", ".hidden", "thumbs/.hidden.webp"),
        ("thumbs/{stem}-{size}.{ext}", "a/{key} é.jpg", "thumbs/{key} é-w640.webp"),
        ("t/{hash}.{ext}", "cat.jpg", f"t/{short_name('cat.jpg')}.webp"),
    ],
)
def test_an_address_follows_from_the_key_the_size_and_the_format(pattern: str, key: str, expected: str) -> None:
    assert address(pattern, key) == expected


def test_the_reserved_folders_are_those_that_the_code_uses() -> None:
    used = {paths.VARIANTS, paths.MANIFESTS, paths.PERMALINKS, paths.LIKENESSES}
    assert used | {gate.HELD, gate.REVIEWS, FACTS} <= set(RESERVED)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["thumbs/cat-1.webp", "thumbs/cat-2.webp"], ("thumbs/cat-*",)),
        (["thumbs/1/cat.webp", "thumbs/2/cat.webp"], ("thumbs/1/cat.webp", "thumbs/2/cat.webp")),
        (["thumbs/cat.webp"], ("thumbs/cat.webp",)),
        ([], ()),
        # Pages write @ or %40, ~ or %7E: a wildcard before them takes both along.
        (["thumbs/logo@2x-1.webp", "thumbs/logo@2x-2.webp"], ("thumbs/logo*",)),
        (["thumbs/logo@2x-1.webp"], ("thumbs/logo*",)),
        (["thumbs/cat~1.webp", "thumbs/cat~2.webp"], ("thumbs/cat*",)),
        (["thumbs/cat [1].webp"], ("thumbs/cat *",)),
        (["thumbs/1/a+b.webp", "thumbs/2/a+b.webp"], ("thumbs/1/a*", "thumbs/2/a*")),
        (["thumbs/me@home/1.webp", "thumbs/me@home/2.webp"], ("thumbs/me*",)),
        # Not where that is a folder alone.
        (["thumbs/@cat-1.webp", "thumbs/@cat-2.webp"], ("thumbs/@cat-*",)),
        (["thumbs/a/(1)-1.webp", "thumbs/a/(1)-2.webp"], ("thumbs/a/(1)-*",)),
        (["thumbs/(1).webp", "thumbs/a.webp"], ("thumbs/(1).webp", "thumbs/a.webp")),
        # What all browsers encode has one spelling.
        (["thumbs/Übung 1-1.webp", "thumbs/Übung 1-2.webp"], ("thumbs/Übung 1-*",)),
    ],
)
def test_copies_of_a_key_are_purged_by_one_path_unless_that_takes_all_along(
    paths: list[str], expected: tuple[str, ...]
) -> None:
    assert purged_by(paths, "thumbs/") == expected


@dataclass
class Woken:
    """Hears who is to be looked at; log: what was asked for, in order."""

    log: list[str] = field(default_factory=list)

    def request_look(self, source: Source) -> None:
        self.log.append(f"look {source.name}")


@dataclass
class Rig:
    """The images bucket, and something that happens right after a request."""

    bucket: Bucket = field(default_factory=Bucket)
    woken: Woken = field(default_factory=Woken)
    then: dict[str, Callable[[], object]] = field(default_factory=dict)

    def wire(self, operation: str, what: str, effect: Callable[[], Any], *, changes: bool = False) -> Any:  # noqa: ANN401, ARG002
        request = f"{operation} {what.removeprefix(f'{IMAGES}/')}"
        self.woken.log.append(request)
        try:
            return effect()
        finally:
            if happens := self.then.pop(request, None):
                happens()

    @property
    def dependencies(self) -> Dependencies:
        s3: Any = SimulatedS3({IMAGES: self.bucket}, self.wire)
        recipe: Recipe = replace(book(640).recipes["web"], copies=RULES)
        nobody: Any = None
        return Dependencies(
            nobody,
            S3Images(s3, IMAGES),
            RecipeBook((Rule("**", recipe),), {"web": recipe}),
            nobody,
            copies=S3Copies(s3, IMAGES, IMAGES, ("thumbs/",)),
            wakes=self.woken,
            source_of=Publishing("uploads").named,
        )

    def publish(
        self,
        key: str,
        revision: int = 1,
        data: bytes = b"picture",
        before: Manifest | None = None,
        sizes: Sequence[str] = ("w640",),
    ) -> Manifest:
        sha256, variants = data.hex()[:64].ljust(64, "0"), []
        for size in sizes:
            path = f"i/{short_name(key)}/{revision}-x/{size}.jpg"
            self.bucket.put(path, data)
            variants.append(Variant(size, "jpeg", "image/jpeg", 640, 480, len(data), sha256, path))
        plain = Manifest(key, Status.READY, revision, PublishedSource("v1", 1), variants=tuple(variants))
        return self._put(with_copies(plain, self.dependencies.recipes.recipe_for(key), before))

    def delete(self, before: Manifest) -> Manifest:
        return self._put(with_copies(Manifest(before.key, Status.DELETED, before.revision + 1), None, before))

    def _put(self, published: Manifest) -> Manifest:
        self.bucket.put(paths.manifest_path(published.key), published.to_json())
        return published


def refused(published: Manifest) -> list[str | None]:
    return [one.refused for one in published.copies]


def test_a_picture_of_two_keys_with_one_address_is_told_of_both_and_lies_there_once() -> None:
    rig = Rig()
    first = match_copies(rig.publish("a/cat.jpg", data=b"first"), rig.dependencies)
    second = match_copies(rig.publish("b/cat.png", data=b"second"), rig.dependencies)
    assert (refused(first), refused(second), second.revision) == ([None], [ANOTHERS], 2)
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"first"


def test_two_of_whom_each_keeps_what_the_other_waits_for_wake_each_other_once_one_of_them_leaves() -> None:
    rig = Rig()
    former = match_copies(rig.publish("a/cat.jpg", sizes=("w640", "w320")), rig.dependencies)
    others = match_copies(rig.publish("b/cat.png", sizes=("w1280", "w160")), rig.dependencies)
    both = ("w640", "w1280")
    first = match_copies(rig.publish("a/cat.jpg", 5, before=former, sizes=both), rig.dependencies)
    second = match_copies(rig.publish("b/cat.png", 5, before=others, sizes=both), rig.dependencies)
    for one in (first, second, first):
        match_copies(one, rig.dependencies)
    assert (refused(first), refused(second)) == ([None, ANOTHERS], [ANOTHERS, None])
    assert [said for said in rig.woken.log if said.startswith("look")] == []
    match_copies(rig.delete(second), rig.dependencies)
    assert rig.woken.log.count("look a/cat.jpg") == 1
    assert refused(match_copies(first, rig.dependencies)) == [None, None]


def test_whoever_waits_gets_the_address_though_its_owner_leaves_while_that_is_noted() -> None:
    rig = Rig()
    first = match_copies(rig.publish("a/cat.jpg", data=b"first"), rig.dependencies)
    noted = f"PutObject copies/{short_name('a/cat.jpg')}/{short_name('b/cat.png')}.{short_name('thumbs/cat-w640.jpg')}"
    # The owner's list was read before, so nobody would tell: it is looked at again after it is noted.
    rig.then[noted] = lambda: rig.bucket.delete("thumbs/cat-w640.jpg")
    second = match_copies(rig.publish("b/cat.png", data=b"second"), rig.dependencies)
    assert (refused(first), refused(second)) == ([None], [None])
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"second"


def test_a_refusal_that_is_told_is_true_though_the_owner_left_and_had_others_look_before_it_was_told() -> None:
    rig = Rig()
    first = match_copies(rig.publish("a/cat.jpg", data=b"first"), rig.dependencies)
    second = rig.publish("b/cat.png", data=b"second")

    def leave() -> None:
        match_copies(rig.delete(first), rig.dependencies)
        assert match_copies(second, rig.dependencies) == second, "there is nothing to tell of what was not refused yet"

    rig.then[f"GetObject {paths.manifest_path('b/cat.png')}"] = leave
    told = match_copies(second, rig.dependencies)
    assert (refused(told), told.revision) == ([None], 3)
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"second"


def test_whoever_waits_for_what_is_kept_is_told_once_that_is_left_too_though_it_looked_while_another_was_left() -> None:
    rig = Rig()
    former = match_copies(rig.publish("a/cat.jpg", sizes=("w640", "w320")), rig.dependencies)
    second = match_copies(rig.publish("b/cat.png", sizes=("w640", "w320")), rig.dependencies)
    first = rig.publish("a/cat.jpg", 2, before=former, sizes=("w640",))
    rig.then[f"ListObjectsV2 copies/{short_name('a/cat.jpg')}/"] = lambda: match_copies(second, rig.dependencies)
    match_copies(first, rig.dependencies)
    rig.woken.log.clear()
    match_copies(rig.delete(first), rig.dependencies)
    assert "look b/cat.png" in rig.woken.log


def test_whoever_waits_is_told_once_the_address_is_free_and_not_before() -> None:
    rig = Rig()
    first = match_copies(rig.publish("a/cat.jpg"), rig.dependencies)
    match_copies(rig.publish("b/cat.png"), rig.dependencies)
    rig.woken.log.clear()
    match_copies(rig.delete(first), rig.dependencies)
    said = [one for one in rig.woken.log if one.startswith(("look", "DeleteObject thumbs/"))]
    assert said == ["DeleteObject thumbs/cat-w640.jpg", "look b/cat.png"]
    assert not [path for path in rig.bucket.keys if path.startswith("copies/")]


def test_who_waits_anew_for_an_old_copy_that_is_written_again_goes_on_waiting_whoever_had_read_the_note_before() -> (
    None
):
    rig = Rig()
    first = match_copies(rig.publish("a/cat.jpg", data=b"first"), rig.dependencies)
    second = match_copies(rig.publish("b/cat.png", data=b"second"), rig.dependencies)
    (lying,) = rig.bucket.keys["thumbs/cat-w640.jpg"]

    def look_while_the_old_copy_is_there() -> None:
        rig.bucket.put("thumbs/cat-w640.jpg", b"first", lying.metadata)
        assert refused(match_copies(second, rig.dependencies)) == [ANOTHERS]

    rig.then[f"ListObjectsV2 copies/{short_name('a/cat.jpg')}/"] = look_while_the_old_copy_is_there
    deleted = match_copies(rig.delete(first), rig.dependencies)
    rig.woken.log.clear()
    match_copies(deleted, rig.dependencies)  # as whoever has written the old copy does
    assert "look b/cat.png" in rig.woken.log


def test_what_was_put_there_since_it_was_looked_at_is_neither_replaced_nor_removed() -> None:
    rig = Rig()
    published = rig.publish("cat.jpg")
    rig.then["HeadObject thumbs/cat-w640.jpg"] = lambda: rig.bucket.put("thumbs/cat-w640.jpg", b"by hand")
    assert refused(match_copies(published, rig.dependencies)) == [FOREIGN]
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"by hand"
    rig.bucket.delete("thumbs/cat-w640.jpg")
    again = match_copies(rig.publish("cat.jpg", 5), rig.dependencies)
    rig.then["HeadObject thumbs/cat-w640.jpg"] = lambda: rig.bucket.put("thumbs/cat-w640.jpg", b"by hand")
    with pytest.raises(PreconditionFailed):
        match_copies(rig.delete(again), rig.dependencies)
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"by hand"


def test_a_copy_that_is_right_is_not_written_again_and_one_of_a_later_manifest_is_left_to_it() -> None:
    rig = Rig()
    published = match_copies(rig.publish("cat.jpg"), rig.dependencies)
    rig.woken.log.clear()
    match_copies(published, rig.dependencies)
    assert [one.partition(" ")[0] for one in rig.woken.log] == ["HeadObject", "GetObject"]
    newer = match_copies(rig.publish("cat.jpg", 3, b"newer", published), rig.dependencies)
    late = replace(newer, revision=2, variants=published.variants, copies=published.copies)
    with pytest.raises(PreconditionFailed):
        match_copies(late, rig.dependencies)
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"newer"


def test_an_address_of_more_bytes_than_s3_takes_is_told_and_not_asked_for() -> None:
    rig = Rig()
    assert refused(match_copies(rig.publish("é" * 510 + ".jpg"), rig.dependencies)) == [TOO_LONG]


def test_another_pattern_names_the_addresses_of_before_as_past_and_of_the_older_ones_the_last_1000() -> None:
    rig = Rig()
    published = rig.publish("cat.jpg")
    recipe = replace(book(640).recipes["web"], copies=CopyRules(CopyPattern("other/{stem}-{size}.{ext}")))
    long_ago = tuple(f"thumbs/{number}" for number in range(MOST_PAST + 1))
    moved = with_copies(published, recipe, replace(published, past_copies=long_ago))
    assert [one.path for one in moved.copies] == ["other/cat-w640.jpg"]
    assert moved.past_copies == ("thumbs/cat-w640.jpg", *long_ago[:1_000])
    back = with_copies(moved, replace(recipe, copies=RULES), moved)
    assert back.copies == (Copy("thumbs/cat-w640.jpg", published.variants[0].path),)
    assert "thumbs/cat-w640.jpg" not in back.past_copies
    assert b"copies" not in Manifest("cat.jpg", Status.READY, 1).to_json()


def test_a_deletion_leaves_none_of_1002_copies() -> None:
    sizes = [f"w{number}" for number in range(MOST_PAST + 2)]
    rig = Rig()
    published = match_copies(rig.publish("cat.jpg", sizes=sizes), rig.dependencies)
    assert len([path for path in rig.bucket.keys if path.startswith("thumbs/")]) == len(sizes)
    gone = rig.delete(published)
    assert len(gone.past_copies) == len(sizes)
    match_copies(gone, rig.dependencies)
    assert not [path for path in rig.bucket.keys if path.startswith("thumbs/")]


def test_who_waits_for_a_copy_that_no_manifest_names_is_not_woken_by_whoever_leaves_another_address() -> None:
    rig = Rig()
    match_copies(rig.publish("a/cat.jpg", sizes=("w640",)), rig.dependencies)
    former = match_copies(rig.publish("a/cat.jpg", 2, sizes=("w160",)), rig.dependencies)  # of nothing before
    match_copies(rig.publish("b/cat.png", sizes=("w640",)), rig.dependencies)
    match_copies(rig.publish("a/cat.jpg", 3, before=former, sizes=("w320",)), rig.dependencies)
    assert [said for said in rig.woken.log if said.startswith("look")] == []


def test_a_copy_at_an_address_that_is_named_as_past_too_stays() -> None:
    rig = Rig()
    published = rig.publish("cat.jpg")
    both = replace(published, past_copies=("thumbs/cat-w640.jpg",))
    rig.bucket.put(paths.manifest_path("cat.jpg"), both.to_json())
    match_copies(both, rig.dependencies)
    assert rig.bucket.data("thumbs/cat-w640.jpg") == b"picture"


def test_copies_that_a_stack_of_the_same_name_has_left_are_replaced_and_removed_whatever_revision_they_say() -> None:
    rig = Rig()
    match_copies(rig.publish("cat.jpg", 9, b"of the stack before"), rig.dependencies)
    again = match_copies(rig.publish("cat.jpg", 1, b"of this one"), rig.dependencies)
    assert (refused(again), rig.bucket.data("thumbs/cat-w640.jpg")) == ([None], b"of this one")
    match_copies(rig.publish("cat.jpg", 9, b"of the stack before"), rig.dependencies)
    match_copies(rig.delete(again), rig.dependencies)
    assert rig.bucket.data("thumbs/cat-w640.jpg") is None
