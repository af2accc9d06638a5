"""What goes on under an amendment, and what does not: uses and acts, a running transfer, and an end in between."""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.enforcement import performed, uses
from connector.enforcement.counted import Counted, Held
from connector.negotiation.agreement import Cause
from connector.negotiation.amending import supersede
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import UseState
from policy.world import Act
from tests.api.running import PEER, rule, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = rule(("count", "lteq", "9"))
RULE = "permission/0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("amended")) as made:
        yield made


async def pair(provider):
    """Write an agreement and one that was signed to be in its place; returns both digests and the first's transfer."""
    old, pid = await provider.agree(POLICY)
    new, _ = await provider.agree(POLICY, state="signed")
    await provider.store.write(lambda tx: tx.update(AgreementRow, {"digest": new}, amends=old))
    return old, new, pid


def superseded(provider, digest):
    connector = provider.connector
    core = connector.core
    now = core.clock.now()

    def act(tx):
        supersede(tx, core.evidence, connector.doors, core.identity.did, digest, now)

    return provider.store.write(act)


def used(provider, agreement, holder, state):
    now = provider.connector.clock.now()

    def act(tx):
        uses.reserve(tx, [uses.Draw(agreement, [Held(RULE, "count", 1, 9)])], holder, now)
        if state == UseState.COMMITTED:
            uses.commit(tx, holder)
        if state == UseState.RETURNED:
            uses.give_back(tx, holder)

    return provider.store.write(act)


async def taken(provider, agreement):
    now, counted = provider.connector.clock.now(), {RULE: Counted()}
    found = await provider.store.read(lambda tx: uses.taken(tx, agreement, counted, without="", now=now))
    return found.get((RULE, "count"), 0)


async def test_uses_and_acts_go_on_and_what_was_given_back_counts_for_nothing(provider):
    old, new, _ = await pair(provider)
    for number, state in enumerate((UseState.COMMITTED, UseState.RESERVED, UseState.RETURNED)):
        await used(provider, old, f"{old}-{number}", state)
    act = Act("read", provider.connector.clock.now(), PEER)
    await provider.store.write(lambda tx: performed.record(tx, old, "opening/1", act))
    await superseded(provider, new)
    assert await taken(provider, new) == 2
    assert await provider.store.read(lambda tx: performed.acts(tx, new)) == (act,)
    # a share that was held when the agreement changed is made final, or given back, under both
    await provider.store.write(lambda tx: uses.give_back(tx, f"{old}-1"))
    assert (await taken(provider, old), await taken(provider, new)) == (1, 1)


async def test_what_runs_under_it_is_cut_and_it_is_superseded_once(provider):
    old, new, pid = await pair(provider)
    await superseded(provider, new)
    await superseded(provider, new)
    row = await provider.store.read(lambda tx: tx.get(AgreementRow, digest=old))
    assert (row.state, row.superseded_by) == ("ended", new)
    assert (await provider.store.read(lambda tx: tx.get(AgreementRow, digest=new))).state == "signed"
    transfer = await provider.store.read(lambda tx: tx.get(TransferRow, id=pid))
    assert (transfer.pending or transfer.state, transfer.reason) == ("TERMINATED", f"superseded by {new}")
    entries = await provider.store.read(lambda tx: tx.find("log_entries", "kind = ?", ("agreement.amended",)))
    assert [row["part"] for row in entries].count(new) == 1


async def test_who_revokes_it_before_ends_both_and_neither_comes_back(provider):
    old, new, _ = await pair(provider)
    connector = provider.connector
    now, cause = connector.clock.now(), Cause("enough", PEER)

    def act(tx):
        row = tx.get(AgreementRow, digest=old)
        connector.agreements.finish(tx, row, "end", cause, now)

    await provider.store.write(act)
    await superseded(provider, new)
    rows = [await provider.store.read(lambda tx, each=each: tx.get(AgreementRow, digest=each)) for each in (old, new)]
    assert [(row.state, row.superseded_by) for row in rows] == [("ended", None), ("ended", None)]
