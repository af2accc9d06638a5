"""Who of our own people may sign: an account within its authority, the owner as ever, and nobody beyond one."""

import asyncio
from datetime import timedelta

import pytest

from connector.negotiation import authority
from connector.negotiation.amendment import Change
from connector.negotiation.protocol.states import FINALIZED, TERMINATED
from connector.runtime import actor
from connector.runtime.errors import NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.authority import AuthorityRow
from connector.store.rows.console import AccountRow
from contracts.authority import PROVIDER, Authority, reference
from contracts.signature import sign
from ledger.log.events import decode
from tests.negotiation.test_amending import LATER, waiting
from tests.negotiation.world import MANDATE, START, agree, ended, listed_offer

SALT = bytes(16)
ADA = {"name": "ada", "made": START.isoformat()}


def account(name="ada", made=START):
    return AccountRow(
        name=name, roles="buyer", operator=1, password="", nonce="", used_step=0, failures=0, created=made
    )


async def grant(party, name="ada", made=START, **bounds):
    """Give an account, which there is from `made` on, an authority; return its digest."""
    told = {"roles": ("provider", "buyer"), "most": 10**9, "daily": None, "currency": "CNY", "products": ()}
    told |= {"purposes": (), "since": START, "until": START + timedelta(days=30)} | bounds
    one = Authority(party.did, party.peer.address, reference(SALT, name), **told)

    def act(tx):
        tx.put(account(name, made))
        tx.insert(
            AuthorityRow(
                digest=one.digest.hex(),
                name=name,
                made=made,
                salt=SALT,
                document=one.json(),
                signature=sign(one.digest, party.key),
                granted=party.clock.now(),
                until=one.until,
            )
        )

    await party.store.write(act)
    return one.digest.hex()


async def revoke(party, digest):
    def act(tx):
        authority.end(tx, party.evidence, tx.get(AuthorityRow, digest=digest), "another post", party.clock.now())

    await party.store.write(act)


async def bought(provider, buyer, **signer):
    """Have an account of the buyer ask for the product; return its negotiation at the end."""
    return await agree(provider, buyer, {**MANDATE, authority.SIGNER: ADA | signer})


async def links(party):
    return [decode(row["entry"]).link for row in await party.events("agreement.signed")]


async def test_where_nothing_was_ever_granted_an_account_signs_as_before(pair):
    provider, buyer = pair
    row = await bought(provider, buyer)
    assert await links(buyer) == [(row["digest"],)] == await links(provider)
    assert await buyer.rows("signings") == []


async def test_what_an_account_signs_names_its_authority(pair, monkeypatch):
    provider, buyer = pair
    granted, record, counted = await grant(buyer), buyer.evidence.record, []

    def spied(tx, kind, **told):
        counted.extend(told["fields"]["counted"] for _ in range(kind == "agreement.signed"))
        return record(tx, kind, **told)

    monkeypatch.setattr(buyer.evidence, "record", spied)
    row = await bought(provider, buyer)
    assert row["state"] == FINALIZED
    assert await links(buyer) == [(row["digest"], granted)]
    assert await links(provider) == [(row["digest"],)], "whose authority it is stands in the log of its principal"
    (signing,) = await buyer.rows("signings")
    (kept,) = await buyer.rows("agreements")
    cap = int(kept["agreement"]["priceCap"])
    assert (signing["about"], signing["authority"], signing["amount"]) == (row["digest"], granted, cap)
    assert [one["amount"] for one in counted] == [str(cap)], "what an audit sums"


async def test_the_owner_signs_as_ever(pair):
    provider, buyer = pair
    await grant(buyer, most=0)
    row = await agree(provider, buyer)
    assert (row["state"], await links(buyer)) == (FINALIZED, [(row["digest"],)])


BEYOND = {
    "the amount": ({"most": 100}, "it goes up to 1.00 CNY, not "),
    "all of a day": ({"daily": 100}, "of 1.00 CNY within 24 hours 1.00 CNY is left"),
    "the products": ({"products": ("another",)}, "it is for other products"),
    "the purposes": ({"purposes": ("https://w3id.org/penstock/purpose#Research",)}, "another purpose than it names"),
    "the role": ({"roles": (PROVIDER,)}, "it is for the role provider, not buyer"),
    "the currency": ({"currency": "EUR"}, "it is in EUR, not CNY"),
    "the end": ({"since": START - timedelta(days=2), "until": START}, "until 2026-03-01T12:00:00Z"),
    "the beginning": ({"since": START + timedelta(days=2)}, "it holds from 2026-03-03T12:00:00Z"),
    "the account": ({"name": "bob"}, "nothing was granted to it"),
    "an account of the same name that was removed": ({"made": START - timedelta(days=9)}, "nothing was granted to it"),
}


