"""A log's key that another follows, in a space that trades: heads, cosignatures, what was sealed, what is disowned."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.identity import did as dids
from connector.identity import former_log
from connector.identity import keys as key_files
from connector.identity.keys import LOG
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import PeerRefused
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.note import NoteError
from ledger.log.witness import Request
from ledger.space.document import Space as SpaceDocument
from tests.api.command import penstock
from tests.api.followed import Followed, followed_space
from tests.api.space import PURPOSE
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_SECONDS = 60
# what an audit would find of a log whose key was replaced behind its back
AMISS = {
    *("head-not-witnessed", "log-unreadable", "member-keys-differ", "member-registered-otherwise"),
    *("peer-saw-other-log", "log-forked-proven", "log-not-registered"),
}
TRADERS = ("provider", "buyer", "regulator")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    async with followed_space(tmp_path_factory.mktemp("followed")) as made:
        yield made


async def bought(space, name, product="tides"):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": name, "product": product, "mandate": mandate})
    return (await space.complete(name))["agreement"]


async def document(space):
    return SpaceDocument.from_json((await space.outbound.get(space.url("exchange") + "/space")).json())


async def rotate(space, role, *more, code=0):
    return await penstock(space, role, "key", "rotate", "log", "--why", "a year is over", *more, code=code)


async def checkpoint(space, role):
    return notes.parse((await space.outbound.get(f"{space.url(role)}/log/checkpoint")).body)


async def anchored(space, role):
    await space.doors[role].call("POST", "log/anchor", {})
    return await checkpoint(space, role)


async def findings(space, *roles):
    found = await penstock(space, "regulator", "audit", "--exchange", space.url("exchange"), "--development", code=None)
    about = {space.did(role) for role in roles}
    return [one for one in found["findings"] if one["subject"] in about]


async def test_heads_go_on_under_the_next_key_and_the_former_one_is_kept(space):
    paths = await space.publish("provider", "tides", (70_000,))
    await bought(space, "before")
    before = {role: (space.keys(role).log_public, await anchored(space, role)) for role in TRADERS}
    for role, (old, _) in before.items():
        done = await rotate(space, role)
        now = space.keys(role)
        assert (done["from"], done["to"], done["told"]) == (old.hex(), now.log_public.hex(), True), role
        member = (await document(space)).members[space.did(role)]
        assert (member.log_key, [one.key for one in member.log_former]) == (now.log_public, [old])
        served = dids.parse((await space.outbound.get(space.url(role) + "/.well-known/did.json")).body, member.did)
        assert (served.log, served.log_former) == (member.log_key, member.log_former)
        assert len(told(space, role, "key.moved")) == 1
        # a head of now bears both signatures for an hour, so who knows either of them goes on
        note = await anchored(space, role)
        former = notes.log_vkey(member.origin, old)
        assert checkpoints.verify(note, member.log_vkey) == checkpoints.verify(note, former)
        assert member.log_former[0].size < checkpoints.verify(note, former).size
    await bought(space, "afterwards")
    for name in ("before", "afterwards"):
        assert await space.opened(name) == [path.read_bytes() for path in paths]
    for role in ("provider", "buyer"):
        assert not (await penstock(space, role, "log", "fsck"))["flaws"]


async def test_an_audit_finds_nothing_amiss_and_believes_the_former_key_no_longer_than_its_size(space):
    for role in ("provider", "buyer"):
        await anchored(space, role)
    amiss = {one["code"] for one in await findings(space, *Followed.kinds)}
    assert not amiss & AMISS, amiss
    member = (await document(space)).members[space.did("buyer")]
    [former] = former_log.KEPT.read(space.people["buyer"].data / KEYS)
    [stolen, *_] = former_log.signers(space.keys("buyer").log, (former,))[1:]
    within, beyond = (
        checkpoints.sign(Checkpoint(member.origin, size, b"\7" * 32), stolen) for size in (former.size, former.size + 1)
    )
    assert checkpoints.verify(within, member.log_vkey, member.former_vkeys).size == former.size
    with pytest.raises(NoteError, match="by a key we trust"):
        checkpoints.verify(beyond, member.log_vkey, member.former_vkeys)


async def test_a_stolen_key_signs_no_head_from_then_on(space):
    thief = space.keys("buyer").log
    stolen = thief.public_key().public_bytes_raw()
    await rotate(space, "buyer", "--stolen")
    member = (await document(space)).members[space.did("buyer")]
    assert member.log_former[0].key == stolen
    # a witness is asked for a head that the thief signed: it knows no such key any more
    size = member.log_former[0].size + 100
    body = Request(0, (), checkpoints.sign(Checkpoint(member.origin, size, b"\7" * 32), thief)).encode()
    with pytest.raises(PeerRefused) as refused:
        await space.outbound.request(
            "POST", space.url("exchange") + "/witness/add-checkpoint", body=body, headers={"Content-Type": "text/plain"}
        )
    assert (refused.value.status, b"by a key we trust" in refused.value.body) == (403, True)

    note = await anchored(space, "buyer")
    assert checkpoints.verify(note, member.log_vkey)
    with pytest.raises(NoteError):
        checkpoints.verify(note, notes.log_vkey(member.origin, stolen))
    assert former_log.KEPT.read(space.people["buyer"].data / KEYS)[0].secret is None
    await bought(space, "after-a-theft")


async def test_what_a_crash_interrupted_is_ended_by_the_next_start(space):
    person, before = space.people["provider"], len(told(space, "provider", "key.moved"))
    await person.stop()
    coming = key_files.draw_next(person.data / KEYS, LOG)
    await person.start(space.environment)
    async with asyncio.timeout(WITHIN_SECONDS):
        while (public := space.keys("provider").log).private_bytes_raw() != coming:
            await asyncio.sleep(0.1)
        raw = public.public_key().public_bytes_raw()
        while (await document(space)).members[space.did("provider")].log_key != raw:
            await asyncio.sleep(0.1)
    assert len(told(space, "provider", "key.moved")) == before + 1
    await bought(space, "after-a-crash")
    assert not {one["code"] for one in await findings(space, "provider")} & AMISS


async def test_a_restart_keeps_what_was_signed_and_sealed_before(space):
    person = space.people["buyer"]
    await person.stop()
    await person.start(space.environment)
    assert not (await penstock(space, "buyer", "log", "fsck"))["flaws"]
    await bought(space, "after-a-restart")


async def test_an_exchange_keeps_the_key_by_which_its_space_is_headed(space):
    refused = await rotate(space, "exchange", code=2)
    assert "stay for life" in str(refused)
