"""Residents come into a space past the program: rows of the exchange, its registry on chain, products of theirs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import orjson
from eth_account import Account

from bench import history
from bench.nationwide.resident import Resident
from connector.identity import keys
from connector.runtime.data_folder import CHAIN_DATABASE, DATABASE, DEPLOYMENT, KEYS
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.rows.space import MemberRow, MemberState
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.chain import membership
from ledger.chain.client import call_data
from ledger.chain.deployment import Deployment
from ledger.chain.standing import did_digest
from ledger.embedded.engine import MAX_BODY_GAS, Engine
from ledger.embedded.store import Store as ChainStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from connector.store.table_row import TableRow
    from ledger.space.document import Member

GAS = 200_000
ROWS_A_COMMIT = 10_000


def residents(count: int, port: int) -> Iterator[Member]:
    """Yield so many residents as the space lists them."""
    return (Resident(number, port).member for number in range(count))


@dataclass(frozen=True, slots=True)
class Mined:
    """By which transaction a member was admitted: its number at the exchange, its hash (hex), its block."""

    nonce: int
    hash: str
    block: int


def register(data: Path, exchange: str, members: Iterator[Member]) -> list[Mined]:
    """Admit members into the registry of a chain that nobody hosts now; return what each was admitted by."""
    deployment = Deployment.from_json(orjson.loads((data / DEPLOYMENT).read_bytes()))
    space, key = did_digest(exchange), keys.load(data / KEYS).agreement
    account = Account.from_key(key)
    engine = Engine(ChainStore(data / CHAIN_DATABASE), lambda: int(time.time()))
    first, mined = engine.state(engine.head).get_nonce(bytes.fromhex(account.address[2:])), list[Mined]()
    told = {"to": deployment.addresses["spaces"], "gas": GAS, "gasPrice": 0, "value": 0, "chainId": engine.chain_id}
    try:
        for nonce, one in enumerate(members, first):
            held = membership.Keys(one.log_key, one.delivery, one.aggregate)
            act = membership.admit(deployment, space, one.address, one.did, one.role, held)
            signed = account.sign_transaction(told | {"nonce": nonce, "data": call_data(act)})
            engine.gas_left = MAX_BODY_GAS  # as for a request of its own
            engine.send(bytes(signed.raw_transaction))
            mined.append(Mined(nonce, signed.hash.hex(), engine.head.block_number))
    finally:
        engine.store.close()
    return mined


def enlist(data: Path, members: Iterator[Member], mined: Iterable[Mined]) -> None:
    """Put members into the tables of the exchange, admitted just now, and by which transactions."""
    asyncio.run(_enlisted(data, zip(members, mined, strict=True)))


async def _enlisted(data: Path, members: Iterator[tuple[Member, Mined]]) -> None:
    store, at = await Store.open(data / DATABASE, TABLES), datetime.now(UTC)
    try:
        while part := list(islice(members, ROWS_A_COMMIT)):
            rows: list[TableRow] = []
            for one, by in part:
                at += timedelta(microseconds=1)
                about = {name: getattr(one, name) for name in ("did", "name", "role", "region", "url")}
                state = MemberState.ADMITTED
                rows.append(MemberRow(**about, state=state, document=one.json(), created=at, updated=at))
                told = {"nonce": by.nonce, "hash": by.hash, "block": by.block, "created": at}
                rows.append(ChainTxRow(id=f"member:{one.did}", state=ActState.MINED, **told))
            await store.write(lambda tx, rows=rows: [tx.insert(row) for row in rows] and None)  # type: ignore[misc]
    finally:
        await store.close()


def offer(data: Path, count: int, members: int, port: int) -> None:
    """Have the exchange list so many products of residents, copies of the one that it lists."""
    first = Resident(0, port).did.removesuffix("0")
    # providers are those of even numbers
    ago = {
        "seq": "seq + n",
        "title": "title || ' ' || n",
        "provider": f"'{first}' || (n * 2 % {members // 2 * 2})",
    }
    with history.opened(data / DATABASE) as connection:
        history.copy(connection, "listings", [history.PRODUCT], count, ago)
