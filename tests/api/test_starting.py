"""A start that fails leaves nothing behind: no connection, no lease, nothing that the next start would wait for."""

from __future__ import annotations

import asyncio
import gc

import aiohttp
import pytest

from bench.pages import product
from connector.app.app import Connector
from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.runtime import settings
from connector.runtime.errors import SettingsError
from connector.store.rows.product import ProductRow
from connector.store.transaction import Tx
from tests.api.lone import lone

PRODUCTS = 20


async def test_a_start_that_fails_closes_what_it_opened_and_the_next_one_goes_on(tmp_path):
    data = tmp_path / "lone"
    named = {"name": "Lone", "roles": ("provider",), "region": "US-NY", "exchange": None, "development": True}
    initialise(data, port=free_ports(1)[0], **named)
    with pytest.raises(SettingsError, match="expected `s3://bucket`"):
        await Connector.start(data, settings.load(data, {"PENSTOCK_VAULT_BLOBS": "nowhere"}))
    assert not unclosed()
    async with lone(data, ("provider",)):
        assert unclosed(), "what is looked for is there while it serves"
    assert not unclosed()


async def test_who_was_restored_answers_little_until_it_knows_what_others_know(tmp_path):
    async with lone(tmp_path / "lone", ("provider",)) as connector, aiohttp.ClientSession() as session:

        async def asked(path):
            async with session.get(connector.settings.own_url + path) as answer:
                return answer.status, await answer.json()

        assert (await asked("/log/checkpoint"))[0] in {200, 404}
        connector.health.catching_up = True
        status, told = await asked("/health/ready")
        assert (status, told["reasons"]) == (503, ["catching-up"])
        assert [(await asked(path))[0] for path in ("/health/live", "/.well-known/did.json")] == [200, 200]
        for path in ("/health", "/log/checkpoint", "/management/metrics"):
            status, told = await asked(path)
            assert (status, told["code"], told["whose"]) == (503, "catching-up", "us")


async def test_a_start_reads_no_product_that_only_rests(tmp_path, monkeypatch):
    async with lone(tmp_path / "lone", ("provider",)) as before:
        await before.store.write(lambda tx: [tx.insert(product(number)) for number in range(PRODUCTS)])
    read, find, get = [], Tx.find, Tx.get

    def found(tx, table, *told, **more):
        rows = find(tx, table, *told, **more)
        read.extend(rows if table is ProductRow else ())
        return rows

    def got(tx, table, **key):
        read.extend([key] if table is ProductRow else ())
        return get(tx, table, **key)

    monkeypatch.setattr(Tx, "find", found)
    monkeypatch.setattr(Tx, "get", got)
    async with lone(tmp_path / "lone", ("provider",)) as again:
        for chore in again.monitor.chores.values():
            await chore()
        assert not read
        assert len(await again.store.read(lambda tx: tx.find(ProductRow))) == PRODUCTS == len(read), "reading is seen"


def unclosed():
    """Return the sessions of this loop that nobody has closed."""
    loop = asyncio.get_running_loop()
    held = [one for one in gc.get_objects() if isinstance(one, aiohttp.ClientSession)]
    return [one for one in held if one._loop is loop and not one.closed]
