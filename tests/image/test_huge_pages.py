"""A child asks for its memory in large pages, and takes what it gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.functions import KEEP_FREED_MEMORY

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
FILL = """
import resource, sys
from PIL import Image
from lightpress.huge_pages import ask_for_huge_pages

agreed = ask_for_huge_pages(int(sys.argv[1])) if int(sys.argv[1]) else False
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
Image.new("RGB", (4000, 4000), "red")
print(int(agreed), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
HUNGRY = """
import resource, sys
from lightpress.huge_pages import ask_for_huge_pages

resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
ask_for_huge_pages(1 << 30)
print(len(bytearray(1 << 20)))
"""


def told(script: str, *arguments: str) -> list[int]:
    command = [sys.executable, "-c", script, *arguments]
    ran = subprocess.run(command, env={**os.environ, **KEEP_FREED_MEMORY}, capture_output=True, text=True, check=True)
    return [int(word) for word in ran.stdout.split()]


@pytest.mark.skipif(
    not SETTING.exists() or "[never]" in SETTING.read_text(), reason="this machine has no large pages to give"
)
def test_filling_64_megabytes_takes_a_tenth_of_the_trips_into_the_kernel() -> None:
    _, small = told(FILL, "0")
    agreed, large = told(FILL, str(128 << 20))
    assert agreed
    assert small > 10_000
    assert large < small / 10


def test_where_there_is_no_room_to_reserve_memory_comes_as_it_always_does() -> None:
    assert told(HUNGRY) == [1 << 20]
