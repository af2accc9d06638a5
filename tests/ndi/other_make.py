"""A consumer's connector of another make: it knows the interfaces and has keys, and nothing of ours."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from connector.runtime.errors import PeerRefused
from contracts import signature
from contracts.ndi.interfaces import digest
from tests.api.stranger import Member

WITHIN_SECONDS = 90
DAY, TERM = "2026-01-01T00:00:00+08:00", "2099-12-31T23:59:59+08:00"


class OtherMake(Member):
    """Asks the space's provider; what others ask of it is `heard` and answered 0."""

    NAME = "潮位数据合约"

    def __init__(self, folder, space):
        super().__init__(folder, space.now)
        self.space = space

    async def _description(self, _request):
        return web.json_response({"did": self.did, "name": "Another make", "role": "buyer", "region": "CN-GD"})

    async def _hear(self, request):
        await self.heard.put((request.path, json.loads(await request.read() or b"{}")))
        return web.json_response({"status": "0", "negotiationStatus": "0"})

    async def ask(self, path, body, *, to="provider"):
        """Return status and answer of a request."""
        url, headers = self.space.url(to) + path, self.bearer(self.space.did(to))
        try:
            answer = await self.space.outbound.request("POST", url, body=body, headers=headers)
        except PeerRefused as refusal:
            return refusal.status, json.loads(refusal.body)
        return answer.status, answer.json()

    async def hear(self, path):
        """Return the body of the next request at a path; others are passed over."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                at, body = await self.heard.get()
                if at == path:
                    return body

    def signed(self, said):
        """Return our signature over a message, in hex."""
        return signature.sign(digest(said), self.keys.agreement).hex()

    def sealed(self, said):
        return {**said, "signature": self.signed(said)}

    def signatures(self, said):
        return [{"entityId": self.did, "signature": self.signed(said)}]

    def signed_by_provider(self, said):
        by = self.space.keys("provider").address
        return any(signature.is_by(by, digest(said), bytes.fromhex(one["signature"])) for one in said["signatureList"])

    async def create(self, **more):
        said = {
            "contractName": self.NAME,
            "contractAbstract": "按天",
            "issueTime": DAY,
            "activationTime": DAY,
            "endTime": TERM,
            "signMode": "01",
            "issuerId": self.did,
            "issuerEntityId": "91440000MA00000009",
        }
        status, told = await self.ask("/contractCreate", self.sealed({**said, "note": uuid.uuid4().hex, **more}))
        assert (status, told["creationFlag"]) == (200, "0"), told
        return told["contractId"]

    async def offered(self, product):
        _, found = await self.ask("/catalogSearch", {"keywords": product, "offset": "0", "limit": "1"})
        [one] = found["data"]["resultData"]
        _, shown = await self.ask("/catalogDetail", {"productId": one["productId"]})
        return shown["product"]["strategy"]

    async def propose(self, code, strategy):
        said = {"contractName": self.NAME, "contractId": code, "strategy": strategy}
        status, told = await self.ask("/contractNegotiate", said)
        assert status == 200, told
        return told["negotiationStatus"]

    async def sign(self, code, strategy):
        said = {"contractName": self.NAME, "contractId": code, "strategy": strategy}
        status, told = await self.ask("/contractNegotiate", {**said, "signatureList": self.signatures(said)})
        assert status == 200, told
        return told["negotiationStatus"]

    def ending(self, code, **more):
        said = {
            "contractName": self.NAME,
            "contractId": code,
            "issueTime": DAY,
            "activationTime": DAY,
            "scheduledEndTime": TERM,
            "agreedEndTime": DAY,
            "issuerId": self.did,
            "issuerEntityId": self.did,
        }
        return self.sealed({**said, **more})

    def transport(self, number, product):
        return {
            "sequenceNum": uuid.uuid4().hex,
            "targetConnectorId": self.space.did("provider"),
            "issuerConnectorId": self.did,
            "issuedTime": "2026-01-01T00:00:00Z",
            "productId": product,
            "ctrlInstructiontId": number,
            "transferMode": "pull",
        }

    async def pull(self, number, product):
        self.asked = self.transport(number, product)
        status, told = await self.ask("/transferNegotiate", self.asked)
        assert (status, told["code"]) == (200, "10000"), told
        address = told["dataacquiAddr"]
        token = next(one["value"] for one in address["transferFormat"] if one["name"] == "authorization")
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {token.removeprefix('Bearer ')}"}
            async with session.get(address["transferreceiveaddrUrl"], headers=headers) as answer:
                assert answer.status == 200
                return await answer.read()

    async def bulk(self, number, product, **more):
        """Return status and bytes of a pull whose header says it all."""
        headers = {
            **self.bearer(self.space.did("provider")),
            "sequenceNum": uuid.uuid4().hex,
            "productId": product,
            "ctrlInstructiontId": number,
            "sourceConnectorId": self.space.did("provider"),
            "targetConnectorId": self.did,
            **more,
        }
        at = self.space.url("provider") + "/bulkPull"
        async with aiohttp.ClientSession() as session, session.post(at, headers=headers) as answer:
            return answer.status, await answer.read()

    def proof(self, code, strategy):
        number = getattr(self, "asked", {}).get("sequenceNum", "0" * 32)
        return self.sealed({
            "proofId": str(uuid.uuid4()),
            "contractId": code,
            "strategyId": strategy,
            "log": {"sequenceNum": number, "executedActions": ["download"], "executionResult": "completed"},
            "timestamp": DAY,
        })  # fmt: skip

    async def prove(self, code, strategy):
        proof = self.proof(code, strategy)
        _, told = await self.ask("/fulfillmentProof", proof)
        _, again = await self.ask("/fulfillmentProof", proof, to="exchange")
        assert again["status"] == told["status"]
        return told["status"]

    def feedback(self, code, strategy, result):
        return self.sealed({
            "connectorId": self.did,
            "contractId": code,
            "strategyId": strategy,
            "result": result,
            "timestamp": DAY,
            "details": {"nonce": uuid.uuid4().hex},
        })  # fmt: skip


@asynccontextmanager
async def admitted(made):
    """One that is started, and a member of its space."""
    await made.start()
    try:
        await made.space.doors["exchange"].call("POST", "members", {"did": made.did, "invite": True})
        yield made
    finally:
        await made.stop()
