"""Deliveries by NDI-TR-2025-05 on the space of the journey: calls by headers, white lists. `make test-ndi`."""

from __future__ import annotations

import hashlib
import json
import uuid

import aiohttp
import pytest
import pytest_asyncio

from connector.negotiation.protocol import messages
from contracts import call_receipt
from contracts.call_receipt import Made
from contracts.namespace import AGREEMENT_URN
from tests.api import test_calls
from tests.api.command import commanded, penstock
from tests.ndi.journey import other, space

__all__ = ["other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZE = 300_000


async def in_force(other, product):
    """Have a contract on a product agreed, signed and instructed; returns its instruction and what it is called."""
    code, strategy = await other.create(), await other.offered(product)
    assert await other.propose(code, strategy) == "0"
    await other.hear("/contractNegotiate")
    assert await other.sign(code, strategy) == "0"
    instruction = await other.hear("/strategySend")
    assert (await other.ask("/executionFeedback", other.feedback(code, instruction["strategyId"], "allowed")))[0] == 200
    return instruction["strategyId"].replace("-", ""), strategy["subjectInfo"]["dataProductId"]


async def called(other, deal, path, *, method="GET", body=None, drop=(), **more):
    """Return status and answer of a call by headers."""
    headers = {
        **other.bearer(other.space.did("provider")),
        "sequenceNum": uuid.uuid4().hex,
        "productId": deal[1],
        "ctrlInstructiontId": deal[0],
        "targetConnectorId": other.space.did("provider"),
        "issuerConnectorId": other.did,
        **more,
    }
    headers = {name: value for name, value in headers.items() if name not in drop}
    at = other.space.url("provider") + "/apiCall" + path
    async with aiohttp.ClientSession() as session, session.request(method, at, headers=headers, data=body) as answer:
        return answer.status, json.loads(await answer.read())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream():
    async with test_calls.serving() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rain(space, other, upstream, tmp_path_factory):
    await test_calls.publish(space, upstream, "rain-ndi", tmp_path_factory.mktemp("api"), region="CN")
    return await in_force(other, "rain-ndi")


async def test_an_interface_is_called_by_headers_counted_and_receipted(space, other, upstream, rain):
    status, told = await called(other, rain, "/rain/2026-01-01?station=K")
    assert (status, told["code"]) == (200, "10000"), told
    assert json.loads(told["body"]) == {"path": "/v1/rain/2026-01-01", "query": {"station": "K"}, "body": ""}
    assert told["header"]["Content-Type"].startswith("application/json")
    assert upstream.heard[-1]["X-Api-Key"] == test_calls.SECRET
    assert "Authorization" not in upstream.heard[-1]
    made = Made(
        told["data"]["receipt"]["agreement"], "GET", "/rain/2026-01-01?station=K", b"", 200, told["body"].encode()
    )
    signed = bytes.fromhex(told["data"]["signature"])
    call_receipt.check(told["data"]["receipt"], signed, space.keys("provider").address, made)
    body = b'{"a": 1}'
    digest = {"bodyHash": hashlib.sha256(body).hexdigest()}
    assert (await called(other, rain, "/search", method="POST", body=body, **digest))[0] == 200
    [copy] = [row for row in space.rows("provider", "copies") if row["agreement"] == made.agreement]
    assert copy["calls"] == 2
    kept = [row for row in space.rows("provider", "deliveries") if row["kind"] == "call"]
    assert [(row["code"], row["bytes"] > 0) for row in kept] == [("10000", True)] * 2


async def test_calls_that_are_wrong_replayed_or_of_others_are_refused_and_cost_nothing(space, other, upstream, rain):
    before, asked = space.rows("provider", "copies"), len(upstream.asked)
    wrong = [
        ({"drop": ("sequenceNum",)}, 400, "11005"),
        ({"drop": ("ctrlInstructiontId",)}, 400, "11005"),
        ({"sequenceNum": "x" * 33}, 400, "11004"),
        ({"productId": "x" * 66}, 400, "11004"),
        ({"bodyHash": "00" * 32}, 400, "11003"),
        ({"issuerConnectorId": space.did("buyer")}, 403, "12001"),
        ({"targetConnectorId": space.did("buyer")}, 400, "11003"),
        ({"ctrlInstructiontId": "0" * 32}, 404, "12005"),
        ({"productId": "urn:nobody:product"}, 404, "12005"),
        ({"Authorization": "Bearer nothing"}, 401, None),
    ]
    for more, status, code in wrong:
        found, said = await called(other, rain, "/rain/1", **more)
        assert (found, said["code"] if code else None) == (status, code), (more, said)
    for path in ("/admin", "/rain/../admin", "/rain/1?limit=1"):
        found, said = await called(other, rain, path)
        assert (found, said["code"]) == (400, "11003"), said
    # the other spelling of the instruction is read; both at once are not
    again = {"drop": ("ctrlInstructiontId",), "ctrlInstructionId": rain[0]}
    assert (await called(other, rain, "/rain/1", **again))[0] == 200
    found, said = await called(other, rain, "/rain/1", ctrlInstructionId="0" * 32)
    assert (found, said["code"]) == (400, "11003")
    # a number that was answered opens nothing again; one that nobody answered is free
    number = uuid.uuid4().hex
    found, said = await called(other, rain, "/broken", sequenceNum=number)
    assert (found, said["code"]) == (503, "12005")
    assert (await called(other, rain, "/rain/2", sequenceNum=number))[0] == 200
    found, said = await called(other, rain, "/rain/2", sequenceNum=number)
    assert (found, "another delivery" in said["message"]) == (409, True)
    assert len(upstream.asked) == asked + 3
    after = space.rows("provider", "copies")
    assert sum(row["calls"] for row in after) == sum(row["calls"] for row in before) + 2


async def test_what_is_used_up_has_its_return_code(space, other, upstream, tmp_path):
    uses = {"action": "use", "constraint": {"leftOperand": "count", "operator": "lteq", "rightOperand": 1}}
    few = {
        "rain-once": {"rules": {"permission": [uses]}, "purpose": None, "region": None},
        "rain-daily": {"every": "day", "quota": 1, "region": "CN"},
        "rain-monthly": {"every": "month", "quota": 1, "region": "CN"},
    }
    asked = len(upstream.asked)
    for product, code in (("rain-once", "12006"), ("rain-monthly", "12007"), ("rain-daily", "12008")):
        await test_calls.publish(space, upstream, product, tmp_path, **few[product])
        deal = await in_force(other, product)
        assert (await called(other, deal, "/rain/1"))[0] == 200
        status, said = await called(other, deal, "/rain/1")
        assert (status, said["code"]) == (403, code), (product, said)
    assert len(upstream.asked) == asked + 3, "what is refused reaches nobody"


async def test_a_buyer_of_ours_calls_by_headers(space, other, upstream, rain):
    at, folder = "ndi+" + space.url("provider"), space.folder / "rain"
    [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", "rain-ndi"))["products"]
    words = ("get", one["product"], "--at", at, "--max-price", "10.00", "--to", folder, "--id", "rain-ours")
    await penstock(space, "buyer", *words, "--purpose", "AirTrafficResearch")
    listed = (await penstock(space, "buyer", "ndi", "list"))["contracts"]
    [contract] = [row for row in listed if row["product"] == one["product"]]
    code = contract["contractId"]
    told = await penstock(space, "buyer", "ndi", "call", code, "/rain/7", "--query", "station=K")
    assert json.loads(told["body"]) == {"path": "/v1/rain/7", "query": {"station": "K"}, "body": ""}
    assert (told["status"], told["type"].split(";")[0]) == (200, "application/json")
    assert told["receipt"]["agreement"] == contract["agreement"]
    sent = ("ndi", "call", code, "/search", "--method", "POST", "--body", '{"a": 1}')
    assert json.loads((await penstock(space, "buyer", *sent))["body"])["body"] == '{"a": 1}'
    # kept by both, under the number that the caller drew
    for role, peer in (("buyer", "provider"), ("provider", "buyer")):
        kept = (await penstock(space, role, "ndi", "delivered"))["deliveries"]
        [line] = [row for row in kept if row["sequence"] == told["sequence"]]
        assert (line["code"], line["peer"], line["instruction"]) == ("10000", space.did(peer), contract["instruction"])
    data = ("--data", space.folder / "buyer")
    for path, words in (("/admin", b"11003"), ("/broken", b"12005"), ("/rain/../x", b"")):
        refused = await commanded("ndi", "call", code, path, *data)
        assert refused.code != 0, path
        assert words in refused.err, refused.err
    kept = [row for row in space.rows("buyer", "deliveries") if row["kind"] == "call"]
    assert [row["code"] for row in kept] == ["10000", "10000", "11003", "12005"]
    elsewhere = await commanded("ndi", "call", code, "/rain/1", "--at", space.url("provider") + "/nowhere", *data)
    assert elsewhere.code != 0
    assert b"return code" in elsewhere.err, elsewhere.err
    # not for whose contract it is not, and not after its end
    theirs = await commanded("ndi", "call", code, "/rain/1", "--data", space.folder / "provider")
    assert theirs.code != 0
    await penstock(space, "buyer", "ndi", "end", code, "--reason", "it was a trial")
    over = await commanded("ndi", "call", code, "/rain/1", *data)
    assert b"is over" in over.err, over.err


def state(space, id_):
    """Return the state of a transfer, and the one that it is on its way to."""
    [row] = [row for row in space.rows("provider", "transfers") if row["id"] == id_]
    return row["state"], row["pending"]


async def test_who_is_not_on_a_white_list_is_refused(space, other, rain):
    await penstock(space, "provider", "ndi", "white", "add", "rain-ndi", "91440000MA00000009")
    found, said = await called(other, rain, "/rain/1")
    assert (found, said["code"]) == (403, "12003")
    await penstock(space, "provider", "ndi", "white", "add", "rain-ndi", other.did)
    assert (await called(other, rain, "/rain/1"))[0] == 200
    of_it = {row["transfer"] for row in space.rows("provider", "deliveries") if row["product"] == "rain-ndi"}
    runs = [one for one in of_it if not {"TERMINATED", "COMPLETED"} & {*state(space, one)}]
    assert runs, "its calls were answered, and the transfer that they are of goes on"
    await penstock(space, "provider", "ndi", "white", "remove", "rain-ndi", other.did)
    assert (await called(other, rain, "/rain/1"))[1]["code"] == "12003"
    assert all("TERMINATED" in state(space, one) for one in runs), "who holds a token of it has no other way either"
    refused = await commanded(
        "ndi", "white", "remove", "rain-ndi", "91440000MA00000009", "--data", space.folder / "provider"
    )
    assert b"nobody else is on this list" in refused.err
    await penstock(space, "provider", "ndi", "white", "drop", "rain-ndi")
    assert (await called(other, rain, "/rain/1"))[0] == 200


async def test_a_contract_of_these_interfaces_is_delivered_by_no_others(space, other, rain):
    """By the Dataspace Protocol the same agreement would be served without its instruction, and past the white list."""
    digests = {row["digest"] for row in space.rows("provider", "agreements") if row["peer"] == other.did}
    before = len(space.rows("provider", "transfers"))
    async with aiohttp.ClientSession() as session:
        for digest in digests:
            body = messages.transfer_request(uuid.uuid4().urn, AGREEMENT_URN + digest, "HttpData-PULL", other.url)
            at, header = space.url("provider") + "/dsp/transfers/request", other.bearer(space.did("provider"))
            async with session.post(at, json=body, headers=header) as answer:
                said = await answer.text()
            assert answer.status == 400, said
            assert "national interfaces" in said
    assert digests
    assert len(space.rows("provider", "transfers")) == before
