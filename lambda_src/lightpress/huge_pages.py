"""Memory in pages of 2 MiB, for a process that will fill a lot of it once.

A new process gets its memory empty, page by page, and each first touch of a page is a trip into the kernel: 30,000 of
them for a photo, a tenth of all its CPU. Linux hands out large pages to those that ask, where they are not switched
off. The C library's own setting for it (glibc.malloc.hugetlb) came with version 2.35, and Lambda's is older.
"""

from __future__ import annotations

import ctypes
import sys

_PAGE = 2 << 20
_MADV_HUGEPAGE = 14
_M_TOP_PAD = -2
_NORMAL_PAD = 128 << 10
_MORE_THAN_IS_FREE = 24 << 20  # and less than what malloc would ask the kernel for on its own


def ask_for_huge_pages(reserve: int) -> bool:
    """Let the heap's next `reserve` bytes come in large pages; whether the kernel agreed.

    Nothing is filled by this, and nothing fails: where it cannot be done, memory comes as it always does.
    """
    libc = _libc() if sys.platform == "linux" else None
    if libc is None:
        return False
    before = libc.sbrk(0)
    libc.mallopt(_M_TOP_PAD, reserve)
    libc.free(libc.malloc(_MORE_THAN_IS_FREE))
    libc.mallopt(_M_TOP_PAD, _NORMAL_PAD)
    start, end = (before + _PAGE - 1) & -_PAGE, libc.sbrk(0)
    return end > start and bool(libc.madvise(start, end - start, _MADV_HUGEPAGE) == 0)


def _libc() -> ctypes.CDLL | None:
    """The C library; None where it is another one than GNU's, which has no such settings."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return None
    libc.sbrk.argtypes, libc.sbrk.restype = [ctypes.c_ssize_t], ctypes.c_void_p
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    libc.free.argtypes, libc.free.restype = [ctypes.c_void_p], None
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return libc
