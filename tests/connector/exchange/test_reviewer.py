"""What is reviewed by itself: each kind in its own way; what nobody has read says so, and what cannot be is refused."""

from __future__ import annotations

import asyncio

import pytest

from catalog.listing import Move
from connector.exchange import drawing, handed_in, kinds, listings, services
from connector.runtime.errors import Conflict
from connector.store.rows.catalogue import ServiceRow
from tests.api.lone import lone
from tests.catalog.test_service import SERVICE
from tests.federation.exchanges import product

PROVIDER = "did:web:provider.example"
AUTOMATIC = {"PENSTOCK_REVIEW_AUTOMATIC": "true"}
FREE = SERVICE | {"serves": []}


async def hand_in(exchange, document):
    checked, now = handed_in.data_service({"service": document}), exchange.clock.now()
    row = await exchange.store.write(lambda tx: services.submit(tx, exchange.evidence, checked, PROVIDER, now))
    return row.id


async def settled(exchange, key):
    """Return the row of a service when its review is over."""
    async with asyncio.timeout(10):
        while (row := await exchange.store.read(lambda tx: services.find(tx, key))).state == "submitted":
            await asyncio.sleep(0.02)
    return row


async def test_every_kind_is_checked_in_its_way(tmp_path):
    async with lone(tmp_path / "data", ("exchange",)) as exchange:
        assert set(exchange.reviewer.checks) == set(kinds.KINDS)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_service_is_listed_by_rule_and_says_that_nobody_has_read_it(tmp_path, restarted):
    async with lone(tmp_path / "data", ("exchange",), AUTOMATIC) as exchange:
        key = await hand_in(exchange, FREE)
        await exchange.reviewer.recover() if restarted else exchange.reviewer.submitted(key, PROVIDER)
        row = await settled(exchange, key)
        assert (row.state, row.review) == ("listed", {"rows": [], "bound": services.CHECKED})
        assert [one["key"] for one in services.view(row)["limits"]] == ["used-outside", "rules-only-review"]
        again = await exchange.reviewer.review(key)
        assert (again["bound"], again["opened"]) == (services.CHECKED, 0)


async def test_what_works_on_something_that_is_not_listed_is_refused_with_the_reason(tmp_path):
    async with lone(tmp_path / "data", ("exchange",), AUTOMATIC) as exchange:
        key = await hand_in(exchange, SERVICE)
        exchange.reviewer.submitted(key, PROVIDER)
        row = await settled(exchange, key)
        assert (row.state, row.review) == ("refused", None)
        assert "there is no listing `tides`" in row.reason


async def test_an_operator_s_word_stands_where_nothing_is_reviewed_by_itself(tmp_path):
    async with lone(tmp_path / "data", ("exchange",)) as exchange:
        key = await hand_in(exchange, SERVICE)
        exchange.reviewer.submitted(key, PROVIDER)
        await asyncio.sleep(0.1)
        assert (await exchange.reviewer.review(key))["bound"] == services.READ
        row = await settled(exchange, key)
        assert [one["key"] for one in services.view(row)["limits"]] == ["used-outside", "read-only-review"]


async def test_a_review_stands_for_its_version_alone(tmp_path):
    async with lone(tmp_path / "data", ("exchange",)) as exchange:
        key = await hand_in(exchange, FREE)
        await exchange.reviewer.review(key)
        await hand_in(exchange, FREE | {"title": "Ebb forecast"})
        row = await exchange.store.read(lambda tx: services.find(tx, key))
        assert (row.state, row.review) == ("submitted", None)
        await hand_in(exchange, FREE)  # in the very words that were reviewed
        row = await exchange.store.read(lambda tx: services.find(tx, key))
        assert (row.state, row.review["bound"], row.title) == ("listed", services.READ, FREE["title"])
        why = {"by": exchange.did, "role": "exchange", "reason": "a complaint", "now": exchange.clock.now()}
        await exchange.store.write(lambda tx: services.move(tx, exchange.evidence, key, Move.SUSPEND, **why))
        versions = await exchange.store.read(lambda tx: services.VERSIONS.page(tx, key))
        assert [one["reviewed"] for one in versions] == [False, False]


@pytest.mark.parametrize("failing", [False, True])
async def test_what_was_found_of_an_earlier_version_is_of_no_later_one(tmp_path, monkeypatch, failing):
    async with lone(tmp_path / "data", ("exchange",), AUTOMATIC) as exchange:
        looked = []

        async def look(row, _by_hand):
            looked.append(row.title)
            if len(looked) == 1:
                await hand_in(exchange, FREE | {"title": "Ebb forecast"})
                if failing:
                    raise Conflict("what it works on is not listed")
            return {"rows": [], "bound": row.title}

        monkeypatch.setitem(exchange.reviewer.checks, ServiceRow, look)
        key = await hand_in(exchange, FREE)
        exchange.reviewer.submitted(key, PROVIDER)
        row = await settled(exchange, key)
        assert (row.state, row.title, row.review["bound"]) == ("listed", "Ebb forecast", "Ebb forecast")
        assert looked == [FREE["title"], "Ebb forecast"]


async def test_a_seed_is_of_the_edition_that_it_was_drawn_for(tmp_path):
    """Who makes an edition must not know which of its rows are drawn."""
    async with lone(tmp_path / "data", ("exchange",)) as exchange:

        async def put(edition):
            told, now = handed_in.listing(product("tides", edition=edition)), exchange.clock.now()
            return await exchange.store.write(lambda tx: listings.submit(tx, exchange.evidence, told, PROVIDER, now))

        async def anchor():
            await put(2)
            return {"root": "ab" * 32}

        first = await put(1)
        exchange.anchoring.anchor = anchor
        await drawing._seed(exchange.core, exchange.anchoring, first)
        row = await exchange.store.read(lambda tx: listings.find(tx, "tides"))
        assert (row.header["edition"], row.seed) == ("2", None)
