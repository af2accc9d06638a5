"""One buyer takes one file: to the disk and to null, with and without TLS, beside other programs.

Every contest is a row of a table: what we do, by its name and sink, and the peers that do the like.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from bench import certificate, peers
from bench.purchase import Purchases, market
from bench.rounds import in_turn
from bench.space import workshop
from bench.taken import GIB, MIB, cpu_ratios, figures, ratios, turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from bench.report import Figures
    from bench.taken import Taken

    Contest = Mapping[str, tuple[str, Sequence[str]]]  # our name → sink, and the peers that do the like

EXPOSURE = "256"  # minor units that may be unpaid: at a price of 1 per MiB windows grow to as many MiB
PRODUCT = "bench-transfer"
FLOORS = FLOOR_TO_DISK, FLOOR_TO_NULL = "floor, to disk", "floor, to null"
TO_DISK, TO_NULL, TO_BOTH = "opened to disk", "opened to null", "opened to disk beside its replica"

DISK = {
    TO_DISK: (
        "disk",
        (
            "nginx (debian) + curl -o",
            "nginx (tuned) + curl -o",
            "curl -o + openssl dgst -sha256",
            "curl -o + b3sum",
            "curl -o + sha256sum",
            FLOOR_TO_DISK,
        ),
    ),
    TO_BOTH: ("both", ("nginx (debian) + curl -o",)),
}
NULL = {TO_NULL: ("null", ("nginx (debian) + curl to null", "nginx (tuned) + curl to null", FLOOR_TO_NULL))}
SECURE = {
    TO_DISK: ("disk", ("nginx (debian) + curl -o",)),
    TO_NULL: ("null", ("nginx (debian) + curl to null",)),
}
OTHERS = {TO_DISK: ("disk", ("aria2c with sha-256", "rclone + b3sum", "libtorrent v2", FLOOR_TO_DISK))}


def fill(path: Path, size: int) -> None:
    """Write `size` bytes that do not compress (a key stream of AES, drawn anew), and have them on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream, zeros, buffer = Cipher(AES(os.urandom(32)), CTR(bytes(16))).encryptor(), bytes(MIB), bytearray(MIB)
    with path.open("wb") as file:
        for begun in range(0, size, MIB):
            stream.update_into(zeros, buffer)
            file.write(memoryview(buffer)[: size - begun])
        os.fsync(file.fileno())


async def compared(contest: Contest, gib: float, rounds: int, *, secure: bool = False) -> Figures:
    """Return the figures of us and of the peers that are here, and the ratios."""
    names = list(dict.fromkeys(name for _, each in contest.values() for name in each))
    with workshop() as folder:
        source, size = folder / "source" / "data.bin", int(gib * GIB)
        fill(source, size)
        made_of = certificate.make(folder / "certificate") if secure else None
        async with market(folder, made_of) as made:
            await made.offer(PRODUCT, [source], exposure=EXPOSURE)
            buy = Purchases(made, size)
            works: dict[str, Callable[[], Awaitable[Taken]]] = {
                name: partial(buy.once, [PRODUCT], sink) for name, (sink, _) in contest.items()
            }
            with peers.ready(names, source, folder / "peers", made_of) as fetches:
                works |= {name: partial(asyncio.to_thread, fetch) for name, fetch in fetches.items()}
                taken = await in_turn(works, rounds)
    found = figures(taken)
    for name, (_, each) in contest.items():
        found |= ratios(taken, name, each) | turns(taken, name)
        found |= cpu_ratios(taken, name, [peer for peer in each if peer in FLOORS])
    return {**found, "windows paid in a transfer": (buy.windows, "")}
