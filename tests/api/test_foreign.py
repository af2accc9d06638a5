"""A connector that knows nothing of us but the Dataspace Protocol: it negotiates, pulls with HTTP, is pushed to."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from connector.cli.audit import Asked, inspect
from connector.negotiation.protocol import data_address, messages, offers, validation
from connector.provider.billing import printed
from contracts.namespace import OFFER_TERMS

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, SIZES = "foreign-plain", (200_000, 5)
WITHIN_SECONDS = 20


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def product(space):
    return await space.publish("provider", PRODUCT, SIZES, tier="plain", region=None)


class Foreign:
    """Says what the protocol asks for, and nothing more; `heard` is read until the message wanted comes."""

    def __init__(self, space, say, stranger):
        self.base, self.did = space.url("provider") + "/dsp", space.did("provider")
        self._say, self._stranger = say, stranger
        self.callback = stranger.url + "/dsp"

    async def say(self, method, path, body=None):
        said = await self._say(method, self.base + path, body, self._stranger.bearer(self.did))
        assert said.status in (200, 201), said.body
        return said.json if said.body else None

    async def hear(self, kind):
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                _path, body = await self._stranger.heard.get()
                if body.get("@type") == kind:
                    assert validation.agrees(kind, body)
                    return body

    async def agreement(self):
        """Negotiate as a stranger would: the offer of the catalogue without what it does not know."""
        dataset = await self.say("GET", f"/catalog/datasets/{PRODUCT}")
        formats = [way["format"] for way in dataset["distribution"]]
        assert formats == ["HttpData-PULL", "HttpData-PUSH"]
        offer = {name: value for name, value in dataset["hasPolicy"][0].items() if name != OFFER_TERMS}
        offer["target"] = PRODUCT
        assert offers.read(offer).terms is None
        told = {"consumer_pid": "urn:uuid:foreign-talk", "offer": offer, "callback": self._stranger.url + "/dsp"}
        pid = (await self.say("POST", "/negotiations/request", messages.contract_request(**told)))["providerPid"]
        agreed = (await self.hear("ContractAgreementMessage"))["agreement"]
        body = messages.verification(pid, "urn:uuid:foreign-talk")
        await self.say("POST", f"/negotiations/{pid}/agreement/verification", body)
        assert (await self.hear("ContractNegotiationEventMessage"))["eventType"] == "FINALIZED"
        return agreed["@id"]

    async def transfer(self, agreement, kind, name, address=None):
        """Ask for a transfer and return its start."""
        body = messages.transfer_request(f"urn:uuid:{name}", agreement, kind, self._stranger.url + "/dsp")
        await self.say("POST", "/transfers/request", body | ({"dataAddress": address} if address else {}))
        return await self.hear("TransferStartMessage")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def foreign(space, say, stranger, product):
    made = Foreign(space, say, stranger)
    made.agreed = await made.agreement()
    return made


async def test_a_stranger_pulls_and_gets_a_receipt(space, say, client, foreign, product):
    start = await foreign.transfer(foreign.agreed, "HttpData-PULL", "pull")
    address = start["dataAddress"]
    told = {one["name"]: one["value"] for one in address["endpointProperties"]}
    assert told["authType"] == "bearer"
    header = {"Authorization": f"Bearer {told['authorization']}"}
    listed = (await say("GET", address["endpoint"], None, header)).json["files"]
    for file, path in zip(listed, product, strict=True):
        async with client.get(address["endpoint"], params={"path": file["path"]}, headers=header) as answer:
            assert await answer.read() == path.read_bytes()
    pid = start["providerPid"]
    await foreign.say("POST", f"/transfers/{pid}/completion", messages.transfer_completion(pid, "urn:uuid:pull"))
    after = (await say("GET", address["endpoint"] + "/receipt", None, header)).json
    assert int(after["receipt"]["bytes"]) == sum(SIZES)
    assert (after["receipt"]["metering"], after["countersigned"]) == ("metered by provider", False)
    assert (await say("GET", address["endpoint"], None, header)).status == 403, "it is over"
    view = await space.doors["provider"].call("GET", f"processes/{pid}")
    assert view["metering"] == "metered by provider"
    assert view["served"]["receipt"] == after["receipt"]
    bill = await space.doors["provider"].call("GET", f"bills/{foreign.agreed}")
    assert bill["copies"]["receipts"] == [{name: after[name] for name in ("receipt", "signature", "countersigned")}]
    assert bill["copies"]["amount"] == after["receipt"]["amount"]
    assert "by the provider alone" in printed.page(bill)


async def test_a_stranger_is_pushed_to(space, foreign, stranger, product):
    taken = {}

    async def take(request):
        taken[request.path] = (request.headers.get("Authorization"), await request.read())

    stranger.takes["/in/"] = take
    address = data_address.write(stranger.url + "/in", {"authorization": "mine", "authType": "bearer"})
    start = await foreign.transfer(foreign.agreed, "HttpData-PUSH", "push", address)
    assert "dataAddress" not in start
    await foreign.hear("TransferCompletionMessage")
    assert taken == {f"/in/{path.name}": ("Bearer mine", path.read_bytes()) for path in product}


REFUSED = {
    "a pull with an address": ("HttpData-PULL", "http://localhost:1/in"),
    "a push without one": ("HttpData-PUSH", None),
    "a push into a private network": ("HttpData-PUSH", "http://10.0.0.1/in"),
    "a push to no endpoint": ("HttpData-PUSH", ""),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_address_that_is_not_called(space, say, foreign, stranger, name):
    kind, endpoint = REFUSED[name]
    body = messages.transfer_request("urn:uuid:refused", foreign.agreed, kind, stranger.url + "/dsp")
    if endpoint is not None:
        address = data_address.write(endpoint, {})
        body["dataAddress"] = {key: value for key, value in address.items() if value}
    said = await say("POST", foreign.base + "/transfers/request", body, stranger.bearer(foreign.did))
    assert (said.status, said.json["@type"]) == (400, "TransferError"), said.body


async def test_the_audit_counts_what_the_provider_says(space):
    for role in ("provider", "buyer"):  # what is counted is under a published head
        await space.doors[role].call("POST", "log/anchor", {})
    data = space.people["regulator"].data
    found = await inspect(Asked(space.url("exchange"), data, development=True))
    assert found["metered_by_provider"]["copies"] >= 2
    codes = {row["code"] for row in found["findings"]}
    assert not codes & {"opening-undecided", "opening-without-release", "field-malformed"}, json.dumps(found)


async def test_what_would_never_be_delivered_to_a_stranger_is_not_agreed(space, foreign):
    """Its place is not known, and will not be: that is said before anything is agreed, not at its first transfer."""
    await space.publish("provider", "foreign-far", SIZES, tier="plain", region="US")
    dataset = await foreign.say("GET", "/catalog/datasets/foreign-far")
    offer = {**dataset["hasPolicy"][0], "target": "foreign-far"}
    offer.pop(OFFER_TERMS, None)
    told = {"consumer_pid": "urn:uuid:foreign-far", "offer": offer, "callback": foreign.callback}
    await foreign.say("POST", "/negotiations/request", messages.contract_request(**told))
    ended = await foreign.hear("ContractNegotiationTerminationMessage")
    assert "it would never be delivered to you: required is that the place is in US" in ended["reason"][0]
