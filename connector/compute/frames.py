"""What is said between a connector and its reader process: JSON after its length, with open files beside it.

Law: the reader process has seen what others wrote, so its words are read like a stranger's: bounded, and as data.
"""

from __future__ import annotations

import array
import json
import mmap
import os
import socket
import struct
from typing import Any, Final

MAX_FRAME_BYTES: Final = 1 << 20
_LENGTH: Final = struct.Struct("!I")


def send(line: socket.socket, told: dict[str, Any], files: tuple[int, ...] = ()) -> None:
    """Say something, and hand over open files with it (their numbers here)."""
    body = json.dumps(told).encode()
    handed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    line.sendmsg([_LENGTH.pack(len(body))], handed)
    line.sendall(body)


def receive(line: socket.socket, files_most: int = 0) -> tuple[dict[str, Any], list[int]]:
    """Return what was said, and the files that were handed over with it; raises EOFError, ValueError."""
    room = socket.CMSG_SPACE(files_most * array.array("i").itemsize) if files_most else 0
    head, ancillary, _flags, _address = line.recvmsg(_LENGTH.size, room, socket.MSG_WAITALL)
    if len(head) < _LENGTH.size:
        raise EOFError
    files = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(data[: len(data) - len(data) % files.itemsize])
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"{length} bytes are said at once")
    told = json.loads(take(line, length))
    if not isinstance(told, dict):
        raise ValueError("what was said is no object")  # noqa: TRY004  # it is what the other side wrote
    return told, list(files)


def take(line: socket.socket, length: int) -> bytearray:
    """Return the next bytes, all of them; raises EOFError."""
    body = bytearray(length)
    view = memoryview(body)
    while view:
        count = line.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return body


def mapped(file: int) -> mmap.mmap | bytes:
    """Return the bytes of a file in memory, and close it; what is mapped stays."""
    size = os.fstat(file).st_size
    try:
        return mmap.mmap(file, size, mmap.MAP_PRIVATE, mmap.PROT_READ) if size else b""
    finally:
        os.close(file)
