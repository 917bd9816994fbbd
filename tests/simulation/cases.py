"""Which small cases are explored: all scripts of up to three client operations, with and without versions and faults.

Q is another picture than P. Where only one picture is put, it is called P.
"""

from __future__ import annotations

from itertools import product

from lightpress.pipeline.recipe import Unanswered
from tests.simulation.exhaustive import Case

_OPERATIONS = "PQBD"


def _scripts(length: int) -> list[str]:
    scripts = ["".join(script) for script in product(_OPERATIONS, repeat=length)]
    return [script for script in scripts if "Q" not in script or "P" in script.partition("Q")[0]]


def _kinds(script: str, *, faults: int = 0, receives: int = 5) -> list[Case]:
    return [Case(script, versioned, faults, receives) for versioned in (True, False)]


CALM = [case for length in (1, 2, 3) for script in _scripts(length) for case in _kinds(script)]
"""Nothing fails."""

RECIPES = [case for script in ("PR", "BR", "DR", "PRD") for case in _kinds(script)]
"""The recipes change in mid-flight, and old and new code work side by side."""

ACCEPTING = [case for script in ("JN", "JM", "NJ", "NJY", "JNY", "MJY", "JMD") for case in _kinds(script)]
"""The recipes change what they accept, before or after a picture of such a format."""

FAULTY = [case for length in (1, 2) for script in _scripts(length) for case in _kinds(script, faults=1)]
"""Any one request fails, at any point and in any way, or any one message is delivered twice."""

LAST_INSTANCE = [
    case for length in (1, 2) for script in _scripts(length) for case in _kinds(script, faults=1, receives=1)
]
"""The same, where a message is a dead letter after one try: whoever failed innocently is before the last instance."""

_CLOSED = "ACXK"
UNREADABLE = [
    case
    for script in (*_CLOSED, "AO", "XO", "KO", "AP", "CP", "PA", "PC", "AD", "CD", "BZ", "BL", "PZR", "PLR", "PZO")
    for case in _kinds(script)
]
"""It is there, and cannot be read: for good, for a while, or not any more."""

UNREADABLE_FAULTY = [
    case for script in _CLOSED for receives in (5, 1) for case in _kinds(script, faults=1, receives=receives)
]
"""The same, with a fault."""

_READ_BY_THE_LAST_INSTANCE = (
    *("client", "start process/1", "start record/1"),  # it is put, and its message is a dead letter
    *("step 0", "step 0", "step 0"),  # the manifest, the look, the count of the trial
    *("client", "step 0", "client"),  # it is overwritten, reading is refused, and it is put again
)
REFUSED_FOR_ANOTHER = [
    Case(script, versioned, receives=0, begins=_READ_BY_THE_LAST_INSTANCE)
    for script in ("PCP", "PAP", "PXP", "PKP")
    for versioned in (True, False)
]
"""Reading is refused for what overwrote a picture in between, and then the same picture is put again."""

_HALF_DONE = ("step 0",) * 5
"""The manifest, the look, the original, rendering, and the first of two variants."""
DIED_AND_OVERTAKEN = ("client", "start process/1", *_HALF_DONE, "DIES 0", "client")
"""A worker dies over a picture that is then overwritten: whoever publishes the other finds no manifest to replace."""

DIED_AND_ERASED = ("client", "start process/1", *_HALF_DONE, "DIES 0", "client")
"""A worker dies over a picture, which an operator begins to erase then."""

STRANDED_AND_ERASED = (
    *("client", "start process/1", *("step 0",) * 4),
    *("client", *("step 1",) * 12),  # an operator erases all of it, and waits for those who were at work
    *("step 0", "step 0", "DIES 0"),  # who writes variants, and dies
    *(*("step 0",) * 3, "start process/1", *("step 1",) * 3),
)
"""Once more there are variants, which a worker and the operator who erases are both about to look for."""

_REJECTED = ("client", "start process/1", *("step 0",) * 6, "start record/1", "step 0", "step 0")
COPIED_AND_ERASED = (*_REJECTED, "step 0", "client", *("step 1",) * 13)
"""A picture is bad, and the last instance has copied it and not recorded it yet, while an operator erases all of it."""

COPIED_AND_DIED = (*_REJECTED, "DIES_AFTER 0")
"""A picture is bad, and the last instance dies right after it has copied it into quarantine."""

