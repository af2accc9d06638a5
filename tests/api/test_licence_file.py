"""A licence as a file: exported by its buyer, verified by a stranger with nothing but the space's document."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from connector.demo.processes import free_ports
from tests.api.command import commanded

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT, PIECE = "certified", 65_536


async def run(*command):
    ended = await commanded(*command)
    return ended.code, json.loads(ended.out)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def exported(space, tmp_path_factory):
    """Export the licence of a purchase; returns how to do so, the file's value, and the space's document beside it."""
    folder = tmp_path_factory.mktemp("licence")
    await space.publish("provider", PRODUCT, (PIECE,))
    await space.get(PRODUCT)
    view = await space.complete(PRODUCT)
    (folder / "space.json").write_bytes((await space.outbound.get(space.url("exchange") + "/space")).body)

    async def export():
        data = ("--data", str(space.people["buyer"].data), "--json")
        code, _ = await run("chain", "licence", view["agreement"], "-o", str(folder / "licence.json"), *data)
        assert code == 0
        return json.loads((folder / "licence.json").read_text())

    return view["agreement"], folder, await export(), export


async def verified(folder, document, *more):
    path = folder / "shown.json"
    path.write_text(json.dumps(document))
    return await run("verify", str(path), "--deployment", str(folder / "space.json"), "--json", *more)


async def test_a_stranger_verifies_a_licence_offline(exported):
    agreement, folder, document, _ = exported
    code, seen = await verified(folder, document)
    assert (code, seen["kind"], seen["verified"], seen["state"]) == (0, "licence", True, "in force")
    assert seen["agreementDigest"] == agreement
    block = seen["block"]["hash"]
    assert (await verified(folder, document, "--block", "0x" + block))[0] == 0
    code, seen = await verified(folder, document, "--block", "00" * 32)
    assert (code, seen["verified"]) == (6, False)
    assert "not in the one that you trust" in seen["reason"]


def changed(document, *path, by=lambda text: text[:-2] + ("00" if text[-2:] != "00" else "01")):
    """Return the document with one value changed; `path` are its members and places."""
    copy = json.loads(json.dumps(document))
    *above, last = path
    inner = copy
    for step in above:
        inner = inner[step]
    inner[last] = by(inner[last])
    return copy


def later(times):
    return hex(int(times, 16) + (1 << 192))


CHANGES = {
    "another price": lambda one: changed(one, "agreement", "priceCap", by=lambda text: text + "0"),
    "another signature": lambda one: changed(one, "buyerSignature", by=lambda _: one["providerSignature"]),
    "another state": lambda one: changed(one, "proof", "storageHash"),
    "another header": lambda one: {**one, "header": "c0"},
    "no header": lambda one: {**one, "header": 1},
    "another time": lambda one: changed(one, "proof", "storageProof", 2, "value", by=later),
    "another slot": lambda one: changed(one, "proof", "storageProof", 0, "key"),
    "another program": lambda one: changed(one, "proof", "address", by=lambda _: "0x" + "11" * 20),
    "a node less": lambda one: changed(one, "proof", "accountProof", by=lambda nodes: nodes[:-1]),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_licence_does_not_hold(exported, change):
    _, folder, document, _ = exported
    code, seen = await verified(folder, CHANGES[change](document))
    assert (code, seen["verified"]) == (6, False), seen


async def test_what_ends_a_licence_shows_in_the_next_export(space, exported):
    agreement, folder, before, export = exported
    await space.doors["provider"].call("POST", f"agreements/{agreement}/revoke", {"reason": "for the test"})
    async with asyncio.timeout(60):
        while (await verified(folder, await export()))[1]["state"] != "revoked":
            await asyncio.sleep(0.2)
    assert (await verified(folder, before))[1]["state"] == "in force", "in the block that it is proven in"


async def test_an_agreement_of_others_is_not_to_be_had(space):
    data = ("--data", str(space.people["buyer"].data), "--json")
    assert (await run("chain", "licence", "00" * 32, *data))[0] == 4


async def test_the_space_is_found_in_the_folder_or_at_its_address(space, exported, tmp_path):
    """A participant's folder knows its space with no server asked; a stranger names the exchange; both are said."""
    _, folder, document, _ = exported
    path = folder / "alone.json"
    path.write_text(json.dumps(document))
    url = space.url("exchange")
    ways = {f"kept in {space.people[role].data}": ("--data", space.people[role].data) for role in space.people}
    ways[f"shown at {url}/space"] = ("--space", url, "--development")
    for where, words in ways.items():
        said = await commanded("verify", path, *words)
        assert (said.code, where in said.err.decode()) == (0, True), said
        assert b"the space's document" not in said.out
    said = await commanded("verify", path, "--data", tmp_path)
    assert (said.code, b"--space URL" in said.err) == (2, True)
    assert (await commanded("verify", path, "--space", url)).code == 2, "plain http is for development alone"
    [port] = free_ports(1)
    assert (await commanded("verify", path, "--space", f"http://localhost:{port}", "--development")).code == 7
    both = ("--space", url, "--deployment", folder / "space.json")
    assert (await commanded("verify", path, *both)).code == 2
    alien = tmp_path / "alien.json"
    alien.write_text("[1]")
    assert (await commanded("verify", path, "--deployment", alien)).code == 2
