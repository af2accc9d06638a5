"""A contract at the exchange's register over HTTP: filed by either side, read as far as one may, opened by two."""

from __future__ import annotations

import asyncio
import base64
import copy
import json

import aiohttp
import pytest

from contracts.check_character import ALPHABET, check_character
from ledger.agreement import filing as filings
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.test_console_story import entered
from tests.api.test_digital_contract import agreed, contract
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def file(space, role, digest):
    return await space.doors[role].call("POST", f"agreements/{digest}/filing")


async def test_either_side_files_it_once_and_both_open_what_lies_there(space, tmp_path):
    digest = await agreed(space, "filed-once")
    made = await contract(space, "buyer", digest)
    filed = await file(space, "provider", digest)
    assert (filed["contractId"], filed["agreement"], filed["by"]) == (
        made["contractId"],
        digest,
        space.did("provider"),
    )
    assert (filed["state"], filed["contractStatus"], len(filed["contractHash"])) == ("performing", "05", 64)
    # the other side files the same bytes, and neither a second time
    assert await file(space, "buyer", digest) == await file(space, "provider", digest) == filed
    for role in ("exchange", "provider", "buyer"):
        events = [one for one in told(space, role, "contract.filed") if one["part"] == digest]
        assert len(events) == 1
    path = tmp_path / "opened.json"
    await penstock(space, "buyer", "filing", "open", filed["contractId"], "-o", path)
    opened = json.loads(path.read_text())
    assert opened["contractStatus"] == "0301"
    assert {**opened, "expansionItem": None, "contractStatus": "05"} == {**made, "expansionItem": None}
    found = await commanded("verify", path, "--data", space.people["provider"].data, "--json")
    assert found.code == 0, found


async def test_a_register_is_read_as_far_as_one_may(space):
    digest = await agreed(space, "filed-shown")
    filed = await file(space, "buyer", digest)
    code = filed["contractId"]
    for role in ("exchange", "regulator"):
        shown = await space.doors[role].call("GET", f"filings/{code}")
        assert shown == filed
        rows = (await space.doors[role].call("GET", "filings"))["filings"]
        assert code in [one["contractId"] for one in rows]
    assert "sealed" in await space.doors["provider"].call("GET", f"filings/{code}")
    assert (await refused(space.doors["other"].call("GET", f"filings/{code}")))[0] == 404
    assert (await space.doors["other"].call("GET", "filings"))["filings"] == []
    assert (await refused(file(space, "other", digest)))[0] == 404
    # neither price nor rules are in what the exchange keeps
    kept = space.rows("exchange", "filed_contracts")
    row = next(one for one in kept if one["code"] == code)
    assert b"permission" not in row["sealed"]
    assert b"tariff" not in row["sealed"]


async def test_how_it_stands_is_what_the_chain_says(space):
    digest = await agreed(space, "filed-ended")
    code = (await file(space, "provider", digest))["contractId"]
    await space.doors["provider"].call("POST", f"agreements/{digest}/revoke", {"reason": "it is over"})
    async with asyncio.timeout(30):
        while (shown := await space.doors["regulator"].call("GET", f"filings/{code}"))["state"] != "ended":
            await asyncio.sleep(0.2)
    assert shown["contractStatus"] == "06"


async def send(space, role, body):
    """Return how the exchange answers what a member sends to its interface by hand."""
    header = space.bearer(role, "exchange")
    url = space.url("exchange") + "/contractRegistrate"
    async with aiohttp.ClientSession(headers=header) as session, session.post(url, json=body) as answer:
        return answer.status, await answer.json()


async def body_of(space, digest):
    """Return what a provider sends to file an agreement."""
    made = await contract(space, "provider", digest)
    made["contractStatus"], made["expansionItem"]["state"] = "0301", "signed"
    other = space.keys("buyer").delivery_public
    key = filings.key_of(space.keys("provider").delivery, other, bytes.fromhex(digest))
    return filings.written(made, bytes.fromhex(digest), key)


def with_code(body, code):
    return {**body, "contractId": code + check_character(code)}


