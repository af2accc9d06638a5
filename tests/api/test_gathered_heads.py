"""A log that the exchange anchors with others: no transaction of its own, proven to who audits, frozen if it forks."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
import pytest_asyncio

from connector.regulator.sources import sources
from connector.runtime.clock import Clock
from ledger.audit import audit
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.log import checkpoint as checkpoints
from ledger.log import head_tree
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint, origin_id
from ledger.log.cosignature import WitnessKeys, cosign_head
from ledger.log.head_tree import Gatherer
from ledger.log.witness import HEAD_TIME_HEADER, Request
from ledger.space.document import Space as Document
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_SECONDS = 30
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
SPACE = ("provider", "regulator")


class Gathered(Space):
    """The provider's log and the regulator's are anchored by the exchange."""

    def prepare(self, roles, public=None):
        ports = super().prepare(roles, public)
        for role in SPACE:
            path = self.folder / role / "penstock.toml"
            path.write_text(path.read_text().replace('anchor = "own"', 'anchor = "space"'))
        return ports


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trio(tmp_path_factory):
    made = Gathered(tmp_path_factory.mktemp("gathered"), Clock().now)
    made.prepare(("exchange", "regulator", "provider"))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def programs(trio):
    chain = Chain.connect(trio.url("exchange") + "/rpc")
    yield Programs(chain, trio.deployment)
    await chain.close()


async def anchor(space, role):
    return await space.doors[role].call("POST", "log/anchor", {})


def entries(space, role, kind):
    return [row for row in space.rows(role, "log_entries") if row["kind"] == kind]


async def document(space):
    return Document.from_json((await space.outbound.get(space.url("exchange") + "/space")).json())


async def findings(space):
    held = space.keys("regulator")
    async with sources(space.url("exchange"), development=True) as opened:
        report = await audit.run(opened, held.delivery, others=(held.hybrid,))
    return {(one.code, one.subject) for one in report.findings}


async def test_heads_stand_on_the_chain_by_one_transaction_of_the_exchange(trio, programs):
    given = [await anchor(trio, role) for role in SPACE]
    assert {(one["signed"], one["block"]) for one in given} == {("space", "")}
    own = await anchor(trio, "exchange")
    assert len(entries(trio, "exchange", "heads.gathered")) == 1
    placed = [await anchor(trio, role) for role in SPACE]
    for role, before, after in zip(SPACE, given, placed, strict=True):
        assert after["signed"] == "space"
        [row] = [row for row in trio.rows(role, "anchors") if row["size"] == int(before["size"])]
        assert (row["block"], row["tx"]) == (int(own["block"]), "")
        told = (await trio.doors[role].call("GET", "log"))["anchor"]
        assert (told["size"], told["by"]) == (row["size"], "space")
        # the chain knows the log, and no head of it
        assert (await programs.registered_log(origin_id(row["origin"]))) is not None
        assert await programs.events("anchors", "Anchored", origin=origin_id(row["origin"])) == []


async def test_anybody_can_prove_it_and_an_audit_counts_it(trio):
    space = await document(trio)
    member, exchange = space.members[trio.did("provider")], space.members[trio.did("exchange")]
    [shown] = (await trio.outbound.get(trio.url("provider") + "/log/anchors")).json()["anchors"]
    witnesses = [one.head_vkey for one in space.witnesses_of(member.did)]
    gatherer = Gatherer(exchange.did, exchange.origin)
    found = head_tree.verify(shown, space.anchors, member.log_vkey, witnesses, 2, gatherer)
    assert found.head.origin == member.origin
    codes = {code for code, _ in await findings(trio)}
    assert not codes & {"log-not-anchored", "log-not-registered", "gathered-head-false", "head-not-witnessed"}


async def test_a_head_that_is_left_out_is_anchored_by_its_owner_who_says_so(trio, programs):
    while (first := await anchor(trio, "provider"))["block"]:  # what was under way before comes to its end
        await trio.doors["provider"].call("POST", "log/marks", {})
    assert first["signed"] == "space"
    second = await anchor(trio, "provider")
    assert second["signed"] == "ecdsa"
    assert (await programs.head(origin_id(second["origin"]))).size == int(second["size"])
    assert len(entries(trio, "provider", "heads.missed")) == 1


async def test_a_head_without_its_witnesses_is_not_taken(trio, say):
    held, url = trio.keys("provider"), trio.url("exchange") + "/log/heads"
    other = Checkpoint((await document(trio)).members[trio.did("provider")].origin, 10**6, b"\x01" * 32)
    body = {"note": checkpoints.sign(other, held.log).encode(), "time": "1800000000"}
    answer = await say("POST", url, body, trio.bearer("provider", "exchange"))
    assert answer.status == 400
    assert not [row for row in trio.rows("exchange", "gathered_heads") if row["size"] == 10**6]
    assert (await say("POST", url, body, {})).status == 401


async def test_a_fork_of_a_log_that_the_exchange_anchors_is_frozen_on_chain(trio, say, programs):
    given = await anchor(trio, "regulator")
    held, domain = trio.keys("regulator"), trio.deployment.domain("anchors")
    other = Checkpoint(given["origin"], int(given["size"]), hashlib.sha256(b"another history").digest())
    now = int(Clock().now().timestamp())
    keys = WitnessKeys(given["origin"].partition("/")[0] + "/witness", held.log, held.agreement)
    signed = checkpoints.sign(other, held.log).sign_with(cosign_head(other, keys, now, domain))
    headers = {**TEXT, HEAD_TIME_HEADER: str(now)}
    url = trio.url("exchange") + "/witness/add-checkpoint"
    assert (await say("POST", url, Request(other.size, (), signed).encode(), headers)).status == 409
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await programs.registered_log(origin_id(given["origin"]))).forked:
            await asyncio.sleep(0.1)
    assert notes.parse(signed.encode())
    assert ("log-forked-on-chain", trio.did("regulator")) in await findings(trio)
