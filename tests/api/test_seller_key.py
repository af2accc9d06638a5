"""Who sells goes on under another account: what was sold is served and paid to its end, what is sold is the next's."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.chain.transactions import Transactions
from connector.identity import former_account
from connector.identity import keys as key_files
from connector.identity.former_account import FormerAccountKey
from connector.identity.keys import AGREEMENT
from connector.operation.keys.account_key import HEARD_SECONDS
from connector.runtime.clock import Clock
from connector.runtime.data_folder import KEYS
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts import address, signature
from contracts.labels import H
from contracts.typed_data import Edition, digest
from contracts.typed_json import from_json
from ledger.agreement import bill as bills
from ledger.agreement import bill_check
from ledger.chain import acts, membership
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.chain.standing import did_digest
from ledger.space.accounts import followed
from tests.api import test_computing as computing
from tests.api.command import penstock
from tests.api.followed import Followed, followed_space
from tests.api.test_account_key import AMISS, anchored, bought, channels, document, findings, opening, rotate
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_SECONDS = 60
SIZE, LONG = 70_000, 24_000_000
# besides what no replaced account may show: what an audit would find of editions, and of rights in them
SOLD_AMISS = AMISS | {"licence-without-rights", "edition-unregistered", "licence-without-agreement"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    async with followed_space(tmp_path_factory.mktemp("seller")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def programs(space):
    chain = Chain.connect(space.url("exchange") + "/rpc")
    yield Programs(chain, space.deployment)
    await chain.close()


def edition(space, product):
    """Return the id of the newest edition of a product, as the chain knows it."""
    rows = [row for row in space.rows("provider", "editions") if row["product"] == product]
    return bytes.fromhex(max(rows, key=lambda row: row["number"])["id"])


async def agreed(space, product):
    """Wait until both sides have agreed on a product."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not [
            row
            for row in space.rows("provider", "negotiations")
            if (row["product"], row["state"]) == (product, "FINALIZED")
        ]:
            await asyncio.sleep(0.02)


async def sealed_by(space, product, agreement):
    """Return the account that signs for the newest edition of a product, where an agreement is named."""
    name = edition(space, product).hex()
    answer = await space.outbound.get(f"{space.url('provider')}/sealed/{name}/seal?agreement={agreement}")
    told = answer.json()
    about = digest(space.deployment.domain("editions"), from_json(Edition, told["edition"]))
    return signature.recover(about, bytes.fromhex(told["signature"]))


def payee(space, agreement):
    return channels(space)[agreement]["payee"]


async def further(space, product):
    """Publish a further edition of a product; returns its view."""
    path = space.folder / "data" / product / "1.bin"
    path.write_bytes(path.name.encode() * 1000 + str(len(space.rows("provider", "editions"))).encode())
    files = sorted(path.parent.iterdir())
    return await space.publish_files("provider", product, files, price=1000)


async def clean(space):
    for role in Followed.kinds:
        await anchored(space, role)
    amiss = await findings(space, *Followed.kinds)
    assert not {one["code"] for one in amiss} & SOLD_AMISS, amiss


async def test_a_provider_goes_on_under_the_next_account(space, programs):
    await space.publish("provider", "tides", (SIZE,))
    await space.publish("provider", "rivers", (SIZE,))
    await space.publish("provider", "almanac", (SIZE,), openings=4, price=100)
    await space.publish("provider", "plain", (SIZE,), tier="plain")
    await computing.publish(space, "firms", space.folder / "firms")
    leased = await bought(space, "almanac", "almanac")
    await bought(space, "before")
    await bought(space, "plain", "plain")
    await computing.ask(space, await bought(space, "firms", "firms"), computing.BY_DISTRICT, job="first")
    await opening(space, 1)
    old = space.keys("provider").address
    first = edition(space, "tides")

    done = await rotate(space, "provider")
    now = space.keys("provider").address
    assert (done["from"], done["to"], done["told"]) == (address.show(old), address.show(now), True)
    member = (await document(space)).members[space.did("provider")]
    assert (member.address, [one.address for one in member.address_former]) == (now, [old])
    # the rights in its editions are the next one's, and the log says so
    registered = await programs.edition(first)
    assert (registered.provider, registered.holder) == (old, now)
    assert {row["part"] for row in told(space, "provider", "edition.transferred")} == {
        edition(space, one).hex() for one in ("tides", "rivers", "almanac", "plain", "firms")
    }
    # the channel of before goes on, and its payee is paid
    await opening(space, 2)
    assert payee(space, leased) == address.show(old)
    settled = await penstock(space, "provider", "settle")
    assert not [one for one in settled["channels"] if "fault" in one], settled
    collected = await penstock(space, "provider", "wallet", "collect")
    assert int(collected["balance"]) == await programs.balance(now) > 0
    assert await programs.balance(old) == await programs.credit(old) == 0