FORGED = {
    "a wrong check character": lambda body: {
        **body,
        "contractId": body["contractId"][:-1] + ALPHABET[ALPHABET.index(body["contractId"][-1]) - 1],
    },
    "another code": lambda body: with_code(body, "9" + body["contractId"][1:-1]),
    "another moment": lambda body: {**body, "signatoryTime": "2026-01-01T00:00:00+08:00"},
    "a time without a zone": lambda body: {**body, "signatoryTime": "2026-01-01T00:00:00"},
    "another agreement": lambda body: {
        **body,
        "contractExpansionItem": {**body["contractExpansionItem"], "agreement": "00" * 32},
    },
    "signatures changed round": lambda body: {
        **body,
        "signatoryEntities": [
            {**one, "signature": other["signature"]}
            for one, other in zip(body["signatoryEntities"], reversed(body["signatoryEntities"]), strict=True)
        ],
    },
    "one signature": lambda body: {**body, "signatoryEntities": body["signatoryEntities"][:1]},
    "three signatures": lambda body: {
        **body,
        "signatoryEntities": [*body["signatoryEntities"], body["signatoryEntities"][0]],
    },
    "another provider": lambda body: {
        **body,
        "strategy": {**body["strategy"], "executionNodeInfo": {"providerNodeId": "did:web:x", "consumerNodeId": "y"}},
    },
    "nothing sealed": lambda body: {
        **body,
        "contractExpansionItem": {**body["contractExpansionItem"], "sealed": ""},
    },
    "another version": lambda body: {
        **body,
        "contractExpansionItem": {**body["contractExpansionItem"], "v": True},
    },
    "too long a name": lambda body: {**body, "contractName": "a" * 129},
    "no strategy": lambda body: {name: value for name, value in body.items() if name != "strategy"},
}


async def test_what_was_not_signed_is_not_taken_in(space):
    digest = await agreed(space, "filed-forged")
    body = await body_of(space, digest)
    for how, forge in FORGED.items():
        status, answer = await send(space, "provider", forge(copy.deepcopy(body)))
        assert status == 400, (how, answer)
    for outsider in ("other", "regulator"):
        assert (await send(space, outsider, body))[0] == 403
    assert not [one for one in space.rows("exchange", "filings") if one["agreement"] == digest]
    # both readings of the text are taken: the dictionary's names and its times
    nodes = dict(zip(("assignerId", "assigneeId"), body["strategy"]["executionNodeInfo"].values(), strict=True))
    signers = [
        {("signatoryType" if name == "signatorytype" else name): value for name, value in one.items()}
        for one in body["signatoryEntities"]
    ]
    made = await contract(space, "provider", digest)
    other = {**body, "signatoryEntities": signers, "signatoryTime": made["signTime"], "more": 1}
    other["strategy"] = {**body["strategy"], "executionNodeInfo": nodes}
    status, answer = await send(space, "buyer", other)
    assert (status, answer["status"]) == (200, "0")
    assert (await file(space, "provider", digest))["contractHash"] == answer["contractHash"]


async def test_a_party_that_files_something_else_is_seen_by_the_other(space):
    digest = await agreed(space, "filed-falsely")
    body = await body_of(space, digest)
    body["contractExpansionItem"]["sealed"] = base64.b64encode(b"nothing that was signed").decode()
    assert (await send(space, "buyer", body))[0] == 200
    _, text = await refused(file(space, "provider", digest))
    assert "is not what was signed" in text
    assert not [one for one in told(space, "provider", "contract.filed") if one["part"] == digest]
    _, text = await refused(space.doors["provider"].call("GET", f"filings/{body['contractId']}/contract"))
    assert "is not what was signed" in text


async def test_the_page_of_an_agreement_leads_to_its_filing_and_shows_it(space):
    digest = await agreed(space, "filed-on-console")
    async with await entered(space, "provider", "filer") as provider:
        page = await provider.open(f"agreements/{digest}")
        [link] = [one for one in page.links if "/acts/filing" in one]
        assert link.endswith(f"/acts/filing-make?agreement={digest}")
        form = await provider.open("acts/filing-make", params={"preview": "1", "agreement": digest})
        assert digest in form.text
        said = await provider.send(form, "/acts/filing-make")
        assert said.status == 200, said.text
        code = (await contract(space, "provider", digest))["contractId"]
        page = await provider.open(f"agreements/{digest}")
        assert code in page.text
        assert not [one for one in page.links if "/acts/filing" in one]
    # the other side has not filed it, and is led there
    async with await entered(space, "buyer", "filer") as buyer:
        page = await buyer.open(f"agreements/{digest}")
        assert [one for one in page.links if "/acts/filing" in one]
