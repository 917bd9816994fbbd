"""Names of hosts in the form that is looked up: as browsers have it, by UTS #46 without its transitional processing.

Python's own `idna` codec is of 2003: `faß.de` is `fass.de` for it, which is somebody else's. `idna.encode` is stricter
than browsers, and refuses the hosts with emoji in them that there are. So its tables are used for what the URL standard
of the WHATWG asks for ("domain to ASCII", not strict).
"""

from __future__ import annotations

import unicodedata

_ENCODED = "xn--"
_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = {"R", "AL", "AN"}


def in_ascii(host: str) -> str:
    """The name in lower-case ASCII; raises ValueError where it is none.

    It may still be a number that programs take for an address, or have labels that are empty or too long.
    """
    if host.isascii() and _ENCODED not in host.lower():
        return host.lower()
    from idna import check_bidi, uts46_remap  # noqa: PLC0415  7 ms, with its tables, for the few that need it

    labels = [_shown(label) for label in uts46_remap(host, std3_rules=False).split(".")]
    if any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for label in labels for letter in label):
        for label in filter(None, labels):
            check_bidi(label, check_ltr=True)
    return ".".join(label if label.isascii() else _ENCODED + label.encode("punycode").decode() for label in labels)


def _shown(label: str) -> str:
    """A label as it is read by people, checked; raises ValueError."""
    from idna import check_initial_combiner, uts46_remap, valid_contextj  # noqa: PLC0415

    shown = label
    if label.startswith(_ENCODED):
        code = label.removeprefix(_ENCODED).encode("ascii")
        shown = code.decode("punycode")
        if shown.isascii() or shown.encode("punycode") != code or uts46_remap(shown, std3_rules=False) != shown:
            raise ValueError(f"{label!r} stands for no name")
    check_initial_combiner(shown)
    if not all(valid_contextj(shown, place) for place, letter in enumerate(shown) if letter in _JOINERS):
        raise ValueError(f"{label!r} has an invisible letter where none may be")
    return shown
