"""Sealed bytes leave before they are paid only up to the agreed bound, which every payment moves on (spec 4)."""

from __future__ import annotations

import pytest
import pytest_asyncio
from aiohttp import ClientSession, TraceConfig

from connector.custody import tickets
from connector.runtime.errors import PaymentRefused
from tests.api.running import rule, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOUND = 1_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("carriage")


async def test_unpaid_bytes_are_capped_also_over_a_restart_and_paying_moves_the_cap(folder):
    async with running(folder) as first:
        digest, pid = await first.agree(rule(("count", "lteq", "10")))
        await first.store.write(lambda tx: bounded(tx, digest))
        await first.connector.carriage.charge(ticket(first, digest, pid), BOUND - 1)
        await refused(first, digest, pid, 2)
    async with running(folder) as second:
        await refused(second, digest, pid, 2)
        await second.connector.carriage.charge(ticket(second, digest, pid), 1)
        await refused(second, digest, pid, 1)
        paid = {"rows": [[0, 1]], "quantity": 500, "amount": 0, "plain": 500}
        await second.store.write(lambda tx: tx.put("paid_rows", agreement=digest, **paid))
        await second.connector.carriage.charge(ticket(second, digest, pid), 500)
        await refused(second, digest, pid, 1)


async def test_who_asks_while_its_transfer_is_halted_is_told_so_on_a_connection_that_stands(folder, monkeypatch):
    made, trace = [], TraceConfig()

    async def note(*_):
        made.append(1)

    trace.on_connection_create_end.append(note)
    async with running(folder) as provider, ClientSession(trace_configs=[trace]) as client:
        digest, pid = await provider.agree(rule(("count", "lteq", "10")))
        carriage, at = provider.connector.carriage, provider.connector.settings.server.port
        path = f"http://127.0.0.1:{at}/sealed/{provider.edition.hex()}/pieces?first=0&count=1"
        headers = {"Authorization": provider.ticket(digest, pid)}
        charge = carriage.charge

        async def halted(told, length):
            await charge(told, length)
            carriage.halt(pid)

        monkeypatch.setattr(carriage, "charge", halted)
        async with client.get(path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (409, "conflict")
        monkeypatch.undo()
        async with client.get(path, headers=headers) as answer:
            assert (answer.status, len(await answer.read())) == (200, provider.sealed.table.span(0, 1)[1])
    assert len(made) == 1


async def refused(provider, digest, pid, size):
    with pytest.raises(PaymentRefused, match="before more is paid"):
        await provider.connector.carriage.charge(ticket(provider, digest, pid), size)


def bounded(tx, digest):
    terms = tx.get("agreements", digest=digest)["terms"]
    tx.update("agreements", {"digest": digest}, terms={**terms, "maxUnpaidBytes": str(BOUND)})


def ticket(provider, digest, pid):
    now = provider.connector.clock.now()
    return tickets.read(provider.connector.ticket_key, provider.ticket(digest, pid), now)
