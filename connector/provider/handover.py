"""What we sell goes on under the account that follows a former one: whom it pays, and who continues its series.

Law: (1) whatever is offered pays the present account; what was agreed before pays whom it names. (2) The rights in the
newest edition of each series, and in what is on offer, pass to the present account, by the former one that holds them:
only the holder of the newest continues its series, and what a former account holds its thief could withdraw. (3) Both
are the same when done again: a start brings to its end what a crash interrupted (decision 0316).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from connector.chain.transactions import MinedEvent
from connector.negotiation import on_offer
from connector.provider import history
from connector.store.rows.product import ProductRow, ProductVersionRow
from contracts import blind
from contracts.split import Split
from ledger.chain import acts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.operation.keys.registered import RegisteredKeys
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

# an edition's rows are not looked at: they may be long
_REGISTERED: Final = "SELECT id, series, product FROM editions WHERE register_tx IS NOT NULL ORDER BY number"
AT_ONCE: Final = 8  # questions of the chain, and transfers that wait for it

log = logging.getLogger(__name__)


class Held(NamedTuple):
    """An edition of ours: its id (hex), and the 32 bytes under which the chain knows it."""

    edition: str
    known: bytes


class Handover:
    """Carries over what one provider sells whenever another account follows its own."""

    def __init__(
        self, core: Core, programs: Programs, transactions: Transactions, registered_keys: RegisteredKeys
    ) -> None:
        self._core, self._programs, self._transactions = core, programs, transactions
        registered_keys.account.carriers.append(self.carry)

    async def carry(self) -> None:
        """Have everything on offer pay the present account, and bring the rights in it."""
        await self._core.store.write(self._pay)
        held = await self._core.store.read(_held)
        for first in range(0, len(held), AT_ONCE):
            await asyncio.gather(*map(self._bring, held[first : first + AT_ONCE]))

    def _pay(self, tx: Tx) -> None:
        present, *former = self._core.identity.keys.accounts
        for row in tx.find(ProductRow, "terms is not null or standing is not null"):
            on_offer.pay(tx, row, _paid(row.terms, former, present), _standing(row.standing, former, present))
        for version in tx.find(ProductVersionRow):
            kept = version.kept | {"terms": _paid(version.kept["terms"], former, present)}
            history.rewrite(tx, version, kept)

    async def _bring(self, held: Held) -> None:
        """Bring the rights in an edition to the present account, if a former one holds them and they are not pledged.

        What is pledged stays until its creditor lets go, and is looked at again by the next start.
        """
        found = await self._programs.edition(held.known)
        present, *former = self._core.identity.keys.accounts
        if found is None or found.holder not in former:
            return
        if await self._programs.pledge("editions", held.known) is not None:
            log.warning("the edition `%s` is pledged: its series goes on when it is released", held.edition)
            return
        act = acts.transfer_edition(self._programs.deployment, held.known, found.holder, present)
        told = MinedEvent("edition.transferred", held.edition, {"to": self._core.identity.did})
        key = f"edition-follows:{held.edition}:{present.hex()}"
        await self._transactions.submit(key, act._replace(sender=found.holder), told, anew=True)


def _held(tx: Tx) -> list[Held]:
    """Return the newest registered edition of each series of ours, and those on offer."""
    products = {row.id: row for row in tx.find(ProductRow)}
    offered = {row.edition for row in products.values()}
    offered |= {row.standing["edition"] for row in products.values() if row.standing}
    rows = tx.execute(_REGISTERED)
    newest = set({row["series"]: row["id"] for row in rows}.values())
    salts = {key: row.blind or b"" for key, row in products.items()}
    return [
        Held(row["id"], blind.registered_id(bytes.fromhex(row["id"]), salts.get(row["product"], b"")))
        for row in rows
        if row["id"] in newest or row["id"] in offered
    ]


def _standing(standing: JsonObject | None, former: Iterable[bytes], present: bytes) -> JsonObject | None:
    return None if standing is None else standing | {"terms": _paid(standing["terms"], former, present)}


def _paid(terms: JsonObject | None, former: Iterable[bytes], present: bytes) -> JsonObject | None:
    """Return terms that pay the present account what they paid a former one."""
    if terms is None:
        return None
    was = frozenset(former)
    parts = tuple((present if payee in was else payee, bps) for payee, bps in Split.from_json(terms["split"]).parts)
    return {**terms, "split": Split(parts).json()}
