"""A database server that was set back in time: the next start notices it, and signs only what others can follow."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace

import orjson
import psycopg
import pytest

from connector.api.chain_host import hosting
from connector.cli import recovery
from connector.demo.processes import free_ports
from connector.operation import catching_up, set_back
from connector.operation.set_back import FILE_NAME
from connector.runtime.clock import Clock
from connector.runtime.data_folder import CHAIN_DATABASE
from connector.store.restored import marked as restored_mark
from ledger.chain.client import Chain
from ledger.chain.errors import ChainUnreachable
from tests.federation.exchanges import exchange, product, put
from tests.postgres import durable

KIND = "log.restored"


class Server:
    """A server with one database, which is set back to what it was when it was kept."""

    def __init__(self, base):
        self._base = base
        self.url = base.replace("/postgres?", "/one?", 1)
        self._do("CREATE DATABASE one")

    def keep(self):
        self._do("CREATE DATABASE early TEMPLATE one")

    def set_back(self):
        self._do("DROP DATABASE one", "CREATE DATABASE one TEMPLATE early")

    def _do(self, *statements):
        with psycopg.connect(self._base, autocommit=True) as operator:
            for statement in statements:
                operator.execute(statement)


@pytest.fixture
async def house(absent, tmp_path, monkeypatch):
    """Return the server, and what starts the exchange that keeps its tables there."""
    with durable(absent) as base:
        server = Server(base)
        async with hosting(tmp_path / CHAIN_DATABASE, "127.0.0.1", *free_ports(1), Clock()) as (_, chain):
            variables = {"PENSTOCK_STORE_DATABASE": server.url, "PENSTOCK_CHAIN_RPC": chain}
            for name, value in variables.items():
                monkeypatch.setenv(name, value)

            @asynccontextmanager
            async def begin():
                async with exchange(tmp_path / "exchange", variables) as made:
                    yield made

            yield server, begin, tmp_path / "exchange"


async def restored(connector):
    """Return at which places of the log it says that it was restored."""
    rows = await connector.store.read(lambda tx: tx.find("log_entries", "kind = ?", (KIND,), "idx"))
    return [row["idx"] for row in rows]


async def test_a_server_that_was_set_back_is_noticed_or_told(house):
    server, begin, data = house
    async with begin() as connector:
        await put(connector, product("kept", "Kept"))
    server.keep()
    async with begin() as connector:
        await put(connector, product("lost", "Lost"))
        assert await restored(connector) == [], "a start is no loss"
        lost = connector.evidence.newest[0]
    server.set_back()
    async with begin() as connector:
        [place] = await restored(connector)
        assert place < lost.size
        await put(connector, product("after", "After"))
        assert not await connector.store.read(restored_mark), "it was asked, and the mark is gone"
    server.set_back()
    (data / FILE_NAME).unlink()
    async with begin() as connector:
        assert await restored(connector) == [], "who saw nothing misses nothing"
    assert (await recovery._set_back(data, "", ("did:web:gone.example",)))["without"] == ["did:web:gone.example"]
    async with begin() as connector:
        assert len(await restored(connector)) == 1


async def test_what_was_sent_before_a_restore_is_mined_before_anything_is_signed(house, monkeypatch):
    server, begin, _ = house
    async with begin() as connector:
        await put(connector, product("kept", "Kept"))
    server.keep()
    async with begin() as connector:
        await put(connector, product("lost", "Lost"))
    server.set_back()
    counted, known, waits, seen, away = Chain.nonce, catching_up._known, [1, 1, 0], [], [1, 1]

    async def nonce(self, account, at="pending"):
        """A node that does not answer at first, and still has a transaction of the run that was lost."""
        if away:
            away.pop()
            raise ChainUnreachable("the node does not answer")
        told = await counted(self, account, "latest" if at == "pending" else at)
        if at != "pending" or not waits:
            return told
        seen.append(waits.pop(0))
        return told + seen[-1]

    async def asked(*args):
        seen.append("asked")
        return await known(*args)

    monkeypatch.setattr(catching_up, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(catching_up, "_known", asked)
    monkeypatch.setattr(Chain, "nonce", nonce)
    async with begin() as connector:
        assert len(await restored(connector)) == 1
    assert seen == [1, 1, 0, "asked"]


async def test_a_commit_during_the_write_of_another_head_is_kept_too(tmp_path, monkeypatch):
    evidence = SimpleNamespace(newest=(SimpleNamespace(size=1, root=b"1"), "note"))
    monkeypatch.setattr(set_back, "SEEN_SECONDS", 0)
    seen, keep, kept = set_back.Seen(tmp_path, evidence), set_back.Seen._keep, []

    def commit(self, head):
        evidence.newest = (SimpleNamespace(size=2, root=b"2"), "note")
        kept.append(head.size)
        keep(self, head)

    monkeypatch.setattr(set_back.Seen, "_keep", commit)
    seen.changed()
    seen.changed()
    await seen._task
    assert kept == [1, 2]
    assert orjson.loads((tmp_path / FILE_NAME).read_bytes()) == {"size": 2, "root": b"2".hex()}
