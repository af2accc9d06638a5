"""An account that another follows, in a space that trades: what was agreed and opened before goes on, nothing new."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.chain.transactions import Transactions
from connector.identity import former_account
from connector.identity import keys as key_files
from connector.identity.keys import AGREEMENT
from connector.operation.keys.account_key import HEARD_SECONDS
from connector.runtime.clock import Clock
from connector.runtime.data_folder import KEYS
from connector.runtime.errors import ChainReverted, PeerRefused
from connector.store.store import Store
from connector.store.table_row import replace
from connector.store.tables import TABLES
from contracts import address, signature
from contracts.typed_data import Agreement, digest
from contracts.typed_json import from_json
from ledger.agreement import bill as bills
from ledger.agreement import bill_check
from ledger.chain import acts, membership
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.chain.standing import did_digest
from ledger.space.accounts import followed
from ledger.space.document import Space as SpaceDocument
from tests.api.command import penstock
from tests.api.followed import Followed, followed_space
from tests.api.space import PURPOSE
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_SECONDS = 60
# what an audit would find of a member whose account was replaced behind its back
AMISS = {
    *("member-registered-otherwise", "member-unregistered", "member-revoked", "act-after-revocation"),
    *("agreement-of-strangers", "anchor-owner-differs", "anchor-witnesses-differ", "log-not-anchored"),
    *("head-not-witnessed", "channel-unknown", "signed-after-revocation", "receipt-mismatch"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    async with followed_space(tmp_path_factory.mktemp("account")) as made:
        yield made


async def bought(space, name, product="tides"):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": name, "product": product, "mandate": mandate})
    return (await space.complete(name))["agreement"]


async def document(space):
    return SpaceDocument.from_json((await space.outbound.get(space.url("exchange") + "/space")).json())


async def rotate(space, role, *more, code=0):
    return await penstock(space, role, "key", "rotate", "account", "--why", "a year is over", *more, code=code)


async def findings(space, *roles):
    found = await penstock(space, "regulator", "audit", "--exchange", space.url("exchange"), "--development", code=None)
    about = {space.did(role) for role in roles}
    return [one for one in found["findings"] if one["subject"] in about]


async def anchored(space, role):
    await space.doors[role].call("POST", "log/anchor", {})


async def opening(space, number):
    body = {"id": f"look-{number}", "acquisition": "almanac", "purpose": PURPOSE, "to": ""}
    body["to"] = str(space.folder / "opened" / f"look-{number}")
    await space.doors["buyer"].call("POST", "openings", body)


def channels(space, role="buyer"):
    """Return agreement → its channel, as a side keeps it."""
    return {row["agreement"]: row for row in space.rows(role, "channels")}


async def test_a_buyer_goes_on_under_the_next_account_and_what_is_open_under_the_former(space):
    await space.publish("provider", "tides", (70_000,))
    await space.publish("provider", "almanac", (70_000,), openings=4, price=100)
    await bought(space, "before")
    leased = await bought(space, "almanac", "almanac")
    await opening(space, 1)
    for role in ("provider", "buyer", "exchange"):
        await anchored(space, role)
    old = space.keys("buyer").address
    before = channels(space)[leased]
    assert (before["payer"], before["state"]) == (address.show(old), "open")

    done = await rotate(space, "buyer")
    now = space.keys("buyer").address
    assert (done["from"], done["to"], done["told"]) == (address.show(old), address.show(now), True)
    member = (await document(space)).members[space.did("buyer")]
    assert (member.address, [one.address for one in member.address_former]) == (now, [old])
    assert [one.address for one in former_account.KEPT.read(space.people["buyer"].data / KEYS)] == [old]
    assert len(told(space, "buyer", "key.moved")) == 1
    wallet = await space.doors["buyer"].call("GET", "wallet")
    assert wallet["balance"] == wallet["movements"][0]["balance"] != "0"

    # the channel goes on, by vouchers of the account that opened it
    await opening(space, 2)
    after = channels(space)[leased]
    assert (after["id"], after["signer"]) == (before["id"], address.show(old))
    assert int(after["cumulative"]) > int(before["cumulative"])
    settled = await penstock(space, "provider", "settle")
    assert not [one for one in settled["channels"] if "fault" in one], settled
    # what nobody was paid comes back to the former account, and from there to the present one
    held = int((await space.doors["buyer"].call("GET", "wallet"))["balance"])
    collected = await penstock(space, "buyer", "wallet", "collect")
    assert int(collected["collected"]) > 0
    assert int(collected["balance"]) == held + int(collected["collected"])


async def test_what_is_agreed_from_then_on_is_the_next_account_s(space):
    now = address.show(space.keys("buyer").address)
    agreement = await bought(space, "afterwards")
    assert channels(space)[agreement]["payer"] == channels(space, "provider")[agreement]["payer"] == now
    # the channel of before is closed, and its account opens none any more: what is bought again is the next one's
    with pytest.raises(PeerRefused) as refused:
        await opening(space, 3)
    assert b"former account" in refused.value.body
    again = await bought(space, "again", "almanac")
    assert channels(space)[again]["payer"] == now
    # a bill of what was agreed before is signed by the account that agreed
    [before] = [row["agreement"] for row in space.rows("buyer", "acquisitions") if row["id"] == "before"]
    for one in (before, agreement):
        issued = bills.parse(await space.doors["buyer"].call("GET", f"bills/{one}"))
        assert bill_check.holds(bill_check.check(issued, bill_check.Evidence())), one
    # a witness of the exchange's log has another account as well as the owner of its own
    for role in ("provider", "buyer", "exchange", "regulator"):
        await anchored(space, role)
    amiss = await findings(space, *Followed.kinds)
    assert not {one["code"] for one in amiss} & AMISS, amiss


@pytest_asyncio.fixture(loop_scope="module")
async def thief(space):
    """Whoever has the account's key of before the next one, and gets through to the chain."""
    rpc = space.url("exchange") + "/rpc"
    chain = Chain.connect(rpc, proofs={rpc: lambda: space.bearer("buyer", "exchange")})
    store = await Store.open(space.folder / "thief.db", TABLES)
    stolen = space.keys("buyer").agreement
    transactions = Transactions(store, Programs(chain, space.deployment), stolen, Clock())
    transactions.start()
    yield SimpleNamespace(account=space.keys("buyer").address, key=stolen, transactions=transactions)
    await transactions.close()
    await store.close()
    await chain.close()