FAILED_AGAIN = (
    *(*_REJECTED, *("step 0",) * 7),
    *("client", "start process/2", *("step 0",) * 6, "start record/2", "step 0", "step 0"),
)
"""A picture is bad, and has failed; an operator sends it again, and the last instance is about to copy it."""

RECORDED_TWICE = (
    *(*_REJECTED, "step 0", "step 0"),
    *("client", "start process/2", *("step 1",) * 6, "start record/2", *("step 1",) * 5),
    *("step 0", *("step 1",) * 3),
)
"""The same, before the first failure is published: two have recorded it, and whoever lost their race does it again."""

DISCARDED_QUICK = [
    *(case for script in ("Bc", "BcQ") for case in _kinds(script)),
    *(Case(script, begins=FAILED_AGAIN) for script in ("BecD", "Becc")),
    Case("Bec", faults=1, begins=FAILED_AGAIN),
    Case("Bec", begins=RECORDED_TWICE),
]
"""An operator discards failures, while the same is being recorded once more."""

DISCARDED = [
    *DISCARDED_QUICK,
    *(case for script in ("Bec", "BcD") for case in _kinds(script)),
    *(case for script in ("Bc", "BDc") for case in _kinds(script, faults=1)),
    Case("BecD", faults=1, begins=FAILED_AGAIN),
]

RECORDED_AND_HALF_ERASED = (*_REJECTED[:-3], "client", *("step 0",) * 6, "start record/1", *("step 1",) * 5)
"""It is copied and recorded, and about to be published as failed, as its original is about to be erased."""

FAILED_AND_HALF_ERASED = (
    *(*_REJECTED, *("step 0",) * 7, "client", *("step 0",) * 14),  # it is published as failed, and an operator waits
    *("start process/2", *("step 1",) * 9),  # for whoever publishes that it was deleted
    *("start process/3", *("step 1",) * 6, "start process/4", *("step 1",) * 6, "start process/5", *("step 1",) * 6),
    *("step 0",) * 12,  # and then for those at work
)
"""A picture has failed, and an operator who erases it is about to remove its row, and then its copy."""

_ABOUT_TO_REMOVE_THE_REST = ("client", *("step 0",) * 8)
_REJECTED_MEANWHILE = ("client", "client", "start review/1", *("step 1",) * 3)
REJECTED_WHILE_ERASED = (*_ABOUT_TO_REMOVE_THE_REST, *_REJECTED_MEANWHILE)
"""An operator who erases a key finds no original, and no worker any more; then a picture is put, and rejected."""

REJECTED_WHILE_LISTED = (*_ABOUT_TO_REMOVE_THE_REST, *("step 0",) * 4, *_REJECTED_MEANWHILE)
"""The same, a few requests later."""

PUT_AND_HALF_ERASED = ("client", "client", *("step 0",) * 6)
"""A picture is put, of which nobody has heard yet, and an operator is about to erase it."""

PUBLISHED = ("client", "start process/1", *("step 0",) * 10)
TOLD = ("client", "start process/1", *("step 0",) * 12)
"""The same by recipes with enrichers: after the look, what two of them say is read, and there is nothing."""
LAZILY_TOLD = TOLD[:-1]
PUBLISHED_TWICE = (*PUBLISHED, "client", "start process/2", *("step 0",) * 12)
PUBLISHED_AND_DELETED = (*PUBLISHED, "client", "start process/2", *("step 0",) * 11)
LAZILY_PUBLISHED = PUBLISHED[:-1]
"""A picture is published, one variant of which is left for its first view."""

LAZILY_RENDERED = (*LAZILY_PUBLISHED, "client", *("step 0",) * 5)
"""That one is asked for, too: the manifest, the variant, the look, the original, rendering; it is not written yet."""

DIED_BELOW_A_TOMBSTONE = (
    *(*LAZILY_RENDERED, "client", "start process/2", *("step 1",) * 12),  # it is deleted
    *("client", "start process/4", *("step 1",) * 3),  # whoever publishes the next picture has looked for files before
    *("DIES_AFTER 0", "purge 1"),  # the file is there now, and the CDN was told before
)
"""A lazy variant of what was deleted is written late: whoever asks for it has the CDN keep it."""

