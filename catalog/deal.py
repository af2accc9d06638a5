"""A deal that was made elsewhere and is filed afterwards (备案交易): what is said of it, its grade, its life.

Law: (1) of papers their digests are filed, never the papers: whoever has one shows that it is the one that was meant.
(2) A grade follows from the papers and from the words of both sides alone. (3) A move is made by a role; whoever calls
has checked that the caller has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from catalog.document import items, members, moment, text
from catalog.errors import CatalogError, DealError
from catalog.lifecycle import Step, find
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.filed_deal import CONFIRMED, CONTESTED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

VERSION: Final = 1
ID_CHARACTERS_MAX, NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX = 64, 200, 4_000
PARTY_CHARACTERS_MAX: Final = 512
PAPERS_MAX: Final = 16
DIGEST_BYTES: Final = 32
# kind of a paper → English, 中文
CONTRACT, PAYMENT, DELIVERY = "contract", "payment", "delivery"
PAPERS: Mapping[str, tuple[str, str]] = MappingProxyType({
    CONTRACT: ("the contract", "合同"),
    PAYMENT: ("what shows that it was paid", "付款凭证"),
    DELIVERY: ("what shows that it was delivered", "交付凭证"),
    "other": ("another paper", "其他材料"),
})  # fmt: skip


class State(StrEnum):
    """Where a filed deal is."""

    FILED = "filed"
    CONFIRMED = "confirmed"
    CONTESTED = "contested"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What is done to a filed deal."""

    CONFIRM = "confirm"
    CONTEST = "contest"
    WITHDRAW = "withdraw"


FILER, OTHER = "filer", "other"
TABLE: Mapping[tuple[State, Move], Step[State]] = {
    (State.FILED, Move.CONFIRM): Step(State.CONFIRMED, OTHER),
    (State.FILED, Move.CONTEST): Step(State.CONTESTED, OTHER),
    (State.CONTESTED, Move.CONFIRM): Step(State.CONFIRMED, OTHER),
    (State.FILED, Move.WITHDRAW): Step(State.WITHDRAWN, FILER),
    (State.CONTESTED, Move.WITHDRAW): Step(State.WITHDRAWN, FILER),
}
# move of the other party → the word that it signs
WORDS: Mapping[Move, str] = MappingProxyType({Move.CONFIRM: CONFIRMED, Move.CONTEST: CONTESTED})
# grade → English, 中文; the best first
GRADES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "A": ("both sides say so, and name the contract and a payment or a delivery", "双方确认,并附合同及付款或交付凭证"),
    "B": ("both sides say so", "双方确认"),
    "C": ("one side says so, and names the contract and a payment or a delivery", "单方申报,并附合同及付款或交付凭证"),
    "D": ("one side says so", "单方申报"),
    "E": ("the other side says that it is not so, or it was taken back", "对方否认,或已撤回"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that shows something of a deal: its kind (of `PAPERS`), what it is called, its SHA-256 in hex."""

    kind: str
    name: str
    digest: str

    def json(self) -> dict[str, str]:
        """Return its JSON form."""
        return {"kind": self.kind, "name": self.name, "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal between `provider` and `consumer`, each a DID or, of who is no member, a name.

    `signed` is when it was made, `amount` is in minor units of `currency`, None where it is not said.
    """

    id: str
    name: str
    product: str
    provider: str
    consumer: str
    signed: datetime
    amount: int | None
    currency: str
    text: str
    papers: tuple[Paper, ...]

    @property
    def parties(self) -> tuple[str, str]:
        """Return both sides."""
        return self.provider, self.consumer

    def json(self) -> dict[str, Any]:
        """Return its JSON form, of which parties sign the digest."""
        return {
            "v": VERSION,
            "id": self.id,
            "name": self.name,
            "product": self.product,
            "provider": self.provider,
            "consumer": self.consumer,
            "signed": self.signed.isoformat(timespec="seconds"),
            "amount": None if self.amount is None else str(self.amount),
            "currency": self.currency,
            "text": self.text,
            "papers": [one.json() for one in self.papers],
        }


MEMBERS: Final = frozenset({
    "v", "id", "name", "product", "provider", "consumer", "signed", "amount", "currency", "text", "papers",
})  # fmt: skip
_PAPER: Final = frozenset({"kind", "name", "digest"})


def from_json(document: object) -> Deal:
    """Read a deal strictly; anything missing, unknown, too long or not in a table raises CatalogError."""
    facts = members(document, "filed deal", required=MEMBERS, allowed=MEMBERS)
    limits = {"id": ID_CHARACTERS_MAX, "text": TEXT_CHARACTERS_MAX}
    limits |= dict.fromkeys(("provider", "consumer"), PARTY_CHARACTERS_MAX)
    told = {
        name: text(facts[name], name, limit=limits.get(name, NAME_CHARACTERS_MAX))
        for name in ("id", "name", "product", "provider", "consumer", "currency", "text")
    }
    papers = [_paper(one, at) for at, one in enumerate(items(facts["papers"], "papers", limit=PAPERS_MAX))]
    signed = moment(facts["signed"], "signed", limit=NAME_CHARACTERS_MAX)
    deal = Deal(**told, signed=signed, amount=_amount(facts["amount"]), papers=tuple(papers))
    if empty := next((name for name in ("id", "name", "provider", "consumer") if not told[name].strip()), None):
        raise CatalogError(f"a filed deal needs its {empty}", path=empty)
    if deal.provider == deal.consumer:
        raise CatalogError("a deal has two sides", path="consumer")
    if (deal.amount is None) is bool(deal.currency):
        raise CatalogError("an amount has its currency, and a currency its amount", path="currency")
    if deal.json() != document:
        raise CatalogError("it is not written as it is read", path="v")
    return deal


def grade(state: str, papers: tuple[Paper, ...]) -> str:
    """Return the grade of a filed deal, of `GRADES`."""
    kinds = {one.kind for one in papers}
    shown = CONTRACT in kinds and not kinds.isdisjoint({PAYMENT, DELIVERY})
    grades = {State.CONFIRMED: "BA", State.FILED: "DC"}.get(State(state), "EE")
    return grades[shown]


def moved(state: State, move: Move, role: str) -> State:
    """Return the state after a move; raises DealError if the table or the role forbids it."""
    return find(TABLE, state, move, role, of="a filed deal", error=DealError).to


def _paper(value: object, at: int) -> Paper:
    facts = members(value, f"papers/{at}", required=_PAPER, allowed=_PAPER)
    kind = text(facts["kind"], f"papers/{at}/kind", limit=NAME_CHARACTERS_MAX)
    if kind not in PAPERS:
        raise CatalogError(f"`{kind[:40]}` is no kind of paper: one of {', '.join(PAPERS)}", path=f"papers/{at}/kind")
    name = text(facts["name"], f"papers/{at}/name", limit=NAME_CHARACTERS_MAX)
    try:
        digest = read_hex(facts["digest"], "digest", DIGEST_BYTES).hex()
    except ContractError as error:
        raise CatalogError(str(error), path=f"papers/{at}/digest") from error
    return Paper(kind, name, digest)


def _amount(told: object) -> int | None:
    try:
        return None if told is None else read_decimal(told, "amount")
    except ContractError as error:
        raise CatalogError(str(error), path="amount") from error
