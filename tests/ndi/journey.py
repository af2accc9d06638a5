"""A deal over the interfaces alone, on a platform, a node, a provider, a consumer and a regulator: `make test-ndi`.

What is bad is tried beside it: every field of every interface, what is replayed, out of order, forged, by the wrong
party, and an ended contract that is used.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import uuid

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from connector.runtime.errors import PeerRefused
from contracts import signature
from contracts.check_character import passes
from contracts.ndi import strategy as strategies
from contracts.ndi.interfaces import contract_digest
from tests.api.command import commanded, penstock
from tests.api.noded import Noded
from tests.api.test_rights import told
from tests.ndi.other_make import OtherMake, admitted

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITHIN_SECONDS = 90
SIZE = 200_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Noded(tmp_path_factory.mktemp("ndi"), Clock().now)
    made.prepare(tuple(role for role in Noded.kinds if role != "second"))
    try:
        await made.start()
        for role in ("exchange", "provider", "buyer"):
            await penstock(made, role, "code", "request")
        made.paths = await made.publish("provider", "gauges", (SIZE,), tier="plain", region="CN")
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deal(space):
    """A contract that was agreed, filed and performed; its line as the buyer lists it."""
    at = "ndi+" + space.url("provider")
    [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", "product gauges"))["products"]
    folder = space.folder / "got"
    words = ("get", one["product"], "--at", at, "--max-price", "10.00", "--to", folder, "--id", "ndi-deal")
    await penstock(space, "buyer", *words, "--purpose", "AirTrafficResearch")
    [path] = [path for path in folder.iterdir() if path.is_file()]
    assert path.read_bytes() == space.paths[0].read_bytes()
    [row] = (await penstock(space, "buyer", "ndi", "list"))["contracts"]
    return row


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(space, tmp_path_factory):
    """A consumer of another make, which the test plays itself: a member of the space."""
    async with admitted(OtherMake(tmp_path_factory.mktemp("other"), space)) as made:
        yield made


async def held(holds, seconds=0.1):
    """Ask every few seconds until it holds; returns what was found."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (found := holds()):
            await asyncio.sleep(seconds)
    return found


async def posted(space, role, to, path, body):
    """Return status and answer of a request that a participant's own keys make."""
    try:
        answer = await space.outbound.request("POST", space.url(to) + path, body=body, headers=space.bearer(role, to))
    except PeerRefused as refusal:
        return refusal.status, json.loads(refusal.body)
    return answer.status, answer.json()


async def test_both_parties_and_the_platform_hold_one_contract(space, deal):
    code, agreement = deal["contractId"], deal["agreement"]
    assert (len(code), passes(code), len(deal["instruction"])) == (47, True, 32)
    assert agreement.startswith(deal["instruction"])
    [theirs] = (await penstock(space, "provider", "ndi", "list"))["contracts"]
    for name in ("contractId", "contractName", "agreement", "instruction", "from", "until"):
        assert theirs[name] == deal[name]
    assert (deal["role"], theirs["role"], deal["state"]) == ("consumer", "provider", "signed")
    filed = await penstock(space, "regulator", "filing", "show", code)
    assert (filed["grade"], filed["agreement"], filed["state"]) == ("signed", agreement, "performing")
    shown = [await penstock(space, role, "ndi", "show", code) for role in ("provider", "buyer")]
    assert shown[0]["signatures"] == shown[1]["signatures"]
    assert shown[0]["strategy"] == shown[1]["strategy"]
    # the digest follows from what both are shown
    assert contract_digest(deal["contractName"], code, shown[0]["strategy"]).hex() == agreement


async def test_what_is_sent_is_as_long_as_documented(space, deal):
    strategy = (await penstock(space, "buyer", "ndi", "show", deal["contractId"]))["strategy"]
    nodes = strategy["executionNodeInfo"]
    assert len(strategy["subjectInfo"]["dataProductId"]) == 32
    assert {len(nodes["providerNodeId"]), len(nodes["consumerNodeId"])} == {32}


