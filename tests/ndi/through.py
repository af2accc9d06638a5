"""Contracts through the platform (signing mode 02), on the space of the journey: `make test-ndi`.

What the platform could try is tried as the platform, with its own tokens and with what the parties said.
"""

from __future__ import annotations

import json
import os
import random

import pytest
import pytest_asyncio

from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import contract_part
from contracts.ndi.proof import Signer, sign
from contracts.ndi.rounds import Round, strategy_digest
from tests.api.command import penstock
from tests.ndi.journey import held, other, posted, space

__all__ = ["other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLES = ("provider", "buyer", "exchange")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deal(space):
    """The code of a contract that two of ours negotiated and signed through the platform, and performed."""
    through = "ndi+platform+" + space.url("provider")
    [one] = (await penstock(space, "buyer", "ndi", "find", through, "--keywords", "product gauges"))["products"]
    folder = space.folder / "through"
    words = ("get", one["product"], "--at", through, "--max-price", "10.00", "--to", folder, "--id", "through")
    await penstock(space, "buyer", *words, "--purpose", "AirTrafficResearch")
    [path] = [path for path in folder.iterdir() if path.is_file()]
    assert path.read_bytes() == space.paths[0].read_bytes()
    [row] = (await penstock(space, "buyer", "ndi", "list"))["contracts"]
    assert (row["state"], row["signMode"]) == ("signed", "02")
    return row["contractId"]


def versions(space, role, code):
    """What somebody keeps of a contract's versions, without when it was heard."""
    rows = [one for one in space.rows(role, "contract_versions") if one["code"] == code]
    return [{name: value for name, value in one.items() if name != "at"} for one in rows]


class Through:
    """The consumer of another make, which says everything to the platform."""

    def __init__(self, other):
        self.other = other

    async def ask(self, path, body):
        return await self.other.ask(path, body, to="exchange")

    async def create(self, **more):
        said = {
            "contractName": self.other.NAME,
            "contractAbstract": "按天",
            "issueTime": "2026-01-01T00:00:00+08:00",
            "activationTime": "2026-01-01T00:00:00+08:00",
            "endTime": "2099-12-31T23:59:59+08:00",
            "signMode": "02",
            "issuerId": self.other.did,
            "issuerEntityId": self.other.did,
            **more,
        }
        return self.other.sealed(said), await self.ask("/contractCreate", self.other.sealed(said))

    def said(self, code, strategy, *, signed=False):
        said = {"contractName": self.other.NAME, "contractId": code, "strategy": strategy}
        return {**said, "signatureList": self.other.signatures(said)} if signed else said


async def test_all_three_hold_the_same_versions_and_signatures(space, deal):
    shown = [await penstock(space, role, "ndi", "show", deal) for role in ("provider", "buyer")]
    assert shown[0]["signatures"] == shown[1]["signatures"]
    kept = [versions(space, role, deal) for role in ROLES]
    assert kept[0]
    assert kept[0] == kept[1] == kept[2]
    # what the platform holds of the signatures are the parties', and it made none itself
    part = contract_part(shown[0]["contractName"], deal, shown[0]["strategy"])
    held_there = {one["party"]: one["proof"] for one in space.rows("exchange", "contract_signatures")}
    assert {space.did("provider"), space.did("buyer")} == set(held_there)
    for role in ("provider", "buyer"):
        assert Signer(space.keys(role).address).has_signed(part, held_there[space.did(role)])
    # nothing of the negotiation went between the two
    [talk] = [row for row in space.rows("buyer", "negotiations") if row["id"]]
    assert talk["callback"] == "ndi+platform+" + space.url("exchange")


async def test_a_consumer_of_another_make_bargains_through_the_platform(space, other):
    by = Through(other)
    request, (status, told) = await by.create()
    code = told["contractId"]
    assert (status, told["creationFlag"]) == (200, "0")
    assert (await by.ask("/contractCreate", request))[1] == told
    strategy = await other.offered("gauges")
    policy = strategies.read(strategy)
    [price] = policy["obligation"][0]["constraint"]
    price["rightOperand"] = "6.00"
    low = strategies.written(policy)
    assert (await by.ask("/contractNegotiate", by.said(code, low))) == (200, {"negotiationStatus": "1"})
    countered = await other.hear("/contractNegotiate")
    # the provider's round is signed by the provider, and follows ours
    made = Round(code, 2, space.did("provider"), strategy_digest(countered["strategy"]), countered["round"]["previous"])
    first = versions(space, "exchange", code)[0]
    assert made.previous == first["history"]
    assert Signer(space.keys("provider").address).has_signed(made.part, bytes.fromhex(countered["round"]["signature"]))
    assert (await by.ask("/contractNegotiate", by.said(code, countered["strategy"])))[1] == {"negotiationStatus": "0"}
    agreed = await other.hear("/contractNegotiate")
    assert other.signed_by_provider(agreed)
    assert "round" not in agreed
    # a false signature is the platform's to refuse; nothing of it is kept
    false = by.said(code, agreed["strategy"])
    wrong = [{"entityId": other.did, "signature": "11" * 64 + "1b"}]
    assert (await by.ask("/contractNegotiate", {**false, "signatureList": wrong}))[0] == 400
    # under a signature nothing else is proposed
    assert (await by.ask("/contractNegotiate", by.said(code, low)))[0] == 409
    assert (await by.ask("/contractNegotiate", by.said(code, agreed["strategy"], signed=True)))[0] == 200
    instruction = await other.hear("/strategySend")
    number = instruction["strategyId"].replace("-", "")
    assert await other.pull(number, strategy["subjectInfo"]["dataProductId"]) == space.paths[0].read_bytes()
    assert [one["number"] for one in versions(space, "provider", code)] == [1, 2]
    # who changed what is read in words, at the party and at the platform; and from the console of the provider
    told = [await penstock(space, role, "ndi", "show", code, "--versions") for role in ("provider", "exchange")]
    second = told[0]["versions"][1]
    assert (second["number"], second["by"], second["signed"]) == (2, space.did("provider"), True)
    assert second["differences"][0]["en"].startswith("price: 6.00 CNY → ")
    assert second["differences"] == told[1]["versions"][1]["differences"]
    assert (await penstock(space, "provider", "ndi", "compare", code, "1", "2"))["differences"] == second["differences"]
    # the platform passes the end on, and knows of it
    await penstock(space, "provider", "ndi", "end", code, "--reason", "the season is over")
    assert (await other.hear("/contractTerminate"))["contractId"] == code
    await held(lambda: [row for row in space.rows("exchange", "filings") if row["code"] == code and row["ended"]])
    await held(lambda: [row for row in space.rows("exchange", "mediations") if row["code"] == code and row["ended"]])


async def test_a_platform_says_nothing_for_a_party(space, deal, other):
    """With its own tokens it brings a proposal, a signature, an instruction of its own making: none is taken."""
    by = Through(other)
    _, (_, told) = await by.create(note="forged")
    code, strategy = told["contractId"], await other.offered("gauges")
    assert (await by.ask("/contractNegotiate", by.said(code, strategy)))[0] == 200
    await other.hear("/contractNegotiate")
    forged = by.said(code, strategy)
    own = sign(contract_part(other.NAME, code, strategy), space.keys("exchange").agreement, None).hex()
    signed = {**forged, "signatureList": [{"entityId": other.did, "signature": own}]}
    assert (await posted(space, "exchange", "provider", "/contractNegotiate", signed))[0] == 400
    [row] = [row for row in space.rows("provider", "contracts") if row["code"] == code]
    assert row["signature"] is None
    # nor does it begin anything, or end it
    made = json.loads((await posted(space, "exchange", "provider", "/contractCreate", {}))[1]["code"])
    assert made == 11001
    ended = {**other.ending(code, erminateType="01"), "signature": own}
    assert (await posted(space, "exchange", "provider", "/contractTerminate", ended))[0] == 400
    # a party that says it directly is told that there is no such contract: the platform would not know
    assert (await other.ask("/contractNegotiate", by.said(code, strategy, signed=True)))[0] == 404
    # and what the provider says to our consumer is not changed: its round is over another strategy
    [kept] = versions(space, "buyer", deal)[-1:]
    changed = {**json.loads(kept["strategy"]), "actions": ["read"]}
    [mine] = [row for row in space.rows("buyer", "contracts") if row["code"] == deal]
    proof = {"number": "2", "previous": kept["history"], "signature": bytes(65).hex()}
    said = {"contractName": mine["name"], "contractId": deal, "strategy": changed, "round": proof}
    assert (await posted(space, "exchange", "buyer", "/contractNegotiate", said))[0] == 400
    assert (await by.ask("/contractTerminate", other.ending(code, erminateType="01")))[0] == 200


async def test_a_message_that_is_left_out_is_seen_by_the_next(space, other):
    """The platform passes on the third of three proposals, and keeps the second one back."""
    by = Through(other)
    request, (_, told) = await by.create(note="left out")
    code, strategy = told["contractId"], await other.offered("gauges")

    def priced(amount):
        policy = strategies.read(strategy)
        [price] = policy["obligation"][0]["constraint"]
        price["rightOperand"] = amount
        return strategies.written(policy)

    def round_of(number, previous, what):
        made = Round(code, number, other.did, strategy_digest(what), previous)
        proof = sign(made.part, other.keys.agreement, None)
        return {**by.said(code, what), "round": made.told(proof)}, made.history

    begun = next(row for row in space.rows("exchange", "mediations") if row["code"] == code)["request"]
    low, lower, last = priced("6.00"), priced("6.50"), priced("7.00")
    first, history = round_of(1, begun, low)
    assert (await by.ask("/contractNegotiate", first))[0] == 200
    countered = await other.hear("/contractNegotiate")
    made = Round(code, 2, space.did("provider"), strategy_digest(countered["strategy"]), history)
    _, dropped = round_of(3, made.history, lower)
    after, _ = round_of(4, dropped, last)
    status, answer = await posted(space, "exchange", "provider", "/contractNegotiate", after)
    assert (status, "does not follow" in answer["message"]) == (409, True)
    # without its round it is no way round: who signs them once signs them all
    status, answer = await posted(space, "exchange", "provider", "/contractNegotiate", by.said(code, last))
    assert (status, "without its round" in answer["message"]) == (409, True)
    right, _ = round_of(3, made.history, lower)
    assert (await by.ask("/contractNegotiate", right))[0] == 200
    assert len(versions(space, "provider", code)) >= 3
    assert request["signMode"] == "02"


async def test_what_was_not_signed_through_the_platform_is_not_filed_as_that(space, deal):
    [kept] = [row for row in space.rows("buyer", "contracts") if row["code"] == deal]
    contract = json.loads(kept["instructed"])["transactionExecutionStrategy"]
    other_name = {**contract, "contractName": "another"}
    assert (await posted(space, "provider", "exchange", "/contractRegistrate", other_name))[0] == 400
    assert (await posted(space, "provider", "exchange", "/contractRegistrate", contract))[0] == 200


async def test_whatever_order_calls_come_in_all_hold_the_same(space, other):
    """Calls drawn by a seed, right and wrong: none breaks the platform; what is in force is under both signatures."""
    draw, by = random.Random(os.environ.get("PENSTOCK_TEST_SEED", "11")), Through(other)
    strategy = await other.offered("gauges")
    wrong = {**strategy, "actions": strategy["actions"][:-1]}
    codes = [(await by.create(note=f"drawn {number}"))[1][1]["contractId"] for number in range(3)]

    def signed(code, what, over):
        return {**by.said(code, what), "signatureList": other.signatures(by.said(code, over))}

    calls = {
        "propose": lambda code: ("/contractNegotiate", by.said(code, strategy)),
        "propose what is false": lambda code: ("/contractNegotiate", by.said(code, wrong)),
        "sign": lambda code: ("/contractNegotiate", signed(code, strategy, strategy)),
        "sign something else": lambda code: ("/contractNegotiate", signed(code, strategy, wrong)),
        "end": lambda code: ("/contractTerminate", other.ending(code, erminateType="01")),
        "ask a stranger to serve": lambda code: (
            "/contractNegotiate", by.said(code, strategy, signed=True) | {"signatoryId": space.did("buyer")}
        ),
        "begin again": lambda code: ("/contractCreate", {"contractId": code}),
    }  # fmt: skip
    for _ in range(50):
        [name], code = draw.choices(list(calls), [6, 2, 6, 2, 1, 2, 1]), draw.choice(codes)
        status, answer = await by.ask(*calls[name](code))
        assert status < 500, (name, answer)
        if name.startswith(("propose what", "sign something", "ask", "begin")):
            assert status >= 400, (name, answer)

    def settled():
        rows = [row for row in space.rows("provider", "negotiations") if row["peer"] == other.did]
        return all(not row["pending"] for row in rows)

    await held(settled)
    talks = {row["id"]: row["state"] for row in space.rows("provider", "negotiations")}
    states = {row["code"]: talks.get(row["negotiation"]) for row in space.rows("provider", "contracts")}
    filings = {row["code"] for row in space.rows("exchange", "filings")}
    for code in codes:
        assert versions(space, "provider", code) == versions(space, "exchange", code)
        signers = {one["party"] for one in space.rows("exchange", "contract_signatures") if one["code"] == code}
        assert (code in filings) == (states.get(code) == "FINALIZED")
        assert code not in filings or signers == {other.did, space.did("provider")}
