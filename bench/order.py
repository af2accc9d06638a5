"""What one order costs who has a part in it: events, tables with their log, processors, gas; and what rest costs.

`python -m bench.order [--orders 72]`

An order is a purchase of one edition of four pieces, as `bench.history.trade` publishes it, then its settlement on
chain. Many are made; what the logs, the tables (page by page, as the disk has them) and the chain hold after the last
and did not before the first is divided by their number. Events that were anchored rest in objects; these are counted
apart. Some orders of a larger edition say what a window more costs. These figures are what `penstock plan` multiplies.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING, Any

from bench import grown, history, report
from bench.space import EXCHANGE, Space, machine, workshop
from bench.trader import Trader
from connector.net.outbound import Outbound

if TYPE_CHECKING:
    from pathlib import Path

# as many as several bundles of the log take, so that the edge of one says little
ORDERS, WARM, REST_SECONDS = 72, 40, 90.0
# a round of the work beside, in which full bundles move out of the tables
ROUND_SECONDS = 25.0
DAY_SECONDS = 86_400
# an edition that takes many windows, each of at most so much unpaid (minor units, of which a MiB costs one)
LONG, LONG_ORDERS, LONG_MIB, LONG_EXPOSURE = "bench-long", 12, 48, "2"
OFFERED = "keys.offered"
DATABASE_KIB = 40.0
TRADING = (EXCHANGE, *history.ROLES)


async def measure(made: Path, folder: Path, orders: int = ORDERS, rest: float = REST_SECONDS) -> list[report.Row]:
    """Return the rows of one order, of a window more, and of a day of rest."""
    folder.mkdir(parents=True)
    async with grown.grown(made, folder, 0, grown.nothing, "provider") as (run, _):
        one = await _each(run, Trader(run), orders)
        source = folder / "long.bin"
        source.write_bytes(os.urandom(LONG_MIB << 20))
        await run.offer(LONG, [source], pieceKiB=report.KIB, exposure=LONG_EXPOSURE)
        longer = await _each(run, Trader(run, LONG, "longer"), min(orders, LONG_ORDERS))
        rows = [report.row("an order: windows", one["provider"]["windows"], "")]
        rows += [row for role in TRADING for row in _rows(role, one[role])]
        more = longer["provider"]["windows"] - one["provider"]["windows"]
        for role in history.ROLES:
            for what, unit in (("events", ""), ("database", "KiB"), ("objects of the log", "KiB")):
                each = (longer[role][what] - one[role][what]) / more
                rows.append(report.row(f"a window more, {role}: {what}", each, unit))
        quiet = {role: report.cpu_seconds(run.pid(role)) for role in run.people}
        await asyncio.sleep(rest)
        for role, spent in quiet.items():
            day = (report.cpu_seconds(run.pid(role)) - spent) / rest * DAY_SECONDS
            rows.append(report.row(f"a day of rest, {role}: CPU", day, "s"))
    return rows


async def _each(run: Space, trader: Trader, orders: int) -> dict[str, dict[str, float]]:
    """Return role → what one of so many orders costs, after some that count for nothing."""
    await _deals(run, trader, min(orders, WARM))
    before = await _state(run)
    await _deals(run, trader, orders)
    after = await _state(run)
    return {
        role: {what: (value - before[role][what]) / orders for what, value in after[role].items()} for role in after
    }


async def _deals(run: Space, trader: Trader, orders: int) -> None:
    """Make so many orders, each settled, and wait until nothing is left to be anchored or granted."""
    for _ in range(orders):
        view = await trader.deal()
        await run.call("provider", "POST", "settlements", {"agreement": view["agreement"]})
    for role in history.ROLES:
        await run.call(role, "POST", "log/anchor", {})
    await asyncio.sleep(ROUND_SECONDS if orders >= LONG_ORDERS else 0)


async def _state(run: Space) -> dict[str, dict[str, float]]:
    """Return role → what it holds and has spent."""
    gas = await _gas(run)
    found = {}
    for role in TRADING:
        with contextlib.closing(sqlite3.connect(run.people[role].data / history.DATABASE)) as database:
            [(pages,)] = database.execute("SELECT sum(pgsize) FROM dbstat").fetchall()
            [(events,)] = database.execute("SELECT count(*) FROM log_entries").fetchall()
            counted = "SELECT count(*) FROM log_entries WHERE kind = ?"
            [(windows,)] = database.execute(counted, (OFFERED,)).fetchall()
        cpu = report.cpu_seconds(run.pid(role))
        account = str((await run.call(role, "GET", "status"))["address"]).lower()
        objects = sum(path.stat().st_size for path in (run.people[role].data / "log").rglob("*") if path.is_file())
        found[role] = {
            "database": pages / report.KIB,
            "objects of the log": objects / report.KIB,
            "events": events,
            "windows": windows,
            "CPU": cpu,
            "gas": gas.get(account, 0),
        }
    return found


async def _gas(run: Space) -> dict[str, float]:
    """Return account → the gas that all its transactions took, by the chain's receipts."""
    spent: dict[str, float] = {}
    newest = int(await _ask(run, "eth_blockNumber"), 16)
    for number in range(newest + 1):
        block = await _ask(run, "eth_getBlockByNumber", hex(number), False)  # hashes alone
        for transaction in block["transactions"]:
            receipt = await _ask(run, "eth_getTransactionReceipt", transaction)
            sender = receipt["from"].lower()
            spent[sender] = spent.get(sender, 0) + int(receipt["gasUsed"], 16)
    return spent


async def _ask(run: Space, method: str, *told: Any) -> Any:
    """Ask the chain that the exchange hosts."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(told)}
    async with Outbound(development=True) as outbound:
        answer = await outbound.request("POST", f"{run.doors[EXCHANGE].address()}/rpc", body=body)
    return answer.json()["result"]


def _rows(role: str, told: dict[str, float]) -> list[report.Row]:
    bound = {"at_most": DATABASE_KIB} if role in history.ROLES else {}
    return [
        report.row(f"an order, {role}: events", told["events"], ""),
        report.row(f"an order, {role}: database", told["database"], "KiB", **bound),
        report.row(f"an order, {role}: objects of the log", told["objects of the log"], "KiB"),
        report.row(f"an order, {role}: CPU", told["CPU"], "s"),
        report.row(f"an order, {role}: gas", told["gas"], "gas"),
    ]


async def _measured(orders: int) -> list[report.Row]:
    with workshop() as folder:
        made = folder / "made"
        made.mkdir()
        await history.trade(made)
        return await measure(made, folder / "order", orders)


def main() -> None:
    """Measure, print, write bench/results/order.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.order")
    parser.add_argument("--orders", type=int, default=ORDERS)
    asked = parser.parse_args()
    print(machine(), flush=True)
    found = asyncio.run(_measured(asked.orders))
    print(report.table(found))
    print("written to", report.write("order", found))


if __name__ == "__main__":
    main()