async def test_every_act_is_found_by_the_number_of_the_instruction(space, deal):
    for role in ("provider", "buyer", "exchange"):  # what is collected is witnessed
        await space.doors[role].call("POST", "log/anchor", {})
    await penstock(space, "node", "node", "collect")
    found = (await penstock(space, "regulator", "node", "trace", deal["instruction"]))["entries"]
    seen = {(one["name"], one["type"]) for one in found}
    for role in ("The provider", "The buyer", "The exchange"):
        assert (role, "instruction.moved") in seen, sorted(seen)
    for role in ("The provider", "The buyer"):
        assert (role, "contract.signed") in seen
        assert (role, "agreement.signed") in seen
    # feedback and proof at the provider, the proof at the platform
    assert ("The provider", "contract.reported") in seen
    assert ("The exchange", "contract.reported") in seen


async def audited(space):
    asked = ("audit", "--exchange", space.url("exchange"), "--data", space.people["regulator"].data, "--development")
    return await commanded(*asked, "--json")


async def test_the_audit_finds_nothing(space, deal):
    found = await audited(space)
    assert found.code == 0, found.out.decode()[:3000]


async def test_a_consumer_of_another_make_is_agreed_with(space, deal, other):
    """It writes times of the dictionary, numbers for codes, the other names of nodes, and nothing of ours."""
    code = await other.create(issueTime="20260101000000", signMode=1, future="of another version")
    strategy = await other.offered("gauges")
    assert await other.propose(code, strategy) == "0"
    agreed = await other.hear("/contractNegotiate")
    assert agreed["strategy"] == strategy
    assert other.signed_by_provider(agreed)
    assert await other.sign(code, strategy) == "0"
    instruction = await other.hear("/strategySend")
    assert instruction["transactionExecutionStrategy"]["contractId"] == code
    number = instruction["strategyId"].replace("-", "")
    await held(lambda: [row for row in space.rows("provider", "contracts") if row["instruction"] == number])  # both
    content = await other.pull(number, strategy["subjectInfo"]["dataProductId"])
    assert content == space.paths[0].read_bytes()
    assert await other.prove(code, instruction["strategyId"]) == "0"
    # the same by a pull whose header says it all, and a part of it
    product = strategy["subjectInfo"]["dataProductId"]
    assert await other.bulk(number, product) == (200, content)
    assert await other.bulk(number, product, Range="bytes=10-19") == (206, content[10:20])
    for wrong in ({"ctrlInstructiontId": "0" * 32}, {"targetConnectorId": deal["peer"]}, {"bodyHash": "00" * 32}):
        status, said = await other.bulk(number, product, **wrong)
        assert status in (400, 403, 404), said
    done = [row for row in space.rows("provider", "transfers") if row["peer"] == other.did]
    assert [row["state"] for row in done].count("COMPLETED") == 1
    # and it is ended by the provider; the other hears of it
    await penstock(space, "provider", "ndi", "end", code, "--reason", "the season is over")
    ended = await other.hear("/contractTerminate")
    assert (ended["contractId"], ended["erminateType"]) == (code, "01")
    status, said = await other.ask(
        "/transferNegotiate", other.transport(number, strategy["subjectInfo"]["dataProductId"])
    )
    assert status >= 400, said
    await held(lambda: [row for row in space.rows("exchange", "filings") if row["code"] == code and row["ended"]])


async def test_a_price_is_bargained_and_what_is_not_on_offer_is_declined(space, deal, other):
    code, strategy = await other.create(), await other.offered("gauges")
    policy = strategies.read(strategy)
    [price] = policy["obligation"][0]["constraint"]
    price["rightOperand"] = "6.00"
    assert await other.propose(code, strategies.written(policy)) == "1"
    countered = await other.hear("/contractNegotiate")
    assert "signatureList" not in countered
    assert 6 < float(strategies.read(countered["strategy"])["obligation"][0]["constraint"][0]["rightOperand"]) <= 10
    assert await other.propose(code, countered["strategy"]) == "0"
    agreed = await other.hear("/contractNegotiate")
    assert agreed["strategy"] == countered["strategy"]
    status, said = await other.ask("/contractTerminate", other.ending(code, terminateType="01"))
    assert (status, said["status"]) == (200, "0")
    plain = {name: strategy[name] for name in ("subjectInfo", "executionNodeInfo")}
    code = await other.create()
    assert await other.propose(code, {**plain, "actions": ["sell"]}) == "1"
    assert (await other.hear("/contractTerminate"))["contractId"] == code


