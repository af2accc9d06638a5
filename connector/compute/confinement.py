"""What the reader process takes from itself before it sees a byte of data; of the standard library alone.

Law: what the kernel has is used, and what was used is said; a process that could not take the limits on open files and
on children from itself does not read at all. Whoever changes the kernel, or is root beside it, undoes all of it.

    before a library starts a thread, for each of its own there is:
    namespaces  no network, no IPC, a user who is nobody
    landlock    of all paths the program's own, to read; no TCP, no signal and no abstract socket to others

    once the libraries are there, before the data; for every thread:
    limits      no core, no file that grows, CPU, memory
    seccomp     no new file, socket, program or process; nothing to look into others with

    once the data is there: no new file of any kind
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from pathlib import Path
from typing import Final

NAMESPACES, LIMITS, LANDLOCK, SECCOMP = "namespaces", "limits", "landlock", "seccomp"
CORES_MAX, GROWING_BYTES_MAX, FILES_MAX = 0, 0, 256
MEMORY_BYTES_MAX: Final = 6 << 30  # private memory: the engine's own limit is lower, what it reads comes on top

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
# the same numbers on every machine
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_BENEATH: Final = 1  # the kind of a rule: what lies beneath a path
_READ: Final = 1 << 2 | 1 << 3  # files, and which there are
# what libraries look at as they start, beside the program's own
_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/proc", "/sys", "/etc/ld.so.cache", "/etc/localtime")
_LANDLOCK_VERSION = 1  # the flag that asks for it
# version of Landlock → the members of its ruleset: rights to paths, rights to TCP, scopes (signals, abstract sockets)
_RIGHTS: Final = (
    (1, (1 << 13) - 1, 0, 0),
    (2, (1 << 14) - 1, 0, 0),
    (3, (1 << 15) - 1, 0, 0),
    (4, (1 << 15) - 1, 3, 0),
    (5, (1 << 16) - 1, 3, 0),
    (6, (1 << 16) - 1, 3, 3),
)
# machine → its audit name, the number of seccomp itself, and the calls that are refused
_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        317,
        # open, creat, openat, openat2, open_by_handle_at, memfd_create
        (
            *(2, 85, 257, 437, 304, 319),
            # socket, connect, accept, bind, listen, socketpair, accept4
            *(41, 42, 43, 49, 50, 53, 288),
            # fork, vfork, execve, execveat, kill, ptrace, process_vm_readv, process_vm_writev, pidfd_open, pidfd_getfd
            *(57, 58, 59, 322, 62, 101, 310, 311, 434, 438),
            # io_uring_setup, bpf, perf_event_open, userfaultfd, add_key, request_key, keyctl
            *(425, 321, 298, 323, 248, 249, 250),
            # mount, umount2, unshare, setns, init_module, kexec_load
            *(165, 166, 272, 308, 175, 246),
        ),
    ),
    # the same, where this machine has them
    "aarch64": (
        0xC00000B7,
        277,
        (
            *(56, 437, 265, 279),
            *(198, 203, 202, 200, 201, 199, 242),
            *(221, 281, 129, 117, 270, 271, 434, 438),
            *(425, 280, 241, 282, 217, 218, 219),
            *(40, 39, 97, 268, 105, 104),
        ),
    ),
}  # fmt: skip
_X32: Final = 0x40000000  # calls of x86_64 under other numbers
_SET_FILTER, _ALL_THREADS = 1, 1
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # `_REFUSE`: the call fails with EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06

_LIBC = ctypes.CDLL(None, use_errno=True)


def leave() -> list[str]:
    """Leave the network, the user and others' paths behind; before any thread. Returns what the kernel let it."""
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    left = _LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0
    return [*([NAMESPACES] if left else []), *([LANDLOCK] if _landlock() else [])]


def confine(cpu_seconds: int) -> list[str]:
    """Take the rest, but for the files that are still to come; returns what was taken. Raises OSError, ValueError."""
    for kind, most in (
        (resource.RLIMIT_CORE, CORES_MAX),
        (resource.RLIMIT_FSIZE, GROWING_BYTES_MAX),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_DATA, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CPU, cpu_seconds),
    ):
        resource.setrlimit(kind, (most, most))
    return [LIMITS, *([SECCOMP] if _seccomp() else [])]


def close_the_door() -> None:
    """Take the last: from now on there is no new file of any kind; what is open stays."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _landlock() -> bool:
    version = _LIBC.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    _, *members = max(row for row in _RIGHTS if row[0] <= version)
    # an older kernel takes the members that it knows of
    attributes = struct.pack("=QQQ", *members)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _LIBC.syscall(_LANDLOCK_CREATE, ctypes.create_string_buffer(attributes), len(attributes), 0)
    if ruleset < 0:
        return False
    for path in {*_SYSTEM, sys.prefix, sys.base_prefix, *filter(None, sys.path), str(Path.cwd())}:
        _allow(ruleset, path)
    done = _LIBC.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return bool(done)


def _allow(ruleset: int, path: str) -> None:
    """Let what lies beneath a path be read; what is not there needs no rule."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = _READ if Path(path).is_dir() else _READ & 1 << 2
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle))
    _LIBC.syscall(_LANDLOCK_ADD, ruleset, _BENEATH, rule, 0)
    os.close(handle)


def _seccomp() -> bool:
    known = _CALLS.get(os.uname().machine)
    if known is None:
        return False
    audit, seccomp, refused = known
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    left = len(refused)
    program.append((_AT_LEAST, left + 1, 0, _X32))
    program += [(_EQUAL, left - at, 0, number) for at, number in enumerate(refused)]
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in program))
    whole = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    return bool(_LIBC.syscall(seccomp, _SET_FILTER, _ALL_THREADS, whole) == 0)
