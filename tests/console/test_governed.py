"""An exchange whose three operators check each other: the console does no more for anybody than the commands do."""

from __future__ import annotations

import json

import pytest

from tests.console.conftest import NOW

pytestmark = pytest.mark.asyncio(loop_scope="session")
DID = "did:web:member.example"


async def test_what_needs_two_needs_two_here_as_well(connector, enter):
    row = {"did": DID, "name": "Member", "role": "buyer", "region": "US", "url": "https://member.example"}
    await connector.store.write(
        lambda tx: tx.insert("members", **row, state="suspended", document={}, created=NOW, updated=NOW)
    )
    keys = {
        post: (await connector.operators.add(post, post, "test"))["key"] for post in ("system", "security", "audit")
    }
    people = {post: await enter(f"of-{post}", ("exchange",)) for post in keys}

    # the owner acts no more, and so does nobody who has shown no key
    page = await people["security"].open("members")
    alone = await people["security"].send(page, "/members/resume", did=DID, reason="paid")
    assert alone.status == 403
    assert "three operators check each other" in alone.text

    for post, visitor in people.items():
        page = await visitor.open("pending")
        wrong = await visitor.send(page, "/pending/key", key="operator.wrong")
        assert wrong.status == 401
        seen = await visitor.send(page, "/pending/key", key=keys[post])
        assert f"You act as {post}" in seen.text

    # what another has to assent to waits, and who proposed it cannot assent
    page = await people["security"].open("members")
    waits = await people["security"].send(page, "/members/resume", did=DID, reason="paid <b>")
    assert waits.url.endswith("/pending")
    assert "paid &lt;b&gt;" in waits.text
    assert (await people["security"].send(waits, "/assent")).status == 403
    refused = await people["system"].send(await people["system"].open("pending"), "/dissent", reason="not yet")
    assert refused.status == 200
    assert (await people["system"].open("pending.json")).text.count('"id"') == 0
    kept = json.loads((await people["system"].open("pending.json?state=refused")).text)["rows"]
    assert [row["reason"] for row in kept] == ["not yet"]

    # whose post it is not is told so
    page = await people["audit"].open("members")
    assert (await people["audit"].send(page, "/members/revoke", did=DID, reason="no")).status == 403

    # a key that was taken away opens nothing from the next request on
    await connector.operators.add("another", "system", "test")
    await connector.operators.dismiss("system", "has left", "test")
    assert (await people["system"].open("pending")).status in (200, 401)
    assert "You act as" not in (await people["system"].open("pending")).text
