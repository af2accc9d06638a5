"""A review opens the rows that the chain's head draws, once; nobody collects keys by asking again (spec 6)."""

from __future__ import annotations

import orjson
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

READER = "11" * 32


async def ask(space, say, sender, seed):
    edition = space.rows("provider", "editions")[0]["id"]
    body = orjson.dumps({"seed": seed, "reader": READER})
    return await say("POST", f"{space.url('provider')}/review/{edition}", body, space.bearer(sender, "provider"))


async def test_only_the_exchange_reviews(space, say):
    before = space.rows("provider", "editions")
    answer = await ask(space, say, "buyer", "22" * 32)
    assert answer.status == 404
    assert space.rows("provider", "editions") == before


async def test_a_seed_that_no_anchor_fixed_is_refused(space, say):
    before = space.rows("provider", "editions")
    answer = await ask(space, say, "exchange", "22" * 32)
    assert answer.status == 409
    assert space.rows("provider", "editions") == before
    assert "anchored after the registration" in answer.json["text"]


async def test_the_same_draw_is_repeated_and_another_one_refused(space, say):
    listing = space.rows("exchange", "listings")[0]
    edition = listing["edition"]
    first = bytes(listing["seed"]).hex()
    url = f"{space.url('provider')}/review/{edition}"

    async def draw(seed):
        body = orjson.dumps({"seed": seed, "reader": READER})
        return await say("POST", url, body, space.bearer("exchange", "provider"))

    opened = [await draw(first) for _ in range(2)]
    assert [answer.status for answer in opened] == [200, 200]
    rows = [[row["row"] for row in answer.json["rows"]] for answer in opened]
    assert rows[0] == rows[1] == listing_rows(listing)
    anchored = await space.doors["exchange"].call("POST", "log/anchor", {})
    second = await draw(anchored["root"])
    assert second.status == 409
    assert "drawn from before" in second.json["text"]


def listing_rows(listing):
    review = listing["review"]
    return (orjson.loads(review) if isinstance(review, str) else review)["rows"]
