"""What is similar is found, what only looks the same is shown to the reviewer, what breaks a schema is told."""

# ruff: noqa: RUF001 (a letter that looks like another is what is tested)

from __future__ import annotations

import asyncio

import pytest

from connector.runtime.errors import PenstockError
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHIN_SECONDS = 10


async def publish(space, provider, product, *, files=None, **more):
    files = files or space.files(product, (65_536,))
    return await space.publish_files(provider, product, files, price=3, **more)


async def test_what_is_similar_is_found_and_not_the_thing_itself(space):
    await publish(space, "provider", "gulls", title="Gulls of the northern coast", keywords=["seabirds"])
    await publish(space, "provider", "terns", title="Terns counted", keywords=["seabirds"])
    await publish(space, "provider", "trams", title="Trams of the city", keywords=["rails"])
    answer = await space.doors["buyer"].call("GET", "find?like=gulls")
    keys = [row["id"] for row in answer["products"]]
    assert "gulls" not in keys
    assert keys.index("terns") < keys.index("trams") if "trams" in keys else "terns" in keys
    narrowed = await space.doors["buyer"].call("GET", "find?like=gulls&where=tier%3Dleased")
    assert narrowed["products"] == []
    with pytest.raises(PenstockError, match="404"):
        await space.doors["buyer"].call("GET", "find?like=nothing")


async def test_a_name_that_looks_like_anothers_is_shown_to_the_reviewer(space):
    await publish(space, "provider", "original", title="Harbour register 2026")
    brief = {"id": "fake", "title": "Hаrbour  register 2O26", "price": "3", "floor": "1", "unit": "MiB", "tier": "kept"}
    rest = {"files": [str(one) for one in space.files("fake", (65_536,))], "purpose": "Research", "region": "US"}
    until = {"until": "2099-01-31T00:00:00+00:00", "pieceKiB": 64}
    await space.doors["second"].call("POST", "products", brief | rest | until)
    waiting = (await space.doors["exchange"].call("GET", "listings"))["listings"]
    [row] = [row for row in waiting if row["id"] == "fake"]
    assert [(one["id"], one["provider"]) for one in row["alike"]] == [("original", space.did("provider"))]
    listed = (await space.doors["exchange"].call("GET", "listings?state=listed"))["listings"]
    assert all(row["alike"] == [] for row in listed if row["id"] == "gulls")


async def test_who_holds_a_contract_is_warned_when_columns_go(space, tmp_path):
    path = tmp_path / "drift.csv"
    path.write_text("hour,height\n" + "".join(f"{hour},{hour}\n" for hour in range(200)))
    await publish(space, "provider", "drifting", files=[path])
    await space.get("drifting", limit=1000)
    await space.complete("drifting")
    path.write_text("hour,height,wind\n" + "".join(f"{hour},{hour},3\n" for hour in range(200)))
    await publish(space, "provider", "drifting", files=[path])
    before = len(told(space, "provider", "notice.sent"))
    path.write_text("hour,depth,wind\n" + "".join(f"{hour},{hour},3\n" for hour in range(200)))
    await publish(space, "provider", "drifting", files=[path])
    assert len(told(space, "provider", "notice.sent")) == before + 1  # a new column warned nobody
    agreement = next(row["digest"] for row in space.rows("buyer", "agreements") if row["product"] == "drifting")
    async with asyncio.timeout(WITHIN_SECONDS):
        while not [row for row in told(space, "buyer", "notice.received") if row["part"] == agreement]:
            await asyncio.sleep(0.1)
