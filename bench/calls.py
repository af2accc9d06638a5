"""Calls of an interface that is sold, beside nginx as a plain proxy of the same server: how many, and what is added.

`python -m bench.calls [--rounds 3] [--seconds 5] [--clients 16]`

The server behind both is nginx with an answer of some hundred bytes; the client is one process that keeps so many
connections busy. Ours decides each call by the policy, counts it and writes it down; a plain proxy does none of that.
Both take turns. What is added is the time of one call after the other, on one connection, over that through the proxy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
import uvloop

from bench import nginx, report
from bench.certificate import HOST
from bench.space import machine, space, workshop
from connector.custody import bearers
from connector.demo.processes import free_ports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.space import Space

PATH = "/days/2026-11-22"
ANSWER = json.dumps({"day": "2026-11-22", "stations": {f"K{at:02}": at * 7 % 31 for at in range(24)}})
OURS, PROXY = "calls of an interface under a policy", "the same server through nginx as plain proxy"
RATIO = f"{OURS} ÷ nginx"
ADDED = "added to one call, p99"
TARGETS = {OURS: {"at_least": 2_000.0}, ADDED: {"at_most": 5.0}}
COMPLETE = frozenset({"complete"})
SINGLE = 300


def servers(server: int, proxy: int) -> tuple[str, ...]:
    """Return nginx's `server` blocks: the provider's own, and a plain proxy of it that keeps connections."""
    answering = f"location / {{ default_type application/json; return 200 '{ANSWER}'; }}"
    passing = 'location / { proxy_pass http://own; proxy_http_version 1.1; proxy_set_header Connection ""; }'
    return (
        "access_log off; keepalive_requests 10000000;",
        f"upstream own {{ server {HOST}:{server}; keepalive 64; keepalive_requests 10000000; }}",
        f"server {{ listen {HOST}:{server}; {answering} }}",
        f"server {{ listen {HOST}:{proxy}; {passing} }}",
    )


async def sold(made: Space, url: str, data: Path) -> tuple[str, Mapping[str, str]]:
    """Return where calls of a published interface go, and the header that lets them in."""
    terms = {"tier": "plain", "unit": "call", "price": "2", "floor": "2", "files": None, "region": None}
    await made.offer("rain-api", [], **terms, api=url, calls=["GET /days/{day}"])
    mandate = {"limit": "2", "purpose": "Research"}
    await made.call("buyer", "POST", "acquisitions", {"id": "rain", "product": "rain-api", "mandate": mandate})
    agreement = (await made.reach("rain", COMPLETE))["agreement"]
    body = {"path": PATH, "method": "GET", "query": None, "body": None, "purpose": None}
    assert (await made.call("buyer", "POST", f"agreements/{agreement}/calls", body))["body"] == ANSWER
    with closing(sqlite3.connect(f"file:{data / 'penstock.db'}?mode=ro", uri=True)) as store:
        asked = "SELECT address FROM transfers WHERE agreement = ? AND state = 'STARTED'"
        [(address,)] = store.execute(asked, (agreement,)).fetchall()
    return json.loads(address)["endpoint"], {"Authorization": bearers.of_address(json.loads(address))}


async def rate(url: str, headers: Mapping[str, str], clients: int, seconds: float) -> float:
    """Return calls a second that so many clients make, each one after the other."""
    done, until = 0, time.perf_counter() + seconds

    async def client(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.perf_counter() < until:
            async with session.get(url) as answer:
                assert (await answer.text(), answer.status) == (ANSWER, 200)
            done += 1

    async with aiohttp.ClientSession(headers=headers) as session:
        begun = time.perf_counter()
        await asyncio.gather(*(client(session) for _ in range(clients)))
        return done / (time.perf_counter() - begun)


async def single(url: str, headers: Mapping[str, str]) -> list[float]:
    """Return the milliseconds of calls that are made one after the other."""
    took = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(SINGLE):
            begun = time.perf_counter()
            async with session.get(url) as answer:
                await answer.read()
            took.append((time.perf_counter() - begun) * 1_000)
    return took


async def measured(folder: Path, rounds: int, seconds: float, clients: int) -> dict[str, tuple[float, str]]:
    """Return the figures; both sides take turns, after one round that does not count."""
    server, proxy = free_ports(2)
    through = f"http://{HOST}:{proxy}{PATH}"
    with nginx.started("debian", folder / "nginx", servers(server, proxy), f"http://{HOST}:{server}", proxy) as peer:
        async with space(folder) as made:
            where, header = await sold(made, f"http://{HOST}:{server}", made.people["buyer"].data)
            ours, others, cpu, peer_cpu, added = [], [], [], [], []
            for number in range(rounds + 1):
                pid = made.pid("provider")
                before, theirs = report.cpu_seconds(pid), peer.cpu_seconds()
                mine = await rate(where + PATH, header, clients, seconds)
                between = peer.cpu_seconds()
                other = await rate(through, {}, clients, seconds)
                if number:
                    ours.append(mine)
                    others.append(other)
                    cpu.append((report.cpu_seconds(pid) - before) / (mine * seconds))
                    peer_cpu.append((peer.cpu_seconds() - between) / (other * seconds))
                    alone, beside = await single(where + PATH, header), await single(through, {})
                    added.append(report.percentile(alone, 99) - report.percentile(beside, 99))
                    del theirs
            peak = report.memory_bytes(made.pid("provider"), peak=True)
    middle = {name: report.percentile(found, 50) for name, found in ((OURS, ours), (PROXY, others))}
    return {
        OURS: (middle[OURS], "calls/s"),
        PROXY: (middle[PROXY], "calls/s"),
        RATIO: (middle[OURS] / middle[PROXY], "times"),
        ADDED: (report.percentile(added, 50), "ms"),
        "the provider's connector, a call": (report.percentile(cpu, 50) * 1e6, "CPU µs"),
        "nginx as proxy and server, a call": (report.percentile(peer_cpu, 50) * 1e6, "CPU µs"),
        "the provider's connector, largest resident size": (peak / (1 << 20), "MiB"),
    }


def main() -> None:
    """Measure, print and write the results."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--rounds", type=int, default=3)
    told.add_argument("--seconds", type=float, default=5.0)
    told.add_argument("--clients", type=int, default=16)
    asked = told.parse_args()
    print(machine())
    with workshop() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measured(folder, asked.rounds, asked.seconds, asked.clients))
    rows = report.rows(figures, TARGETS)
    print(report.table(rows))
    print(f"written to {report.write('calls', rows)}")


if __name__ == "__main__":
    main()
