"""The registry of spaces: who may name whom, and that what was revoked stays readable."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from ledger.chain import membership
from ledger.chain.client import Act
from ledger.chain.membership import Keys
from ledger.chain.standing import did_digest

SPACE = keccak(b"space")
DID = "did:web:provider.example"
KEYS = Keys(b"\x01" * 32, b"\x02" * 32, b"\x03" * 48)
OTHER_KEYS = Keys(b"\x04" * 32, b"\x05" * 32, b"\x06" * 48)
CAUSE = keccak(b"cause")


@pytest.fixture
async def founded(stage):
    await stage.do(membership.found(stage.deployment, SPACE), "exchange")
    return stage


@pytest.fixture
async def peopled(founded):
    await founded.do(admitting(founded), "exchange")
    return founded


def admitting(stage, actor="provider", role="provider", account=None):
    account = stage.account(actor) if account is None else account
    return membership.admit(stage.deployment, SPACE, account, DID, role, KEYS)


async def answer(stage, function, *args):
    return await stage.chain.call(stage.deployment.program("spaces"), function, *args)


async def test_a_space_is_founded_once_and_has_an_id(founded):
    await founded.refuses(membership.found(founded.deployment, SPACE), "spaces: already founded")
    await founded.refuses(membership.found(founded.deployment, bytes(32)), "spaces: empty id")
    assert await answer(founded, "isExchange", SPACE, founded.account("exchange"))


NAMING = {
    "nameExchange": "third",
    "dismissExchange": "exchange",
    "nameArbitrator": "arbitrator",
    "dismissArbitrator": "arbitrator",
}


@pytest.mark.parametrize("function", NAMING)
async def test_only_an_exchange_of_the_space_names_and_dismisses(founded, function):
    for space, actor in ((SPACE, "stranger"), (keccak(b"another"), "exchange")):
        act = Act(founded.deployment.program("spaces"), function, (space, founded.account(NAMING[function])))
        await founded.refuses(act, "spaces: not an exchange", actor)


async def test_exchanges_name_each_other_and_one_remains(founded):
    deployment, third, first = founded.deployment, founded.account("third"), founded.account("exchange")
    name, dismiss = (
        membership.name_exchange(deployment, SPACE, third),
        membership.dismiss_exchange(deployment, SPACE, first),
    )
    await founded.refuses(dismiss, "spaces: the last exchange", "exchange")
    await founded.refuses(membership.dismiss_exchange(deployment, SPACE, third), "spaces: not named", "exchange")
    await founded.refuses(membership.name_exchange(deployment, SPACE, bytes(20)), "spaces: zero address", "exchange")
    await founded.do(name, "exchange")
    await founded.refuses(name, "spaces: already named", "exchange")
    await founded.do(dismiss, "third")
    await founded.refuses(admitting(founded), "spaces: not an exchange", "exchange")
    await founded.refuses(membership.dismiss_exchange(deployment, SPACE, third), "spaces: the last exchange", "third")


async def test_arbitrators_come_and_go(founded):
    account = founded.account("arbitrator")
    name = membership.name_arbitrator(founded.deployment, SPACE, account)
    dismiss = membership.dismiss_arbitrator(founded.deployment, SPACE, account)
    nobody = membership.name_arbitrator(founded.deployment, SPACE, bytes(20))
    await founded.refuses(nobody, "spaces: zero address", "exchange")
    await founded.refuses(dismiss, "spaces: not named", "exchange")
    await founded.do(name, "exchange")
    assert await answer(founded, "isArbitrator", SPACE, account)
    await founded.refuses(name, "spaces: already named", "exchange")
    await founded.do(dismiss, "exchange")
    assert not await answer(founded, "isArbitrator", SPACE, account)


async def test_a_member_is_admitted_once_with_role_and_keys(founded):
    await founded.refuses(admitting(founded), "spaces: not an exchange", "provider")
    await founded.refuses(admitting(founded, account=bytes(20)), "spaces: zero address", "exchange")
    assert await founded.programs.member(SPACE, founded.account("provider")) is None
    await founded.do(admitting(founded), "exchange")
    found = await founded.programs.member(SPACE, founded.account("provider"))
    assert (found.did, found.role, found.keys_digest) == (did_digest(DID), "provider", KEYS.digest)
    assert found.revoked_at is None
    [event] = await founded.programs.events("spaces", "MemberAdmitted", did=did_digest(DID))
    assert event.fields["keys"] == {"logKey": KEYS.log, "deliveryKey": KEYS.delivery, "aggregateKey": KEYS.aggregate}
    await founded.refuses(admitting(founded), "spaces: already admitted", "exchange")


async def test_a_member_has_a_role(peopled):
    account = peopled.account("provider")
    none = Act(peopled.deployment.program("spaces"), "changeRole", (SPACE, account, 0))
    change = membership.change_role(peopled.deployment, SPACE, account, "regulator")
    await peopled.refuses(none, "spaces: no role", "exchange")
    await peopled.refuses(change, "spaces: not an exchange", "provider")
    unknown = membership.change_role(peopled.deployment, SPACE, peopled.account("third"), "buyer")
    await peopled.refuses(unknown, "spaces: not a member", "exchange")
    await peopled.do(change, "exchange")
    assert (await peopled.programs.member(SPACE, account)).role == "regulator"
    args = (SPACE, peopled.account("third"), did_digest(DID), 0, KEYS.args())
    await peopled.refuses(Act(peopled.deployment.program("spaces"), "admit", args), "spaces: no role", "exchange")


async def test_keys_are_changed_by_their_owner_alone(peopled):
    change = membership.change_keys(peopled.deployment, SPACE, OTHER_KEYS)
    await peopled.refuses(change, "spaces: not a member", "exchange")
    await peopled.do(change, "provider")
    assert (await peopled.programs.member(SPACE, peopled.account("provider"))).keys_digest == OTHER_KEYS.digest


async def test_who_is_suspended_stays_a_member_until_it_is_resumed(peopled):
    account, args = peopled.account("provider"), (peopled.deployment, SPACE, peopled.account("provider"), CAUSE)
    suspend, resume = membership.suspend_member(*args), membership.resume_member(*args)
    for act in (suspend, resume):
        await peopled.refuses(act, "spaces: not an exchange", "provider")
    await peopled.refuses(resume, "spaces: not suspended", "exchange")
    await peopled.do(suspend, "exchange")
    found = await peopled.programs.member(SPACE, account)
    assert (int(found.suspended_at.timestamp()), found.revoked_at) == (await peopled.now(), None)
    await peopled.refuses(suspend, "spaces: suspended", "exchange")
    await peopled.do(membership.change_keys(peopled.deployment, SPACE, OTHER_KEYS), "provider")
    await peopled.do(resume, "exchange")
    assert (await peopled.programs.member(SPACE, account)).suspended_at is None
    [event] = await peopled.programs.events("spaces", "MemberSuspended", member=account)
    assert (event.fields["cause"], event.fields["at"]) == (CAUSE, int(found.suspended_at.timestamp()))
    await peopled.do(suspend, "exchange")
    await peopled.do(membership.revoke_member(*args), "provider")
    await peopled.refuses(resume, "spaces: not a member", "exchange")


@pytest.mark.parametrize("who", ["exchange", "provider"])
async def test_who_is_out_stays_out_and_readable(peopled, who):
    account = peopled.account("provider")
    act = membership.revoke_member(peopled.deployment, SPACE, account, CAUSE)
    await peopled.refuses(act, "spaces: not an exchange", "stranger")
    await peopled.do(act, who)
    found = await peopled.programs.member(SPACE, account)
    assert int(found.revoked_at.timestamp()) == await peopled.now()
    await peopled.refuses(act, "spaces: not a member", who)
    await peopled.refuses(admitting(peopled), "spaces: already admitted", "exchange")
    await peopled.refuses(membership.change_keys(peopled.deployment, SPACE, KEYS), "spaces: not a member", "provider")
    unknown = membership.revoke_member(peopled.deployment, SPACE, peopled.account("third"), CAUSE)
    await peopled.refuses(unknown, "spaces: not a member", "exchange")


async def test_what_a_space_gave_out_is_revoked_once(founded):
    act = membership.revoke(founded.deployment, SPACE, keccak(b"credential"), CAUSE)
    await founded.refuses(act, "spaces: not an exchange", "provider")
    await founded.do(act, "exchange")
    assert await answer(founded, "revokedAt", SPACE, keccak(b"credential")) == await founded.now()
    await founded.refuses(act, "spaces: already revoked", "exchange")
