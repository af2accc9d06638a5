"""An agreement as a digital contract: both sides write the same, anybody reads it, and nothing in it can be changed."""

from __future__ import annotations

import copy
import json

import pytest

from connector.console import contract_text
from connector.console.language import say
from contracts import digital_contract
from contracts.check_character import passes
from contracts.errors import ContractError
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.space import PURPOSE
from tests.api.test_console_story import entered

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = {
    "permission": [
        {
            "action": "reproduce",
            "constraint": [
                {"leftOperand": "count", "operator": "lteq", "rightOperand": 9},
                {"leftOperand": "purpose", "operator": "eq", "rightOperand": PURPOSE},
            ],
        }
    ],
    "prohibition": [{"action": "distribute"}],
}


async def agreed(space, product):
    await space.publish("provider", product, (70_000,))
    await space.get(product)
    return (await space.complete(product))["agreement"]


async def contract(space, role, digest):
    return await space.doors[role].call("GET", f"agreements/{digest}/contract")


async def test_both_sides_write_the_same_and_a_stranger_verifies_it(space, tmp_path):
    digest = await agreed(space, "contracted")
    told = await contract(space, "buyer", digest)
    assert {**told, "expansionItem": None} == {**await contract(space, "provider", digest), "expansionItem": None}
    assert (len(told["contractId"]), passes(told["contractId"]), told["contractStatus"]) == (47, True, "05")
    assert [one["signatorytype"] for one in told["signatoryEntities"]] == ["01", "02"]
    assert [one["signatoryEntityId"] for one in told["signatoryEntities"]] == [
        space.did("provider"),
        space.did("buyer"),
    ]
    assert told["contractPolicies"]["permissionPolicies"]
    read, state, domain = digital_contract.read(told)
    assert (state, domain) == ("performing", space.deployment.domain("licences"))
    assert digital_contract.written(read, state, domain) == told
    path = tmp_path / "contract.json"
    await penstock(space, "buyer", "contract", digest, "-o", path)
    assert json.loads(path.read_text()) == told
    found = await commanded("verify", path, "--data", space.people["provider"].data, "--json")
    said = json.loads(found.out)
    assert (said["kind"], said["verified"], said["agreementDigest"], said["contractId"]) == (
        "contract",
        True,
        digest,
        told["contractId"],
    )


async def test_all_read_the_same_text_of_it(space, tmp_path):
    """On the console, from a file, as who verifies it: in both languages, and on a page of its own."""
    digest = await agreed(space, "worded")
    told = await contract(space, "buyer", digest)
    path, sheet = tmp_path / "contract.json", tmp_path / "contract.html"
    await penstock(space, "buyer", "contract", digest, "-o", path)
    for lang, words in (("en", "promised"), ("zh", "仅凭承诺")):
        text = contract_text.markdown(told, lang)
        assert (words in text, space.did("provider") in text, digest in text) == (True, True, True)
        assert (await penstock(space, "provider", "contract", digest, "--text", lang))["text"] == text
        checked = await commanded("verify", path, "--text", lang, "--data", space.people["provider"].data, "--json")
        assert json.loads(checked.out)["text"] == text
        async with await entered(space, "provider") as visitor:
            page = await visitor.open(f"agreements/{digest}/contract?lang={lang}")
            twin = json.loads((await visitor.open(f"agreements/{digest}/contract.json")).text)
        assert (twin["text"][lang], twin["title"]) == (text.partition("\n\n")[2], told["contractName"])
        assert (words in page.text, f"4. {say(lang, 'contract.rights')}" in page.text) == (True, True)
    await penstock(space, "buyer", "contract", digest, "--text", "zh", "-o", sheet)
    assert sheet.read_text().startswith("<!doctype html>")
    assert "仅凭承诺" in sheet.read_text()
    other = await commanded("contract", digest, "--text", "fr", "--data", space.people["buyer"].data)
    assert (other.code, b"--text" in other.err) == (2, True)
    path.write_text(json.dumps(told | {"contractName": "Another"}))
    changed = await commanded("verify", path, "--text", "en", "--data", space.people["provider"].data, "--json")
    assert (changed.code, "text" in json.loads(changed.out)) == (6, False)


