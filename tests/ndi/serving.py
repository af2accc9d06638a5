"""A contract with service parties, on the space of the journey: in force once all have signed. `make test-ndi`."""

from __future__ import annotations

import pytest
import pytest_asyncio

from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import contract_part
from contracts.ndi.proof import Signer
from contracts.ndi.services import ServiceParty, ordered
from tests.api.command import commanded, penstock
from tests.ndi.by_sm2 import national
from tests.ndi.journey import audited, held, other, posted, space
from tests.ndi.through import Through

__all__ = ["national", "other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def named(space):
    """The buyer of the space hosts the provider's product for a part of its price."""
    words = ("ndi", "party", "set", "gauges", space.did("buyer"), "--role", "host", "--share", "500")
    return (await penstock(space, "provider", *words))["parties"]


async def signed_by_two(other, by, code, strategy):
    """Have the consumer of another make agree and sign; the provider has signed before it."""
    status, told = await by.ask("/contractNegotiate", by.said(code, strategy))
    assert (status, told["negotiationStatus"]) == (200, "0"), told
    await other.hear("/contractNegotiate")
    assert (await by.ask("/contractNegotiate", by.said(code, strategy, signed=True)))[0] == 200


async def asked(space, code, state="asked"):
    def waits():
        rows = [row for row in space.rows("buyer", "service_contracts") if row["code"] == code]
        return [row for row in rows if row["state"] == state]

    [row] = await held(waits)
    return row


def filed(space, code):
    return [row for row in space.rows("exchange", "filings") if row["code"] == code]


class Direct(Through):
    """The same consumer, from point to point."""

    async def ask(self, path, body):
        return await self.other.ask(path, body)


@pytest.mark.parametrize("way", [Direct, Through])
async def test_it_is_in_force_once_all_three_have_signed(space, named, other, way):
    by = way(other)
    assert named == [{"party": space.did("buyer"), "role": "host", "share": 500}]
    strategy = await other.offered("gauges")
    assert [one.json() for one in strategies.services(strategy)] == [
        {"entityId": space.did("buyer"), "role": "host", "share": "500"}
    ]
    _, (_, told) = await by.create(signMode="02" if way is Through else "01", note=way.__name__)
    code = told["contractId"]
    await signed_by_two(other, by, code, strategy)
    # it waits: nobody is instructed, nothing is filed, nothing flows
    await asked(space, code)
    shown = await penstock(space, "provider", "ndi", "show", code)
    [one] = shown["services"]
    assert (one["amount"], one["signature"], shown["instruction"]) == ("0.50 CNY", "", "")
    assert not filed(space, code)
    # the service party reads what it would sign, and signs
    mine = await penstock(space, "buyer", "ndi", "served", "show", code)
    assert (mine["role"], mine["share"], mine["strategy"]) == ("host", 500, strategy)
    assert (await penstock(space, "buyer", "ndi", "sign", code))["state"] == "signed"
    instruction = await other.hear("/strategySend")
    contract = instruction["transactionExecutionStrategy"]
    parties = {one["signatoryEntityId"]: bytes.fromhex(one["signature"]) for one in contract["signatoryEntities"]}
    assert len(parties) == 3
    part = contract_part(other.NAME, code, strategy)
    assert Signer(space.keys("buyer").address).has_signed(part, parties[space.did("buyer")])
    await held(lambda: (row := _served(space, code)) and row["instruction"])
    number = instruction["strategyId"].replace("-", "")
    assert await other.pull(number, strategy["subjectInfo"]["dataProductId"]) == space.paths[0].read_bytes()
    assert (await penstock(space, "provider", "ndi", "show", code))["services"][0]["signature"]
    # without the service party's signature, or with another's in its place, the platform files nothing
    less = {**contract, "signatoryEntities": contract["signatoryEntities"][:2]}
    assert (await posted(space, "provider", "exchange", "/contractRegistrate", less))[0] == 400
    # the end is told to all
    await penstock(space, "provider", "ndi", "end", code, "--reason", "the season is over")
    await asked(space, code, "ended")


def _served(space, code):
    return next(row for row in space.rows("buyer", "service_contracts") if row["code"] == code)


async def test_what_a_service_party_declines_comes_into_force_for_nobody(space, named, other):
    by = Direct(other)
    _, (_, told) = await by.create(signMode="01", note="declined")
    code, strategy = told["contractId"], await other.offered("gauges")
    await signed_by_two(other, by, code, strategy)
    await asked(space, code)
    assert (await penstock(space, "buyer", "ndi", "decline", code, "--reason", "no room"))["state"] == "declined"
    assert (await other.hear("/contractTerminate"))["contractId"] == code
    assert not filed(space, code)
    await penstock(space, "buyer", "ndi", "sign", code, code=2)


@pytest.mark.parametrize("way", [Direct, Through])
async def test_what_waits_for_a_service_party_is_ended_by_a_party(space, named, other, way):
    by = way(other)
    _, (_, told) = await by.create(signMode="02" if way is Through else "01", note=f"given up {way.__name__}")
    code, strategy = told["contractId"], await other.offered("gauges")
    await signed_by_two(other, by, code, strategy)
    await asked(space, code)
    assert (await by.ask("/contractTerminate", other.ending(code, erminateType="01")))[0] == 200
    # a signature that comes now puts nothing in force
    await penstock(space, "buyer", "ndi", "sign", code, code=None)
    [row] = [row for row in space.rows("provider", "contracts") if row["code"] == code]
    [talk] = [one for one in space.rows("provider", "negotiations") if one["id"] == row["negotiation"]]
    assert (talk["state"], talk["pending"], filed(space, code)) == ("TERMINATED", "", [])


async def test_who_is_named_is_what_the_provider_says_and_what_was_signed(space, named, other):
    by = Direct(other)
    strategy = await other.offered("gauges")
    alone = strategies.written(strategies.read(strategy))
    more = ServiceParty(other.did, "broker", 9000)
    greedy = strategies.written(strategies.read(strategy), ordered([*strategies.services(strategy), more]))
    for wrong in (alone, greedy):
        _, (_, told) = await by.create(signMode="01", note=str(len(str(wrong))))
        status, answer = await by.ask("/contractNegotiate", by.said(told["contractId"], wrong))
        assert (status, "the service parties of this product are others" in answer["message"]) == (400, True), answer
    # nobody is asked to serve in what the two parties have not signed
    _, (_, told) = await by.create(signMode="01", note="unsigned")
    unsigned = {**by.said(told["contractId"], strategy, signed=True), "signatoryId": space.did("buyer")}
    assert (await other.ask("/contractNegotiate", unsigned, to="buyer"))[0] == 400
    assert not [row for row in space.rows("buyer", "service_contracts") if row["code"] == told["contractId"]]


async def test_who_signs_no_contracts_is_no_service_party(space):
    for who in ("regulator", "exchange"):
        words = ("ndi", "party", "set", "gauges", space.did(who), "--role", "platform", "--share", "100")
        refused = await commanded(*words, "--data", space.folder / "provider")
        assert b"takes no contracts to sign" in refused.err, refused.err


async def test_the_audit_finds_every_signature(space, named, other):
    for role in ("provider", "buyer", "exchange"):
        await space.doors[role].call("POST", "log/anchor", {})
    found = (await audited(space)).out.decode()
    assert "contract-consent-missing" not in found
    assert "contract-unsigned" not in found
    assert "contract-round" not in found
