"""A contract in place of another, on the space of the journey: asked for, answered, in force, used: `make test-ndi`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from connector.runtime.errors import PeerRefused
from contracts import signature
from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import FILED_ALONE, contract_digest
from tests.api.command import commanded, penstock
from tests.ndi.journey import WITHIN_SECONDS, audited, held, other, posted, space
from tests.ndi.serving import Direct, asked, filed, named, signed_by_two

__all__ = ["named", "other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

WAYS = {"from point to point": "ndi+", "through the platform": "ndi+platform+"}
LATER = "2035-06-30T00:00:00Z"


async def contracts(space, role):
    return (await penstock(space, role, "ndi", "list"))["contracts"]


async def bought(space, way, name):
    """A contract that the buyer has made and used; as the buyer lists it."""
    at = WAYS[way] + space.url("provider")
    [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", "product gauges"))["products"]
    words = ("get", one["product"], "--at", at, "--max-price", "10.00", "--to", space.folder / name, "--id", name)
    await penstock(space, "buyer", *words, "--purpose", "AirTrafficResearch")
    return (await contracts(space, "buyer"))[0]


async def waiting(space, role, state):
    """The negotiation that waits for a person of a participant, as it is shown."""

    async def found():
        listed = (await penstock(space, role, "admin", "list", "--state", state))["processes"]
        return [one for one in listed if one["turn"] == "ours" and not one["pending"]]

    async with asyncio.timeout(WITHIN_SECONDS):
        while not (rows := await found()):
            await asyncio.sleep(0.2)
    [row] = rows
    return await penstock(space, role, "admin", "show", row["id"])


def said(shown):
    return {one["key"]: one["en"] for one in shown["rounds"][-1]["differences"]}


async def in_force(space, role, agreement):
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            rows = [one for one in await contracts(space, role) if one["amends"] == agreement]
            if rows and rows[0]["instruction"]:
                return rows[0]
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("way", WAYS)
async def test_a_buyer_asks_the_provider_answers_with_another_price_and_the_new_one_is_in_force(space, way):
    old = await bought(space, way, "amended-" + way[:4])
    agreement = old["agreement"]
    await penstock(space, "buyer", "amend", agreement, "--until", LATER, "--price", "6.00")
    asked = await waiting(space, "provider", "REQUESTED")
    ended = datetime.fromisoformat(old["until"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert said(asked) == {"amount": "price: 10.00 CNY → 6.00 CNY", "until": f"until: {ended} → {LATER}"}
    # it stands as it did, and nobody's rules answer
    assert (await contracts(space, "buyer"))[1]["supersededBy"] == ""
    refused = await commanded("amend", agreement, "--price", "5.00", "--data", space.people["buyer"].data)
    assert refused.code != 0
    assert b"has not answered yet" in refused.out + refused.err
    words = ("amend", agreement, "--until", "2030-06-30T00:00:00Z", "--data", space.people["provider"].data)
    refused = await commanded(*words)
    assert (refused.code, b"the end that it was begun with" in refused.err + refused.out) == (2, True)
    await penstock(space, "provider", "amend", agreement, "--price", "8.00")
    answered = await waiting(space, "buyer", "OFFERED")
    assert said(answered) == {"amount": "price: 6.00 CNY → 8.00 CNY"}
    await penstock(space, "buyer", "admin", "assent", answered["id"])
    new = await in_force(space, "buyer", agreement)
    theirs = await in_force(space, "provider", agreement)
    assert (new["contractId"], new["agreement"], new["until"][:10]) == (
        theirs["contractId"],
        theirs["agreement"],
        LATER[:10],
    )
    assert new["contractId"] != old["contractId"]
    for role in ("buyer", "provider"):
        before = await penstock(space, role, "ndi", "show", old["contractId"])
        assert (before["state"], before["supersededBy"]) == ("ended", new["agreement"])
    filed = await penstock(space, "regulator", "filing", "show", old["contractId"])
    assert (filed["state"], filed["supersededBy"]) == ("ended", new["agreement"])
    assert (await penstock(space, "regulator", "filing", "show", new["contractId"]))["amends"] == agreement
    # the data flow under the new one, and not under the old one
    at = {"format": "HttpData-PULL"}
    made = await space.doors["buyer"].call("POST", "transfers", {"agreement": new["agreement"], **at})
    await held(
        lambda: [
            one for one in space.rows("buyer", "transfers") if one["id"] == made["id"] and one["state"] == "STARTED"
        ]
    )
    with pytest.raises(PeerRefused, match=r"\(409\)"):
        await space.doors["buyer"].call("POST", "transfers", {"agreement": agreement, **at})
    # what it costs now is paid on chain, where the audit finds it
    [paid] = (await penstock(space, "buyer", "ndi", "pay", new["contractId"]))["payments"]
    assert (paid["party"], paid["amount"]) == (space.did("provider"), "800")
    found = await audited(space)
    assert found.code == 0, found.out.decode()[:3000]


@pytest.mark.parametrize("role", ["buyer", "provider", "exchange"])
async def test_who_dies_while_one_is_put_in_place_of_another_goes_on(space, role):
    """Killed as soon as a person has assented, and once more a little later: one stands afterwards, on all sides."""
    old = await bought(space, "from point to point", f"killed-{role}")
    await penstock(space, "buyer", "amend", old["agreement"], "--price", "6.00")
    await penstock(space, "provider", "admin", "assent", (await waiting(space, "provider", "REQUESTED"))["id"])
    for seconds in (0.0, 0.3):
        await asyncio.sleep(seconds)
        await space.people[role].kill()
        await space.people[role].start()
    new = await in_force(space, "buyer", old["agreement"])
    assert (await in_force(space, "provider", old["agreement"]))["agreement"] == new["agreement"]
    for each in ("buyer", "provider"):
        before = await penstock(space, each, "ndi", "show", old["contractId"])
        assert (before["state"], before["supersededBy"]) == ("ended", new["agreement"])
        assert len([one for one in await contracts(space, each) if one["amends"] == old["agreement"]]) == 1
    found = await audited(space)
    assert found.code == 0, found.out.decode()[:3000]


async def test_a_provider_asks_and_a_refusal_leaves_what_was_signed_as_it_was(space):
    def ended(number):
        return len([one for one in space.rows("provider", "negotiations") if one["state"] == "TERMINATED"]) == number

    old = await bought(space, "from point to point", "refused")
    agreement = old["agreement"]
    await penstock(space, "provider", "amend", agreement, "--price", "12.00", "--rules", "openings=3")
    asked = await waiting(space, "buyer", "OFFERED")
    assert said(asked)["amount"] == "price: 10.00 CNY → 12.00 CNY"
    assert any("3" in one["en"] for one in asked["rounds"][-1]["differences"] if one["key"] == "policy")
    await penstock(space, "buyer", "admin", "terminate", asked["id"], "--reason", "too dear")
    await held(lambda: ended(1))
    for role in ("buyer", "provider"):
        shown = await penstock(space, role, "ndi", "show", old["contractId"])
        assert (shown["state"], shown["supersededBy"]) == ("signed", "")
    # and what is asked again is another negotiation, which its asker may take back
    again = await penstock(space, "buyer", "amend", agreement, "--until", LATER)
    await waiting(space, "provider", "REQUESTED")
    await penstock(space, "buyer", "admin", "terminate", again["negotiation"], "--reason", "taken back")
    await held(lambda: ended(2))
    assert (await penstock(space, "regulator", "filing", "show", old["contractId"]))["state"] == "performing"
    found = await audited(space)
    assert found.code == 0, found.out.decode()[:3000]


async def test_what_is_another_s_or_unknown_or_over_is_superseded_by_nobody(space, other):
    """A consumer that names a contract of others, one that is none, and one that is over already."""
    theirs = next(one for one in await contracts(space, "buyer") if one["state"] == "signed")
    policy = strategies.read(await other.offered("gauges"))
    for digest in (theirs["agreement"], "00" * 32):
        code = await other.create(note=digest)
        strategy = strategies.written(policy, supersedes=digest)
        said = {"contractName": other.NAME, "contractId": code, "strategy": strategy}
        status, told = await other.ask("/contractNegotiate", said)
        assert status >= 400, told
        assert "no signed agreement between the two of us" in told["message"]
    over = next(one for one in await contracts(space, "buyer") if one["supersededBy"])
    refused = await commanded("amend", over["agreement"], "--price", "5.00", "--data", space.people["buyer"].data)
    assert (refused.code, b"the agreement is `ended`" in refused.err + refused.out) == (2, True)
    assert (await penstock(space, "buyer", "ndi", "show", theirs["contractId"]))["state"] == "signed"


async def test_the_platform_files_no_contract_in_place_of_what_is_not_in_force(space, other):
    """Signed by both all the same: by the provider's key, which the test has, and the consumer's."""
    strategy, over = (
        await other.offered("gauges"),
        next(one for one in await contracts(space, "buyer") if one["supersededBy"]),
    )
    for digest, why in (("11" * 32, "no contract of these two"), (over["agreement"], "no contract of these two")):
        told = strategies.written(strategies.read(strategy), supersedes=digest)
        code = await other.create(note=f"at the platform {digest}")
        made = contract_digest(other.NAME, code, told)
        keys = {space.did("provider"): space.keys("provider").agreement, other.did: other.keys.agreement}
        signers = [
            {"signatoryEntityId": did, "signature": signature.sign(made, key).hex()} for did, key in keys.items()
        ]
        filed = {
            "contractName": other.NAME,
            "contractId": code,
            "strategy": {**told, "subjectInfo": {**told["subjectInfo"], FILED_ALONE: space.did("provider")}},
            "signatoryEntities": signers,
            "signatoryTime": "2026-01-01T00:00:00+08:00",
            "contractExpansionItem": "-",
        }
        status, answer = await posted(space, "provider", "exchange", "/contractRegistrate", filed)
        assert (status, why in str(answer)) == (409, True), answer


async def test_who_serves_signs_the_next_as_well_and_the_one_before_is_over_for_it(space, named, other):
    assert named[0]["party"] == space.did("buyer")
    by, strategy = Direct(other), await other.offered("gauges")
    _, (_, told) = await by.create(signMode="01", note="served")
    first = told["contractId"]
    await signed_by_two(other, by, first, strategy)
    await asked(space, first)
    await penstock(space, "buyer", "ndi", "sign", first)
    await other.hear("/strategySend")
    later = strategies.written(
        strategies.read(strategy),
        strategies.services(strategy),
        contract_digest(other.NAME, first, strategy).hex(),
    )
    _, (_, told) = await by.create(signMode="01", note="in its place")
    second = told["contractId"]
    # without who serves it is another contract, and is refused
    alone = strategies.written(strategies.read(strategy), supersedes=strategies.superseded(later))
    assert (await by.ask("/contractNegotiate", by.said(second, alone)))[0] >= 400
    status, said = await by.ask("/contractNegotiate", by.said(second, later))
    assert (status, said["negotiationStatus"]) == (200, "1")
    waits = await waiting(space, "provider", "REQUESTED")
    await penstock(space, "provider", "admin", "assent", waits["id"])
    assert (await other.hear("/contractNegotiate"))["strategy"] == later
    assert (await by.ask("/contractNegotiate", by.said(second, later, signed=True)))[0] == 200
    await asked(space, second)
    assert filed(space, first)[0]["ended"] is None
    await penstock(space, "buyer", "ndi", "sign", second)
    await other.hear("/strategySend")
    over = await asked(space, first, "ended")
    assert over["reason"].startswith("superseded by ")
    assert (await asked(space, second, "signed"))["instruction"]
    assert filed(space, first)[0]["ended"] is not None
