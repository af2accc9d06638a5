"""The floor of a transfer, measured beside the connector: what bytes, hashes and cipher alone cost in this language.

`python -m bench.floor serve FILE` seals a file and sends it; it prints its port. `… take PORT BYTES TARGET` fetches it.

Law:
1. The work is the connector's own and no less: loopback, the kernel's sendfile, BLAKE3 over every sealed piece,
   AES-256-GCM, BLAKE3 over what was opened, and one write past the page cache if there is a disk to write to.
2. There is nothing else: no request, no row, no root, no key that was paid for, no policy, no log. Keys are made of the
   pieces' numbers. It is a bound for whoever verifies and decrypts with these libraries, not a transfer.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.consumer.carrier import LANES
from connector.custody.places import SECTOR_BYTES
from connector.custody.slabs import SLAB_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = SLAB_BYTES
TAG_BYTES = 16
SEALED_BYTES = PIECE_BYTES + TAG_BYTES
NONCE = bytes(12)  # each piece has a key of its own
DIGEST_BYTES = 32
LANE = "little"


def key(number: int) -> bytes:
    """Return the key of a piece."""
    return hashlib.sha256(number.to_bytes(8, LANE)).digest()


def seal(source: Path, target: Path) -> None:
    """Seal a file of whole pieces: each is ciphertext and tag, then the digests of that and of what it hides."""
    with source.open("rb") as plain, target.open("wb") as sealed:
        for number in range(source.stat().st_size // PIECE_BYTES):
            piece = plain.read(PIECE_BYTES)
            boxed = AESGCM(key(number)).encrypt(NONCE, piece, None)
            sealed.write(boxed + blake3(boxed).digest() + blake3(piece).digest())


def serve(source: Path) -> None:
    """Send the pieces whose turn it is to every connection that names its lane."""
    sealed = source.with_suffix(".floor")
    seal(source, sealed)
    stride = SEALED_BYTES + 2 * DIGEST_BYTES
    try:
        with sealed.open("rb") as file, socket.create_server(("127.0.0.1", 0)) as listening:
            print(listening.getsockname()[1], flush=True)
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=_send, args=(connection, file.fileno(), stride), daemon=True).start()
    finally:
        sealed.unlink()


def _stop(_number: int, _frame: object) -> None:
    raise SystemExit


def _send(connection: socket.socket, file: int, stride: int) -> None:
    with connection, contextlib.suppress(ConnectionError):
        lane, end = int.from_bytes(connection.recv(1), LANE), os.fstat(file).st_size
        for begin in range(lane * stride, end, LANES * stride):
            offset = begin
            while offset < begin + stride:
                offset += os.sendfile(connection.fileno(), file, offset, begin + stride - offset)


def take(port: int, size: int, target: str) -> None:
    """Fetch, verify, open, verify; write to `target` unless it is `null`."""
    out = -1 if target == "null" else os.open(target, os.O_CREAT | os.O_WRONLY | os.O_DIRECT)
    with ThreadPoolExecutor(LANES) as lanes:
        for _ in lanes.map(partial(_lane, port, size, out), range(LANES)):
            pass
    if out >= 0:
        os.fsync(out)


def _lane(port: int, size: int, out: int, lane: int) -> None:
    for number, plain in _opened(port, size, lane):
        if out >= 0:
            os.pwrite(out, plain, number * PIECE_BYTES)


def _opened(port: int, size: int, lane: int) -> Iterator[tuple[int, memoryview]]:
    sealed = memoryview(mmap.mmap(-1, SEALED_BYTES + SECTOR_BYTES))[: SEALED_BYTES + 2 * DIGEST_BYTES]
    boxed, digests = sealed[:SEALED_BYTES], sealed[SEALED_BYTES:]
    plain = memoryview(mmap.mmap(-1, PIECE_BYTES))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.send(lane.to_bytes(1, LANE))
        for number in range(lane, size // PIECE_BYTES, LANES):
            assert connection.recv_into(sealed, 0, socket.MSG_WAITALL) == len(sealed)
            assert blake3(boxed).digest() == digests[:DIGEST_BYTES], "the sealed bytes are the committed ones"
            AESGCM(key(number)).decrypt_into(NONCE, boxed, None, plain)
            assert blake3(plain).digest() == digests[DIGEST_BYTES:], "so is what they hide"
            yield number, plain


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        signal.signal(signal.SIGTERM, _stop)
        serve(Path(sys.argv[2]))
    else:
        take(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
