"""A program that was bought as a product (decision 0314): opened for each run, into memory, and sent on by its digest.

Law: (1) each run opens it once: a use of the application's own policy, decided and counted like every opening, by its
developer where it is leased. (2) What is opened is what both have signed, by its digest, or it is not run. (3) It is
written nowhere. Until its run is answered it is held in memory under the run's id, so that asking again opens nothing;
after a restart it is opened anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from connector.compute.program import PROGRAM_BYTES_MAX, Named, Tells, digest_of
from connector.consumer.held import Held
from connector.consumer.selection import selected
from connector.consumer.steps import is_here
from connector.enforcement.person import OWNER
from connector.runtime import rehearsal
from connector.runtime.errors import Absent, InvalidInput, PeerMisbehaved
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.use import ReadRow, ReadState
from contracts.application import read
from contracts.namespace import AGREEMENT_URN
from contracts.price_words import price
from contracts.tariff import Tariff
from policy.purposes import resolve

if TYPE_CHECKING:
    from connector.consumer.opening import Openings
    from connector.core.core import Core
    from connector.store.transaction import Tx
    from contracts.application import Application
    from contracts.canonical import JsonObject

APPLICATION: Final = "application"
PREFIX: Final = "run"
# programs whose runs were not answered
HELD_MAX: Final = 16
AGREEMENT_CHARACTERS: Final = 16
NONE_BOUGHT: Final = "penstock find --kind application, and penstock get"
_OVER: Final = (ReadState.DONE, ReadState.DENIED)


class BoughtProgram:
    """One application that we bought: what was agreed of it, and how it was got."""

    def __init__(self, got: AcquisitionRow, agreement: AgreementRow, sold: Application) -> None:
        self.got, self.agreement, self.sold = got, agreement, sold

    def purpose(self, said: str | None) -> str:
        """Return what it is opened for: what is said, or else what it was bought for; raises InvalidInput, PolicyError.

        Its policy decides.
        """
        named = said or str(self.got.mandate.get("purpose") or "")
        if not named:
            raise InvalidInput("an application is opened for a purpose, and none is said", "say `--purpose`")
        return resolve(named)

    def named(self, run: tuple[str, tuple[Tells, ...], tuple[float, ...], int]) -> Named:
        """Return the program of a run before it is opened; raises InvalidInput for what its developer did not say."""
        rows, tells, parameters, blocks = run
        if self.sold.asks is not None:
            raise InvalidInput("this application is a question, and no program", "penstock query PRODUCT --application")
        if tells:
            raise InvalidInput("what an application tells is what its developer says", "leave `--tells` out")
        given, needs = selected(rows), self.sold.needs
        if given is not None and given != len(needs):
            text = f"the application needs {len(needs)} columns, and the statement gives {given}"
            raise InvalidInput(text, f"in this order: {', '.join(needs)}")
        if why := self.sold.refusal(parameters):
            raise InvalidInput(f"the application is not run so: {why}", "say them in this order: `--parameter`")
        told = tuple(Tells(*one) for one in self.sold.tells)
        return Named(rows, told, parameters, blocks, digest=self.sold.program)


class BoughtPrograms:
    """The applications of one buyer."""

    def __init__(self, core: Core, openings: Openings) -> None:
        self._core, self._openings = core, openings
        self._held: OrderedDict[str, bytes] = OrderedDict()
        # a run that is asked twice at once opens it once
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def one(self, order: str) -> BoughtProgram:
        """Return the application that is meant by what was got, its agreement or its product.

        Raises Absent where nothing of it is here, InvalidInput where it is no application.
        """
        got = await self._openings.got(await self._core.store.read(lambda tx: _meant(tx, order)))
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=got.its_agreement))
        assert agreement is not None, "what was got was agreed on"
        if (sold := (agreement.terms or {}).get(APPLICATION)) is None:
            raise InvalidInput(f"`{order[:100]}` is no application: it is data", NONE_BOUGHT)
        return BoughtProgram(got, agreement, read(sold))

    async def opened(self, bought: BoughtProgram, run: str, purpose: str | None, said: Any) -> bytes:
        """Open it for a run (an id of ours) and return its bytes.

        Raises NotPermitted with the reasons of its policy, PeerMisbehaved where it is another than was signed.
        """
        async with self._turns.setdefault(run, asyncio.Lock()):
            return self._held[run] if run in self._held else await self._open(bought, run, purpose, said)

    async def _open(self, bought: BoughtProgram, run: str, purpose: str | None, said: Any) -> bytes:
        meant, held, words = bought.purpose(purpose), Held(PROGRAM_BYTES_MAX), OWNER.says(said)
        key = await self._core.store.read(lambda tx: _free(tx, f"{PREFIX}-{run}", meant))
        await self._openings.hold(key, bought.got, meant, words, held)
        if (found := digest_of(held.content)) != bought.sold.program:
            text = f"its provider sold {bought.sold.program}, and what is sealed is {found}"
            raise PeerMisbehaved(text, "nothing was run; complain about it: penstock complaint")
        while len(self._held) >= HELD_MAX:
            self._held.popitem(last=False)
        self._held[run] = held.content
        return held.content

    async def foretell(self, bought: BoughtProgram) -> None:
        """Tell in a rehearsal that a use of it would be made, and at which price; in earnest do nothing."""
        if rehearsal.current() is not None:
            tariff = Tariff.from_json(bought.agreement.signed_terms["tariff"])
            words = f"an opening of the application: {price(tariff)}"
            rehearsal.note(rehearsal.PAY, words, bought.agreement.product, {"price": price(tariff)})

    async def used(self, bought: BoughtProgram, run: str) -> JsonObject:
        """Return which use of it a run was that is over: the last opening for it; its program is forgotten."""
        self._held.pop(run, None)
        row = await self._core.store.read(lambda tx: _last(tx, f"{PREFIX}-{run}"))
        told = {} if row is None or row.result is None else row.result
        number, charged = told.get("number"), told.get("charged", 0)
        return {"agreement": bought.agreement.digest, "opening": number, "charged": str(charged)}


def run_of(agreement: str, job: str) -> str:
    """Return by which id a run under an agreement is known here."""
    return f"{agreement[:AGREEMENT_CHARACTERS]}-{job}"


def _meant(tx: Tx, order: str) -> str:
    """Return what was got by its id, by its agreement, or else the newest that is here of a product."""
    named = order.removeprefix(AGREEMENT_URN)
    if tx.get(AcquisitionRow, id=named) is not None or tx.get(AgreementRow, digest=named) is not None:
        return named
    found = next(
        (one for one in tx.find(AcquisitionRow, "product = ?", (named,), "created desc") if is_here(one)), None
    )
    if found is None:
        raise Absent(f"the application `{order[:100]}` was not bought, or is not here yet", NONE_BOUGHT)
    return found.id


def _last(tx: Tx, wanted: str) -> ReadRow | None:
    """Return the last opening that was made for a run."""
    found = [row for row in _openings(tx, wanted) if row.state == ReadState.DONE]
    return found[-1] if found else None


def _free(tx: Tx, wanted: str, purpose: str) -> str:
    """Return under which id it is opened: one that was begun goes on, one that is over is followed by another."""
    found = _openings(tx, wanted)
    if found and found[-1].state not in _OVER and found[-1].purpose == purpose:
        return found[-1].id
    return _key(wanted, len(found) + 1)


def _openings(tx: Tx, wanted: str) -> list[ReadRow]:
    """Return what was opened for a run, in order; more than one where it was asked again after a restart."""
    found: list[ReadRow] = []
    while (row := tx.get(ReadRow, id=_key(wanted, len(found) + 1))) is not None:
        found.append(row)
    return found


def _key(wanted: str, number: int) -> str:
    return wanted if number == 1 else f"{wanted}/{number}"