async def test_what_is_out_of_order_replayed_or_forged_is_refused(space, deal, other):
    code, strategy = await other.create(), await other.offered("gauges")
    said = {"contractName": other.NAME, "contractId": code, "strategy": strategy}
    # signed before anything was proposed: the proposal counts, the signature does not yet
    status, answer = await other.ask("/contractNegotiate", {**said, "signatureList": other.signatures(said)})
    assert status == 200
    assert answer["negotiationStatus"] == "0"
    await other.hear("/contractNegotiate")
    # of somebody else's contract nobody hears that there is one
    foreign = {**said, "contractId": deal["contractId"], "contractName": deal["contractName"]}
    assert (await other.ask("/contractNegotiate", foreign))[0] == 404
    proof = other.proof(deal["contractId"], "00000000-0000-4000-8000-000000000000")
    assert (await other.ask("/fulfillmentProof", proof))[0] == 404
    assert (await other.ask("/fulfillmentProof", proof, to="exchange"))[0] == 404
    # what it would sign unread: a member of a strategy that nobody knows
    status, answer = await other.ask("/contractNegotiate", {**said, "strategy": {**strategy, "liability": "all of it"}})
    assert (status, "liability" in answer["message"]) == (400, True)
    # an instruction of who is no platform, and one of the platform for another contract
    [kept] = [row for row in space.rows("buyer", "contracts") if row["code"] == deal["contractId"]]
    instruction = json.loads(kept["instructed"])
    assert (await other.ask("/strategySend", instruction, to="buyer"))[0] == 403
    changed = {**instruction, "strategyVersion": "2"}
    status, answer = await posted(space, "exchange", "buyer", "/strategySend", changed)
    assert (status, answer["code"]) == (400, "12001")
    before = len(told(space, "buyer", "instruction.moved"))
    assert await posted(space, "exchange", "buyer", "/strategySend", instruction) == (200, {"status": "0"})
    assert len(told(space, "buyer", "instruction.moved")) == before
    # a filing with a signatory who did not sign, and one that was changed after it was signed
    contract = instruction["transactionExecutionStrategy"]
    nobody = {"signatoryEntityId": other.did, "signature": "11" * 64 + "1b"}
    more = {**contract, "signatoryEntities": [*contract["signatoryEntities"], nobody]}
    assert (await posted(space, "provider", "exchange", "/contractRegistrate", more))[0] == 400
    filed = {**instruction["transactionExecutionStrategy"], "contractName": "another"}
    assert (await posted(space, "provider", "exchange", "/contractRegistrate", filed))[0] == 400


async def test_use_that_is_denied_is_not_served(space, other):
    code, strategy = await other.create(), await other.offered("gauges")
    await other.propose(code, strategy)
    await other.hear("/contractNegotiate")
    await other.sign(code, strategy)
    instruction = await other.hear("/strategySend")
    number = instruction["strategyId"].replace("-", "")
    asked = other.transport(number, strategy["subjectInfo"]["dataProductId"])
    assert (await other.ask("/executionFeedback", other.feedback(code, instruction["strategyId"], "denied")))[0] == 200
    assert (await other.ask("/transferNegotiate", asked))[0] == 403
    assert (await other.ask("/executionFeedback", other.feedback(code, instruction["strategyId"], "allowed")))[0] == 200
    assert (await other.ask("/transferNegotiate", asked))[0] == 200
    # what runs is cut off
    [row] = [row for row in space.rows("provider", "transfers") if row["peer_pid"] == asked["sequenceNum"]]
    await space.doors["provider"].call("POST", f"processes/{row['id']}/terminate", {"reason": "an incident"})
    cut = await other.hear("/abnormalTermination")
    assert (cut["reason"], cut["triggeredBy"], cut["contractId"]) == ("an incident", "provider", code)


