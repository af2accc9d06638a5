"""What a member finds at the exchange: by words, narrowed by conditions, counted by facet."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from connector.runtime.errors import PenstockError, explain_failure

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536


async def found(space, query):
    return await space.doors["buyer"].call("GET", f"find?{query}")


async def test_a_listed_product_is_found_at_once_and_narrowed(space):
    about = {"classes": {"topic": "B0300", "industry": "56"}, "frequency": "daily", "grade": 3}
    await space.publish_files("provider", "find-kept", space.files("find-kept", (PIECE,)), price=3, **about)
    await space.publish("provider", "find-leased", (2 * PIECE,), price=3, openings=2)

    async def ids(*where):
        told = await found(space, urlencode([("q", "find"), *(("where", condition) for condition in where)]))
        return sorted(row["id"] for row in told["products"])

    assert await ids() == ["find-kept", "find-leased"]
    assert await ids("tier=leased") == ["find-leased"]
    assert await ids("tier=leased", f"bytes=..{PIECE}") == []
    assert await ids(f"bytes={PIECE + 1}..") == ["find-leased"]
    assert await ids(f"provider={space.did('provider')}", "tier=kept") == ["find-kept"]
    assert await ids("topic=B0000", "industry=G", "frequency=daily", "grade=3,4") == ["find-kept"]
    assert await ids("grade=1,2") == ["find-leased"]
    allowed = await found(space, "q=find&for=Research&in=US-NY")
    assert (len(allowed["products"]), allowed["looked"]) == (2, 2)
    elsewhere = await found(space, "q=find&for=Research&in=440300")
    assert (elsewhere["products"], elsewhere["found"], elsewhere["looked"]) == ([], 2, 2)
    assert (await found(space, "q=find&for=Advertising&in=US"))["products"] == []
    told = await found(space, "q=find&counts=1")
    assert {row["value"]: row["count"] for row in told["counts"]["tier"]} == {"kept": 1, "leased": 1}
    assert (await found(space, "q=find&first=1"))["found"] == 2
    assert len((await found(space, "q=find&first=1"))["products"]) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("where=colour=red", "no condition"),
        ("for=mischief", "mischief"),
        ("for=Research&in=Atlantis", "unknown region"),
        ("first=-1", "`first`"),
        ("first=9901", "`first`"),
        ("q=" + "x" * 401, "`q`"),
    ],
)
async def test_a_question_that_is_none_is_refused_in_words(space, query, said):
    with pytest.raises(PenstockError) as refusal:
        await found(space, query)
    failure = explain_failure(refusal.value)
    assert (failure.status, said in failure.text) == (400, True), failure.text
