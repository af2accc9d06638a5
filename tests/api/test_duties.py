"""The registry of duties on a real connector: what it can do, in which order, and what a failure leaves behind."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.channel.errors import ChannelFault
from connector.enforcement.rules import in_force
from connector.enforcement.use import Link
from connector.licence.duties import AFTERWARDS, DELIVER, PERFORMERS, STEPS, TELL, TRANSFORM, Duties, Performer
from policy.vocabulary.actions import ACTIONS
from tests.api.running import PEER, WITHIN_SECONDS, rule, running
from tests.api.stranger import Member

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = {"compensate", "inform", "alert", "logRecordSend", "delete"}
ALSO = {"anonymize": TRANSFORM, "compensate": DELIVER, "inform": TELL, "delete": AFTERWARDS}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory):
    """A provider, and a member of its space as the buyer: `heard` of it is what it was told."""
    folder = tmp_path_factory.mktemp("duties")
    async with running(folder / "provider") as made:
        made.buyer = Member(folder / "buyer", made.connector.clock.now)
        await made.buyer.start()
        await made.connector.admission.admit(made.buyer.did, invited=True)
        yield made
        await made.buyer.stop()


async def asked(provider, *duties, stage="release", peer=None):
    """Return an agreement with these duties, and what is decided under it."""
    peer = peer or provider.buyer.did
    connector = provider.connector
    named = [duty if isinstance(duty, dict) else {"action": duty} for duty in duties]
    policy = rule(("count", "lteq", "9"), duty=named)
    digest, _ = await provider.agree(policy, tier="leased", peer=peer)
    link = Link(digest, "running", peer, peer, in_force(policy, "running", peer), "", "kept")
    request = connector.judge.request(peer, "running", "read", {})
    now = connector.clock.now()
    ruling = connector.judge.ruling(link.rules, request, stage=stage, taken={}, now=now)
    return link, ruling


@pytest.mark.parametrize("action", sorted(ACTIONS))
async def test_every_action_can_be_done_or_is_refused_by_its_name(provider, action):
    link, ruling = await asked(provider, action, stage="offer")
    refusal = provider.connector.duties.refusal(link, ruling, provider.connector.clock.now())
    assert (refusal is None) is (action in HERE)
    if refusal is not None:
        assert refusal["code"] == "duty-impossible"
        assert f"`{action}`" in refusal["text"]


async def test_a_party_that_nobody_here_speaks_to_is_not_told(provider):
    stranger = {"action": "inform", "informedParty": "did:web:third.example"}
    to_buyer = {**stranger, "informedParty": provider.buyer.did}
    for duty, peer, possible in ((stranger, None, False), (to_buyer, None, True), ("inform", PEER, False)):
        link, ruling = await asked(provider, duty, peer=peer)
        refusal = provider.connector.duties.refusal(link, ruling, provider.connector.clock.now())
        assert (refusal is None) is possible


async def test_the_party_is_told_and_the_log_shows_it(provider):
    connector = provider.connector
    link, ruling = await asked(provider, "inform", "compensate")
    assert ruling.outcome == "allow"
    await provider.store.write(lambda tx: connector.duties.perform(tx, link, ruling, connector.clock.now()))
    digest = link.agreement
    path, told = await asyncio.wait_for(provider.buyer.heard.get(), WITHIN_SECONDS)
    assert (path, told["kind"], told["agreement"]) == ("/notices", "inform", digest)
    assert len(await provider.events("notice.sent", digest)) == 1
    assert len(await provider.events("duty.performed", digest)) == 2


def recorded(done, failing=None):
    """Return performers for everything in `ALSO`, which note that they were asked."""

    def perform(action):
        def does(tx, task):
            if action == failing:
                raise ValueError("the columns are gone")
            done.append(action)

        return does

    return {action: Performer(step, lambda _task: "", perform(action)) for action, step in ALSO.items()}


async def test_scenario_17_duties_are_done_in_strict_order_and_one_that_fails_leaves_nothing(provider):
    connector, done = provider.connector, []
    link, ruling = await asked(provider, "inform", "delete", "compensate", "anonymize", stage="offer")
    duties = Duties(connector.core, connector.space, connector.notices, recorded(done))
    await provider.store.write(lambda tx: duties.perform(tx, link, ruling, connector.clock.now()))
    assert done == ["anonymize", "compensate", "inform"]
    before = await provider.store.read(lambda tx: tx.find("log_entries"))
    done.clear()
    failing = Duties(connector.core, connector.space, connector.notices, recorded(done, "anonymize"))
    with pytest.raises(ChannelFault) as failed:
        await provider.store.write(lambda tx: failing.perform(tx, link, ruling, connector.clock.now()))
    assert (failed.value.code, done) == ("duty-failed", [])
    assert await provider.store.read(lambda tx: tx.find("log_entries")) == before
    await failing.note(failed.value, [link.agreement])
    assert len(await provider.events("duty.failed", link.agreement)) == 1


async def test_every_performer_has_a_step_and_an_action_of_the_vocabulary():
    assert {one.step for one in PERFORMERS.values()} <= set(STEPS)
    assert set(PERFORMERS) <= set(ACTIONS)
