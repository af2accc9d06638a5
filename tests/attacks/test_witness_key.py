"""Who has stolen witness keys: what they anchor in the witnesses' names, who is named for it, and what ends it.

The thief is a member, for nobody else's transaction may run for as long as such a signature takes to check, and has
nothing of the log whose heads it anchors.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.chain.transactions import Transactions
from connector.demo import insider, mirror_site
from connector.runtime.clock import Clock
from connector.runtime.errors import ChainReverted
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.typed_values import Head
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.log import aggregate, head_aggregate
from ledger.log.checkpoint import origin_id
from tests.api.command import penstock
from tests.api.space import Space
from tests.api.test_aggregate_anchors import SETTINGS, proven

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITNESSES = ("exchange", "regulator")
PATIENCE_SECONDS = 60
SIZE_MORE = 1_000
WITHOUT = "anchor-without-checkpoint"


class Thief:
    """Anchors heads of a log with the seeds it has; each try is a transaction of its own account."""

    def __init__(self, space, programs, transactions, origin):
        self.space, self.programs, self.transactions, self.origin = space, programs, transactions, origin
        self.seeds, self.tries = {}, 0

    def steal(self, role):
        keys = self.space.keys(role)
        self.seeds[keys.address] = keys.aggregate

    async def anchor(self, size, root):
        """Anchor a head as the witnesses would whose seeds it has; raises ChainReverted."""
        registered = await self.programs.registered_log(self.origin)
        block = await self.programs.chain.block("latest")
        head = Head(self.origin, size, root, int(block.at.timestamp()))
        secrets = [aggregate.secret(seed) for seed in self.seeds.values()]
        domain = self.space.deployment.domain("anchors")
        signed = head_aggregate.combine([head_aggregate.sign(secret, head, domain) for secret in secrets])
        who = head_aggregate.bitmap(registered.witnesses, self.seeds)
        point = head_aggregate.signature_point(signed)
        act = acts.anchor_aggregate(self.space.deployment, head, b"\x66" * 32, who, point)
        self.tries += 1
        return await self.transactions.submit(f"theft:{self.tries}", act)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory):
    """The provider's log has two witnesses, whom the chain knows together; the buyer is away, its account is not."""
    made = Space(tmp_path_factory.mktemp("stolen"), Clock().now, SETTINGS)
    made.prepare((*WITNESSES, "provider", "buyer"))
    try:
        await made.start()
        await made.doors["provider"].call("POST", "log/anchor", {})
        await proven(made)
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def thief(space):
    told = await space.doors["provider"].call("POST", "log/anchor", {})
    assert told["signed"] == "bls"
    rpc = space.url("exchange") + "/rpc"
    chain = Chain.connect(rpc, proofs={rpc: lambda: space.bearer("buyer", "exchange")})
    store = await Store.open(space.folder / "thief.db", TABLES)
    programs = Programs(chain, space.deployment)
    transactions = Transactions(store, programs, space.keys("buyer").agreement, Clock())
    transactions.start()
    yield Thief(space, programs, transactions, origin_id(told["origin"]))
    await transactions.close()
    await store.close()
    await chain.close()


async def test_stolen_keys_anchor_only_as_a_quorum_which_an_audit_names_and_fresh_keys_end(space, thief, tmp_path):
    before = await thief.programs.head(thief.origin)
    thief.steal("regulator")
    with pytest.raises(ChainReverted, match="quorum missed"):
        await thief.anchor(before.size + 1, b"\x01" * 32)
    thief.steal("exchange")
    await thief.anchor(before.size + SIZE_MORE, b"\x02" * 32)
    bundle = tmp_path / "space.zip"
    found = await accused(space, *live(space), "--bundle", bundle)
    assert {did for code, did in found if code == WITHOUT} == {space.did(role) for role in WITNESSES}
    assert not [code for code, did in found if did == space.did("provider")], "it never had such a head"
    assert await accused(space, "--read", bundle) == found
    for role in WITNESSES:
        await penstock(space, role, "log", "rekey", "--why", "its key was stolen")
    # what one had begun to tell the chain goes on with its next start
    await space.people["regulator"].stop()
    await space.people["regulator"].start(space.environment)
    await followed(space, thief)
    with pytest.raises(ChainReverted, match="not signed"):
        await thief.anchor(before.size + 2 * SIZE_MORE, b"\x03" * 32)


async def test_a_log_that_its_owner_rewrites_is_its_owner_s_fault_and_not_its_witnesses(space, tmp_path):
    insider.copy(space.people["provider"].data, tmp_path / "copy")
    loot = insider.plunder(tmp_path / "copy", space.keys("regulator").delivery_public)
    leaves = loot.leaves[1:]
    log, note = loot.rebuilt(leaves)
    mirror_site.lay_out(tmp_path / "log", log, note, [one.boxes for one in leaves], loot.peers)
    async with mirror_site.serving(tmp_path) as url:
        found = await accused(space, *live(space), "--mirror", f"{loot.origin}={url}/log")
    assert ("log-shrank-below-anchor", space.did("provider")) in found
    assert {code for code, did in found if did in {space.did(role) for role in WITNESSES}} == set()


def live(space):
    """The options with which the space is audited as it runs."""
    return "--exchange", space.url("exchange"), "--development"


async def accused(space, *options):
    """Return code and subject of every error that an audit finds, whatever it follows from."""
    report = await penstock(space, "regulator", "audit", *options, code=6)
    rows = [one for row in report["findings"] for one in (row, *row.get("follows", ()))]
    return {(row["code"], row["subject"]) for row in rows if row["severity"] == "error"}


async def followed(space, thief):
    """Wait until the chain has both new keys among those of the log's witnesses, which nobody but they have brought."""
    facts = {"witness key"}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(facts & {row["name"] for row in space.rows(role, "facts")} for role in WITNESSES):
            await asyncio.sleep(0.2)
    brought = await thief.programs.events("anchors", "KeysBrought", origin=thief.origin)
    mined = [row for role in WITNESSES for row in space.rows(role, "chain_txs") if row["id"].startswith("follow-keys:")]
    assert len(brought) == 1 + len([row for row in mined if row["state"] == "mined"]) > 1