EAGER_AND_LATE = (
    *("client", "client", "start process/1", *("step 0",) * 5),  # one variant is made, of two
    *("client", "start process/2", *("step 1",) * 4),  # recipes that leave none for first views: both are made
    *("step 0",) * 4,  # and the first is published
    *("client", "client", *("step 1",) * 8),  # by recipes of another quality, a viewer has the other made
)
"""Whoever is late to write that variant writes others of its bytes."""

LATE_AND_DEAD = (
    *LAZILY_RENDERED,
    *("client", "start process/2", *("step 1",) * 12),
    *("client", "start process/4", *("step 1",) * 13),
    "DIES_AFTER 0",
)
"""It is overwritten twice before it is written, and then whoever has rendered it dies."""

DELETED_AND_DIED = (
    *LAZILY_RENDERED,
    *("client", "start process/2", *("step 1",) * 3, "DIES_AFTER 1"),
    "start process/2",
)
"""It is deleted before it is written, and whoever has deleted it dies right after the request that follows the look."""

DIED_AND_PUT_BACK = (*PUBLISHED, "client", "start process/2", *_HALF_DONE, "DIES 0", "client")
"""A worker dies over what overwrites a published picture, which is then put back."""

VIEWED_AND_DIED = (
    *PUBLISHED,
    "client",
    "answer 0",
    "client",
    "start process/2",
    *_HALF_DONE,
    "step 0",
    "DIES_AFTER 0",
)
"""A viewer sees a picture, and whoever overwrites it dies right after the request that follows its variants."""

VIEWED = [
    *(case for script in ("PV", "PVQ", "PVD", "PVB") for case in _kinds(script)),
    Case("PVQ", faults=1, begins=VIEWED_AND_DIED),
]
"""The CDN keeps what a viewer asked for, which no permalink may show once it is overwritten or deleted, or fails."""

VIEWED_FAULTY = [Case(script, faults=1) for script in ("PVQ", "PVD")] + [Case("PVDP"), Case("PVQD"), Case("PVLO")]
"""The same with a fault, and with more changes."""

LAZY_QUICK = [
    *(case for case in map(Case, ("PW", "PEW"))),
    *(
        Case(script, versioned, begins=LAZILY_PUBLISHED)
        for script in ("PWD", "PWQ", "PRW", "PQU", "PWWQ")
        for versioned in (True, False)
    ),
    Case("PWFW", begins=(*LAZILY_RENDERED, "client", "client")),
    Case("PWQP", faults=1, begins=LATE_AND_DEAD),
    Case("PWDPU", faults=1, begins=DIED_BELOW_A_TOMBSTONE),
    Case("PPEFW", versioned=False, begins=EAGER_AND_LATE),
]
"""A variant is made at its first view, while its original is deleted or overwritten, its recipe changes, or somebody
else makes it, too; whoever makes it may die over it."""

LAZY = [
    *LAZY_QUICK,
    *(Case(script, begins=LAZILY_PUBLISHED) for script in ("PWWD", "PWDP", "PWQD", "PWQU")),
    *(Case(script, faults=1, begins=LAZILY_PUBLISHED) for script in ("PW", "PWD", "PWQ")),
    Case("PWD", faults=2, begins=DELETED_AND_DIED),
]
"""The same with more changes, and with a fault."""

CORRECTED_QUICK = [
    *(
        Case(script, versioned, begins=PUBLISHED)
        for script in ("PH", "PHR", "PRH", "PVH", "PHZO")
        for versioned in (True, False)
    ),
    *(Case(script, begins=PUBLISHED) for script in ("PHG", "PHQ", "PHD")),
    Case("PH", faults=1, begins=PUBLISHED),
    *(Case(script, begins=LAZILY_PUBLISHED) for script in ("PWH", "PHU")),
]
"""Somebody corrects the focus of what is published, while it is overwritten, deleted, or its recipe changes."""

CORRECTED = [
    *CORRECTED_QUICK,
    *(Case(script, faults=1, begins=PUBLISHED) for script in ("PHG", "PHQ", "PHD", "PHR", "PVH", "PHZO")),
    *(Case(script, begins=LAZILY_PUBLISHED) for script in ("PHW", "PHWQ")),
    *_kinds("PHP"),
    *_kinds("JHM"),
]
"""The same with more changes, and with a fault."""

