"""The register of a node: every code that it has assigned, whose it is and what it is of.

Law: (1) a code is drawn here, for one thing of one holder, and never given to anything else. (2) A holder is a member
whose connector is registered: that says under whose subject and place all else of it stands. (3) For somebody else only
the exchange of the space registers, and only products, for those who list with it. (4) A code and its event in the log
are one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog import registration
from catalog.document import members, text
from catalog.registration import CONNECTOR, HOLDERS, KINDS, PLATFORM, PRODUCT, Registration
from connector.operation.codes import find, view
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import HOLDER_CODES_MAX, PAGE_ROWS_MAX
from connector.store.rows.code import CodeRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.space.document import Member, Space

ASSIGNED: Final = "code.assigned"
DID_CHARACTERS_MAX: Final = 512
EXCHANGE: Final = "exchange"


class Register:
    """The codes of a node."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space

    async def assign(self, document: Any, caller: str, write: Write) -> JsonObject:
        """Register something of the caller's, or of `holder`; what is registered already has its code, and keeps it."""
        told = dict(members(document, "registration"))
        holder = text(told.pop("holder", caller), "holder", limit=DID_CHARACTERS_MAX)
        wanted, space = registration.from_json(told), self._space.last()
        _check_caller(space, wanted, holder, caller)

        def act(tx: Tx) -> CodeRow:
            home = next(filter(None, (find(tx, holder, kind, holder) for kind in sorted(HOLDERS))), None)
            known = find(tx, holder, wanted.kind, wanted.about)
            if wanted.kind in HOLDERS and known is not None and known.subject != wanted.subject:
                raise Conflict(
                    f"`{holder[:200]}` is registered under the subject `{known.subject}`", "register under it"
                )
            if known is not None:
                return known
            if wanted.kind not in HOLDERS and home is None:
                raise Conflict(f"`{holder[:200]}` has not registered its connector here", "penstock code request")
            subject, place = (wanted.subject, wanted.place) if home is None else (home.subject, home.place)
            return self._new(tx, wanted, holder, caller, subject, place)

        return view(await write(act))

    def _new(self, tx: Tx, wanted: Registration, holder: str, caller: str, subject: str, place: str) -> CodeRow:
        count = tx.execute("SELECT count(*) AS n FROM codes WHERE holder = ?", holder)[0]["n"]
        if count >= HOLDER_CODES_MAX:
            raise Conflict(f"`{holder[:200]}` has the {HOLDER_CODES_MAX} codes that one holder gets")
        code = registration.drawn(wanted.kind, subject, place)
        while tx.get(CodeRow, code=code) is not None:
            code = registration.drawn(wanted.kind, subject, place)
        row = CodeRow(
            code=code, kind=wanted.kind, holder=holder, about=wanted.about, title=wanted.title, subject=subject,
            place=place, filer=caller, assigned=self._core.clock.now(),
        )  # fmt: skip
        tx.insert(row)
        fields = {"kind": row.kind, "holder": holder, "about": row.about, "title": row.title, "by": caller}
        self._core.evidence.record(tx, ASSIGNED, part=code, link=(code,), fields=fields, now=row.assigned)
        return row

    async def page(self, first: int, kind: str = "", holder: str = "") -> list[JsonObject]:
        """List what is registered, newest first; of one kind, or of one holder."""
        if kind and kind not in KINDS:
            raise InvalidInput(f"nothing of the kind `{kind[:40]}` is registered", f"one of {', '.join(KINDS)}")
        wanted = {name: value for name, value in (("kind", kind), ("holder", holder)) if value}
        where = " AND ".join(f"{name} = ?" for name in wanted) or "1 = 1"
        query = f"SELECT code FROM codes WHERE {where} ORDER BY assigned DESC, code LIMIT ? OFFSET ?"  # noqa: S608 - names of the line above

        def read(tx: Tx) -> list[CodeRow]:
            codes = tx.column(query, *wanted.values(), PAGE_ROWS_MAX, first)
            return [row for code in codes if (row := tx.get(CodeRow, code=str(code))) is not None]

        return [view(row) for row in await self._core.store.read(read)]

    async def show(self, code: str) -> JsonObject:
        """Resolve a code: what it is of, whose, and where its holder answers now; raises Absent."""
        row = await self._core.store.read(lambda tx: tx.get(CodeRow, code=code))
        if row is None:
            raise Absent(f"the code `{code[:80]}` was not assigned here", "penstock code list")
        member = self._space.last().members.get(row.holder)
        return view(row) | {"url": member.url if member is not None else "", "name": member.name if member else ""}


def _check_caller(space: Space, wanted: Registration, holder: str, caller: str) -> None:
    """Raise unless the caller may register this for the holder."""
    member: Member | None = space.members.get(holder)
    if member is None:
        raise NotPermitted(f"`{holder[:200]}` is no member of this space", "penstock join")
    if holder != caller and not (caller == space.exchange and wanted.kind == PRODUCT):
        raise NotPermitted("for somebody else only the exchange registers, and only products", "ask its holder")
    if wanted.kind in HOLDERS:
        right = PLATFORM if member.role == EXCHANGE else CONNECTOR
        if (wanted.kind, wanted.about) != (right, holder):
            raise InvalidInput(f"`{holder[:200]}` registers itself, as a {right}")
