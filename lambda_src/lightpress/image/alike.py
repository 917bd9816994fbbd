"""When two pictures look alike: how much their perceptual hashes (`likeness`) may differ."""

from __future__ import annotations

SIDE = 8
BITS = 2 * SIDE * SIDE
ALIKE_BITS = 7
"""Pictures that differ in no more bits than that look alike (docs/decisions/0111)."""


def differing_bits(one: str, other: str) -> int:
    """In how many bits two hashes differ, of 128."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
