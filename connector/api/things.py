"""One thing by its id, whatever it is: a row of ours, a member, an account, a transaction, an event of our log."""

from __future__ import annotations

import re
import shlex
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.custody import lineage
from connector.custody.blobs import Blobs
from connector.identity.space.view import SpaceView
from connector.runtime.errors import Absent
from connector.runtime.limits import INDEX_DIGITS_MAX
from connector.settlement import disputes
from connector.store import naming
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.chain import ChainSendRow, ChainTxRow
from connector.store.rows.channel import BundleRow
from connector.store.rows.compute import AnswerRow, ComputationRow
from connector.store.rows.evidence import LogEntryRow
from connector.store.rows.use import ReadRow
from connector.store.rows.vault import EditionRow, ReplicaRow
from contracts import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from connector.api.call import Call
    from connector.store.table_row import TableRow
    from connector.store.transaction import Tx
    from ledger.space.document import Member

ACCOUNT = re.compile(r"0x[0-9a-fA-F]{40}")
TRANSACTION = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
# an id of a statement is its asker's, under one agreement: the first that is called so is shown
STATEMENTS = (AnswerRow, ComputationRow)
# rows of which only this is shown; of every other all is, and none of those has a secret
SHOWN: Mapping[type[TableRow], tuple[str, ...]] = {
    EditionRow: ("id", "number", "product", "series", "state", "created"),
    ReplicaRow: ("id", "edition", "agreement", "state", "created"),
    ReadRow: ("id", "acquisition", "agreement", "purpose", "state", "reason", "created"),
    LogEntryRow: ("idx", "part", "leaf", "at"),
    AnswerRow: ("job", "agreement", "statement", "purpose", "created", "ended"),
    ComputationRow: (
        "job", "agreement", "product", "peer", "statement", "purpose", "state", "reason", "rows", "created", "ended"
    ),
    ChainTxRow: ("id", "program", "function", "nonce", "hash", "state", "block", "error", "created"),
}  # fmt: skip


async def show(call: Call) -> web.Response:
    """Show one thing by its id; `kind` says what it is."""
    key = call.path["id"]
    row = await call.core.store.read(partial(_row, key=key))
    if isinstance(row, BundleRow):  # as it is filed: `penstock verify` takes it
        folder = call.of(Blobs).folder
        return as_json(await call.core.store.read(partial(disputes.document, row=row, folder=folder)))
    if row is not None:
        return as_json(_told(row) | await call.core.store.read(partial(_destroyed, row=row)))
    if (found := await _member(call, key)) is not None:
        return as_json(found)
    asks = f"penstock product show {shlex.quote(key[:100])}, what the exchange lists"
    raise Absent(f"nothing here has the id `{key[:100]}`", f"penstock show, alone, says what is here; {asks}")


def _row(tx: Tx, key: str) -> Any:
    """Return the row of ours that is meant, None where there is none."""
    for kind, column in naming.THINGS:
        if found := tx.find(kind, f"{column} = ?", (key,), limit=1):
            return found[0]
    if TRANSACTION.fullmatch(key):
        for begun in (key.lower(), "0x" + key.lower(), key.lower().removeprefix("0x")):
            sent = tx.get(ChainSendRow, hash=begun)
            if sent is not None and (of := tx.find(ChainTxRow, "nonce = ?", (sent.nonce,), limit=1)):
                return of[0]
        if of := tx.find(ChainTxRow, "hash = ?", (key.lower().removeprefix("0x"),), limit=1):
            return of[0]
    is_index = key.isascii() and key.isdecimal() and len(key) <= INDEX_DIGITS_MAX
    if is_index and (entry := tx.get(LogEntryRow, idx=int(key))) is not None:
        return entry
    return next((row for kind in STATEMENTS for row in tx.find(kind, "job = ?", (key,), limit=1)), None)


async def _member(call: Call, key: str) -> dict[str, Any] | None:
    """Return a member by its DID or its account; an account of nobody is one all the same."""
    space = call.of(SpaceView)
    if key.startswith("did:"):
        member = await space.member(key)
        return None if member is None else _of(member, "members", key, call)
    if ACCOUNT.fullmatch(key):
        of = await space.of_account(bytes.fromhex(key.removeprefix("0x")))
        return {"kind": "accounts", "id": key, "did": None} if of is None else _of(of, "accounts", key, call)
    return None


def _of(member: Member, kind: str, key: str, call: Call) -> dict[str, Any]:
    told = {name: getattr(member, name) for name in ("did", "name", "role", "region", "url")}
    own = member.did == call.core.identity.did
    return {"kind": kind, "id": key, **told, "address": address.show(member.address), "own": own}


def _told(row: TableRow) -> dict[str, Any]:
    columns, only = row.columns(), SHOWN.get(type(row))
    told = {name: shown(value) for name, value in columns.items() if only is None or name in only}
    event = {"event": row.kind} if isinstance(row, LogEntryRow) else {}
    return {"kind": row.TABLE.name, **told, **event}


def _destroyed(tx: Tx, row: Any) -> dict[str, Any]:
    """Return what its holder destroyed under an agreement, of anything else nothing."""
    if not isinstance(row, AgreementRow):
        return {}
    return {"destroyed": lineage.destroyed(tx, row.digest)}


def shown(value: Any) -> Any:
    """Return a value of a row as JSON has it."""
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else value