@pytest.mark.parametrize("what", BEYOND)
async def test_beyond_it_nothing_is_signed(pair, what):
    provider, buyer = pair
    bounds, why = BEYOND[what]
    await grant(buyer, **bounds)
    row = await bought(provider, buyer)
    theirs, mine = (await provider.rows("negotiations"))[0], row
    assert (mine["state"], theirs["state"]) == (TERMINATED, TERMINATED)
    assert why in mine["mandate"][authority.BEYOND]
    assert theirs["reason"] == "nobody of ours who may sign it has agreed to it", (
        "our limits are not the peer's to know"
    )
    for party in pair:
        assert await party.rows("agreements") == await party.rows("signings") == []
    assert not [body for _, path, body in buyer.network.sent if path.endswith("verification")]


async def test_who_may_is_named_to_who_may_not(pair):
    provider, buyer = pair
    await grant(buyer, "bob")
    row = await bought(provider, buyer)
    assert "`bob` may" in row["mandate"][authority.BEYOND]


async def test_what_is_signed_in_a_day_is_summed(pair, clock):
    provider, buyer = pair
    await grant(buyer, daily=1500)
    assert (await bought(provider, buyer))["state"] == FINALIZED
    second = await bought(provider, buyer)
    assert (second["state"], len(await buyer.rows("signings"))) == (TERMINATED, 1), "two halves are one whole"
    clock.shift -= timedelta(hours=2)  # nothing that is dated later is forgotten
    await buyer.store.write(lambda tx: tx.execute("UPDATE signings SET at = at + 1"))
    assert (await bought(provider, buyer))["state"] == TERMINATED
    clock.shift += timedelta(hours=27)
    assert (await bought(provider, buyer))["state"] == FINALIZED


async def test_several_at_once_are_summed_as_well(pair):
    provider, buyer = pair
    await grant(buyer, daily=1900)
    mandate, start = {**MANDATE, authority.SIGNER: ADA}, buyer.engine.start_negotiation
    await asyncio.gather(*(start(provider.did, provider.base, listed_offer(), mandate) for _ in range(4)))
    await ended(provider, buyer)
    assert sum(row["state"] == FINALIZED for row in await buyer.rows("negotiations")) == 2
    assert sum(row["amount"] for row in await buyer.rows("signings")) <= 1900


async def test_revoked_before_it_is_final_it_does_not_become_final(pair):
    provider, buyer = pair
    granted = await grant(provider)
    old = await agree(provider, buyer)
    await provider.store.write(lambda tx: tx.update(AgreementRow, {"digest": old["digest"]}, state="performing"))
    engine = provider.engine
    with actor.acting("account:ada"):
        mine = await engine._do(lambda tx, now: engine.negotiations.amend(tx, old["digest"], Change(until=LATER), now))

    async def meanwhile(sender, receiver, path, body, go):
        if path.endswith("verification"):
            await revoke(provider, granted)
        return await go()

    theirs = await waiting(buyer)
    provider.network.fault = meanwhile
    await buyer.engine.operating.assent(theirs)
    row = await provider.until("negotiations", (TERMINATED,), mine)
    await buyer.until("negotiations", (TERMINATED,), theirs)
    assert row["reason"] == "the authority has ended under which it was signed"
    assert [one["digest"] for one in await provider.rows("agreements")] == [old["digest"]]
    (drawn,) = [one for one in await buyer.rows("agreements") if one["amends"]]
    assert drawn["state"] == "ended"


async def test_an_account_assents_within_its_authority_alone(pair):
    provider, buyer = pair
    granted = await grant(buyer, most=100)
    old = await agree(provider, buyer)
    await provider.store.write(lambda tx: tx.update(AgreementRow, {"digest": old["digest"]}, state="performing"))
    engine = provider.engine
    await engine._do(lambda tx, now: engine.negotiations.amend(tx, old["digest"], Change(until=LATER), now))
    theirs = await waiting(buyer)
    before = await buyer.row("negotiations", theirs)
    with actor.acting("account:ada"), pytest.raises(NotPermitted, match=r"it goes up to 1\.00 CNY"):
        await buyer.engine.operating.assent(theirs)
    assert await buyer.row("negotiations", theirs) == before
    await revoke(buyer, granted)
    more = await grant(buyer)
    with actor.acting("account:ada"):
        await buyer.engine.operating.assent(theirs)
    row = await buyer.until("negotiations", (FINALIZED,), theirs)
    assert (row["digest"], more) in await links(buyer)


async def test_a_crash_between_word_and_signature_signs_once(pair):
    provider, buyer = pair
    granted = await grant(buyer)
    crashed = []

    async def falls(sender, receiver, path, body, go):
        reply = await go()
        if path.endswith(("agreement", "verification")) and path not in crashed:
            crashed.append(path)
            buyer.network.spawn(buyer.crash())
            raise ConnectionError("lost")
        return reply

    buyer.network.fault = falls
    pid = await buyer.engine.start_negotiation(
        provider.did, provider.base, listed_offer(), {**MANDATE, authority.SIGNER: ADA}
    )
    row = await buyer.until("negotiations", (FINALIZED, TERMINATED), pid)
    assert (row["state"], len(crashed)) == (FINALIZED, 2)
    assert await links(buyer) == [(row["digest"], granted)]
    assert len(await buyer.rows("signings")) == 1