ERASED_QUICK = [
    *(Case(script) for script in ("S",)),
    Case("PDS", begins=PUBLISHED_AND_DELETED),
    Case("BS", begins=(*RECORDED_AND_HALF_ERASED, *("step 0",) * 7)),
    Case("PS", faults=1, begins=STRANDED_AND_ERASED),
    Case("BSk", faults=1, begins=(*FAILED_AND_HALF_ERASED, *("step 0",) * 2, "DIES 0")),
]
"""An operator erases what there is of the key, while others publish it, delete it, or say that it has failed."""

ERASED = [
    *ERASED_QUICK,
    *(Case(script, versioned, begins=PUBLISHED) for script in ("PS", "PQS", "PSP") for versioned in (True, False)),
    *_kinds("PS"),
    *_kinds("BS"),
    Case("PVS", begins=PUBLISHED),
    Case("PWS", begins=LAZILY_PUBLISHED),
    Case("PS", faults=1, begins=DIED_AND_ERASED),
    Case("BS", faults=1, begins=COPIED_AND_DIED),
    Case("PS", faults=1, begins=PUBLISHED),
    Case("BS", begins=RECORDED_AND_HALF_ERASED),
    Case("BSk", faults=1, begins=FAILED_AND_HALF_ERASED),
    Case("PSk", faults=1, begins=PUT_AND_HALF_ERASED),
    *(Case("SPr", versioned, begins=REJECTED_WHILE_ERASED) for versioned in (True, False)),
    Case("SPr", begins=REJECTED_WHILE_LISTED),
]
"""The same with more changes, and with a fault."""

SWEPT_QUICK = [
    *(Case(script, versioned) for script in ("Py", "By", "Pv", "Bv", "Dv") for versioned in (True, False)),
    *(Case(script, begins=PUBLISHED) for script in ("PDv", "PDy", "PQv", "PQy", "PRv", "PVyD")),
]
"""Somebody sweeps while others publish, overwrite or delete; or the schedule does, once replaced variants may go."""

SWEPT = [
    *SWEPT_QUICK,
    *(Case(script, faults=1) for script in ("Py", "By", "Pv", "Bv", "Dv")),
    *(Case(script, faults=1, begins=PUBLISHED) for script in ("PQv", "PQy", "PRv", "PDv", "PBy")),
    *(Case(script, begins=PUBLISHED) for script in ("PVByD", "PVQyB")),
    *(Case(script, begins=LAZILY_PUBLISHED) for script in ("PWv", "PWQv", "PIQy", "PIQyD")),
]
"""The same with more changes, and with a fault: whoever sweeps may die over it, too."""

COPIED = ("client", "start process/1", *("step 0",) * 19)
"""A picture is published, and two copies of it are written."""

CROSSED = (
    *(*COPIED, "client", "start process/2", *("step 0",) * 21),  # another wants the same, and waits for both
    *("client", "backfill", "start process/3", *("step 0",) * 32),  # by other recipes each has its own
    *("start process/4", *("step 0",) * 25, "start process/5", *("step 0",) * 13),
    *("client", "backfill", "start process/7", *("step 0",) * 6),  # and by the first ones again,
    *("start process/6", *("step 1",) * 6, *("step 0",) * 8),  # each gets one of the two
)
"""Of two pictures that want the same two addresses, each has one and waits for the other, and both have left others."""

COPIED_AFTER_REMOVAL = (
    *("client", "client", "start process/1", "start process/2", *("step 0",) * 6, *("step 1",) * 6),
    *(*("step 0",) * 5, *("step 1",) * 15),  # one publishes, and the other copies what it has published
    *("client", "start process/3", *("step 1",) * 21),  # another wants the same, and waits for both
    *("client", "start process/4", *("step 1",) * 15),  # the first is deleted: copies are removed, and notes listed
    *("step 0", "step 1", "step 1", "start process/5"),  # who has published it writes a copy late; the other is woken
)
"""Who waits for an address, and is told that it is free, finds an old copy there again, which will be removed."""

