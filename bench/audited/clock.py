"""The time in which the story of the audited space plays, and the newest block that its entries cite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ledger.audit.sources import BlockHead
from ledger.log.events import Block

STEP = timedelta(milliseconds=20)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


class StoryClock:
    """One clock and one chain of blocks for all; `supervisor` is the X25519 key (32 bytes) to which all disclose."""

    def __init__(self, supervisor: bytes) -> None:
        self.supervisor = supervisor
        self.time = BEGIN
        self.number = 0
        self.blocks: dict[int, BlockHead] = {}
        self.cited: set[int] = set()  # what an audit asks the chain for
        self.block: Block | None = None

    def tick(self) -> datetime:
        """Return a time a little later than the last."""
        self.time += STEP
        return self.time

    def now(self, _block: datetime | None) -> datetime:
        """Return the time by which is decided (`connector.runtime.clock.PolicyClock`)."""
        return self.time

    def mine(self) -> int:
        """Make the next block and return its number."""
        self.number += 1
        digest = sha256(f"block {self.number}".encode()).digest()
        self.blocks[self.number] = BlockHead(digest, self.time.replace(microsecond=0))
        return self.number

    def cite(self) -> None:
        """Let entries from now on cite the newest block."""
        self.block = Block(self.number, self.blocks[self.number].hash)
        self.cited.add(self.number)
