"""The register of a node: every code that it has assigned, whose it is and what it is of.

Law: (1) a code is drawn here, for one thing of one holder, and never given to anything else. (2) A holder is a member
whose connector is registered: that says under whose subject and place all else of it stands. (3) For somebody else only
the exchange of the space registers, and only products, for those who list with it. (4) A code and its event in the log
are one transaction; so are the proof whose it is and the event of that, which may come later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from catalog import registration
from catalog.document import members, text
from catalog.registration import CONNECTOR, HOLDERS, KINDS, PLATFORM, PRODUCT, Registration
from connector.exchange.legal_identity import Proof
from connector.operation.codes import find, view
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import HOLDER_CODES_MAX, PAGE_ROWS_MAX
from connector.store.rows.code import CodeRow
from contracts.credential.kinds import LEVELS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.space.document import Member, Space

    Prove = Callable[[str], Awaitable[Proof]]  # of the subject that the caller names

ASSIGNED, VERIFIED = "code.assigned", "code.verified"
DID_CHARACTERS_MAX: Final = 512
EXCHANGE: Final = "exchange"


class Register:
    """The codes of a node."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space
        self._least = core.settings.trust.subject_level

    async def assign(self, document: Any, caller: str, write: Write, prove: Prove) -> JsonObject:
        """Register something of the caller's, or of `holder`; what is registered already has its code, and keeps it.

        `prove` says how far a subject that is named is proven, and raises where that is not enough here.
        """
        told = dict(members(document, "registration"))
        holder = text(told.pop("holder", caller), "holder", limit=DID_CHARACTERS_MAX)
        await self._space.member(holder)
        wanted, space = registration.from_json(told), self._space.last()
        _check_caller(space, wanted, holder, caller)
        proof = await prove(wanted.subject) if wanted.kind in HOLDERS else Proof()

        def act(tx: Tx) -> CodeRow:
            home = _home(tx, holder)
            known = find(tx, holder, wanted.kind, wanted.about)
            if wanted.kind in HOLDERS and known is not None and known.subject != wanted.subject:
                raise Conflict(
                    f"`{holder[:200]}` is registered under the subject `{known.subject}`", "register under it"
                )
            if known is not None:
                return self._verified(tx, known, proof)
            if wanted.kind not in HOLDERS and home is None:
                raise Conflict(f"`{holder[:200]}` has not registered its connector here", "penstock code request")
            if wanted.kind not in HOLDERS and home is not None and home.proven < self._least:
                text = f"the subject of `{holder[:200]}` is {LEVELS[home.proven][0]}: level {self._least} is asked for"
                raise NotPermitted(text, "have its legal identity proven: `penstock code request`")
            subject, place = (wanted.subject, wanted.place) if home is None else (home.subject, home.place)
            return self._verified(tx, self._new(tx, wanted, holder, caller, subject, place), proof)

        return await write(lambda tx: _view(tx, act(tx)))

    def _verified(self, tx: Tx, row: CodeRow, proof: Proof) -> CodeRow:
        """Keep how far the subject of a holder is proven, where that is further than before, and record by what."""
        if proof.level <= row.proven:
            return row
        after = replace(row, level=proof.level)
        tx.change(row, after)
        fields = {"holder": row.holder, "level": str(proof.level), "digest": proof.digest}
        self._core.evidence.record(tx, VERIFIED, part=row.code, fields=fields, now=self._core.clock.now())
        return after

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

        def read(tx: Tx) -> list[JsonObject]:
            codes = tx.column(query, *wanted.values(), PAGE_ROWS_MAX, first)
            return [_view(tx, row) for code in codes if (row := tx.get(CodeRow, code=str(code))) is not None]

        return await self._core.store.read(read)

    async def show(self, code: str) -> JsonObject:
        """Resolve a code: what it is of, whose, and where its holder answers now; raises Absent."""

        def read(tx: Tx) -> JsonObject:
            row = tx.get(CodeRow, code=code)
            if row is None:
                raise Absent(f"the code `{code[:80]}` was not assigned here", "penstock code list")
            return _view(tx, row)

        told = await self._core.store.read(read)
        member = await self._space.member(str(told["holder"]))
        return told | {"url": member.url if member is not None else "", "name": member.name if member else ""}


def _home(tx: Tx, holder: str) -> CodeRow | None:
    """Return the code of a holder's own connector or platform, None before it registered that."""
    return next(filter(None, (find(tx, holder, kind, holder) for kind in sorted(HOLDERS))), None)


def _view(tx: Tx, row: CodeRow) -> JsonObject:
    """Return what everybody reads of a code; how far its subject is proven is the same for all of a holder."""
    home = row if row.kind in HOLDERS else _home(tx, row.holder)
    return view(row) | {"level": str(0 if home is None else home.proven)}


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