COPIED_AND_LEFT = (
    *(*COPIED_AFTER_REMOVAL[:-4], *("step 1",) * 8, "client", *("step 1",) * 12),  # an operator erases the first
    *("DIES_AFTER 0", "start process/5", *("step 1",) * 19),  # a copy is written late, which the other waits for
    *(*("step 0",) * 7, "start process/1", *("step 1",) * 9, "step 0"),  # it is found, and has just been removed
)
"""Whoever has removed a late copy of what is erased may find a manifest next that names no address any more."""

LATE_WITH_A_COPY = (
    *(*COPIED[:-8], "client", "start process/2", *("step 1",) * 17),  # it is deleted before its first copy is written
    *("client", *("step 1",) * 16, "DIES 1"),  # and an operator who erases it is interrupted, as they wait for that
)
"""An erasure is interrupted while somebody is about to write a copy of what is erased."""

ERASED_AND_PUT_AGAIN = (
    *(*COPIED, "client", "start process/2", *("step 0",) * 19),
    *("client", *("step 0",) * 20),  # an operator erases what was deleted, and is about to look whether it is published
    *("client", "start process/3", *("step 1",) * 21),  # as it is by then, with copies
)

COPIES_QUICK = [
    *(Case(script, copying=True) for script in ("P", "PR", "Pp")),
    *(Case(script, copying=True, begins=COPIED) for script in ("PpQ", "Ppd", "PpD", "PpB")),
]
"""Variants are copied, and another picture wants the same addresses, which it gets once they are free."""

COPIES = [
    *COPIES_QUICK,
    *(Case(script, copying=True, begins=COPIED) for script in ("PpR", "PpDP")),
    Case("PD", copying=True),
    Case("PpRY", copying=True, begins=CROSSED),
    Case("PPpD", versioned=False, copying=True, begins=COPIED_AFTER_REMOVAL),
    Case("Pp", faults=1, copying=True, begins=COPIED),
    Case("uPpR", copying=True),
    Case("PPpDS", versioned=False, faults=2, copying=True, begins=COPIED_AND_LEFT),
    Case("PDSk", faults=1, copying=True, begins=LATE_WITH_A_COPY),
    Case("PDSPv", faults=1, copying=True, begins=ERASED_AND_PUT_AGAIN),
]
"""The same with more changes, and with a fault."""

HELD = ("client", "start process/1", *("step 0",) * 9)
"""A picture is held: the manifest, the look, the review, no record, the list, the manifest, a look, and its end."""

APPROVED_BY_ONE = (
    *("client", "client", "start process/1", *("step 0",) * 10),  # it is put under recipes that ask two, and is held
    *("client", "start review/1", *("step 0",) * 5),  # a person approves it
    *("start process/2", *("step 0",) * 6),  # and it is still held
)
"""The other reviewer has the last word: if that is kept and nobody looks, nobody ever will."""

REJECTED_AND_RECORDED = (
    *(*HELD, "client", "start review/1", *("step 0",) * 5),
    *("start process/2", *("step 0",) * 10),
    *("client", "start review/2", *("step 1",) * 5),
    *("start process/3", *("step 1",) * 5),
    *("start record/1", *("step 1",) * 7),
)
"""What has just been published is rejected: that is recorded, and about to be published."""

REJECTED = (*HELD, "client", "start review/1", *("step 0",) * 5, "start process/2", *("step 0",) * 5)
"""A picture is held, and rejected: that is about to be recorded."""

GATED_QUICK = [
    *(case for script in ("Pa", "Pr", "Ba") for case in _kinds(script)),
    *(Case(script, begins=HELD) for script in ("PaQ", "PaD", "Pra", "Par")),
]
"""Nothing is published before it is reviewed."""

_REJECTED_LAZILY = (
    *("client", "backfill", "client", "start process/1", *("step 0",) * 9),  # all variants are left for first views
    *("client", "start review/1", *("step 0",) * 5, "start process/2", *("step 0",) * 12),  # it is approved
    *("client", "start review/2", *("step 0",) * 5, "start process/3", *("step 0",) * 5),  # it is rejected,
    *("start record/1", *("step 0",) * 9),  # and whoever is about to publish that is slow
    *("client", "start review/3", *("step 1",) * 5),  # it is approved once more
)

