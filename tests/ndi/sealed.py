"""A contract that is delivered sealed, by an agreement under it, on the space of the journey: `make test-ndi`."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

import pytest
import pytest_asyncio

from contracts import signature
from contracts.namespace import CONTRACT
from contracts.ndi import interfaces
from contracts.ndi import strategy as strategies
from tests.api.command import commanded, penstock
from tests.api.test_console_story import entered
from tests.ndi.journey import WITHIN_SECONDS, audited, held, other, posted, space

__all__ = ["other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE = 300_000
PURPOSE = ("--purpose", "AirTrafficResearch")
PRODUCT = "tides-sealed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paths(space):
    return await space.publish("provider", PRODUCT, (SIZE,), region="CN")


async def contracts(space, role="buyer"):
    """The contracts that are delivered sealed, the newest first."""
    return [one for one in (await penstock(space, role, "ndi", "list"))["contracts"] if one["delivery"] == "sealed"]


async def bought(space, way, name):
    """Get the product by a contract; returns that."""
    at = way + space.url("provider")
    [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", f"product {PRODUCT}"))["products"]
    await penstock(space, "buyer", "get", one["product"], "--at", at, "--max-price", "10.00", "--id", name, *PURPOSE)
    return (await contracts(space))[0]


def row(space, role, table, **named):
    [found] = [one for one in space.rows(role, table) if all(one[name] == value for name, value in named.items())]
    return found


@pytest.mark.parametrize(("way", "name"), [("ndi+", "sealed"), ("ndi+platform+", "sealed-through")])
async def test_a_contract_is_delivered_in_sealed_pieces_that_are_metered(space, paths, way, name):
    contract = await bought(space, way, name)
    code, digest = contract["contractId"], contract["agreement"]
    folder = space.folder / name
    await penstock(space, "buyer", "open", name, "--to", folder, *PURPOSE)
    [path] = [path for path in folder.iterdir() if path.is_file()]
    assert path.read_bytes() == paths[0].read_bytes()
    # who signed the contract has signed how it is delivered, and the agreement names it
    shown = [await penstock(space, role, "ndi", "show", code) for role in ("provider", "buyer")]
    assert shown[0]["strategy"] == shown[1]["strategy"]
    assert strategies.beside(shown[0]["strategy"]).sealed
    under = shown[0]["deliveredBy"]
    assert under == shown[1]["deliveredBy"] != ""
    agreement = await penstock(space, "buyer", "show", under)
    assert (agreement["terms"]["contract"], agreement["terms"]["tier"]) == (digest, "kept")
    # it is paid by the piece, on a channel, to the minor unit
    paid = row(space, "provider", "paid_rows", agreement=under)
    assert int(paid["amount"]) == int(paid["plain"]) * 1000 // (1 << 20) + 1
    assert row(space, "buyer", "channels", agreement=under)["cumulative"] == paid["amount"]
    # and proven to provider and platform
    for role in ("provider", "exchange"):
        await held(lambda role=role: [one for one in space.rows(role, "received") if one["subject"].endswith(code)])
    found = await audited(space)
    assert found.code == 0, found.out.decode()[:3000]


async def test_both_parties_see_on_the_console_how_it_stands_and_by_what_it_is_delivered(space, paths):
    contract = (await contracts(space))[0]
    code, by = contract["contractId"], contract["deliveredBy"]
    page = f"/console/contracts/{quote(code, safe='')}"  # its check character may be a star
    for role in ("buyer", "provider"):
        async with await entered(space, role, f"contracts-{role}") as visitor:
            listed = await visitor.open("agreements")
            assert "/console/contracts" in listed.links
            assert page in (await visitor.open("contracts")).links
            for lang, words in (("en", "in sealed pieces"), ("zh", "密封")):
                seen = await visitor.open(f"contracts/{code}", params={"lang": lang})
                assert words in seen.text
                assert f"/console/agreements/{by}" in seen.links
            told = json.loads((await visitor.open(f"contracts/{code}.json")).text)
            assert (told["delivered"], told["deliveredBy"], told["instruction"]) == (
                *("pieces", by), contract["instruction"],
            )  # fmt: skip
            assert [one["signed"] for one in told["rows"]][-1] == "signed"
            for digest in (by, contract["agreement"]):
                assert page in (await visitor.open(f"agreements/{digest}")).links


@pytest.mark.parametrize("role", ["buyer", "provider"])
async def test_who_dies_while_it_is_made_goes_on_and_nothing_is_made_twice(space, paths, role):
    """Killed at whatever the order is at as soon as the contract is agreed, and once more a little later."""
    at, name = "ndi+" + space.url("provider"), f"sealed-killed-{role}"
    [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", f"product {PRODUCT}"))["products"]
    before = {one["contractId"] for one in await contracts(space)}
    mandate = {"limit": "1000", "purpose": "Research", "at": at}
    body = {"id": name, "product": one["product"], "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    for seconds in (0.0, 0.3):
        await held(lambda: [one for one in space.rows("buyer", "contracts") if one["code"] not in before])
        await asyncio.sleep(seconds)
        await space.people[role].kill()
        await space.people[role].start()
    await space.complete(name, within=WITHIN_SECONDS)
    [code] = {one["contractId"] for one in await contracts(space)} - before
    digest = (await penstock(space, "buyer", "ndi", "show", code))["agreement"]
    for side in ("buyer", "provider"):
        terms = [json.loads(one["terms"] or "{}") for one in space.rows(side, "agreements")]
        assert [one.get("contract") for one in terms].count(digest) == 1
    assert (await audited(space)).code == 0


async def test_who_lost_the_answer_to_its_signature_says_it_again_seconds_later(space, paths):
    """A provider that dies between the two signs again when it is back, and is told what it would have been told."""
    for name in ("said-again", "said-again-2", "said-again-3"):
        at = "ndi+" + space.url("provider")
        [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", f"product {PRODUCT}"))["products"]
        body = {"id": name, "product": one["product"], "mandate": {"limit": "1000", "purpose": "Research", "at": at}}
        before = {one["id"] for one in space.rows("buyer", "negotiations")}
        await space.doors["buyer"].call("POST", "acquisitions", body)
        talk = await held(lambda known=before: agreed(space, known), 0.002)
        await space.people["provider"].kill()
        try:
            state = row(space, "buyer", "negotiations", id=talk["id"])["state"]
            said = {"contractName": row(space, "buyer", "contracts", code=talk["peer_pid"])["name"]}
            said |= {"contractId": talk["peer_pid"], "strategy": json.loads(talk["agreement"])[CONTRACT]["strategy"]}
            proof = signature.sign(interfaces.digest(said), space.keys("provider").agreement).hex()
            said["signatureList"] = [
                {"entityId": "1", "signature": proof, "signatoryTime": "2026-01-01T00:00:00+08:00"}
            ]
            for _ in range(2):
                await asyncio.sleep(1)
                told = await posted(space, "provider", "buyer", "/contractNegotiate", said)
                assert told == (200, {"negotiationStatus": "0"})
        finally:
            await space.people["provider"].start()
        await space.complete(name, within=WITHIN_SECONDS)
        if state == "AGREED":
            return
    raise AssertionError("the provider died too late each time")


def agreed(space, known):
    """The consumer's negotiation that its provider has signed, other than those known before."""
    rows = space.rows("buyer", "negotiations")
    return next((one for one in rows if one["id"] not in known and one["agreement"]), None)


