"""The system calls that a child process is refused, as a seccomp filter for Linux on x86-64 and arm64.

It is a list of what is refused, not of what is allowed: a decoder may call what nobody here has seen it call. What
needs a new file descriptor (files, sockets, pipes) is refused by another limit, on any kernel (`pipeline.confinement`).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_Numbers = Mapping[str, tuple[int | None, int | None]]  # on x86-64 and on arm64, which lacks the older calls

# fmt: off
_PROGRAMS: _Numbers = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
}
_OTHER_PROCESSES: _Numbers = {
    "tkill": (200, 130), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "setrlimit": (160, 164), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "migrate_pages": (256, 238), "move_pages": (279, 239),
}
_NETWORK: _Numbers = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "sendto": (44, 206),
    "sendmsg": (46, 211), "sendmmsg": (307, 269), "io_uring_setup": (425, 425), "bpf": (321, 280),
}
_PATHS: _Numbers = {
    "mknod": (133, None), "mknodat": (259, 33), "mkdir": (83, None), "mkdirat": (258, 34), "symlink": (88, None),
    "symlinkat": (266, 36), "link": (86, None), "linkat": (265, 37), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "unlink": (87, None), "unlinkat": (263, 35), "rmdir": (84, None),
    "truncate": (76, 45), "chmod": (90, None), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "utimensat": (280, 88), "futimesat": (261, None), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "removexattr": (197, 14), "lremovexattr": (198, 15),
}
_KERNEL_MEMORY: _Numbers = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semctl": (66, 191),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgctl": (71, 187), "add_key": (248, 217), "keyctl": (250, 219),
    "request_key": (249, 218),
}
_RIGHTS: _Numbers = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145),
    "setregid": (114, 143), "setresuid": (117, 147), "setresgid": (119, 149), "capset": (126, 91),
}
_BY_ARGUMENTS: _Numbers = {
    "clone": (56, 220), "clone3": (435, 435), "kill": (62, 129), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "fcntl": (72, 25), "prlimit64": (302, 261),
}
# fmt: on

_ALWAYS: _Numbers = {**_PROGRAMS, **_OTHER_PROCESSES, **_NETWORK, **_PATHS, **_KERNEL_MEMORY, **_RIGHTS}
_REFUSED: _Numbers = {**_ALWAYS, **_BY_ARGUMENTS}

# Calls with a higher number came after this table: they are answered as by a kernel that does not know them yet.
_NEWEST = 462

_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x10000
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15

# Instructions and answers of seccomp: linux/bpf_common.h, linux/seccomp.h.
_INSTRUCTION = struct.Struct("=HBBI")
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_GREATER, _IF_ANY_BIT = 0x15, 0x25, 0x45
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_ALL_BITS = 0xFFFFFFFF
_X32 = 0x40000000  # x86-64 has a second set of numbers for the same calls

# As os.uname() names it: its place in `_Numbers`, and what the kernel calls it (AUDIT_ARCH).
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


@dataclass(frozen=True, slots=True)
class _Half:
    """32 of an argument's 64 bits, the lower ones unless `upper`; both machines are little-endian.

    It matches if those of its bits that are in `mask` are those of `value`.
    """

    argument: int
    value: int
    mask: int = _ALL_BITS
    upper: bool = False

    def test(self, *, otherwise: int) -> tuple[bytes, ...]:
        """Three instructions: go on if it matches, else leave out as many of those that follow."""
        at = _AT_ARGUMENTS + 8 * self.argument + 4 * self.upper
        return _line(_LOAD, at), _line(_AND, self.mask), _line(_IF_EQUAL, self.value, otherwise=otherwise)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A call that is refused: where `only_if` matches, or unless all of `unless` do, or always."""

    name: str
    unless: tuple[_Half, ...] = ()
    only_if: _Half | None = None
    error: int = _EPERM

    def answer(self) -> list[bytes]:
        """The instructions once it is this call; where they end without an answer, later rules have a say."""
        refusal = _line(_RETURN, _REFUSE | self.error)
        if self.unless:
            after = [3 * count + 1 for count in range(len(self.unless))]
            tests = [half.test(otherwise=left) for half, left in zip(self.unless, reversed(after), strict=True)]
            return [*chain.from_iterable(tests), _line(_RETURN, _ALLOW), refusal]
        if self.only_if:
            return [*self.only_if.test(otherwise=1), refusal, _line(_LOAD, _AT_NUMBER)]
        return [refusal]


def filter_for(machine: str, pid: int) -> bytes | None:
    """The filter for the process of this id on this machine (as `os.uname` names it); None for other machines."""
    if machine not in _MACHINES:
        return None
    column, architecture = _MACHINES[machine]
    lines = [
        _line(_LOAD, _AT_ARCHITECTURE),
        _line(_IF_EQUAL, architecture, then=1),
        _line(_RETURN, _REFUSE | _EPERM),
        _line(_LOAD, _AT_NUMBER),
        *_refuse_if(_IF_ANY_BIT, _X32, _EPERM),
        *_refuse_if(_IF_GREATER, _NEWEST, _ENOSYS),
    ]
    for rule in _rules(pid):
        number = _REFUSED[rule.name][column]
        if number is not None:
            answer = rule.answer()
            lines += [_line(_IF_EQUAL, number, otherwise=len(answer)), *answer]
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def refused_calls(machine: str) -> dict[str, int]:
    """The number of each call that the filter refuses, always or by its arguments, by name."""
    column, _ = _MACHINES[machine]
    return {name: number for name, numbers in _REFUSED.items() if (number := numbers[column]) is not None}


def _rules(pid: int) -> Iterator[_Rule]:
    yield from map(_Rule, _ALWAYS)
    # Threads are allowed; of clone3, a filter cannot see the flags, and libraries fall back to clone.
    yield _Rule("clone", unless=(_Half(0, _CLONE_THREAD, _CLONE_THREAD),))
    yield _Rule("clone3", error=_ENOSYS)
    # Signals to itself, as an assertion sends that fails in C; and none by way of its own descriptors.
    for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
        yield _Rule(name, unless=(_Half(0, pid),))
    for command in (_F_SETOWN, _F_SETOWN_EX, _F_SETSIG):
        yield _Rule("fcntl", only_if=_Half(1, command))
    # Limits may be read: then the third argument, a pointer to new ones, is null.
    yield _Rule("prlimit64", unless=(_Half(2, 0), _Half(2, 0, upper=True)))


def _refuse_if(test: int, value: int, error: int) -> tuple[bytes, bytes]:
    return _line(test, value, otherwise=1), _line(_RETURN, _REFUSE | error)


def _line(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """An instruction. then, otherwise: how many of those that follow a test leaves out, by its result."""
    return _INSTRUCTION.pack(code, then, otherwise, value)
