"""Leaving a space with a plan: what of a member's is still there, what becomes of it and until when; and the moves.

Law: a plan names everything that binds the member to others, made from its own rows; it ends no earlier than the last
of them. The exchange approves a plan, never a wish; approval takes what is listed off the catalogue at once, and the
membership ends when the plan does. The identity (a did:web) was the member's own all along, and stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from catalog.document import items, members, moment, text
from catalog.errors import CatalogError
from catalog.lifecycle import Step, find
from catalog.listing import REASON_CHARACTERS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

ITEMS_MAX = 10_000
ID_CHARACTERS_MAX = 256
MOMENT_CHARACTERS_MAX = 64
# nobody is gone sooner: who deals with the member has this long to see that it goes
NOTICE_DAYS = 5


class State(StrEnum):
    """Where a plan is."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    STAYED = "stayed"
    LEFT = "left"


class Move(StrEnum):
    """What is done to a plan."""

    APPROVE = "approve"
    REFUSE = "refuse"
    STAY = "stay"
    END = "end"


MEMBER, EXCHANGE = "member", "exchange"
TABLE: Mapping[tuple[State, Move], Step[State]] = {
    (State.ASKED, Move.APPROVE): Step(State.APPROVED, EXCHANGE),
    (State.ASKED, Move.REFUSE): Step(State.REFUSED, EXCHANGE),
    (State.ASKED, Move.STAY): Step(State.STAYED, MEMBER),
    (State.APPROVED, Move.END): Step(State.LEFT, EXCHANGE),
}
# kind of a thing → what becomes of it, in English and 中文
BECOMES: Mapping[str, tuple[str, str]] = {
    "product": ("taken off the catalogue when the plan is approved; no new agreement", "批准后下架, 不再签订新合约"),
    "sold": ("served, its keys released, until it ends", "履约至到期, 持续提供密钥"),
    "bought": ("may be used until it ends", "可使用至到期"),
    "replica": ("its keys are erased when its agreement ends", "合约到期后销毁密钥"),
    "channel": ("closed on chain, the rest paid back", "链上结算并退还余额"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of the member's; `until` None for what ends with the approval."""

    kind: str
    id: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of everything, and when the membership ends."""

    reason: str
    until: datetime
    items: tuple[Item, ...]

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "reason": self.reason,
            "until": _shown(self.until),
            "items": [
                {"kind": one.kind, "id": one.id, "until": None if one.until is None else _shown(one.until)}
                for one in self.items
            ],
        }


def moved(state: State, move: Move, role: str) -> State:
    """Return the state after a move; raises CatalogError if the table or the role forbids it."""
    return find(TABLE, state, move, role, of="a plan").to


def planned(reason: str, wanted: datetime | None, things: tuple[Item, ...], now: datetime) -> Plan:
    """Return the plan of a member with these things; it ends when it wants to, or as early as it can."""
    least = earliest(things, now)
    if wanted is not None and wanted < least:
        raise CatalogError(
            f"the plan cannot end before {_shown(least)}", path="until", hint="agreements bind others until then"
        )
    return Plan(reason, wanted or least, things)


def earliest(things: tuple[Item, ...], now: datetime) -> datetime:
    """Return when the last of the things has ended, no sooner than after NOTICE_DAYS."""
    return max([now + timedelta(days=NOTICE_DAYS), *(one.until for one in things if one.until is not None)])


def from_json(document: object, now: datetime) -> Plan:
    """Read a plan strictly; one that ends before its own things is refused."""
    keys = frozenset({"reason", "until", "items"})
    facts = members(document, "plan", required=keys, allowed=keys)
    things = tuple(_item(one, f"items/{at}") for at, one in enumerate(items(facts["items"], "items", limit=ITEMS_MAX)))
    reason = text(facts["reason"], "reason", limit=REASON_CHARACTERS_MAX)
    until = moment(facts["until"], "until", limit=MOMENT_CHARACTERS_MAX)
    # the notice runs from when the plan was made, which may be a moment ago
    return planned(reason, until, things, now - timedelta(days=1))


def _item(document: object, path: str) -> Item:
    keys = frozenset({"kind", "id", "until"})
    facts = members(document, path, required=keys, allowed=keys)
    kind = text(facts["kind"], f"{path}/kind")
    if kind not in BECOMES:
        raise CatalogError(f"unknown kind `{kind[:40]}`", path=path, hint=f"one of {', '.join(BECOMES)}")
    until = None if facts["until"] is None else moment(facts["until"], f"{path}/until", limit=MOMENT_CHARACTERS_MAX)
    return Item(kind, text(facts["id"], f"{path}/id", limit=ID_CHARACTERS_MAX), until)


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds")
