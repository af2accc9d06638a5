"""Who may have what a product of ours delivers (白名单): everybody with a contract, or who is on its list alone.

Law: (1) a list is asked before anything is agreed and before each call; a product without one delivers to whoever has a
contract. (2) Who is taken off it has what runs cut off at once, in the transaction that takes it off. (3) A caller is
listed by its DID, which its token proves, or by a code that the node says is its own: an address proves nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog.errors import CatalogError
from catalog.identifiers import Kind, read
from connector.negotiation.ndi import sealed
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import FINAL, PROVIDER
from connector.operation.ndi import services
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.delivery import DeliveryRow, WhiteListRow
from connector.store.rows.protocol import TransferRow
from contracts.namespace import CONTRACT
from contracts.ndi.fields import NAMED_CHARACTERS_MAX, Code
from contracts.units import KEPT

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.store.transaction import Tx

# on the list of one product: it is read at each call
LISTED_MAX: Final = 1_000
SUBJECT_CHARACTERS: Final = 18
LISTED: Final = "delivery.listed"
UNLISTED: Final = "delivery.unlisted"
DELIVERED: Final = "SELECT DISTINCT transfer FROM deliveries WHERE product = ?"
OFF: Final = "you are not on the list of those whom this product is delivered to"


class NotListed(NotPermitted):
    """Who asks is not on a product's list."""

    returned = Code.UNLISTED


class WhiteLists:
    """The lists of one provider's products."""

    def __init__(self, core: Core, engine: Engine) -> None:
        self._core, self._engine = core, engine

    def require(self, tx: Tx, product: str, peer: str, caller: str) -> None:
        """Raise NotListed unless a product is delivered to a peer that calls itself `caller`, proven as its own."""
        listed = {row.caller for row in tx.find(WhiteListRow, "product = ?", (product,))}
        if listed and not listed & {peer, caller, _subject(caller)}:
            raise NotListed(OFF, "ask its provider; name yourself by the code that the node gave your connector")

    async def page(self, product: str) -> list[dict[str, str]]:
        """List who may have what a product delivers; raises Absent."""

        def show(tx: Tx) -> list[dict[str, str]]:
            services.require(tx, product, PLAIN, KEPT)
            return _shown(tx, product)

        return await self._core.store.read(show)

    async def add(self, product: str, caller: str) -> list[dict[str, str]]:
        """Put somebody on a list: from the first one on whoever is not on it gets nothing. Raises InvalidInput."""
        _check(caller)

        def act(tx: Tx) -> list[dict[str, str]]:
            services.require(tx, product, PLAIN, KEPT)
            if tx.get(WhiteListRow, product=product, caller=caller) is None:
                if len(tx.find(WhiteListRow, "product = ?", (product,))) >= LISTED_MAX:
                    raise Conflict(f"{LISTED_MAX} are on this list", "list subjects, each with all its connectors")
                now = self._core.clock.now()
                tx.insert(WhiteListRow(product=product, caller=caller, created=now))
                self._core.evidence.record(tx, LISTED, part=product, fields={"caller": caller}, now=now)
                self._cut_off(tx, product)
            return _shown(tx, product)

        return await self._core.store.write(act)

    async def remove(self, product: str, caller: str) -> list[dict[str, str]]:
        """Take somebody off a list, and cut off what runs for who is on it no more; raises Absent.

        The last one stays: a list that is empty would deliver to everybody.
        """

        def act(tx: Tx) -> list[dict[str, str]]:
            row = tx.get(WhiteListRow, product=product, caller=caller)
            if row is None:
                raise Absent(f"`{caller[:200]}` is not on the list of `{product[:80]}`", "penstock ndi white list")
            if len(tx.find(WhiteListRow, "product = ?", (product,), limit=2)) == 1:
                raise Conflict("nobody else is on this list", "`penstock ndi white drop` delivers to everybody again")
            tx.delete(WhiteListRow, product=product, caller=caller)
            self._unlisted(tx, product, caller)
            self._cut_off(tx, product)
            return _shown(tx, product)

        return await self._core.store.write(act)

    async def drop(self, product: str) -> list[dict[str, str]]:
        """Do without a list: whoever has a contract is delivered to again; raises Absent where there is none."""

        def act(tx: Tx) -> list[dict[str, str]]:
            rows = tx.find(WhiteListRow, "product = ?", (product,))
            if not rows:
                raise Absent(f"`{product[:80]}` has no list", "penstock ndi white list")
            for row in rows:
                tx.delete(WhiteListRow, product=product, caller=row.caller)
                self._unlisted(tx, product, row.caller)
            return []

        return await self._core.store.write(act)

    def _unlisted(self, tx: Tx, product: str, caller: str) -> None:
        now = self._core.clock.now()
        self._core.evidence.record(tx, UNLISTED, part=product, fields={"caller": caller}, now=now)

    def _cut_off(self, tx: Tx, product: str) -> None:
        """End what runs of a product for who is not on its list: also a transfer whose calls were all answered."""
        now = self._core.clock.now()
        for id_ in tx.column(DELIVERED, product):
            transfer = tx.get(TransferRow, id=id_)
            if transfer is None or transfer.state in FINAL:
                continue
            last = tx.find(DeliveryRow, "transfer = ?", (id_,), order="created desc", limit=1)[0]
            try:
                self.require(tx, product, last.peer, last.caller)
            except NotListed:
                self._engine.transfers.terminate(tx, id_, OFF, now)
        for row in tx.find(AgreementRow, "product = ? and role = ?", (product, PROVIDER)):
            held = tx.get(AgreementRow, digest=under) if (under := sealed.named(row.terms)) else None
            if held is not None:
                self._cut_off_sealed(tx, row, held.odrl[CONTRACT]["consumer"], now)

    def _cut_off_sealed(self, tx: Tx, row: AgreementRow, caller: str, now: datetime) -> None:
        """End what runs under an agreement that delivers a contract, for who is not on its product's list."""
        try:
            self.require(tx, row.product, row.peer, caller)
        except NotListed:
            for transfer in tx.find(TransferRow, "agreement = ?", (row.digest,)):
                if transfer.state not in FINAL:
                    self._engine.transfers.terminate(tx, transfer.id, OFF, now)


def _subject(caller: str) -> str:
    """Return whose connector a code is of; empty for what is no code."""
    try:
        return caller[1 : 1 + SUBJECT_CHARACTERS] if read(caller).kind is Kind.CONNECTOR else ""
    except CatalogError:
        return ""


def _check(caller: str) -> None:
    """Raise InvalidInput for what names nobody."""
    hint = "a subject's 18 characters, the 32 of a connector, or a DID"
    if caller.startswith("did:") and len(caller) <= NAMED_CHARACTERS_MAX:
        return
    if len(caller) == SUBJECT_CHARACTERS and caller.isalnum() and caller.isascii() and caller == caller.upper():
        return
    if not _subject(caller):
        raise InvalidInput(f"`{caller[:80]}` names no caller", hint)


def _shown(tx: Tx, product: str) -> list[dict[str, Any]]:
    rows = tx.find(WhiteListRow, "product = ?", (product,), order="caller")
    return [
        {"caller": row.caller, "kind": _kind(row.caller), "since": row.created.isoformat(timespec="seconds")}
        for row in rows
    ]


def _kind(caller: str) -> str:
    """Say what a caller is listed by."""
    if caller.startswith("did:"):
        return "participant"
    return "subject" if len(caller) == SUBJECT_CHARACTERS else "connector"
