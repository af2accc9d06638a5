"""`penstock exchange member` as its operator runs it: who is out gets nothing any more, from anybody."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.client.server import Server
from connector.demo.processes import Participant, free_ports
from connector.operation.initialise import initialise
from ledger.chain.client import Chain
from ledger.chain.membership import Keys
from ledger.chain.programs import Programs
from ledger.chain.standing import did_digest
from tests.api.command import penstock
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHIN_SECONDS = 10


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def late(space):
    """A buyer that joins when everybody else is there: (its data directory, its DID)."""
    [port] = free_ports(1)
    data = space.folder / "late"
    exchange = space.url("exchange")
    initialise(data, name="The late", roles=("buyer",), region="US-NY", port=port, exchange=exchange, development=True)
    person = Participant(data)
    await person.start(space.environment)
    did = (await Server(data, space.outbound).call("GET", "status"))["did"]
    await space.doors["exchange"].call("POST", "members", {"did": did, "invite": True})
    yield data, did
    await person.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def registry(space):
    """The programs of the space, as anybody reads them."""
    chain = Chain.connect(space.url("exchange") + "/rpc")
    yield Programs(chain, space.deployment)
    await chain.close()


async def heard(say, space, at, status):
    """Wait until the participant at `at` answers the member `other` with a status."""
    paths = {"exchange": ("GET", "/exchange/search", None), "provider": ("POST", "/notices", {})}
    method, path, body = paths[at]
    async with asyncio.timeout(WITHIN_SECONDS):
        while (said := await say(method, space.url(at) + path, body, space.bearer("other", at))).status != status:
            await asyncio.sleep(0.2)
    return said


async def test_a_suspended_member_gets_nothing_until_it_is_resumed(space, say):
    did, before = space.did("other"), len(told(space, "exchange", "member.moved"))
    words = ("exchange", "member", "suspend", did, "--reason", "fees are open")
    assert (await penstock(space, "exchange", *words))["state"] == "suspended"
    await penstock(space, "exchange", *words, code=2)
    for at in ("exchange", "provider"):
        assert "is suspended" in (await heard(say, space, at, 403)).json["text"]
    listed = (await penstock(space, "exchange", "exchange", "member", "list"))["members"]
    assert [row["state"] for row in listed if row["did"] == did] == ["suspended"]
    await penstock(space, "exchange", "exchange", "member", "resume", did, "--reason", "fees are paid")
    await heard(say, space, "exchange", 200)
    await heard(say, space, "provider", 400)  # that is no notice, but it is read
    assert len(told(space, "exchange", "member.moved")) == before + 2


async def standing(space, registry, role):
    """How the registry knows a member."""
    return await registry.member(did_digest(space.did("exchange")), space.keys(role).address)


async def test_a_suspension_is_on_chain_until_it_is_resumed(space, registry):
    did = space.did("other")
    for act, suspended in (("suspend", True), ("resume", False)):
        await penstock(space, "exchange", "exchange", "member", act, did, "--reason", "fees")
        async with asyncio.timeout(WITHIN_SECONDS):
            while ((await standing(space, registry, "other")).suspended_at is not None) is not suspended:
                await asyncio.sleep(0.1)


async def test_a_member_draws_a_new_witness_key_and_everybody_learns_it(space, registry):
    before = space.keys("other").aggregate
    done = await penstock(space, "other", "log", "rekey", "--why", "the back-up was lost")
    assert (done["told"], space.keys("other").aggregate == before) == (True, False)
    document = (await space.outbound.get(space.url("exchange") + "/space")).json()
    assert [row["aggregate"] for row in document["members"] if row["did"] == space.did("other")] == [done["key"]]
    published = space.keys("other")
    keys = Keys(published.log_public, published.delivery_public, bytes.fromhex(done["key"]))
    assert (await standing(space, registry, "other")).keys_digest == keys.digest
    assert len(told(space, "other", "identity.moved")) == 1
    again = await penstock(space, "other", "log", "rekey", "--why", "once more")
    assert again["key"] != done["key"]


async def test_a_role_follows_the_member_s_own_word_unless_it_would_change_witnesses(space, registry):
    did, word = space.did("second"), ("exchange", "member", "reread")
    unchanged = await penstock(space, "exchange", *word, did, "--reason", "a look")
    assert unchanged["changed"] == []
    settings = space.people["second"].data / "penstock.toml"
    kept = settings.read_text()
    for role, code in (("regulator", 2), ("buyer", 0), ("provider", 0)):
        await space.people["second"].stop()
        settings.write_text(kept.replace('"provider"', f'"{role}"'))
        await space.people["second"].start(space.environment)
        await penstock(space, "exchange", "exchange", "admit", did, code=2)
        said = await penstock(space, "exchange", *word, did, "--reason", "it says so", code=code)
        if code == 0:
            again = await penstock(space, "exchange", "exchange", "admit", did)
            assert again["role"] == role, "the documents are those that were read"
            assert (said["changed"], said["role"]) == (["role"], role)
            async with asyncio.timeout(WITHIN_SECONDS):
                while (await standing(space, registry, "second")).role != role:
                    await asyncio.sleep(0.1)


async def test_another_exchange_runs_the_space_on_chain_until_it_is_dismissed(space, registry):
    did, which = space.did("second"), did_digest(space.did("exchange"))
    program = registry.deployment.program("spaces")

    async def runs():
        return await registry.chain.call(program, "isExchange", which, space.keys("second").address)

    await penstock(space, "exchange", "exchange", "deputy", "name", did)
    assert await runs()
    await penstock(space, "exchange", "exchange", "deputy", "dismiss", did)
    assert not await runs()


async def test_who_is_expelled_is_out_on_chain_and_does_not_come_back(space, late, registry):
    _, did = late
    words = ("exchange", "member", "revoke", did, "--reason", "sold what was leased")
    assert (await penstock(space, "exchange", *words))["state"] == "revoked"
    document = (await space.outbound.get(space.url("exchange") + "/space")).json()
    assert document["barred"][did] == "revoked"
    assert did in {member["did"] for member in document["members"]}
    address = next(bytes.fromhex(row["address"][2:]) for row in document["members"] if row["did"] == did)
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:  # the chain may not even have heard that it was admitted
            found = await registry.member(did_digest(space.did("exchange")), address)
            if found is not None and found.revoked_at is not None:
                break
            await asyncio.sleep(0.1)
    await penstock(space, "exchange", "exchange", "member", "resume", did, "--reason", "again", code=2)


async def test_an_arbitrator_is_named_and_dismissed(space, registry):
    did, which = space.did("second"), did_digest(space.did("exchange"))

    async def judges():
        program = registry.deployment.program("spaces")
        return await registry.chain.call(program, "isArbitrator", which, space.keys("second").address)

    await penstock(space, "exchange", "exchange", "arbitrator", "name", did)
    assert await judges()
    await penstock(space, "exchange", "exchange", "arbitrator", "dismiss", did)
    assert not await judges()
    await penstock(space, "exchange", "exchange", "arbitrator", "dismiss", did, code=2)


async def test_what_the_space_gave_out_is_revoked_for_everybody_to_see(space, registry):
    subject = "ab" * 32
    await penstock(space, "exchange", "exchange", "revoke", subject, "--reason", "the key is lost")
    program = registry.deployment.program("spaces")
    assert await registry.chain.call(program, "revokedAt", did_digest(space.did("exchange")), bytes.fromhex(subject))
    await penstock(space, "exchange", "exchange", "revoke", "ab", "--reason", "no digest", code=2)


@pytest.mark.parametrize(
    ("path", "who", "words"),
    [
        ("deputies/dismiss", "exchange", "the last exchange"),
        ("deputies/name", "exchange", "already deputy"),
        ("deputies/dismiss", "buyer", "no deputy"),
        ("arbitrators/dismiss", "buyer", "no arbitrator"),
    ],
)
async def test_a_post_is_not_given_twice_nor_taken_from_who_has_none(space, owner, path, who, words):
    said = await owner("exchange", "POST", path, {"did": space.did(who)})
    assert (said.status, said.json["whose"]) == (409, "caller"), said.body
    assert words in said.json["text"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("members/burn", {"did": "did:web:x", "reason": "r"}, 404),
        ("members/suspend", {"did": "did:web:x"}, 400),
        ("members/suspend", {"did": "did:web:x", "reason": "r"}, 404),
        ("members/suspend", {"did": "did:web:x", "reason": " "}, 400),
        ("arbitrators/name", {"did": "did:web:x"}, 404),
        ("members/reread", {"did": "did:web:x", "reason": "r"}, 404),
        ("deputies/name", {"did": "did:web:x"}, 404),
        ("deputies/crown", {"did": "did:web:x"}, 404),
        ("log/rekey", {"why": " "}, 400),
        ("arbitrators/crown", {"did": "did:web:x"}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(owner, path, body, status):
    said = await owner("exchange", "POST", path, body)
    assert said.status == status, said.body
