"""The register of contracts (备案), as the exchange keeps it: what was signed between two members, whoever files it.

Law: (1) a contract is taken in from one of its two parties, when both have signed it and its licence is on chain; the
same one again changes nothing. (2) Its parties read all of it, the exchange and a regulator what a register says, and
nobody else hears that there is one; what is sealed in it the exchange cannot open. (3) A filing and its event in the
log are one transaction; how a contract stands is what the chain says.
"""

from __future__ import annotations

import base64
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from connector.exchange.sight import SUPERVISE
from connector.licence.filing import keep
from connector.runtime.errors import Absent, Conflict, NotPermitted
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.filing import FiledContractRow, FilingRow
from contracts.canonical import load
from contracts.lifecycle import CODES
from ledger.agreement import filing as filings

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.agreement.filing import Filing
    from ledger.chain.programs import Licence, Programs
    from ledger.space.document import Member

# under which evidence a contract stands: a licence on chain, or the signatures of its parties alone
LICENSED, SIGNED = "licensed", "signed"
EVERY: Final = "SELECT code FROM filings ORDER BY filed DESC, code LIMIT ? OFFSET ?"
# by the index of either side, so many of each as the page may reach into: one condition for both would sort all of them
OWN: Final = (
    "SELECT code FROM ("
    "SELECT * FROM (SELECT code, filed FROM filings WHERE provider = ? ORDER BY filed DESC, code LIMIT ?) AS sold"
    " UNION "
    "SELECT * FROM (SELECT code, filed FROM filings WHERE consumer = ? ORDER BY filed DESC, code LIMIT ?) AS bought"
    ") AS own ORDER BY filed DESC, code LIMIT ? OFFSET ?"
)


class Filings:
    """The filed contracts of a space."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView) -> None:
        self._core, self._programs, self._space = core, programs, space

    async def register(self, document: Any, member: str, write: Write) -> FilingRow:
        """Take in a contract from one of its parties; return its line."""
        filing = filings.read(document)
        if member not in filing.parties:
            raise NotPermitted("a contract is filed by one of its two parties", "ask one of them to file it")
        members = self._space.last().members
        if gone := next((did for did in filing.parties if did not in members), None):
            raise NotPermitted(f"`{gone}` is no member of this space, so nobody knows its key", "penstock join")
        licence = await self._programs.licence(filing.agreement)
        signed = () if licence is None else (licence.provider, licence.buyer)
        accounts = tuple(_signed_by(members[one], signed) for one in (filing.provider, filing.consumer))
        filing.check(self._programs.deployment.domain("licences"), *accounts)
        if licence is None or (licence.provider, licence.buyer) != accounts:
            raise Conflict("no licence on chain is of this contract", "file it again once its licence is mined")
        now = self._core.clock.now()
        return await write(lambda tx: self._keep(tx, filing, member, now))

    def _keep(self, tx: Tx, filing: Filing, member: str, now: datetime) -> FilingRow:
        before = tx.find(FilingRow, "agreement = ?", (filing.amends.hex(),)) if filing.amends else []
        if any({row.provider, row.consumer} != set(filing.parties) for row in before):
            raise NotPermitted("it amends a contract of others", "an amendment is of the same two parties")
        return keep(tx, self._core.evidence, filing, member, now)

    async def page(self, member: str, first: int) -> list[JsonObject]:
        """Return what a member may read of the register, newest first."""
        every = self._space.last().members[member].role in SUPERVISE

        def read(tx: Tx) -> list[JsonObject]:
            page, most = (PAGE_ROWS_MAX, first), first + PAGE_ROWS_MAX
            codes = tx.column(EVERY, *page) if every else tx.column(OWN, member, most, member, most, *page)
            rows = (tx.get(FilingRow, code=str(code)) for code in codes)
            return [_view(row) | _successor(tx, row) for row in rows if row is not None]

        return await self._core.store.read(read)

    async def show(self, code: str, member: str) -> JsonObject:
        """Return a filed contract to who may read it: how it stands on chain, to its parties with what is sealed."""

        def read(tx: Tx) -> tuple[FilingRow | None, FiledContractRow | None, JsonObject]:
            row = tx.get(FilingRow, code=code)
            return row, tx.get(FiledContractRow, code=code), {} if row is None else _successor(tx, row)

        row, contract, successor = await self._core.store.read(read)
        party = row is not None and member in (row.provider, row.consumer)
        if row is None or not (party or self._space.last().members[member].role in SUPERVISE):
            raise Absent(f"there is no filed contract `{code[:100]}` of yours", "penstock filing list")
        if row.grade == SIGNED:
            state = "performing" if row.ended is None else "ended"
            told = _view(row) | successor | {"state": state, "contractStatus": CODES[state]}
            return told | ({"contract": load(contract.sealed)} if contract is not None and party else {})
        licence = await self._programs.licence(bytes.fromhex(row.agreement))
        told = _view(row) | successor | ({} if licence is None else _standing(licence, self._core.clock.now()))
        if contract is not None and party:
            told["sealed"] = base64.b64encode(contract.sealed).decode()
        return told


def _signed_by(member: Member, signed: tuple[bytes, ...]) -> bytes:
    """Return by which account a member stands in a licence, of a former one too; its present one where it does not."""
    return next((one for one in member.accounts if one in signed), member.address)


def _view(row: FilingRow) -> JsonObject:
    """Return what a register says of a contract."""
    return {
        "contractId": row.code,
        "contractName": row.name,
        "contractHash": row.digest,
        "agreement": row.agreement,
        "instruction": filings.instruction(bytes.fromhex(row.agreement)),
        "product": row.product,
        "provider": row.provider,
        "consumer": row.consumer,
        "signed": _shown(row.signed),
        "filed": _shown(row.filed),
        "by": row.filer,
        "grade": row.grade or LICENSED,
    } | ({"amends": row.amends} if row.amends else {})


def _successor(tx: Tx, row: FilingRow) -> JsonObject:
    """Return which filed contract is in place of one, if any is."""
    # asked for by this column alone: with its sides and an order it is looked for among all filings of a side
    rows = tx.find(FilingRow, "amends = ?", (row.agreement,))
    found = [one for one in rows if (one.provider, one.consumer) == (row.provider, row.consumer)]
    return {"supersededBy": max(found, key=lambda one: one.filed).agreement} if found else {}


def _standing(licence: Licence, now: datetime) -> JsonObject:
    """Return how a contract stands by its licence on chain."""
    over = licence.revoked_at is not None or licence.not_after <= now
    state = "ended" if over else "performing" if licence.suspended_at is None else "suspended"
    return {"state": state, "contractStatus": CODES[state]}


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
