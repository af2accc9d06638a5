"""What a reader says of an answer in the 32 bytes that its platform vouches for (decision 0288).

    {"agreement", "call", "statement", "gate", "nonce", "told"}    H("attested-answer", its canonical form)

Law: (1) it names the answer, what was asked, the gate that the reader applied, and a fresh number of the buyer's: so
evidence of one answer is none of another, none of a wider gate, and none of an earlier time. (2) It is worked out alike
by the reader, the buyer and an auditor.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Self

from contracts.canonical import canonical, sha
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Mapping

NONCE_BYTES: Final = 32
# members of an answer that the reader tells; what else an answer says, its connector says
TOLD: Final = ("columns", "rows", "heldBack", "margins", "needs")


@dataclass(frozen=True, slots=True)
class ReaderReport:
    """What is vouched for, each as 64 hexadecimal digits.

    `call` is the agreement's name of what was asked, as logs have it; `statement` and `gate` are digests, `nonce` is
    the buyer's, `told` is the digest of what the reader told.
    """

    agreement: str
    call: str
    statement: str
    gate: str
    nonce: str
    told: str

    @classmethod
    def of(cls, agreement: str, job: str, statement: str, gate: Mapping[str, Any], nonce: str, told: str) -> Self:
        """Return the report of an answer to a `statement` that was asked under the id `job`; `gate` is its JSON."""
        call, asked = sha({"agreement": agreement, "job": job}), sha({"query": " ".join(statement.split())})
        return cls(agreement, call.hex(), asked.hex(), sha(dict(gate)).hex(), nonce, told)

    def digest(self) -> bytes:
        """Return the 32 bytes that a platform vouches for."""
        return H("attested-answer", canonical(asdict(self)))


def told(answer: Mapping[str, Any]) -> str:
    """Return the digest (hex) of what the reader told of an answer.

    SHA-256 of its `TOLD` members as JSON: names sorted, nothing between, numbers as short as they read back the same.
    """
    members = {name: answer[name] for name in TOLD if name in answer}
    text = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).hexdigest()
