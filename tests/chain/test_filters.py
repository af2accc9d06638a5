"""Filters that callers leave with the chain: each thing is told once, and what is forgotten is said to be."""

from __future__ import annotations

from ledger.chain import acts
from ledger.embedded import filters

from .conftest import HOST, KEY


async def mined(programs, count=1):
    return [await programs.perform(acts.mint(programs.deployment, HOST, 1), KEY) for _ in range(count)]


async def test_a_filter_tells_each_log_once(programs, ask):
    token = "0x" + programs.deployment.addresses["token"].hex()
    number = (await ask("eth_newFilter", {"address": token}))["result"]
    assert (await ask("eth_getFilterChanges", number))["result"] == []
    receipts = await mined(programs, 2)
    told = (await ask("eth_getFilterChanges", number))["result"]
    assert [log["transactionHash"] for log in told] == ["0x" + each.transaction.hex() for each in receipts]
    assert (await ask("eth_getFilterChanges", number))["result"] == []
    assert (await ask("eth_getFilterLogs", number))["result"] == told
    elsewhere = (await ask("eth_newFilter", {"address": "0x" + "11" * 20}))["result"]
    await mined(programs)
    assert (await ask("eth_getFilterChanges", elsewhere))["result"] == []
    assert len((await ask("eth_getFilterChanges", number))["result"]) == 1


async def test_a_filter_of_blocks_tells_their_hashes(programs, ask):
    number = (await ask("eth_newBlockFilter"))["result"]
    receipts = await mined(programs, 3)
    assert (await ask("eth_getFilterChanges", number))["result"] == ["0x" + each.block_hash.hex() for each in receipts]
    assert (await ask("eth_getFilterChanges", number))["result"] == []
    assert (await ask("eth_getFilterLogs", number))["error"]["code"] == -32602


async def test_a_filter_with_an_end_ends(programs, ask):
    newest = (await programs.chain.newest()).number
    number = (await ask("eth_newFilter", {"fromBlock": hex(newest), "toBlock": hex(newest)}))["result"]
    await mined(programs)
    assert (await ask("eth_getFilterChanges", number))["result"] == []


async def test_filters_are_dropped_forgotten_and_bounded(ask, clock, monkeypatch):
    first, second = [(await ask("eth_newBlockFilter"))["result"] for _ in range(2)]
    assert [(await ask("eth_uninstallFilter", first))["result"] for _ in range(2)] == [True, False]
    assert (await ask("eth_getFilterChanges", first))["error"]["message"] == "filter not found; make another"
    clock.move(filters.IDLE_SECONDS - 1)
    assert "result" in await ask("eth_getFilterChanges", second)
    clock.move(filters.IDLE_SECONDS)
    assert "error" in await ask("eth_getFilterChanges", second)
    monkeypatch.setattr(filters, "MAX_FILTERS", 3)
    numbers = [(await ask("eth_newBlockFilter"))["result"] for _ in range(5)]
    kept = ["result" in await ask("eth_getFilterChanges", number) for number in numbers]
    assert kept.count(True) <= 3
    assert kept[-1]