async def test_what_was_agreed_before_is_suspended_resumed_and_revoked_by_the_former(space):
    [agreement] = [row["agreement"] for row in space.rows("buyer", "acquisitions") if row["id"] == "almanac"]
    for turn, state in (("suspend", "suspended"), ("resume", "performing")):
        done = await penstock(space, "provider", "rights", turn, agreement, "--reason", "an invoice is open")
        assert done["state"] == state
        async with asyncio.timeout(WITHIN_SECONDS):
            while any(row["state"] in ("wanted", "signed") for row in space.rows("provider", "chain_txs")):
                await asyncio.sleep(0.1)
    failed = [row for row in space.rows("provider", "chain_txs") if row["state"] == "reverted"]
    assert not failed, failed
    await opening(space, 3)


async def test_what_is_said_of_an_agreement_is_signed_by_the_account_that_sold(space):
    kept = {row["id"]: row["agreement"] for row in space.rows("buyer", "acquisitions")}
    # the buyer takes no receipt by another account than the one that agreed
    got = await computing.ask(space, kept["firms"], computing.BY_DISTRICT, job="second")
    assert got["receipt"]["signature"]
    await space.doors["buyer"].call("POST", f"agreements/{kept['firms']}/calls/end", {})
    for name in ("before", "firms", "plain"):
        issued = await space.doors["provider"].call("GET", f"bills/{kept[name]}")
        assert issued["issuer"] == space.did("provider")
        if "bill" in issued:
            assert bill_check.holds(bill_check.check(bills.parse(issued), bill_check.Evidence()))
    # an edition is sealed by the account that sold it, and by a former one for nothing else
    now, old = space.keys("provider").accounts
    for named, account in ((kept["before"], old), (kept["almanac"], now), ("00" * 32, now), ("", now)):
        assert await sealed_by(space, "tides", named) == account, named
    await bought(space, "plain-2", "plain")


async def test_what_is_sold_from_then_on_is_the_next_account_s(space, programs):
    now = space.keys("provider").address
    agreement = await bought(space, "after")
    assert payee(space, agreement) == address.show(now)
    made = await further(space, "tides")
    registered = await programs.edition(bytes.fromhex(made["edition"]))
    assert (registered.provider, registered.holder, made["number"]) == (now, now, 2)
    renewed = await bought(space, "renewed")
    assert payee(space, renewed) == address.show(now)
    await clean(space)