REJECTED_BEHIND_A_LATE_LOOK = (
    *(*_REJECTED_LAZILY, "start process/4", *("step 1",) * 6),  # nothing is to be done,
    *("start process/5", *("step 1",) * 5),  # nor for the late look
    *("client", *("step 1",) * 5),  # and a viewer asks for a variant, which is about to be written
)
"""Where a late look is asked for three requests before, it may be over before the manifest is replaced."""

REJECTED_AND_OVERTAKEN = (
    *(*_REJECTED_LAZILY, "start process/5", *("step 1",) * 5),  # whoever looks finds it published
    *("client", *("step 1",) * 4, "FAILS 1"),  # and a viewer asks for a variant, which cannot be rendered
)
"""That is about to be noted in the manifest: whoever rejects the picture comes too late then."""

HALF_PUBLISHED_BY_OTHERS = (
    *(*APPROVED_BY_ONE, "client", "backfill"),  # other recipes ask that person alone
    *("start process/3", *("step 0",) * 6, "DIES 0"),  # and whoever publishes it dies halfway
    "client",
)
"""The first recipes come back: it is held as before, and files of a later revision lie there."""

_DELETED = ("client", "start process/2", *("step 0",) * 10)
HELD_AND_DELETED = (*HELD, *_DELETED)
"""A picture is held, and then deleted: a tombstone is published."""

LOOKED_FOR_AND_DELETED = (
    *(*HELD, "client", "start review/1", "step 0"),
    *("client", "start process/2", *("step 1",) * 10),
)
"""The same, while an approval of it has found its version there, and is not kept yet."""

GATED_AND_ERASED = [
    Case("PaDS", begins=LOOKED_FOR_AND_DELETED),
    *(Case(script, begins=HELD_AND_DELETED) for script in ("PDSl",)),
]
"""An operator erases what is being reviewed."""


def _else(unanswered: Unanswered, *scripts: str, faults: int = 0) -> list[Case]:
    return [Case(script, faults=faults, unanswered=unanswered) for script in scripts]


UNANSWERED_QUICK = [
    *_else(Unanswered.PUBLISH, "PT", "BT", "PTa", "PTr", "PaT"),
    *_else(Unanswered.REJECT, "PT", "PTr"),
]
"""Nobody reviews a picture in time, or somebody does at the last moment, or afterwards."""

UNANSWERED = [
    *UNANSWERED_QUICK,
    *_else(Unanswered.PUBLISH, "PTQ", "PTD", "PTR", "PRT", "PTar"),
    *_else(Unanswered.REJECT, "PTa", "PTQ", "PTD", "PRT"),
    *_else(Unanswered.PUBLISH, "PT", faults=1),
    *_else(Unanswered.REJECT, "PT", faults=1),
    Case("PTDP", versioned=False, unanswered=Unanswered.REJECT),
]
"""The same while it is overwritten, deleted, or its recipe asks another reviewer, and with a fault."""

ERASED_AND_ABOUT_TO_BE_HELD = (
    *(*HELD_AND_DELETED, "client", *("step 0",) * 9),  # an operator erases what was deleted, up to the last look
    *("client", "start process/3", *("step 1",) * 6),  # somebody uploads; its entry of what waits is there already
    *("client", *("step 0",) * 10),  # and deletes it: nothing is there, and the entry is about to be removed, or was
)
GATED = [
    *GATED_QUICK,
    *(case for script in ("Par", "Pra", "PaD", "PDa", "Br", "PaQ", "PQa") for case in _kinds(script)),
    *map(Case, ("PRa", "PaRs", "PRts", "Para", "PaQr", "PraD")),
    *(Case(script, faults=1) for script in ("Pa", "Pr")),
    *(Case(script, faults=1, begins=HELD) for script in ("Par", "Pra", "PaD", "PaQ")),
    Case("Par", faults=1, receives=1, begins=HELD),
    Case("Para", begins=REJECTED_AND_RECORDED),
    Case("RPas", faults=1, begins=APPROVED_BY_ONE),
    Case("RPaYR", faults=1, begins=HALF_PUBLISHED_BY_OTHERS),
    Case("PDSPDa", versioned=False, begins=ERASED_AND_ABOUT_TO_BE_HELD),
    Case("IParaW", faults=1, begins=REJECTED_AND_OVERTAKEN),
    Case("PraDP", versioned=False),
    Case("PrDlb"),
]
"""Approved, rejected, or both, before or after the picture is overwritten or deleted, or the recipe asks another
reviewer, and with a fault."""

