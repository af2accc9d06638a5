"""What a change of a space costs its exchange and a member, and a look-up, as the space grows.

`python -m bench.members [--sizes 100 1000 10000 100000] [--rounds 9]`

The exchange is its author of documents and heads over its real store and log, with so many members in its tables; the
network between it and a member is left out, its bytes are counted as they would be sent. A member is admitted as the
exchange does it (row, document, head, event), another that has met fifty follows, and looks up one that it never met.
Beside it, in the same run, stands what everybody read at every change before there were heads: the whole document.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256, shake_256
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import report
from bench.space import machine
from connector.identity.space.author import SpaceAuthor
from connector.identity.space.follower import Follower
from connector.identity.space.heads import Heads
from connector.identity.space.view import SpaceView
from connector.runtime.clock import Clock
from connector.store.evidence import Evidence
from connector.store.rows.space import MemberRow, MemberState
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts import address
from contracts.onchain import artifacts
from ledger.space.document import Member
from ledger.space.entry import DID

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES, ROUNDS, MET = (100, 1_000, 10_000, 100_000), 9, 50
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
KIB = 1024
ADMIT = "the exchange admits one among {:,}"
FOLLOW, SENT = "a member follows one change among {:,}", "sent to a member for one change among {:,}"
LOOK, SHOWN = "a member looks up another among {:,}", "sent for a look-up among {:,}"
MEMORY, WHOLE = f"memory of a member that met {MET} of {{:,}}", "the whole document of {:,}"
QUIET = "sent where nothing changed among {:,}"
LARGEST = SIZES[-1]
TARGETS = {
    SENT.format(LARGEST): {"at_most": 16.0},
    SHOWN.format(LARGEST): {"at_most": 8.0},
    LOOK.format(LARGEST): {"at_most": 10.0},
    ADMIT.format(LARGEST): {"at_most": 100.0},
}


def member(number: int, role: str = "provider") -> Member:
    """Return a member whose keys are as long, and as unlike, as those of any."""
    raw = shake_256(f"{role} {number}".encode()).digest(20 + 32 + 32 + 48 + 96)
    cuts = (0, 20, 52, 84, 132, 228)
    keys = [raw[start:end] for start, end in pairwise(cuts)]
    name = f"{role}{number}.members.example"
    return Member(f"did:web:{name}", f"The {role} number {number}", role, "CN-BJ", f"https://{name}", *keys)


class Wire:
    """Carries what a member asks its exchange, in the same process, and counts the bytes of the answers."""

    def __init__(self, heads: Heads) -> None:
        self._heads, self.bytes = heads, 0

    async def get(self, url: str, **_limits: Any) -> Any:
        """Answer as the exchange does."""
        query = parse_qsl(urlsplit(url).query)
        since = next((int(value) for name, value in query if name == "since"), None)
        answer = await self._heads.answer(since, [pair for pair in query if pair[0] != "since"])
        body = orjson.dumps(answer.json())
        self.bytes += len(body)
        return SimpleNamespace(json=lambda: orjson.loads(body))


class Exchange:
    """The author of a space of so many members, over tables in a folder."""

    def __init__(self, store: Store, size: int) -> None:
        own = replace(member(0, "exchange"), log_key=KEY.public_key().public_bytes_raw())
        identity: Any = SimpleNamespace(did=own.did, member=own, keys=SimpleNamespace(log=KEY))
        where = {name: address.show(sha256(name.encode()).digest()[:20]) for name in artifacts.PROGRAMS}
        deployment = {"chainId": "77", "salt": "22" * 32, "addresses": where}
        programs: Any = SimpleNamespace(deployment=SimpleNamespace(json=lambda: deployment))
        self.clock, self._store, self._size = Clock(), store, size
        self.space = SpaceView(store, SimpleNamespace(), "", self.clock)  # type: ignore[arg-type]
        self.heads = Heads(identity, store, Evidence(own.did, own.origin, KEY, {}), self.clock)
        self.author = SpaceAuthor(identity, self.space, programs, store, "embedded", self.heads)

    async def fill(self) -> None:
        """Put all members into the tables, the roles that act first, and make the first head."""
        roles = ["regulator", "buyer", "buyer", "node"]
        roles += ["provider"] * (self._size - 1 - len(roles))
        rows = [self._row(member(number, role), number) for number, role in enumerate(roles, 1)]
        for first in range(0, len(rows), 10_000):
            part = rows[first : first + 10_000]
            await self._store.write(lambda tx, part=part: [tx.insert(row) for row in part] and None)
        await self.author.rebuild()

    async def admit(self, number: int) -> float:
        """Admit one more; return the milliseconds until its head is on the disk."""
        row = replace(self._row(member(number, "service"), 0), created=self.clock.now(), updated=self.clock.now())
        began = time.perf_counter()
        await self._store.write(lambda tx: tx.insert(row))
        await self.author.rebuild()
        return (time.perf_counter() - began) * 1000

    def _row(self, one: Member, number: int) -> MemberRow:
        at = BEGAN + timedelta(seconds=number)
        about = {name: getattr(one, name) for name in ("did", "name", "role", "region", "url")}
        return MemberRow(**about, state=MemberState.ADMITTED, document=one.json(), created=at, updated=at)


async def measured(folder: Path, size: int, rounds: int) -> report.Figures:
    """Take the figures of one size."""
    store = await Store.open(folder / "exchange.db", TABLES)
    own = await Store.open(folder / "member.db", TABLES)
    exchange = Exchange(store, size)
    await exchange.fill()
    wire = Wire(exchange.heads)
    tracemalloc.start()
    follower = Follower(own, wire, "https://exchange")  # type: ignore[arg-type]
    met = [(DID, member(number).did) for number in range(5, 5 + MET)]
    await follower.follow(met)
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    taken: dict[str, list[float]] = {name: [] for name in (ADMIT, FOLLOW, SENT, LOOK, SHOWN, QUIET)}
    for number in range(rounds):
        taken[ADMIT].append(await exchange.admit(number))
        for work, sent, wanted in (
            (FOLLOW, SENT, []),
            (LOOK, SHOWN, [(DID, member(5 + MET + number).did)]),
            ("", QUIET, []),
        ):
            wire.bytes, began = 0, time.perf_counter()
            await follower.follow(wanted)
            if work:
                taken[work].append((time.perf_counter() - began) * 1000)
            taken[sent].append(wire.bytes / KIB)
    units = {ADMIT: "ms", FOLLOW: "ms", SENT: "KiB", LOOK: "ms", SHOWN: "KiB", QUIET: "KiB"}
    figures = {work.format(size): (statistics.median(taken[work]), unit) for work, unit in units.items()}
    figures[MEMORY.format(size)] = (memory / KIB, "KiB")
    figures[WHOLE.format(size)] = (len(orjson.dumps(exchange.space.last().json())) / KIB, "KiB")
    await store.close()
    await own.close()
    return figures


async def measure(sizes: Sequence[int], rounds: int) -> list[report.Row]:
    """Take the figures of all sizes."""
    figures: dict[str, tuple[float, str]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            figures |= await measured(Path(folder), size, rounds)
    return report.rows(figures, TARGETS)


def main() -> None:
    """Measure, print, write bench/results/members.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.members")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    told = parser.parse_args()
    print(machine())
    rows = uvloop.run(measure(told.sizes, told.rounds))
    print(report.table(rows))
    print("written to", report.write("members", rows))


if __name__ == "__main__":
    main()
