"""Answers that several providers give together, none of which is told alone: a member of the gate (decision 0194).

Law: (1) who answers together is agreed among the providers and signed in the terms of each, so a buyer chooses neither
whom its total hides nor beside whom. (2) A total is of `quorum` of them or more, three at the least: of two, each one
takes itself away and reads the other. (3) One question has one set of providers whose numbers are opened.
(4) Where the terms leave ε to the buyer it chooses one for a question, which the terms of each provider must allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import canonical
from contracts.decimals import read_decimal
from contracts.errors import ContractError
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contracts.noise import Noise

QUORUM_MIN: Final = 3
MEMBERS_MAX: Final = 100
MEMBER_CHARACTERS_MAX: Final = 512
_MEMBERS: Final = frozenset({"members", "quorum"})


@dataclass(frozen=True, slots=True)
class Joint:
    """Answers are given together with `members`, the DIDs of the other providers, and by `quorum` of all at least."""

    members: tuple[str, ...]
    quorum: int

    def __post_init__(self) -> None:
        if not QUORUM_MIN - 1 <= len(self.members) < MEMBERS_MAX or len(set(self.members)) != len(self.members):
            words = f"{QUORUM_MIN - 1} to {MEMBERS_MAX - 1} other providers answer together, each named once"
            raise ContractError("terms", words)
        if odd := next((one for one in self.members if not is_did(one)), None):
            raise ContractError("terms", f"`{odd[:60]}` is no DID of a provider")
        if not QUORUM_MIN <= self.quorum <= len(self.members) + 1:
            words = f"`quorum` is how many of all answer at least: {QUORUM_MIN} to {len(self.members) + 1}"
            raise ContractError("terms", words)

    def check(self, noise: Noise | None, others: tuple[object | None, ...]) -> None:
        """Raise ContractError unless answers have noise, and nothing is told of the same rows in another way."""
        if noise is None:
            raise ContractError("terms", "what several tell together has noise: say `noise` and its budget, too")
        if any(one is not None for one in others):
            raise ContractError("terms", "what is told together is told in no other way: no list, and no look-up")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"members": list(self.members), "quorum": str(self.quorum)}


def read(value: Any, name: str) -> Joint:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS or not isinstance(value["members"], list):
        raise ContractError("terms", f"`{name}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not all(isinstance(one, str) for one in value["members"]):
        raise ContractError("terms", f"`{name}.members` is a list of DIDs")
    quorum = read_decimal(value["quorum"], f"{name}.quorum", limit=MEMBERS_MAX)
    return Joint(tuple(sorted(value["members"])), quorum)


def question(statement: str, providers: Sequence[str], buyer: str, job: str) -> bytes:
    """Return the 32 bytes that name a question: the statement with its cells, all providers, who asks, under which id.

    Of no two questions the masks are the same.
    """
    told = {"statement": statement, "providers": sorted(providers), "buyer": buyer, "job": job}
    return H("joint-question", canonical(told))


def opened(asked: bytes, providers: Sequence[str]) -> bytes:
    """Return the 32 bytes that a provider signs: of which ones the numbers of a question are opened."""
    return H("joint-opened", asked, canonical(sorted(providers)))


def alike(gates: Mapping[str, Joint]) -> tuple[str, ...]:
    """Return all that answer together, sorted, by what each of them says (DID → member); ContractError if they differ.

    Each names the others: with itself they are one set, of one quorum.
    """
    found = {tuple(sorted({did, *said.members})): did for did, said in gates.items()}
    quorums = {said.quorum for said in gates.values()}
    if len(found) > 1 or len(quorums) > 1:
        words = f"the terms of {', '.join(sorted(gates))} do not name the same providers and the same quorum"
        raise ContractError("terms", words)
    return next(iter(found))


def is_did(text: str) -> bool:
    """Say whether a text may be the DID of a member."""
    return text.startswith("did:") and len(text) <= MEMBER_CHARACTERS_MAX and text.isprintable() and " " not in text
