"""A project of several parties: who does what in it, and who gets which share of what it sells (decision 0198).

    {v, id, title, text, parties: [{did, role, payee, bps}, …], until}

Each party signs the digest with its agreement key. Law: (1) the basis points of all parties sum to 10,000; a party may
have none, and is then no payee. (2) What a product of the project is sold for is split so, after the exchange's fee:
whoever knows the document and the fee knows the split of every sale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from contracts import address, instants
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.labels import H
from contracts.split import MAX_PAYEES, WHOLE_BPS, Split

VERSION: Final = 1
# what a party does, in English and 中文
ROLES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "provider": ("brings data", "提供数据"),
    "developer": ("makes something of them", "开发加工"),
    "operator": ("runs what they are worked on with", "运营平台"),
    "broker": ("brings parties and buyers together", "撮合经纪"),
    "sponsor": ("pays for the work", "出资"),
})  # fmt: skip
PARTIES_MIN: Final = 2
PARTIES_MAX: Final = 16
# the exchange is a payee besides
SHARERS_MAX: Final = MAX_PAYEES - 1
ID_CHARACTERS_MAX: Final = 64
TITLE_CHARACTERS_MAX: Final = 200
TEXT_CHARACTERS_MAX: Final = 4_000
DID_CHARACTERS_MAX: Final = 512
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PARTY: Final = frozenset({"did", "role", "payee", "bps"})
_MEMBERS: Final = frozenset({"v", "id", "title", "text", "parties", "until"})


@dataclass(frozen=True, slots=True)
class Party:
    """One party: its DID, what it does (`ROLES`), the account it is paid at, and its share in basis points."""

    did: str
    role: str
    payee: bytes
    bps: int

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the party."""
        return {"did": self.did, "role": self.role, "payee": address.show(self.payee), "bps": self.bps}


@dataclass(frozen=True, slots=True)
class Project:
    """A project; `text` says in words what it is for, `until` (UTC, whole seconds) when nothing more is sold of it."""

    id: str
    title: str
    text: str
    parties: tuple[Party, ...]
    until: datetime

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id) or len(self.id) > ID_CHARACTERS_MAX:
            raise _wrong(f"`id` has 1 to {ID_CHARACTERS_MAX} letters, digits, dots, dashes, and begins with no mark")
        _text(self.title, "title", TITLE_CHARACTERS_MAX, least=1, lines=False)
        _text(self.text, "text", TEXT_CHARACTERS_MAX, least=0, lines=True)
        if not PARTIES_MIN <= len(self.parties) <= PARTIES_MAX:
            raise _wrong(f"a project has {PARTIES_MIN} to {PARTIES_MAX} parties, not {len(self.parties)}")
        for name in ("did", "payee"):
            if len({getattr(one, name) for one in self.parties}) != len(self.parties):
                raise _wrong("a party stands twice in the project, or two are paid at one account")
        if odd := next((one.role for one in self.parties if one.role not in ROLES), None):
            raise _wrong(f"`{odd[:40]}` is nothing that a party does", f"use one of {', '.join(ROLES)}")
        if any(one.bps < 0 for one in self.parties) or sum(one.bps for one in self.parties) != WHOLE_BPS:
            raise _wrong("the shares of all parties are together not 100 per cent", "such as 40, 40 and 20")
        if len(self.sharers) > SHARERS_MAX:
            raise _wrong(f"at most {SHARERS_MAX} parties have a share", "give the others 0")
        if self.until.tzinfo is not UTC or self.until.microsecond:
            raise _wrong("`until` is an instant in UTC with whole seconds")

    def json(self) -> dict[str, Any]:
        """Return the JSON value that is signed and sent."""
        return {
            "v": VERSION,
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "parties": [one.json() for one in self.parties],
            "until": instants.show(self.until),
        }

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that parties sign, and that terms name."""
        return H("project", canonical(self.json()))

    @property
    def sharers(self) -> tuple[Party, ...]:
        """Return the parties that have a share."""
        return tuple(one for one in self.parties if one.bps)

    def party(self, did: str) -> Party | None:
        """Return the party of a DID, None for a stranger."""
        return next((one for one in self.parties if one.did == did), None)

    def split(self, seller: bytes, exchange: bytes, fee_bps: int) -> Split:
        """Return how a sale of one party is split: the exchange's fee, and the rest in the shares of the parties.

        The seller stands first, as the payee whom a channel is opened with, and has what basis points cannot tell
        apart; each gets one at the least. An exchange that is a party has its share and its fee in one. Raises
        ContractError for a seller without a share: a channel's payee is in its split.
        """
        rest = WHOLE_BPS - fee_bps
        points = {one.payee: max(1, one.bps * rest // WHOLE_BPS) for one in self.sharers}
        if seller not in points:
            raise _wrong("who has no share in a project sells nothing under it", "have a party with a share publish it")
        if fee_bps:
            points[exchange] = points.get(exchange, 0) + fee_bps
        del points[seller]
        return Split(((seller, WHOLE_BPS - sum(points.values())), *points.items()))


def from_json(value: Any) -> Project:
    """Read a project strictly; raises ContractError."""
    if not isinstance(value, Mapping) or set(value) != _MEMBERS:
        raise _wrong(f"a project has exactly the members {', '.join(sorted(_MEMBERS))}")
    if value["v"] != VERSION or type(value["v"]) is not int:
        raise ContractError("version", f"projects of version `{value['v']}` are unknown here", "use version 1")
    if not isinstance(value["parties"], list):
        raise _wrong("`parties` is a list")
    texts = [value[name] for name in ("id", "title", "text", "until")]
    if not all(isinstance(one, str) for one in texts):
        raise _wrong("`id`, `title`, `text` and `until` are texts")
    parties = tuple(_party(one) for one in value["parties"][: PARTIES_MAX + 1])
    return Project(texts[0], texts[1], texts[2], parties, instants.read(texts[3], "until", "project"))


def _party(value: Any) -> Party:
    if not isinstance(value, Mapping) or set(value) != _PARTY:
        raise _wrong(f"a party has exactly the members {', '.join(sorted(_PARTY))}")
    did, role, bps = value["did"], value["role"], value["bps"]
    if not isinstance(did, str) or not did.startswith("did:") or len(did) > DID_CHARACTERS_MAX:
        raise _wrong("`did` of a party is a DID")
    if not isinstance(role, str) or type(bps) is not int:
        raise _wrong("`role` of a party is a text, and `bps` a whole number")
    return Party(did, role, address.read(value["payee"], "payee"), bps)


def _text(told: str, name: str, most: int, *, least: int, lines: bool) -> None:
    shown = told.replace("\n", " ") if lines else told
    if not least <= len(told) <= most or not shown.isprintable():
        raise _wrong(f"`{name}` is a printable text of {least} to {most} characters")


def _wrong(message: str, hint: str = "") -> ContractError:
    return ContractError("project", message, hint)