def changes(told):
    """Yield a name and a contract in which one thing is another."""
    for name in sorted(set(told) - {"expansionItem", "contractPolicies", "signatoryEntities"}):
        yield name, told | {name: told[name] + "0" if name != "contractStatus" else "06"}
        yield f"no {name}", {key: value for key, value in told.items() if key != name}
    yield "strange", told | {"strange": "x"}
    for at in ("signatoryEntityId", "signatorytype", "signature"):
        other = copy.deepcopy(told)
        other["signatoryEntities"][0][at] = other["signatoryEntities"][1][at]
        yield at, other
    other = copy.deepcopy(told)
    other["signatoryEntities"].reverse()
    yield "order", other
    other = copy.deepcopy(told)
    other["contractPolicies"]["permissionPolicies"][0]["actions"].append("sell")
    yield "one more action", other
    for path, value in (
        (("state",), "ended"),
        (("terms", "title"), "Another"),
        (("terms", "product"), "another"),
        (("terms", "tariff", "minor"), "1"),
        (("terms", "notAfter"), "2099-01-31T00:00:01Z"),
        (("agreement", "priceCap"), "1"),
        (("odrl", "assigner"), "did:web:somebody.example"),
        (("odrl", "timestamp"), "2026-01-01T00:00:00Z"),
        (("odrl", "timestamp"), "today"),
        (("program", "salt"), "00" * 32),
        (("program", "chainId"), "one"),
        (("v",), 2),
        (("v",), True),
    ):
        other = copy.deepcopy(told)
        held = other["expansionItem"]
        for step in path[:-1]:
            held = held[step]
        held[path[-1]] = value
        yield "/".join(path), other


async def test_nothing_in_it_can_be_changed(space, tmp_path):
    """A field, a rule, a signature, what is carried: each is refused by name, or by who signed."""
    told, survived = await contract(space, "buyer", await agreed(space, "changed")), []
    path = tmp_path / "changed.json"
    for name, other in changes(told):
        try:
            digital_contract.read(other)
        except ContractError:
            continue
        path.write_text(json.dumps(other))
        found = await commanded("verify", path, "--data", space.people["provider"].data, "--json")
        if not found.code:
            survived.append(name)
    assert not survived


async def test_rules_of_ones_own_are_strategies_and_come_back(space):
    usual = {"purpose": None, "region": None, "rules": RULES}
    await space.publish_files("provider", "ruled", space.files("ruled", (70_000,)), **usual)
    await space.get("ruled")
    digest = (await space.complete("ruled"))["agreement"]
    told = await contract(space, "provider", digest)
    [kept] = [row for row in space.rows("provider", "agreements") if row["digest"] == digest]
    read, _, _ = digital_contract.read(told)
    assert read.terms["policy"] == json.loads(kept["terms"])["policy"]
    policies = told["contractPolicies"]
    assert [one["actions"] for one in policies["prohibitionPolicies"]] == [["distribute"]]
    [permission] = policies["permissionPolicies"]
    assert {one["constraintName"] for one in permission["constraints"]} >= {"count", "expansionItem"}


async def test_how_it_stands_is_said_and_who_has_none_is_told(space):
    digest = await agreed(space, "ending")
    await penstock(space, "provider", "admin", "revoke", digest, "--reason", "over")
    assert (await contract(space, "provider", digest))["contractStatus"] == "06"
    for role, other in (("second", digest), ("buyer", "00" * 32), ("buyer", "nothing")):
        assert (await refused(contract(space, role, other)))[0] == 404


async def test_what_is_computed_or_leased_is_a_contract_as_well(space, tmp_path):
    """Terms with a gate, of two tables' columns, and terms with openings: all of it comes back."""
    path = tmp_path / "used.csv"
    path.write_text("firm,kwh\n" + "".join(f"F{at},{at}\n" for at in range(100)))
    gate = {"subject": "firm", "noise": "2", "budget": "20", "sketch": "512"}
    said = {"tier": "computed", "unit": "query", "gate": gate, "pieceKiB": None}
    await space.publish_files("provider", "contract-computed", [path], **said)
    await space.publish("provider", "contract-leased", (70_000,), openings=4)
    for product, columns in (("contract-computed", ["kwh"]), ("contract-leased", None)):
        await space.get(product)
        told = await contract(space, "buyer", (await space.complete(product))["agreement"])
        read, state, domain = digital_contract.read(json.loads(json.dumps(told)))
        assert digital_contract.written(read, state, domain) == told
        assert (read.terms.get("gate") or {}).get("columns") == columns
