"""The rounds of a contract's negotiation: who proposed which strategy, each bound to what came before it.

    number      1, 2, …
    previous    of the first the digest of the `/contractCreate`, of each other the history of the one before, in hex
    history     SHA-256 of the canonical JSON (RFC 8785) of code, number, proposer, strategy's digest and `previous`

Law: a round is not the contract: its signature is over its history and binds nobody to the strategy, so that a proposal
that was given up cannot be completed by anybody. The text has no field for it: ours is `round`, sent through the
platform alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from contracts.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Round:
    """One proposal; `by` is its proposer's DID, `strategy` and `previous` are digests in hex."""

    code: str
    number: int
    by: str
    strategy: str
    previous: str

    @property
    def part(self) -> bytes:
        """Return what its proposer signs."""
        said = {"contractId": self.code, "number": str(self.number), "by": self.by, "strategy": self.strategy}
        return canonical({**said, "previous": self.previous})

    @property
    def history(self) -> str:
        """Return the digest, in hex, of this proposal and all that came before it."""
        return sha256(self.part).hexdigest()

    def told(self, proof: bytes) -> dict[str, Any]:
        """Return the member `round` of a `/contractNegotiate`, with its proposer's signature."""
        return {"number": str(self.number), "previous": self.previous, "signature": proof.hex()}


def strategy_digest(strategy: Mapping[str, Any]) -> str:
    """Return the digest of a strategy as it came, in hex."""
    return sha256(canonical(dict(strategy))).hexdigest()
