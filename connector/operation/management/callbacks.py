"""Clients that are called back about their negotiations and transfers, as Eclipse EDC does it (`callbackAddresses`).

    POST URI   {"id": …, "at": ms, "type": "TransferProcessStarted", "payload": {…}}   and the header `authKey`

Law: (1) what a client is told follows from the states that its process has entered and those it was told of, so nothing
is lost by a crash; one may be told twice. (2) Events are named by their beginnings, `transfer.process` is all of a
transfer's. (3) A client that refuses is not asked again about that event; one that is away is, until a day after the
process has ended. It never delays the process.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connector.core.driver import Driver
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import FINAL, NEGOTIATION, TRANSFER
from connector.operation.management import views
from connector.operation.management.query import listed
from connector.operation.management.shape import Violation, Violations
from connector.operation.management.written import milliseconds
from connector.runtime.errors import AddressRefused, PeerMisbehaved, PeerRefused
from connector.store.rows.management import CallbackRow, SecretRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.store.rows.protocol import ProcessRow
    from connector.store.transaction import Tx

ADDRESSES_MAX: Final = 10
EVENTS_MAX: Final = 40
TEXT_CHARACTERS_MAX: Final = 500
AFTER: Final = timedelta(days=1)  # so long after the end of a process a client that is away is called
# kind of process → how its events are named: in a list, and as a type; and the states in their usual order
NAMED: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    NEGOTIATION: (
        "contract.negotiation",
        "ContractNegotiation",
        ("REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED", "FINALIZED", "TERMINATED"),
    ),
    TRANSFER: (
        "transfer.process",
        "TransferProcess",
        ("REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED"),
    ),
}

log = logging.getLogger(__name__)


class Callbacks:
    """The callbacks of one participant's clients."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._known: dict[str, int] = {}  # processes about which somebody is called, each at how many addresses
        self.driver = Driver("callback", self._advance, self._fail)

    async def recover(self) -> None:
        """Go on with what an earlier run left."""
        for row in await self._core.store.read(lambda tx: tx.find(CallbackRow, "due = 1")):
            self._known[row.process] = max(self._known.get(row.process, 0), row.number + 1)
            self.driver.wake(_key(row.process, row.number))

    def moved(self, process: str, key: str) -> None:
        """Look at a process that has moved."""
        if process in NAMED:
            for number in range(self._known.get(key, 0)):
                self.driver.wake(_key(key, number))

    async def read(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the callback addresses of a request, checked; raises Violations."""
        found = [_address(one) for one in listed(told.get("callbackAddresses"))]
        if len(found) > ADDRESSES_MAX:
            raise _odd(f"at most {ADDRESSES_MAX} addresses are called about a process")
        for one in found:
            try:
                self._core.outbound.check(one["uri"])
            except AddressRefused as fault:
                raise _odd(f"`uri` cannot be called: {fault}", one["uri"][:200]) from fault
            await self._core.store.read(partial(_require_secret, one))
        return found

    async def keep(self, key: str, kind: str, addresses: list[dict[str, Any]]) -> None:
        """Call these addresses about a process from now on."""
        if not addresses:
            return
        about: dict[str, Any] = {"process": key, "kind": kind, "told": {}, "due": 1, "created": self._core.clock.now()}
        rows = [CallbackRow(number=number, address=one, **about) for number, one in enumerate(addresses)]
        self._known[key] = len(rows)

        def act(tx: Tx) -> None:
            for row in rows:
                tx.insert(row)

        await self._core.store.write(act)
        for row in rows:
            self.driver.wake(_key(key, row.number))

    async def _advance(self, key: str) -> None:
        """Tell what was not told yet, event by event."""
        while (found := await self._core.store.read(lambda tx: _next(tx, key))) is not None:
            row, process, state, body = found
            over = process.state in FINAL and self._core.clock.now() > process.updated + AFTER
            if not over:
                await self._tell(row, state, body)
            told = row.told | {state: row.told.get(state, 0) + 1}
            await self._core.store.write(partial(_note, key, told))
        await self._core.store.write(partial(_settle, key))

    async def _tell(self, row: CallbackRow, state: str, body: dict[str, Any]) -> None:
        event = f"{NAMED[row.kind][0]}.{state.lower()}"
        if not any(event.startswith(begin) for begin in row.address["events"]):
            return
        headers = await self._core.store.read(partial(_headers, row.address))
        try:
            await self._core.outbound.post(row.address["uri"], body, headers=headers)
        except (PeerRefused, PeerMisbehaved) as refusal:
            log.warning("`%s` did not take `%s` of %s: %s", row.address["uri"], event, row.process, refusal)

    async def _fail(self, key: str, fault: Exception) -> None:
        """Leave it at what cannot be told: its address breaks a rule of ours, or of HTTP."""
        log.warning("nobody is called about %s any more: %s", key, fault)
        process, number = _apart(key)
        at = {"process": process, "number": number}
        await self._core.store.write(lambda tx: tx.update(CallbackRow, at, due=0))


def _key(process: str, number: int) -> str:
    """Return what one address of a process is driven by."""
    return f"{number} {process}"


def _apart(key: str) -> tuple[str, int]:
    number, _, process = key.partition(" ")
    return process, int(number)


def _row(tx: Tx, key: str) -> CallbackRow | None:
    process, number = _apart(key)
    return tx.get(CallbackRow, process=process, number=number)


def _next(tx: Tx, key: str) -> tuple[CallbackRow, ProcessRow, str, dict[str, Any]] | None:
    """Return the next event that was not told, None where all were."""
    row = _row(tx, key)
    if row is None or not row.due:
        return None
    process: ProcessRow | None = tx.get(NegotiationRow if row.kind == NEGOTIATION else TransferRow, id=row.process)
    if process is None:
        return None
    entered = process.entered or {}
    for state in NAMED[row.kind][2]:
        if entered.get(state, 0) > row.told.get(state, 0):
            return row, process, state, _body(tx, row, process, state)
    return None


def _body(tx: Tx, row: CallbackRow, process: ProcessRow, state: str) -> dict[str, Any]:
    """Return what is told of a process that has entered a state."""
    kind = NAMED[row.kind][1]
    if isinstance(process, NegotiationRow):
        seen = views.negotiation(tx, process)
        names = ("counterPartyAddress", "counterPartyId", "protocol", "contractAgreementId", "callbackAddresses")
        payload = {"contractNegotiationId": row.process} | {name: seen[name] for name in names if name in seen}
    else:
        seen = views.transfer(tx, process)
        names = ("assetId", "type", "contractId", "protocol", "callbackAddresses")
        payload = {"transferProcessId": row.process} | {name: seen[name] for name in names if name in seen}
        if state == "STARTED" and process.address is not None:
            told = {"type": process.format, "endpoint": data_address.endpoint(process.address)}
            payload["dataAddress"] = {"properties": data_address.properties(process.address) | told}
    if process.reason:
        payload["reason"] = process.reason
    at = milliseconds(process.updated)
    return {"id": str(uuid.uuid4()), "at": at, "type": kind + state.capitalize(), "payload": payload}


def _note(key: str, told: dict[str, Any], tx: Tx) -> None:
    if (row := _row(tx, key)) is not None:
        tx.change(row, replace(row, told=told))


def _settle(key: str, tx: Tx) -> None:
    """Take note that a client was told of the end."""
    row = _row(tx, key)
    if row is None or not row.due or _next(tx, key) is not None:
        return
    process: ProcessRow | None = tx.get(NegotiationRow if row.kind == NEGOTIATION else TransferRow, id=row.process)
    if process is not None and process.state in FINAL:
        tx.change(row, replace(row, due=0))


def _headers(address: Mapping[str, Any], tx: Tx) -> dict[str, str]:
    secret = tx.get(SecretRow, id=address.get("authCodeId", ""))
    return {} if secret is None else {address["authKey"]: secret.value.decode()}


def _require_secret(address: Mapping[str, Any], tx: Tx) -> None:
    if "authCodeId" in address and tx.get(SecretRow, id=address["authCodeId"]) is None:
        raise _odd(f"there is no secret `{address['authCodeId'][:200]}`: write it first", address["authCodeId"])


def _address(told: Any) -> dict[str, Any]:
    """Return one address with its own members; raises Violations."""
    if not isinstance(told, dict):
        raise _odd("a callback address is an object")
    found = {name: told[name] for name in ("uri", "authKey", "authCodeId") if told.get(name) is not None}
    if "uri" not in found or not all(_is_text(one) for one in found.values()):
        raise _odd("a callback address has a `uri`, and texts for `authKey` and `authCodeId`")
    if ("authKey" in found) != ("authCodeId" in found):
        raise _odd("`authKey` names the header, and `authCodeId` its secret: there is none without the other")
    if str(told.get("transactional", False)).lower() != "false":
        raise _odd("`transactional` is not spoken: a client is called after the change, and never holds it up")
    events = listed(told.get("events"))
    if not 0 < len(events) <= EVENTS_MAX or not all(_is_text(one) for one in events):
        raise _odd(f"`events` is a list of 1 to {EVENTS_MAX} names, or beginnings of names")
    return found | {"events": events}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_CHARACTERS_MAX and value.isascii() and value.isprintable()


def _odd(text: str, value: Any = None) -> Violations:
    return Violations([Violation(text, "callbackAddresses", value)])