async def test_a_use_that_our_own_rules_refuse_is_told_and_not_asked_for(space, deal):
    """The time of the contract is over by what the buyer keeps of it: its connector says so, and asks for nothing."""
    [talk] = [row for row in space.rows("buyer", "negotiations") if row["digest"] == deal["agreement"]]
    agreement = json.loads(talk["agreement"])
    over = {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2020-01-01T00:00:00Z"}
    for rule in agreement["permission"]:
        rule["constraint"] = [*rule.get("constraint", []), over]
    await space.people["buyer"].stop()
    change = "UPDATE negotiations SET agreement = ? WHERE id = ?"
    space.write("buyer", change, (json.dumps(agreement), talk["id"]))
    await space.people["buyer"].start(space.environment)
    before = len(space.rows("provider", "transfers"))
    body = {"agreement": deal["agreement"], "format": "HttpData-PULL"}
    made = await space.doors["buyer"].call("POST", "transfers", body)

    def ended():
        return [row for row in space.rows("buyer", "transfers") if row["id"] == made["id"] and row["reason"]]

    [row] = await held(ended)
    assert (row["state"], "our own look" in row["reason"]) == ("TERMINATED", True), row
    assert len(space.rows("provider", "transfers")) == before
    [kept] = [row for row in space.rows("provider", "contracts") if row["code"] == deal["contractId"]]
    assert kept["feedback"] == "denied"


async def test_whatever_order_calls_come_in_no_contract_is_half_done(space, other):
    """Calls drawn by a seed, right and wrong: none breaks the provider, and what is in force was signed and filed."""
    draw = random.Random(os.environ.get("PENSTOCK_TEST_SEED", "7"))
    strategy, codes = await other.offered("gauges"), [await other.create() for _ in range(3)]
    product = strategy["subjectInfo"]["dataProductId"]
    wrong = {**strategy, "actions": strategy["actions"][:-1]}
    rows = {row["code"]: row for row in space.rows("buyer", "contracts")}
    number = next(iter(rows.values()))["instruction"] if rows else "0" * 32

    def said(code, what):
        return {"contractName": other.NAME, "contractId": code, "strategy": what}

    def signed(code, by):
        sealed = other.signatures(said(code, by))
        return "/contractNegotiate", {**said(code, strategy), "signatureList": sealed}

    calls = {
        "propose": lambda code: ("/contractNegotiate", said(code, strategy)),
        "propose what is false": lambda code: ("/contractNegotiate", said(code, wrong)),
        "sign": lambda code: signed(code, strategy),
        "sign something else": lambda code: signed(code, wrong),
        "end": lambda code: ("/contractTerminate", other.ending(code, erminateType="01")),
        "prove": lambda code: ("/fulfillmentProof", other.proof(code, str(uuid.uuid4()))),
        "deny": lambda code: ("/executionFeedback", other.feedback(code, str(uuid.uuid4()), "denied")),
        "pull under another's instruction": lambda _code: ("/transferNegotiate", other.transport(number, product)),
    }
    weights = [6, 2, 6, 2, 1, 2, 1, 2]
    for _ in range(60):
        [name], code = draw.choices(list(calls), weights), draw.choice(codes)
        path, body = calls[name](code)
        status, answer = await other.ask(path, body)
        assert status < 500, (name, answer)
        if name.startswith(("sign something", "propose what", "pull")):
            assert status >= 400, (name, answer)

    def settled():
        return all(not row["pending"] for row in space.rows("provider", "negotiations") if row["peer"] == other.did)

    await held(settled)
    talks = {row["id"]: row for row in space.rows("provider", "negotiations")}
    filed = {row["code"]: row for row in space.rows("exchange", "filings")}
    for row in space.rows("provider", "contracts"):
        talk = talks.get(row["negotiation"])
        if row["peer"] != other.did or talk is None:
            continue
        over = contract_digest(other.NAME, row["code"], strategy)
        if talk["state"] == "FINALIZED":
            assert (talk["digest"], filed[row["code"]]["agreement"]) == (over.hex(),) * 2
            assert signature.is_by(other.keys.address, over, row["signature"])
        elif row["code"] in codes:
            assert row["code"] not in filed


@pytest.mark.parametrize(("role", "kind"), [("provider", "connector"), ("exchange", "platform"), ("node", "node")])
async def test_every_case_of_conformance_passes(space, role, kind):
    found = await penstock(space, "buyer", "conform", "ndi", space.url(role), "--role", kind)
    wrong = [one for one in found["cases"] if one["outcome"] == "failed"]
    assert not wrong, wrong[:10]
    assert found["passed"] >= {"connector": 100, "platform": 100, "node": 2}[kind]