ENRICHED_QUICK = [
    *(case for script in ("Pw", "Pf", "Bw") for case in _kinds(script)),
    *(Case(script, begins=TOLD) for script in ("PwQ", "PwD", "Pwz", "Pfw", "PwR", "Pfh", "PfHR")),
    Case("Ph", begins=PUBLISHED),
]
"""Enrichers say something of what is published, and people."""

ENRICHED = [
    *ENRICHED_QUICK,
    *(case for script in ("PwQ", "PfD", "PQw", "PwB") for case in _kinds(script)),
    *(Case(script, faults=1, begins=TOLD) for script in ("Pw", "Pf", "PwQ", "Ph", "PwS")),
    *(Case(script, begins=PUBLISHED) for script in ("PhR", "PhQ", "PhD", "PhH")),
    *(Case(script, begins=TOLD) for script in ("PwzQ", "Pwzw", "PwS", "PfVQ")),
]
"""The same with more changes, and with a fault."""

LEAVING = ("client", "start process/1", *("step 0",) * 12)
"""A picture is published and announced, its manifest says that the original leaves, and it is not removed yet."""

LEAVING_BESIDE_ANOTHER = ("client", "twice process/1", *("step 0",) * 12, "client")
"""The same, where the message is delivered twice, and then the recipes change."""

OVERWRITTEN_WHILE_LEAVING = (*LEAVING, "client", "start process/2", *("step 1",) * 9, "client")
"""The same, and another picture is put and published meanwhile, which is then taken back."""

LEFT = (*LEAVING, "step 0", "step 0")
"""It is removed, too, and the message acknowledged; that it was removed is a message of its own."""

REPLACED_ABOVE_ANOTHER = (
    *("client", "backfill", "client", "start process/1", *("step 0",) * 10),  # by recipes that keep originals
    *("client", "start process/2", *("step 0",) * 12),  # it is replaced,
    *("client", "backfill", "start process/3", *("step 0",) * 14),  # and cannot leave: another lies below
)
"""Recipes drop an original that was replaced and lies above another one, so that it stays until that expires."""

DROPPED_QUICK = [
    *(Case(script, versioned, dropping=True) for script in ("P", "B", "PD") for versioned in (True, False)),
    *(Case(script, dropping=True) for script in ("BP", "PR", "PH")),
    *(Case(script, begins=LEAVING, dropping=True) for script in ("PD", "PR", "PH")),
    *(Case(script, begins=LEFT, dropping=True) for script in ("PD",)),
    Case("P", faults=1, dropping=True),
]
"""Originals leave once they are published, while they are overwritten, deleted, or their recipe changes."""

DROPPED = [
    *DROPPED_QUICK,
    *(Case(script, dropping=True) for script in ("PQ", "PDb", "PQx", "BPx", "PVQ", "PZ", "JN", "PS")),
    *(Case(script, begins=LEAVING, dropping=True) for script in ("PQ", "PQb", "PDb", "PQD")),
    *(Case(script, begins=LEFT, dropping=True) for script in ("PQ", "PDb", "PDP", "PQD", "PS", "PVQ")),
    Case("RPQYyx", begins=REPLACED_ABOVE_ANOTHER, dropping=True),
    *(Case(script, faults=1, dropping=True) for script in ("PD", "PQ", "PR")),
    Case("PQ", versioned=False, dropping=True),
    Case("P", faults=1, receives=1, dropping=True),
]
"""The same with more changes, with older versions that are brought back or expire, and with a fault."""

ERASED_BESIDE_A_WORKER = (
    *(*COPIED, "client", "start process/2", *("step 0",) * 21),  # another picture waits for the addresses of the first
    *("client", *("step 0",) * 15),  # which an operator erases, who asks for a look at it, and waits for nobody
    *("start process/6", *("step 1",) * 13, "client"),  # it looks, and nobody hears that versions were removed
)
"""Whoever looks has removed its copies, and may find a manifest next whose key is taken out."""

