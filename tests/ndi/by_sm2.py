"""Contracts that are signed by SM2, with a consumer of another make whose signatures OpenSSL makes: `make test-ndi`."""

from __future__ import annotations

import json
import uuid

import pytest
import pytest_asyncio

from tests.api.command import penstock
from tests.ndi.journey import audited, deal, other, space
from tests.ndi.national import National, drawn
from tests.ndi.other_make import admitted

__all__ = ["deal", "other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def national(space, tmp_path_factory):
    """Another one, which signs by SM2."""
    async with admitted(National(tmp_path_factory.mktemp("national"), space)) as made:
        yield made


async def test_whoever_signs_by_sm2_is_traded_with(space, national):
    """Both parties and the platform sign by SM2; the other side looks at it with OpenSSL's own program."""
    # a provider that has no key of its own yet takes a signature of SM2, and signs by its account
    code = await national.create()
    assert await national.propose(code, await national.offered("gauges")) == "0"
    agreed = await national.hear("/contractNegotiate")
    assert national.signed_by_provider(agreed)
    keys = await drawn(space)
    # what was signed before is filed as it was signed
    assert await national.sign(code, agreed["strategy"]) == "0"
    await national.hear("/strategySend")
    mixed = (await penstock(space, "provider", "ndi", "show", code))["signatures"]
    assert [len(one) for one in mixed] == [130, 128]

    code, strategy = await national.create(), await national.offered("gauges")
    assert await national.propose(code, strategy) == "0"
    agreed = await national.hear("/contractNegotiate")
    [own] = agreed["signatureList"]
    assert national.verifies(keys["provider"], agreed, own["signature"])
    assert not national.verifies(keys["buyer"], agreed, own["signature"])
    said = {"contractName": national.NAME, "contractId": code, "strategy": strategy}
    forged = {"entityId": national.did, "signature": own["signature"]}
    assert (await national.ask("/contractNegotiate", {**said, "signatureList": [forged]}))[0] == 400
    assert await national.sign(code, strategy) == "0"
    instruction = await national.hear("/strategySend")
    assert national.verifies(keys["exchange"], instruction, instruction["signature"])
    number = instruction["strategyId"].replace("-", "")
    assert await national.pull(number, strategy["subjectInfo"]["dataProductId"]) == space.paths[0].read_bytes()
    assert await national.prove(code, instruction["strategyId"]) == "0"
    # one signature of ours, whoever is shown it: what was sent, and what the platform filed
    shown = (await penstock(space, "provider", "ndi", "show", code))["signatures"]
    filed = instruction["transactionExecutionStrategy"]["signatoryEntities"]
    assert [one["signature"] for one in filed] == shown
    assert shown[0] == own["signature"]
    await penstock(space, "provider", "ndi", "end", code, "--reason", "the season is over")
    ended = await national.hear("/contractTerminate")
    assert national.verifies(keys["provider"], ended, ended["signature"])


async def test_a_key_of_sm2_is_replaced_between_a_signature_and_its_filing(space, national):
    """A contract that is on its way goes on under the signature it bears; of a stolen key it bears another one."""
    for more, is_same in (((), True), (("--stolen",), False)):
        code, strategy = await national.create(), await national.offered("gauges")
        assert await national.propose(code, strategy) == "0"
        [own] = (await national.hear("/contractNegotiate"))["signatureList"]
        words = ("key", "rotate", "sm2", "--why", "a test", *more)
        key = bytes.fromhex((await penstock(space, "provider", *words))["to"])
        assert await national.sign(code, strategy) == "0"
        instruction = await national.hear("/strategySend")
        filed = instruction["transactionExecutionStrategy"]["signatoryEntities"][0]["signature"]
        assert (filed == own["signature"]) is is_same
        assert [filed] == (await penstock(space, "provider", "ndi", "show", code))["signatures"][:1]
        number = instruction["strategyId"].replace("-", "")
        assert await national.pull(number, strategy["subjectInfo"]["dataProductId"]) == space.paths[0].read_bytes()
        await penstock(space, "provider", "ndi", "end", code, "--reason", "the season is over")
        ended = await national.hear("/contractTerminate")
        assert national.verifies(key, ended, ended["signature"])


async def test_a_signature_by_sm2_of_whom_the_space_knows_no_key_is_refused_in_words(space, deal, other):
    said = {**other.proof(deal["contractId"], str(uuid.uuid4())), "signature": "11" * 64}
    status, answer = await other.ask("/fulfillmentProof", said)
    assert (status, answer["code"]) == (400, "12001")
    assert "the space knows no such key" in answer["message"]


async def test_every_case_of_conformance_passes_by_sm2(space, national):
    found = await penstock(space, "buyer", "conform", "ndi", space.url("provider"))
    assert not [one for one in found["cases"] if one["outcome"] == "failed"]
    assert found["passed"] >= 100


async def test_the_audit_verifies_what_was_signed_by_sm2(space, national):
    """Consumers of another make keep no log here, which is found; whatever ours say was signed is signed."""
    for role in ("provider", "buyer", "exchange"):
        await space.doors[role].call("POST", "log/anchor", {})
    found = json.loads((await audited(space)).out)
    codes = {one["code"] for one in found["figures"]["findings"]}
    assert "log-unreadable" in codes
    assert not codes & {"contract-unsigned", "member-keys-differ"}
