"""What an audit may ask the world for; the connector implements it, a test does it with values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ledger.chain.payment import Payment


class Unavailable(Exception):  # noqa: N818 - it says what it is
    """A source did not answer, or not with what was asked; the audit names it as a finding and goes on."""


@dataclass(frozen=True, slots=True)
class BlockHead:
    """What the audit needs of a block: its hash, and when its chain says it was made (aware, whole seconds)."""

    hash: bytes
    at: datetime

    def json(self) -> dict[str, str]:
        """Return the block as an archive keeps it."""
        return {"hash": self.hash.hex(), "at": str(int(self.at.timestamp()))}

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> BlockHead:
        """Read a kept block; raises KeyError or ValueError."""
        return cls(bytes.fromhex(value["hash"]), at_second(int(value["at"])))


class ChainEvent(Protocol):
    """An event of one of our programs, as `ledger.chain.client.Event` has it: fields by their names in the program."""

    @property
    def name(self) -> str:
        """Return the event's name."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the decoded fields; addresses are 20 bytes, bytes32 are bytes."""

    @property
    def block(self) -> int:
        """Return the number of its block."""

    @property
    def transaction(self) -> bytes:
        """Return the hash of its transaction."""


class Sources(Protocol):
    """URLs and a chain. Every method raises `Unavailable` if it cannot answer, and nothing else."""

    async def space(self) -> Mapping[str, Any]:
        """Return the space document as JSON."""

    async def identity(self, did: str) -> Mapping[str, str] | None:
        """Return what the member's own DID document publishes, None if it serves none that is its own and readable.

        Keys as in a member's row of the space document: url, address (EIP-55), logKey, delivery, aggregate, possession
        (hex); besides these `cosigner`, its ML-DSA-44 key (hex), and `sm2`, the present key of SM2 and those that were,
        with spaces between. What the document lacks is absent.
        """

    async def fetch(self, url: str) -> bytes:
        """Return the body behind a public URL of a member."""

    async def chain_events(self, first: int = 0) -> Sequence[ChainEvent]:
        """Return all events of the programs but token and batch from block `first` on, in chain order."""

    async def block(self, number: int) -> BlockHead | None:
        """Return a block's hash and time, None if the chain has no such block."""

    async def payment(self, transaction: bytes) -> Payment | None:
        """Return what a transaction paid under a reference, None if the chain has none of this hash that did."""

    async def payments(self, sender: bytes, receiver: bytes) -> Sequence[Payment]:
        """Return what one account paid another under references, in chain order."""

    async def head(self) -> Mapping[str, Any] | None:
        """Return the newest head of the space that the exchange shows, None if it makes none."""

    async def unread(self) -> Sequence[str]:
        """Return the DIDs of the members whose logs are not to be read, because whoever asks named others."""

    async def attestation(self) -> Mapping[str, Any] | None:
        """Return the newest aggregate attestation of the space's witnesses, if one was made."""