async def test_a_thief_of_the_former_account_begins_nothing_that_counts(space, thief):
    [kept] = [row for row in space.rows("buyer", "acquisitions") if row["id"] == "afterwards"]
    [row] = [row for row in space.rows("buyer", "agreements") if row["digest"] == kept["agreement"]]
    signed = from_json(Agreement, json.loads(row["agreement"]))
    assert signed.buyer == thief.account
    await rotate(space, "buyer", "--stolen")
    member = (await document(space)).members[space.did("buyer")]
    assert (member.address_former[0].address, len(member.address_former)) == (thief.account, 2)
    # it has left the registry, and names nobody there that would follow it
    leaving = membership.revoke_member(
        space.deployment, did_digest(space.did("exchange")), thief.account, followed(member.did, b"\x07" * 20)
    )
    with pytest.raises(ChainReverted, match="not a member"):
        await thief.transactions.submit("theft:account", leaving)
    # a provider that is in on it grants a licence to it: the audit names both, for the log has no such agreement
    bought_by = replace(signed, price_cap=signed.price_cap + 1)
    about = digest(space.deployment.domain("licences"), bought_by)
    proofs = [signature.sign(about, key) for key in (space.keys("provider").agreement, thief.key)]
    await thief.transactions.submit("theft:licence", acts.grant_licence(space.deployment, bought_by, *proofs))
    found = {one["code"] for one in await findings(space, "buyer")}
    assert "act-after-revocation" in found
    await bought(space, "after-a-theft")


async def test_an_account_that_the_former_has_not_named_is_not_taken_over(space):
    person, listed = space.people["buyer"], (await document(space)).members[space.did("buyer")]
    path = person.data / KEYS / "agreement.key"
    own = path.read_bytes()
    await person.stop()
    path.write_bytes(b"07" * 32 + b"\n")
    await person.start(space.environment)
    with pytest.raises(PeerRefused) as refused:
        await space.doors["exchange"].call("POST", "members/reread", {"did": listed.did, "reason": "it asks"})
    assert (refused.value.status, b"nothing shows that" in refused.value.body) == (409, True)
    assert (await document(space)).members[listed.did] == listed
    await person.stop()
    path.write_bytes(own)
    await person.start(space.environment)


async def test_what_a_crash_interrupted_is_ended_by_the_next_start(space):
    person, before = space.people["buyer"], len(told(space, "buyer", "key.moved"))
    await person.stop()
    coming = signature.address(key_files.draw_next(person.data / KEYS, AGREEMENT))
    await person.start(space.environment)
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await document(space)).members[space.did("buyer")].address != coming:
            await asyncio.sleep(0.1)
    assert space.keys("buyer").address == coming
    assert len(told(space, "buyer", "key.moved")) == before + 1
    await asyncio.sleep(HEARD_SECONDS)  # a start does not wait until others have looked again
    await bought(space, "after-a-crash")


async def test_a_restart_keeps_every_account(space):
    person = space.people["buyer"]
    await person.stop()
    await person.start(space.environment)
    assert not (await penstock(space, "buyer", "log", "fsck"))["flaws"]
    assert len(space.keys("buyer").accounts) == 4
    await bought(space, "after-a-restart")


async def test_an_exchange_and_a_supervisor_keep_theirs(space):
    for role in ("exchange", "regulator"):
        assert await rotate(space, role, code=2)
