"""Keys that are replaced while others ask, and what a stolen one still does."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
import pytest_asyncio

from connector.chain.transactions import Transactions
from connector.identity import keys as key_files
from connector.identity import tokens as request_tokens
from connector.identity.keys import Signer
from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts import address
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from tests.api.command import penstock
from tests.api.space import PURPOSE, Space
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCT = "tides"
WITHIN_SECONDS = 20


class Keyed(Space):
    """Exchange, a provider that demands a credential of its membership, and a buyer."""

    kinds: ClassVar = {"exchange": "exchange", "provider": "provider", "buyer": "buyer"}

    def prepare(self, roles, public=None):
        ports = super().prepare(roles, public)
        path = self.folder / "provider" / "penstock.toml"
        demanding = path.read_text().replace("required = []", 'required = ["MembershipCredential"]')
        path.write_text(demanding.replace("fresh_seconds = 300", "fresh_seconds = 0"))
        return ports


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Keyed(tmp_path_factory.mktemp("keyed"), Clock().now)
    made.prepare(tuple(Keyed.kinds))
    try:
        await made.start()
        await made.publish("provider", PRODUCT, (70_000,))
        await penstock(made, "buyer", "credential", "request")
        await held(made, lambda ids: len(ids) == 2)
        yield made
    finally:
        await made.stop()


async def held(space, holds):
    """Wait until the credentials that the buyer holds are what is waited for; return their names."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds(found := {row["name"] for row in space.rows("buyer", "credentials")}):
            await asyncio.sleep(0.1)
    return found


async def listed(space, role, relation="authentication"):
    """Return the names of the keys that a document permits for something."""
    document = (await space.outbound.get(space.url(role) + "/.well-known/did.json")).json()
    return [name.partition("#")[2] for name in document[relation]]


async def shown_sm2(space):
    """Return the key of SM2 as its owner sees it."""
    rows = (await penstock(space, "buyer", "key", "list"))["keys"]
    [row] = [row for row in rows if row["kind"] == "sm2"]
    assert (row["algorithm"], row["replaced"]) == ("SM2", "penstock key rotate sm2")
    return row


async def listed_member(space):
    """Return the buyer as the space lists it."""
    members = (await space.outbound.get(space.url("exchange") + "/space")).json()["members"]
    [member] = [one for one in members if one["did"] == space.did("buyer")]
    return member


async def restarted(space):
    await space.people["buyer"].stop()
    await space.people["buyer"].start(space.environment)


async def asks(space, signer):
    """Ask the exchange as whoever has this key; return the status."""
    token = request_tokens.issue(signer, space.did("exchange"), space.now())
    headers = {"Authorization": request_tokens.SCHEME + token}
    try:
        await space.outbound.request("GET", space.url("exchange") + "/exchange/search", headers=headers)
    except PenstockError as refused:
        return refused.status
    return 200