async def test_a_thief_of_the_former_account_publishes_nothing_that_counts(space, programs, tmp_path):
    stolen, account = space.keys("provider").agreement, space.keys("provider").address
    await space.publish("provider", "floods", (LONG,), price=10)
    await space.get("floods")
    await agreed(space, "floods")
    rests = await space.doors["buyer"].call("POST", "acquisitions/floods/pause", {"reason": "it can wait"})
    assert rests["state"] not in ("complete", "failed")
    await rotate(space, "provider", "--stolen")
    # what was being drawn is drawn to its end, and paid to the account that sold it
    await space.doors["buyer"].call("POST", "acquisitions/floods/resume", {})
    assert payee(space, (await space.complete("floods", within=WITHIN_SECONDS))["agreement"]) == address.show(account)
    rpc = space.url("exchange") + "/rpc"
    chain = Chain.connect(rpc, proofs={rpc: lambda: space.bearer("provider", "exchange")})
    store = await Store.open(tmp_path / "thief.db", TABLES)
    transactions = Transactions(store, Programs(chain, space.deployment), stolen, Clock())
    transactions.start()
    series = next(row["series"] for row in space.rows("provider", "editions") if row["product"] == "tides")
    domain = space.deployment.domain("editions")
    try:
        for theft, about, holds in (
            ("further", Edition(H("theft"), bytes.fromhex(series), 9), False),
            ("other", Edition(H("theft"), H("a series of its own"), 1), True),
        ):
            act = acts.register_edition(space.deployment, about, signature.sign(digest(domain, about), stolen))
            sending = transactions.submit(f"theft:{theft}", act)
            if holds:
                await sending
            else:
                with pytest.raises(Exception, match="foreign series"):
                    await sending
        assert (await programs.edition(H("theft"))).holder == account
    finally:
        await transactions.close()
        await store.close()
        await chain.close()
    assert "act-after-revocation" in {one["code"] for one in await findings(space, "provider")}
    assert payee(space, await bought(space, "after-a-theft")) == address.show(space.keys("provider").address)


async def leaves(space, programs, old, coming):
    """Have the former account leave the registry for the one that comes, as a rotation does."""
    registry = did_digest(space.did("exchange"))
    leaving = membership.revoke_member(space.deployment, registry, old, followed(space.did("provider"), coming))
    await programs.perform(leaving, space.keys("provider").agreement)


async def takes(space, _programs, _old, _coming):
    """Have the next key take the place of the former one, which is kept."""
    folder, until = space.people["provider"].data / KEYS, Clock().now().replace(microsecond=0)
    former_account.KEPT.add(folder, FormerAccountKey(space.keys("provider").agreement, until))
    key_files.take_next(folder, AGREEMENT)


@pytest.mark.parametrize("done", [(), (leaves,), (leaves, takes)], ids=["drawn", "left", "taken"])
async def test_what_a_crash_interrupted_is_ended_by_the_next_start(space, programs, done):
    person, old = space.people["provider"], space.keys("provider").address
    await person.stop()
    coming = signature.address(key_files.draw_next(person.data / KEYS, AGREEMENT))
    for step in done:
        await step(space, programs, old, coming)
    await person.start(space.environment)
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await programs.edition(edition(space, "rivers"))).holder != coming or (
            (await document(space)).members[space.did("provider")].address != coming
        ):
            await asyncio.sleep(0.1)
    await asyncio.sleep(HEARD_SECONDS)
    assert payee(space, await bought(space, f"after-{len(done)}", "rivers")) == address.show(coming)
    await further(space, "rivers")
    assert not (await penstock(space, "provider", "log", "fsck"))["flaws"]


async def test_rights_that_a_former_account_holds_still_are_ours_to_withdraw(space, programs):
    [first] = [
        row["id"] for row in space.rows("provider", "editions") if (row["product"], row["number"]) == ("tides", 1)
    ]
    assert (await programs.edition(bytes.fromhex(first))).holder in space.keys("provider").accounts[1:]
    done = await penstock(space, "provider", "rights", "withdraw", first, "--reason", "the next one has no gap")
    assert (done["holder"], done["withdrawn"]) == (space.did("provider"), True)


async def test_after_all_of_it_the_audit_finds_the_thief_alone(space):
    await penstock(space, "provider", "settle")
    await penstock(space, "provider", "wallet", "collect")
    for role in Followed.kinds:
        await anchored(space, role)
    amiss = await findings(space, *Followed.kinds)
    assert {one["code"] for one in amiss} & SOLD_AMISS == {"act-after-revocation"}, amiss
    assert {one["subject"] for one in amiss if one["code"] == "act-after-revocation"} == {space.did("provider")}
