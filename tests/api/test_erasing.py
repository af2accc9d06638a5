"""The duty to delete after the use: what it does to the next use, and how a holder's own connector fulfils it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from connector.enforcement import performed
from connector.enforcement.rules import in_force
from connector.runtime.clock import SetClock
from connector.store.rows.agreement import AgreementRow
from policy.world import Act
from tests.api.running import PEER, TERM, rule, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPENSATE = {"action": "compensate", "constraint": [
    {"leftOperand": "payAmount", "operator": "eq", "rightOperand": "100", "unit": "CNY"}
]}  # fmt: skip


def to_delete(after, **more):
    """Return a policy that obliges to delete so long after a use."""
    term = {"leftOperand": "delayPeriod", "operator": "lteq", "rightOperand": after}
    duty = {"action": "delete", "constraint": [term], **more}
    return rule(("count", "lteq", "9"), action="read", duty=[duty])


async def test_scenario_18_a_deletion_that_is_late_denies_and_its_consequence_stays_due(tmp_path):
    clock = SetClock(datetime(2026, 11, 1, tzinfo=UTC))
    async with running(tmp_path, clock) as provider:
        policy = to_delete("P7D", consequence=[COMPENSATE])
        digest, _ = await provider.agree(policy, tier="leased")
        judge, rules = provider.connector.judge, in_force(policy, "running", PEER)

        async def decided():
            done = await provider.store.read(lambda tx: performed.acts(tx, digest))
            request = judge.request(PEER, "running", "read", {})
            return judge.ruling(rules, request, stage="release", taken={}, now=clock.now(), done=done)

        def did(key, action):
            act = Act(action, clock.now(), PEER)
            return provider.store.write(lambda tx: performed.record(tx, digest, key, act))

        await did("use", "read")
        clock.move(3 * 86_400)
        assert (await decided()).outcome == "allow"
        clock.move(5 * 86_400)  # day 8
        late = await decided()
        assert (late.outcome, [reason["code"] for reason in late.reasons]) == ("deny", ["duty-violated"])
        standing = provider.connector.standing
        row = await provider.row(AgreementRow, digest=digest)
        now = clock.now()
        assert await provider.store.write(lambda tx: standing.refusal(tx, row, now, "transfer"))
        await did("deletion", "delete")
        after = await decided()
        assert {duty["action"]: duty["status"] for duty in after.duties} == {
            "delete": "fulfilled",
            "compensate": "unknown",
        }
        assert after.outcome == "conditional"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def holder(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("holder")) as made:
        yield made


async def held(holder, policy):
    """Write an agreement under which we hold a replica; return (agreement, replica, key)."""
    connector, now = holder.connector, holder.connector.clock.now()
    digest, _ = await holder.agree(policy, tier="kept")
    key, replica = connector.secrets.draw_replica(), f"replica-{digest[:8]}"

    def act(tx):
        tx.update("agreements", {"digest": digest}, role="consumer", created=now - TERM)
        of = {"edition": holder.edition.hex(), "agreement": digest, "header": {"rows": "1"}}
        tx.insert("replicas", id=replica, **of, key_id=key, path="", state="sealed", created=now)

    await holder.store.write(act)
    return digest, replica, key


async def erased(holder, digest, replica, key):
    await holder.until(lambda: _gone(holder, replica))
    assert not holder.connector.secrets.holds(key)
    assert len(await holder.events("replica.deleted", digest)) == 1


async def _gone(holder, replica):
    return (await holder.row("replicas", id=replica))["state"] == "deleted"


async def test_a_replica_is_erased_when_its_agreement_ends(holder):
    digest, replica, key = await held(holder, to_delete("P7D"))
    other = await held(holder, rule(("count", "lteq", "9")))
    for one in (digest, other[0]):
        await holder.connector.agreements.revoke(one, "we are done")
    await erased(holder, digest, replica, key)
    await erased(holder, *other)  # what is over is over, whether or not its policy says so


async def test_a_replica_is_erased_within_the_term_from_its_last_use(holder):
    digest, replica, key = await held(holder, to_delete("PT1S"))
    now = holder.connector.clock.now()
    act = performed.read(holder.connector.did, now)
    await holder.store.write(lambda tx: performed.record(tx, digest, "opening", act))
    holder.connector.erasing.wake()
    await erased(holder, digest, replica, key)
    last = (await holder.store.read(lambda tx: performed.acts(tx, digest)))[-1]
    assert (last.action, last.by) == ("delete", holder.connector.did)
    assert last.at - now >= timedelta(seconds=1)