async def believed(space, signer):
    """Wait until the exchange takes a key: a second change within ten seconds is seen after these."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while await asks(space, signer) != 200:
            await asyncio.sleep(0.5)


async def bought(space, name):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    body = {"id": name, "product": PRODUCT, "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    await space.complete(name)


def key(space, role, name="token"):
    return Signer(space.keys(role).token, f"{space.did(role)}#{name}")


async def test_a_buyer_goes_on_while_its_key_is_replaced_and_its_old_tokens_count_for_a_while(space):
    old = key(space, "buyer")
    rotation = asyncio.create_task(penstock(space, "buyer", "key", "rotate", "token", "--why", "a year is over"))
    async with asyncio.timeout(WITHIN_SECONDS):
        while await listed(space, "buyer") != ["token", "token-2"]:
            await asyncio.sleep(0.1)
    await bought(space, "meanwhile")
    done = await rotation
    assert (done["from"], done["to"]) == (old.kid, space.did("buyer") + "#token-2")
    await bought(space, "afterwards")
    assert await asks(space, key(space, "buyer", "token-2")) == 200
    assert await asks(space, old) == 200
    assert await asks(space, key(space, "buyer")) == 401, "a name is of one key for ever"
    assert len(told(space, "buyer", "key.moved")) == 1
    assert await listed(space, "buyer") == ["token-2", "token"]


async def test_a_thief_is_refused_by_whoever_was_called_since(space):
    stolen = key(space, "buyer", "token-2")
    assert await asks(space, stolen) == 200
    done = await penstock(space, "buyer", "key", "rotate", "token", "--stolen", "--why", "a disk was stolen")
    assert done["to"].endswith("#token-3")
    await believed(space, key(space, "buyer", "token-3"))
    assert await asks(space, stolen) == 401
    await bought(space, "after-the-theft")
    await space.people["buyer"].stop()
    await space.people["buyer"].start(space.environment)
    assert await listed(space, "buyer") == ["token-3", "token"]
    assert len(told(space, "buyer", "key.moved")) == 2


async def test_a_rotation_that_a_crash_interrupted_is_ended_by_the_next_start(space):
    before = len(told(space, "buyer", "key.moved"))
    rotating = asyncio.create_task(penstock(space, "buyer", "key", "rotate", "token", "--why", "a try", code=7))
    async with asyncio.timeout(WITHIN_SECONDS):
        while "token-4" not in await listed(space, "buyer"):
            await asyncio.sleep(0.1)
    assert (await listed(space, "buyer"))[0] == "token-3", "it signs by the old one still"
    await space.people["buyer"].kill()
    await rotating
    await space.people["buyer"].start(space.environment)
    assert await listed(space, "buyer") == ["token-4", "token", "token-3"]
    assert len(told(space, "buyer", "key.moved")) == before + 1
    await believed(space, key(space, "buyer", "token-4"))


async def test_a_key_of_sm2_is_drawn_once_published_and_there_again_after_a_start(space):
    before = len(told(space, "buyer", "key.moved"))
    assert "sm2" not in {row["kind"] for row in (await penstock(space, "buyer", "key", "list"))["keys"]}
    await penstock(space, "buyer", "key", "rotate", "sm2", "--why", "there is none", code=2)
    drawn = await penstock(space, "buyer", "key", "draw", "sm2", "--why", "national ciphers")
    assert drawn["told"]
    await penstock(space, "buyer", "key", "draw", "sm2", "--why", "again", code=2)
    await penstock(space, "buyer", "key", "draw", "log", "--why", "another one", code=2)
    await restarted(space)
    assert "sm2" in await listed(space, "buyer", "assertionMethod")
    assert (await shown_sm2(space))["key"] == drawn["key"]
    assert len(told(space, "buyer", "key.moved")) == before + 1


async def test_a_key_of_sm2_follows_another_which_counts_for_a_while_and_a_stolen_one_no_more(space):
    first = (await shown_sm2(space))["key"]
    done = await penstock(space, "buyer", "key", "rotate", "sm2", "--why", "a year is over")
    assert (done["from"], done["told"]) == (first, True)
    assert (await shown_sm2(space))["key"] == done["to"] != first
    member = await listed_member(space)
    assert (member["sm2"], member["sm2Former"]) == (done["to"], [{"key": first, "until": done["until"]}])
    assert done["until"] > Clock().now().isoformat()
    stolen = await penstock(space, "buyer", "key", "rotate", "sm2", "--stolen", "--why", "a disk was stolen")
    member = await listed_member(space)
    assert [one["key"] for one in member["sm2Former"]] == [done["to"], first]
    assert (member["sm2"], member["sm2Former"][0]["until"]) == (stolen["to"], stolen["until"])
    assert stolen["until"] <= Clock().now().isoformat()
    assert member["sm2Former"][1]["until"] == done["until"]
    # whoever looks at the document finds the present one alone to assert by
    names = await listed(space, "buyer", "assertionMethod")
    assert [name for name in names if name.startswith("sm2")] == ["sm2"]


async def test_a_rotation_of_sm2_that_a_crash_interrupted_is_ended_by_the_next_start(space):
    before, keys = len(told(space, "buyer", "key.moved")), space.folder / "buyer" / "keys"
    old = (await shown_sm2(space))["key"]
    await space.people["buyer"].stop()
    coming = key_files.draw_next(keys, "sm2")
    await space.people["buyer"].start(space.environment)
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await listed_member(space))["sm2"] == old:
            await asyncio.sleep(0.2)
    assert key_files.load(keys).sm2 == coming
    assert len(told(space, "buyer", "key.moved")) == before + 1
    assert (await listed_member(space))["sm2Former"][0]["key"] == old


async def test_who_lost_its_key_of_sm2_keeps_it_in_the_space_and_has_another_one_follow_it(space):
    old, file = (await shown_sm2(space))["key"], space.folder / "buyer" / "keys" / "sm2.key"
    file.rename(space.folder / "sm2.key")
    await restarted(space)
    assert "sm2" not in await listed(space, "buyer", "assertionMethod")
    words = ("exchange", "member", "reread", space.did("buyer"), "--reason", "it lost a key")
    assert (await penstock(space, "exchange", *words))["changed"] == []
    await penstock(space, "buyer", "key", "draw", "sm2", "--why", "another one", code=2)
    assert not file.exists()
    done = await penstock(space, "buyer", "key", "rotate", "sm2", "--stolen", "--why", "it was lost")
    assert done["from"] == old
    assert (await listed_member(space))["sm2"] == done["to"]
    # the lost one was found, and is put in its place: it does not come back
    (space.folder / "sm2.key").replace(file)
    await restarted(space)
    await penstock(space, "exchange", *words, code=2)
    assert (await listed_member(space))["sm2"] == done["to"]


async def test_what_a_stolen_key_of_the_exchange_signed_is_issued_anew(space):
    before = await held(space, lambda ids: len(ids) == 2)
    await penstock(space, "exchange", "key", "rotate", "token", "--stolen", "--why", "a disk was stolen")
    after = await held(space, lambda ids: len(ids) == 2 and not ids & before)
    assert await listed(space, "exchange", "assertionMethod") == ["agreement", "log", "credential-2"]
    issued = (await penstock(space, "exchange", "exchange", "credential", "list"))["credentials"]
    states = {row["credential"]: row["state"] for row in issued}
    assert {states[one] for one in before} == {"revoked"}
    assert {states[one] for one in after} == {"valid"}
    await bought(space, "with-new-credentials")


async def test_a_fresh_management_token_is_the_only_one(space):
    path = space.people["provider"].data / "management.token"
    before = path.read_text()
    await penstock(space, "provider", "key", "rotate", "management", "--why", "a laptop was lost")
    assert path.read_text() != before
    assert path.stat().st_mode & 0o777 == 0o600
    await penstock(space, "provider", "key", "list")
    headers = {"Authorization": f"Bearer {before.strip()}"}
    with pytest.raises(PenstockError, match=r"\(401\)"):
        await space.outbound.request("GET", space.url("provider") + "/management/status", headers=headers)


async def test_who_has_the_key_of_an_account_can_spend_it_and_the_wallet_names_the_movement(space):
    """What stays for life: its owner sees what was done with it, and the exchange ends what it may do in the space."""
    thief = b"\x77" * 20
    before = (await penstock(space, "buyer", "wallet"))["movements"]
    await spend(space, space.keys("buyer").agreement, thief, 700)
    movements = (await penstock(space, "buyer", "wallet"))["movements"]
    [found] = movements[: len(movements) - len(before)]
    assert (found["kind"], found["out"]) == ("transfer", "700")
    assert address.show(thief).lower() in str(found).lower()
    did = space.did("buyer")
    await penstock(space, "exchange", "exchange", "member", "suspend", did, "--reason", "its account was stolen")
    async with asyncio.timeout(WITHIN_SECONDS):
        while await asks(space, key(space, "buyer", "token-4")) != 403:
            await asyncio.sleep(0.1)


async def spend(space, secret, to, amount):
    """Send from an account as whoever has its key does: past every program of ours."""
    chain = Chain.connect(space.url("exchange") + "/rpc")
    store = await Store.open(space.folder / "thief.db", TABLES)
    programs = Programs(chain, space.deployment)
    transactions = Transactions(store, programs, secret, Clock())
    transactions.start()
    try:
        await transactions.submit("theft", acts.transfer(space.deployment, to, amount))
    finally:
        await transactions.close()
        await store.close()
        await chain.close()


async def test_each_kind_of_key_says_what_replaces_it(space):
    keys = {row["kind"]: row for row in (await penstock(space, "provider", "key", "list"))["keys"]}
    assert list(keys) == [
        *("token", "agreement", "log", "cosigner", "delivery", "hybrid", "witness", "vault", "management")
    ]
    assert [kind for kind, row in keys.items() if not row["replaced"]] == []
    assert all(row["since"] for row in keys.values())
    for kind, said in (("vault", "penstock vault rekey"), ("pin", "no kind of key")):
        refused = await penstock(space, "provider", "key", "rotate", kind, "--why", "a try", code=2)
        assert said in str(refused)
    listed = (await penstock(space, "exchange", "key", "list"))["keys"]
    stay = [row["kind"] for row in listed if not row["replaced"]]
    assert stay == ["agreement", "log", "cosigner", "hybrid"]
    assert "stay for life" in str(
        await penstock(space, "exchange", "key", "rotate", "account", "--why", "a try", code=2)
    )
