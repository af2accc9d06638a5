"""The provider's receipt of one call: that this answer was given to this request, signed, where a caller wants it.

Law: it binds method, path, query and body of the request as they were sent on, and status and body of the answer, all
by digests; so it proves to others what was answered, and tells it to nobody. Where that is what an answer is billed by
it says how much the answer tells, too (ε), how many CPU seconds it took, or of how many subjects it tells rows; of a
program that a reviewer assented to, by which assent (its digest) it was run.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from contracts import signature
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = 1
MEMBERS: Final = ("agreement", "call", "request", "status", "answer", "at")
# what it says besides of an answer, where there is something to say
SAID: Final = ("epsilon", "seconds", "assent", "matched")


@dataclass(frozen=True, slots=True)
class Made:
    """One call as both sides see it: what was asked, and what was answered."""

    agreement: str
    method: str
    target: str
    sent: bytes
    status: int
    answer: bytes
    epsilon: str = ""
    seconds: str = ""
    assent: str = ""
    matched: str = ""

    def said(self) -> dict[str, str]:
        """Return what a receipt says of it; the request's digest is that of METHOD, target and the body's digest."""
        asked = f"{self.method} {self.target} {sha256(self.sent).hexdigest()}"
        return {
            "agreement": self.agreement,
            "request": sha256(asked.encode()).hexdigest(),
            "status": str(self.status),
            "answer": sha256(self.answer).hexdigest(),
        } | {name: text for name in SAID if (text := getattr(self, name))}


def receipt(made: Made, name: str, at: str) -> dict[str, Any]:
    """Return what a provider signs of a call; `name` is its own of the call, `at` the time."""
    return {"v": VERSION, "call": name, "at": at} | made.said()


def digest(told: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes that are signed."""
    return H("call-receipt", canonical(dict(told)))


def check(told: Any, signed: bytes, provider: bytes, made: Made) -> dict[str, Any]:
    """Return a receipt if `provider` (20 bytes) signed it for this call; raises ContractError."""
    said = made.said()
    if not isinstance(told, dict) or set(told) != {*MEMBERS, *said, "v"} or told["v"] != VERSION:
        members = ", ".join(dict.fromkeys([*MEMBERS, *said]))
        raise ContractError("call-receipt", f"a receipt has exactly the members {members} and v = {VERSION}")
    if any(told[name] != text for name, text in said.items()):
        raise ContractError("call-receipt", "the receipt is of another call")
    if not signature.is_by(provider, digest(told), signed):
        raise ContractError("call-receipt", "the receipt is not signed by the provider of the agreement")
    return dict(told)