async def test_it_is_delivered_no_other_way(space, paths):
    code = (await contracts(space))[0]["contractId"]
    for words in (("ndi", "push", code), ("ndi", "call", code, "/"), ("ndi", "pay", code)):
        refused = await commanded(*words, "--data", space.people["buyer"].data, "--json")
        assert refused.code != 0
        assert b"sealed" in refused.out + refused.err, refused


async def test_what_stands_under_a_contract_ends_with_it(space, paths):
    contract = await bought(space, "ndi+", "sealed-ended")
    for digest in (contract["agreement"], contract["deliveredBy"]):  # neither is changed under what was paid
        words = ("amend", digest, "--price", "1.00", "--data", space.people["buyer"].data, "--json")
        refused = await commanded(*words)
        assert b"make another" in refused.out + refused.err
    await penstock(space, "buyer", "ndi", "end", contract["contractId"], "--reason", "the purpose is gone")
    for role in ("buyer", "provider"):
        await held(lambda role=role: row(space, role, "agreements", digest=contract["deliveredBy"])["state"] == "ended")
    revoked = f"revoke:{contract['deliveredBy']}"
    await held(lambda: [one for one in space.rows("provider", "chain_txs") if one["id"] == revoked])
    found = await audited(space)
    assert found.code == 0, found.out.decode()[:3000]


async def test_a_consumer_of_another_make_is_refused_before_it_signs_what_it_cannot_have(space, paths, other):
    """It proposes the rules without saying how they are delivered; who says so reads what it signs."""
    strategy = await other.offered(PRODUCT)
    policy = strategies.read(strategy)
    status, told = await other.ask(
        "/contractNegotiate",
        {"contractName": other.NAME, "contractId": await other.create(), "strategy": strategies.written(policy)},
    )
    assert (status, "how it is delivered" in told["message"]) == (400, True), told
