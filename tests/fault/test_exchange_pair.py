"""Two processes of one exchange on one PostgreSQL: members speak to either, both die at any time, nothing is doubled.

Members post and withdraw demands, strangers apply, the operator admits some: each until it is told that it is done.
Meanwhile one process after the other is killed (SIGKILL) at moments drawn by a seed and begun again. In the end
everything that was acknowledged is there once: rows, events of a log that is whole, transactions of one account.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
from collections import Counter

import psycopg
import pytest

from connector.net.outbound import Outbound
from connector.runtime.clock import Clock
from connector.runtime.errors import PeerRefused
from tests.api.stranger import Member
from tests.api.test_demands import DEMAND
from tests.fault.pair import NAMES, Caller, die, pair, settled
from tests.postgres import durable, new_schema

pytestmark = pytest.mark.faults

SEED = int(os.environ["PENSTOCK_TEST_SEED"])
KILLS = 16 if os.environ.get("PENSTOCK_TEST_FAULTS") == "all" else 2
MEMBERS, APPLICANTS, LATE = 3, 6, 3
AT_ONCE = 2  # calls of one member
DONE_SECONDS = 120 + 30 * KILLS
ENDED = 409
DISK = 74
KEPT = ("demands", "applications", "members", "log_entries", "checkpoints", "chain_sends", "leases")


@pytest.fixture(scope="module")
def server(absent):
    with durable(absent) as base:
        yield base


class Person(Member):
    """A member with keys that no other has."""

    def __init__(self, folder, number):
        super().__init__(folder, Clock().now)
        self.aggregate = (bytes([number + 1]) * 48, bytes([number + 1]) * 96)


class Crowd(Caller):
    """Everybody who speaks to the exchange."""

    def __init__(self, exchange, outbound, chance):
        super().__init__(exchange, outbound, chance)
        self.done = Counter()

    async def post(self, who, number):
        """Post a demand, and withdraw all but every fortieth; returns its state as we were told."""
        key = f"{number}-of-{who.did[-5:]}"
        await self.ask("POST", "/exchange/demands", DEMAND | {"id": key}, who)
        self.done["posted"] += 1
        if number % 40 == 0:
            return key, "open"
        try:
            await self.ask("POST", f"/exchange/demands/{key}/withdraw", {}, who)
        except PeerRefused as refusal:  # it was withdrawn, and we were not told
            if refusal.status != ENDED:
                raise
        self.done["withdrawn"] += 1
        return key, "withdrawn"

    async def work(self, who, numbers, dying):
        """Post one demand after the other, as long as processes die."""
        states = {}
        while not dying.done():
            key, state = await self.post(who, next(numbers))
            states[key] = state
            await asyncio.sleep(self.chance.uniform(0, 0.3))
        return states

    async def apply(self, who):
        await asyncio.sleep(self.chance.uniform(0, KILLS))
        await self.ask("POST", "/exchange/applications", {"message": "let me in"}, who)
        self.done["applied"] += 1

    async def admit(self, who):
        await asyncio.sleep(self.chance.uniform(0, KILLS))
        await self.ask("POST", "/management/members", {"did": who.did, "invite": True})
        self.done["admitted"] += 1


def moves(kept, kind):
    """Return (part, from, to) … of the log's events of a kind: their order is the log's."""
    return Counter(row["part"] for row in kept["log_entries"] if row["kind"] == kind)


async def test_either_may_die_and_nothing_is_lost_or_doubled(tmp_path, server):
    chance = random.Random(SEED)
    sys.stdout.write(f"PENSTOCK_TEST_SEED={SEED}\n")  # shown when the test fails
    everybody = [Person(tmp_path / f"person{number}", number) for number in range(MEMBERS + LATE + APPLICANTS)]
    people, applicants = everybody[: MEMBERS + LATE], everybody[MEMBERS + LATE :]
    async with (
        Outbound(development=True) as outbound,
        pair(tmp_path, new_schema(server), chance) as (exchange, balancer, chain),
    ):
        for each in everybody:
            await each.start()
        crowd = Crowd(exchange, outbound, chance)
        try:
            for member in people[:MEMBERS]:
                await crowd.ask("POST", "/management/members", {"did": member.did, "invite": True})
            async with asyncio.timeout(DONE_SECONDS), asyncio.TaskGroup() as work:
                dying = work.create_task(die(exchange, balancer, chance, KILLS))
                posting = [
                    work.create_task(crowd.work(member, numbers, dying))
                    for member in people[:MEMBERS]
                    for numbers in [itertools.count()]
                    for _ in range(AT_ONCE)
                ]
                for each in applicants:
                    work.create_task(crowd.apply(each))
                for each in people[MEMBERS:]:
                    work.create_task(crowd.admit(each))
            await dying
            kept = await settled(exchange.database, KEPT)
            await check(
                exchange, kept, people, applicants, {k: s for task in posting for k, s in task.result().items()}
            )
            await check_chain(exchange, chain, kept)
        except BaseException:
            sys.stdout.write(exchange.said()[-6000:])
            raise
        finally:
            for each in everybody:
                await each.stop()
        sys.stdout.write(f"{crowd.done} repeated={crowd.repeated} kills={exchange.kills} passed={balancer.passed}\n")
        assert min(balancer.passed.values()) >= KILLS, "both served"
        assert crowd.repeated, "nobody's call was cut off"
        assert sum(exchange.kills.values()) == KILLS


async def test_a_database_that_goes_away_ends_both_and_they_come_back(tmp_path, server):
    """A connection that breaks is a disk that failed: exit code 74, and a start that goes on."""
    member = Person(tmp_path / "person", 0)
    async with Outbound(development=True) as outbound, pair(tmp_path, new_schema(server)) as (exchange, _, _):
        crowd = Crowd(exchange, outbound, random.Random(SEED))
        await member.start()
        try:
            await crowd.ask("POST", "/management/members", {"did": member.did, "invite": True})
            assert await crowd.post(member, 0) == await crowd.post(member, 0), "the same again is the same"
            with psycopg.connect(exchange.database, autocommit=True) as operator:
                operator.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'penstock'"
                )
            async with asyncio.timeout(DONE_SECONDS):
                codes = await asyncio.gather(*(each._process.wait() for each in exchange.processes.values()))
            assert codes == [DISK, DISK]
            assert "the database server failed" in exchange.said()
            await asyncio.gather(*(exchange.start(name) for name in NAMES))
            shown = await crowd.ask("GET", "/exchange/demands?mine", None, member)
            assert [one["state"] for one in shown["demands"]] == ["open"]
        finally:
            await member.stop()


async def check(exchange, kept, people, applicants, states):
    """Each acknowledged act is there once, with its events, and nothing else is."""
    assert {row["id"]: row["state"] for row in kept["demands"]} == states
    assert moves(kept, "demand.moved") == {key: 1 + (state == "withdrawn") for key, state in states.items()}
    assert {row["did"] for row in kept["applications"]} == {each.did for each in applicants}
    assert {row["did"] for row in kept["members"]} == {each.did for each in people}
    assert moves(kept, "member.moved") == {each.did: 1 for each in (*people, *applicants)}
    sizes = [row["size"] for row in kept["checkpoints"]]
    assert max(sizes) == len(kept["log_entries"])
    for name in NAMES:
        code, said = await exchange.run(name, "log", "fsck", "--data", str(exchange.processes[name].data), "--json")
        assert code == 0, said


async def check_chain(exchange, chain, kept):
    """One account, one sequence of nonces, each act mined once."""
    acts = {row["id"]: row for row in kept["chain_txs"]}
    assert {key for key in acts if key.startswith("member:")} == {"member:" + row["did"] for row in kept["members"]}
    assert all(row["state"] == "mined" for row in acts.values()), acts
    nonces = [row["nonce"] for row in kept["chain_sends"]]
    assert sorted(nonces) == sorted(set(nonces)), "no number was signed twice"
    assert {row["nonce"] for row in acts.values()} == set(nonces)
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
    newest = int(json.loads(await chain.rpc(json.dumps(asked).encode()))["result"], 16)
    assert newest >= max(row["block"] for row in acts.values())
