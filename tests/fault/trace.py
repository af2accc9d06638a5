"""What a process told the kernel, from a strace with file names and data: writes, syncs, names, and words to its peer.

Only whole calls are read (a call that another thread interrupts is put together first), in the order of their ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# data is shown whole and in hex, descriptors with their paths
OPTIONS = ("-f", "-y", "-xx", "-s", "1000000")
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "write", "rename", "renameat", "unlink", "unlinkat")
OF_NAME = ("rename", "renameat", "unlink", "unlinkat")
_WHOLE = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)")
_PART = re.compile(r"^(.*) <unfinished \.\.\.>$")
_REST = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
_FILE = re.compile(r"^\d+<([^>]*)>")
_NAME = re.compile(r'"([^"]*)"')
_DATA = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Call:
    """One call that succeeded; `path` is that of its descriptor, `data` what it wrote at `offset`."""

    name: str
    path: str
    data: bytes = b""
    offset: int = 0


def read(text):
    """Return the calls of a log."""
    left, found = {}, []
    for line in text.splitlines():
        thread, _, said = line.partition(" ")
        said = said.strip()
        if part := _PART.match(said):
            left[thread] = part[1]
            continue
        if rest := _REST.match(said):
            said = left.pop(thread, "") + rest[2]
        if (whole := _WHOLE.match(said)) and int(whole[3]) >= 0:
            found.append(_call(whole[1], whole[2]))
    return found


def _call(name, arguments):
    file = _FILE.match(arguments)
    named = _NAME.search(arguments) if name in OF_NAME else file
    path = _unescaped(named[1]) if named else ""
    data = _DATA.search(arguments)
    raw = bytes.fromhex(data[1].replace("\\x", "")) if data and name in ("pwrite64", "write") else b""
    last = arguments.rpartition(", ")[2]
    offset = int(last) if name in ("pwrite64", "ftruncate") and last.isdecimal() else 0
    return Call(name, path, raw, offset)


def _unescaped(text):
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)