NIGHTS_QUICK = [
    *(Case(script, versioned) for script in ("Pn", "Bn", "Dn") for versioned in (True, False)),
    *(Case(script, versioned, begins=PUBLISHED) for script in ("PQn", "PBn", "PDn") for versioned in (True, False)),
    *map(Case, ("PnQ", "PQn", "PDn", "PnR", "An", "AnO", "Pnv")),
    *(Case(script, begins=PUBLISHED) for script in ("PVQn", "PVDn", "PAn", "PLQn", "PQnD", "PQnR", "PQnv", "PDny")),
    *(Case(script, begins=HELD) for script in ("Pan", "Prn", "PaHn", "PaQn")),
    *(Case(script, begins=TOLD) for script in ("Pwn", "Pfn", "Pwzn", "Pwhn", "PwHn")),
    *_else(Unanswered.PUBLISH, "PTn"),
    *_else(Unanswered.REJECT, "PTn", "PnT"),
    *(Case(script, begins=LAZILY_PUBLISHED) for script in ("PWDn", "PWQn")),
    Case("Pn", dropping=True),
    Case("PDn", dropping=True, begins=LEFT),
    *(Case(script, copying=True, begins=COPIED) for script in ("PQn", "PDn")),
    Case("PDnS", begins=PUBLISHED_AND_DELETED),
    Case("PpSn", copying=True, begins=ERASED_BESIDE_A_WORKER),
    Case("Pn", faults=1),
    *(Case(script, faults=1, begins=PUBLISHED) for script in ("PQn", "PDn")),
]
"""Nobody hears of what was put, overwritten or deleted, or of what came of what others have said: a night finds it."""

NIGHTS = [
    *NIGHTS_QUICK,
    *(Case(script, begins=PUBLISHED) for script in ("PDnP", "PQnP", "PSn")),
    *(Case(script, begins=HELD) for script in ("Pran", "Parn", "PaDn")),
    *(Case(script, begins=TOLD) for script in ("PfHn", "PwHLn", "PwQn")),
    Case("PQn", dropping=True, begins=LEFT),
    Case("PnS"),
    *(Case(script, faults=1) for script in ("Bn", "PQn", "PDn")),
    Case("Pan", faults=1, begins=HELD),
    Case("Pwn", faults=1, begins=TOLD),
    Case("Pn", faults=1, dropping=True),
]
"""The same with more changes, and with a fault."""

OUTAGES = [Case(script, receives=1, outage=6) for script in ("P", "B", "PD", "PP")]
"""Nothing can be read for longer than the last instance tries a picture that ends its renderer."""

ALL = [
    *OUTAGES,
    *LAZY,
    *CORRECTED,
    *ERASED,
    *DISCARDED,
    *SWEPT,
    *COPIES,
    *GATED,
    *ENRICHED,
    *DROPPED,
    *GATED_AND_ERASED,
    *UNANSWERED,
    *NIGHTS,
    *VIEWED,
    *VIEWED_FAULTY,
    *REFUSED_FOR_ANOTHER,
    *RECIPES,
    *ACCEPTING,
    *UNREADABLE,
    *UNREADABLE_FAULTY,
    *FAULTY,
    *LAST_INSTANCE,
    *CALM,
]

QUICK = [
    *(case for length in (1, 2) for script in _scripts(length) for case in _kinds(script)),
    *_kinds("PR"),
    *_kinds("BR"),
    *_kinds("JN"),
    *_kinds("JM"),
    *(case for script in "PBD" for case in _kinds(script, faults=1)),
    *(case for script in "PBD" for case in _kinds(script, faults=1, receives=1)),
    *(case for case in OUTAGES if len(case.script) == 1),
    *LAZY_QUICK,
    *CORRECTED_QUICK,
    *ERASED_QUICK,
    *DISCARDED_QUICK,
    *SWEPT_QUICK,
    *COPIES_QUICK,
    *GATED_QUICK,
    *ENRICHED_QUICK,
    *DROPPED_QUICK,
    *GATED_AND_ERASED,
    *UNANSWERED_QUICK,
    *NIGHTS_QUICK,
    *VIEWED,
    *REFUSED_FOR_ANOTHER,
    *(case for script in (*_CLOSED, "AO", "KO", "BZ", "BL") for case in _kinds(script)),
    *(Case(script) for script in ("CP", "PA", "PZR", "PLR")),
    *(Case(script, faults=1) for script in "AC"),
]
"""All that stay small: `make nightly` explores them, and `make test` some of them."""
