"""What a person does with contracts of these interfaces: find what a connector offers, list and show, end.

Law: a contract ends here first, and whoever else holds it is told until it is taken: the other party, and the platform
that has filed it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation import whereabouts
from connector.negotiation.ndi import sealed
from connector.negotiation.ndi.address import is_through, marked, plain
from connector.negotiation.ndi.offers import SEALED, SERVICES, is_sealed, superseded
from connector.negotiation.protocol.states import FINAL, FINALIZED
from connector.operation.ndi import consents, contracts, edits, versions
from connector.runtime import reasons
from connector.runtime.errors import Absent, PeerMisbehaved
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from connector.store.rows.protocol import NegotiationRow
from contracts.lifecycle import CODES, OVER
from contracts.ndi.delivery import ROWS_MAX, SEARCH
from contracts.ndi.interfaces import POINT_TO_POINT, TERMINATE, THROUGH_PLATFORM
from contracts.ndi.services import amounts, read
from contracts.price_words import money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.ways import Ways
    from connector.store.rows.contract import ContractVersionRow
    from connector.store.transaction import Tx

NEWEST: Final = "SELECT code FROM contracts WHERE negotiation <> '' ORDER BY created DESC, code LIMIT ? OFFSET ?"

# before it is an agreement of ours: how a contract stands, in the dictionary's codes
STATUS: Final = {"drafted": "01", "negotiating": "02", "failed": "0302"}


class Desk:
    """The contracts of one participant, for its owner."""

    def __init__(self, core: Core, engine: Engine, space: SpaceView, ways: Ways) -> None:
        self._core, self._engine, self._space, self._ways = core, engine, space, ways

    async def find(self, at: str, provider: str | None = None, keywords: str | None = None) -> list[Document]:
        """Ask a connector at an address what it offers; raises PeerMisbehaved for what is no answer."""
        base = plain(at)
        self._core.outbound.check(base)
        did = provider or whereabouts.did_of("", base)
        asked = {"keywords": keywords or "", "offset": "0", "limit": str(ROWS_MAX)}
        told = await self._ways.speaking.post(did, base, SEARCH, asked)
        try:
            found = told["data"]["resultData"]
            return [
                {
                    "product": str(one["productId"]),
                    "title": str(one["productName"]),
                    "description": str(one.get("dscription", one.get("description", ""))),
                    "at": marked(base),
                    "provider": did,
                }
                for one in found
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise PeerMisbehaved(f"`{did[:200]}` does not answer with a list of products") from error

    async def page(self, first: int = 0) -> list[Document]:
        """List the contracts in which something was proposed, newest first."""

        def read(tx: Tx) -> list[Document]:
            codes = tx.column(NEWEST, PAGE_ROWS_MAX, first)
            rows = [row for code in codes if (row := tx.get(ContractRow, code=str(code))) is not None]
            return [_view(tx, row) for row in rows]

        return await self._core.store.read(read)

    async def delivered(self, first: int = 0) -> list[Document]:
        """List what was delivered over these interfaces, newest first."""
        return await self._ways.deliveries.page(first)

    async def show(self, code: str) -> Document:
        """Show a contract with its strategy and who signed it."""
        return await self._core.store.read(lambda tx: self._shown(tx, _found(tx, code)))

    async def versions(self, code: str) -> list[Document]:
        """Show every version of a contract, each with what it changed of the one before."""
        rows = await self._versions(code)
        return await asyncio.to_thread(edits.of, rows, self._space.known_currency())

    async def compare(self, code: str, since: int, until: int) -> Document:
        """Show what changed of a contract between two versions."""
        rows = await self._versions(code)
        if max(since, until) > len(rows):
            raise Absent(f"the contract has no version {max(since, until)}", f"it has {len(rows)}")
        old, new = (rows[number - 1].strategy for number in (since, until))
        changed = await asyncio.to_thread(edits.differences, old, new, self._space.known_currency())
        return {"differences": [one.json() for one in changed]}

    async def _versions(self, code: str) -> list[ContractVersionRow]:
        rows = await self._core.store.read(lambda tx: versions.of(tx, code))
        if not rows:
            raise Absent(f"there is no version of a contract `{code[:60]}` here", "penstock ndi list")
        return rows

    async def end(self, code: str, reason: str) -> Document:
        """End a contract now, before its term; ended before, it is only shown."""
        reasons.check(reason, "the log has it")
        ending = await self._ways.speaking.ending(await self._core.store.read(lambda tx: _found(tx, code)))
        return await self._core.store.write(lambda tx: self._end(tx, code, reason, ending))

    def _end(self, tx: Tx, code: str, reason: str, ending: Document) -> Document:
        now, row = self._core.clock.now(), _found(tx, code)
        self._engine.outbox.take(tx, row.negotiation)
        talk = contracts.talk_of(tx, row)
        contracts.require_not_being_filed(talk, consents.waiting(tx, code, contracts.about(talk)))
        if talk.state not in FINAL:
            self._engine.negotiations.terminate(tx, talk.id, reason, now)
        elif talk.state == FINALIZED and self._ways.hearing.end(tx, talk, self._core.identity.did, reason, now):
            space = self._space.last()
            platform = space.members[space.exchange]
            self._ways.owe(tx, row.peer, talk.callback, TERMINATE, ending, code)
            if not is_through(talk.callback):  # else it hears of it, and tells those who serve, as it passes it on
                served = [space.members.get(one) for one in _services(talk)]
                for one in (platform, *(member for member in served if member is not None)):
                    self._ways.owe(tx, one.did, marked(one.url), TERMINATE, ending, code)
        return _view(tx, row)

    def _shown(self, tx: Tx, row: ContractRow) -> Document:
        talk = contracts.talk_of(tx, row)
        about = contracts.about(talk)
        signatures = []
        if row.signature is not None and talk.digest:
            # of before it was kept it was the account's, which gives the same again
            own = row.own or self._core.identity.sign(bytes.fromhex(talk.digest))
            pair = (own.hex(), row.signature.hex())
            signatures = [*(pair if row.role == "provider" else reversed(pair))]
        return _view(tx, row) | {
            "strategy": about.get("strategy"),
            "signatures": signatures,
            "services": self._serving(tx, row.code, talk, about),
        }

    def _serving(self, tx: Tx, code: str, talk: NegotiationRow, about: Mapping[str, Any]) -> list[Document]:
        """Return who serves in a contract, what each gets of its price, and whether it has signed."""
        named, signed = read(about.get(SERVICES, [])), consents.kept(tx, code)
        currency, price = self._space.known_currency(), talk.price or 0
        return [
            {
                "party": one.entity,
                "role": one.role,
                "share": one.bps,
                "amount": money(amount, currency),
                "signature": signed[one.entity].hex() if one.entity in signed else "",
            }
            for one, amount in zip(named, amounts(price, named), strict=True)
        ]


def _services(talk: NegotiationRow) -> list[str]:
    """List who serves in a contract that is agreed, by their DIDs."""
    return [one["entityId"] for one in contracts.about(talk).get(SERVICES, [])]


def _found(tx: Tx, code: str) -> ContractRow:
    row = tx.get(ContractRow, code=code)
    if row is None:
        raise Absent(f"there is no contract `{code[:60]}` of these interfaces here", "penstock ndi list")
    return row


def _view(tx: Tx, row: ContractRow) -> Document:
    """Return what a list says of a contract."""
    talk: Any = tx.get(NegotiationRow, id=row.negotiation) if row.negotiation else None
    kept = tx.get(AgreementRow, digest=talk.digest) if talk is not None and talk.digest else None
    state = "drafted" if talk is None else _state(talk, kept)
    return {
        "contractId": row.code,
        "contractName": row.name,
        "contractStatus": STATUS.get(state) or CODES[state],
        "state": state,
        "signMode": THROUGH_PLATFORM if contracts.is_through(row) else POINT_TO_POINT,
        "role": row.role,
        "peer": row.peer,
        "product": "" if talk is None else talk.product,
        "agreement": "" if talk is None else talk.digest or "",
        "instruction": row.instruction,
        "feedback": row.feedback,
        "delivery": SEALED if talk is not None and is_sealed(talk.agreement or talk.offer) else "",
        "deliveredBy": "" if kept is None else _deliverer(tx, kept),
        "amends": "" if talk is None else superseded(talk.offer),
        "supersededBy": "" if kept is None else kept.superseded_by or "",
        "from": row.document["activationTime"],
        "until": row.document["endTime"],
        "created": row.created.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _deliverer(tx: Tx, contract: AgreementRow) -> str:
    """Return the newest agreement that stands, or stood, under a contract that is delivered sealed, by its digest."""
    found = sealed.under(tx, contract) if is_sealed(contract.odrl) else []
    return max(found, key=lambda row: row.created).digest if found else ""


def _state(talk: NegotiationRow, kept: AgreementRow | None) -> str:
    if kept is None:
        return "failed" if talk.state in FINAL else "negotiating"
    return "ended" if kept.state in OVER else kept.state
