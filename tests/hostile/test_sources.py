"""Bad sources: whatever another exchange or catalogue tells, it harms itself alone, and its state says how."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from aiohttp import web

from catalog.question import question
from catalog.source import Move
from connector.consumer import quoting
from connector.exchange import handed_in
from connector.exchange.federation import changes, entry, harvesting, sources
from connector.negotiation.protocol import messages
from connector.runtime import limits
from connector.runtime.clock import Clock
from connector.runtime.errors import AddressRefused, Conflict, InvalidInput, PenstockError
from tests.api.stranger import Stranger, called
from tests.api.test_crawl import REQUEST, Foreign, dataset
from tests.federation.exchanges import AT, PROVIDER, add, exchange, found, product, put, source, titles, until


class Liar(Stranger):
    """An exchange that answers with what `tells` returns for a number, signed by itself unless it says otherwise."""

    async def start(self):
        self.asked, self.note, self.tells = [], None, lambda _after: []
        await super().start()

    def page(self, entries, after=0, **more):
        last = max([after, *(line["seq"] for line in entries if isinstance(line, dict) and "seq" in line)])
        head = {"exchange": self.did, "epoch": "e", "after": after, "next": last, "more": False, "reset": False}
        return head | {"entries": entries} | more

    def line(self, key, seq=1, **more):
        told = {"kind": "sealed", "provider": PROVIDER, **product(key)} | more
        return entry.listed(key, seq, [self.did], AT, told)

    async def _hear(self, request):
        if request.path != changes.PATH:
            raise web.HTTPNotFound
        after = int(request.query["after"])
        self.asked.append(after)
        told = self.tells(after)
        told = await told if asyncio.iscoroutine(told) else told
        body = (
            told
            if isinstance(told, bytes)
            else json.dumps(told if isinstance(told, dict) else self.page(told, after)).encode()
        )
        note = changes.signed(body, self.did, self.keys.log) if self.note is None else self.note
        return web.Response(body=body, content_type="application/json", headers={changes.HEADER: note})


@pytest.fixture
async def near(tmp_path):
    async with exchange(tmp_path / "near") as made:
        await put(made, product("own", "our own"))
        yield made


@pytest.fixture
async def liar(tmp_path):
    async with called(tmp_path / "liar", Clock().now, Liar) as made:
        yield made


@pytest.fixture
async def shop(tmp_path):
    async with called(tmp_path / "shop", Clock().now, Foreign) as made:
        yield made


HEADS = {
    "no object": [1],
    "another exchange": {"exchange": "did:web:other.example"},
    "another question": {"after": 7},
    "a circle": {"more": True},
    "backwards": {"next": -1},
    "no number": {"next": "1"},
    "too many": {"entries": [{}] * (limits.PAGE_ROWS_MAX + 1)},
    "out of order": {
        "entries": [{"id": "b", "seq": 2, "state": "gone"}, {"id": "a", "seq": 1, "state": "gone"}],
        "next": 2,
    },
    "beyond the end": {"entries": [{"id": "b", "seq": 9, "state": "gone"}], "next": 2},
}


@pytest.mark.parametrize("what", HEADS)
async def test_an_answer_that_breaks_the_rules_changes_nothing(near, liar, what):
    wrong = HEADS[what]
    liar.tells = lambda after: json.dumps(wrong).encode() if isinstance(wrong, list) else liar.page([], after) | wrong
    row = await add(near, "liar", liar.url)
    assert (row["state"], row["products"]) == ("failing", 0)
    assert row["reason"]
    assert await titles(near) == ["our own"]


@pytest.mark.parametrize("note", ["", "x", "bm90ZQ==", "another's", "another answer's"])
async def test_an_answer_that_its_exchange_did_not_sign_is_not_believed(near, liar, note):
    liar.tells = lambda after: liar.page([liar.line("a")], after)
    body = json.dumps(liar.page([])).encode()
    made = {
        "another's": changes.signed(json.dumps(liar.page([liar.line("a")])).encode(), liar.did, near.identity.keys.log),
        "another answer's": changes.signed(body, liar.did, liar.keys.log),
    }
    liar.note = made.get(note, note)
    row = await add(near, "liar", liar.url)
    assert (row["state"], row["products"]) == ("failing", 0)
    assert "sign" in row["reason"]


def wrong_lines(liar, near):
    good = liar.line("good", 1)
    told = good["product"]
    yield "no object", 3
    yield "no seq", {"id": "x", "state": "gone"}
    yield "unknown state", good | {"state": "odd"}
    yield "another kind", good | {"product": told | {"kind": "odd"}}
    yield "more members", good | {"product": told | {"more": 1}}
    yield "another edition", good | {"product": told | {"edition": "00" * 32}}
    yield "another product", good | {"product": told | {"id": "other"}}
    yield "an id of ours", liar.line("found:" + "0" * 40)
    yield "a long title", liar.line("x", title="t" * 300)
    yield "no price", good | {"product": told | {"offer": told["offer"] | {"ask": "free"}}}
    yield (
        "a policy of unknown terms",
        good | {"product": told | {"offer": told["offer"] | {"policy": {"permission": [{"action": "eat"}]}}}},
    )
    yield "a provider that is no DID", good | {"product": told | {"provider": "did:web:ex\u0430mple"}}
    yield (
        "a huge one",
        good
        | {
            "product": told
            | {"offer": told["offer"] | {"policy": {"permission": [{"action": "use", "x": "y" * 200_000}]}}}
        },
    )
    yield "nobody's path", good | {"path": []}
    yield "another's path", good | {"path": ["did:web:other.example"]}
    yield "a path in circles", good | {"path": [liar.did, "did:web:b.example", "did:web:b.example"]}
    yield "a path too long", good | {"path": [liar.did, *(f"did:web:{n}.example" for n in range(limits.HOPS_MAX))]}
    yield "no time", good | {"changed": "yesterday"}
    yield "a time of no zone", good | {"changed": "2026-01-01T00:00:00"}
    yield "a deep one", good | {"product": told | {"dataset": json.loads("[" * 200 + "]" * 200)}}


async def test_each_bad_line_is_left_out_and_told_and_the_good_ones_are_taken(near, liar):
    bad = list(wrong_lines(liar, near))
    lines = [
        line | {"seq": seq} if isinstance(line, dict) and "seq" in line else line
        for seq, (_, line) in enumerate(bad, 1)
    ]
    liar.tells = lambda after: liar.page([*lines, liar.line("good", len(bad) + 1)], after)
    row = await add(near, "liar", liar.url)
    assert (row["state"], row["products"], row["left"]) == ("fresh", 1, len(bad)), row["told"]
    assert len(row["told"]) == min(len(bad), limits.SOURCE_LINES_MAX)
    assert all(len(line) < 1_000 for line in row["told"])
    assert await titles(near) == ["Hourly weather", "our own"]


async def test_products_beyond_what_its_operator_allows_are_counted_and_not_kept(near, liar):
    """A source brings as many as its operator allows; the rest is told, and the index grows by no more."""
    total = 1_000

    def tells(after):
        last = min(after + limits.PAGE_ROWS_MAX, total)
        lines = [liar.line(f"p{seq}", seq) for seq in range(after + 1, last + 1)]
        return liar.page(lines, after, next=last, more=last < total)

    liar.tells = tells
    row = await add(near, "liar", liar.url, most=250)
    assert (row["state"], row["products"], row["left"]) == ("fresh", 250, 750)
    assert "over 250 products" in row["told"][0]
    _, many = await near.finding.keys(question(""), limit=1, first=0)
    assert many == 251


async def test_pages_without_end_are_given_up_and_what_they_told_is_kept(near, liar, monkeypatch):
    monkeypatch.setattr(harvesting, "READING_PAGES_MAX", 20)
    liar.tells = lambda after: liar.page([], after, next=after + 1, more=True)
    row = await add(near, "liar", liar.url)
    assert row["state"] == "failing"
    assert "no end" in row["reason"]
    assert len(liar.asked) == 20


async def test_a_catalogue_that_links_in_circles_is_given_up(near, shop, monkeypatch):
    monkeypatch.setattr(harvesting, "READING_PAGES_MAX", 20)
    shop.pages[REQUEST] = ([dataset("a")], [], REQUEST + "?p=2")
    shop.pages[REQUEST + "?p=2"] = ([dataset("b")], [], REQUEST)
    row = await add(near, "shop", shop.url, "dsp")
    assert row["state"] == "failing"
    assert len(shop.asked) == 20
    assert await titles(near, "", "source=shop") == ["a", "b"]


@pytest.mark.parametrize(
    "link", ["http://169.254.169.254/latest", "http://localhost:1/x", "//evil.example/", "http://[::1"]
)
async def test_a_link_elsewhere_is_not_followed(near, shop, link):
    shop.pages[REQUEST] = ([dataset("a")], [], link)
    row = await add(near, "shop", shop.url, "dsp")
    assert row["state"] == "failing"
    assert [path for _, path in shop.asked] == [REQUEST]


async def test_a_nested_catalogue_at_an_address_of_ours_is_not_asked(near, shop):
    inside = [
        messages.nested_catalog(
            "urn:n", "did:web:169.254.169.254", messages.data_service("s", "http://169.254.169.254/dsp")
        ),
        messages.nested_catalog("urn:m", "did:web:intra.local", messages.data_service("s", "http://intra.local/dsp")),
    ]
    shop.pages[REQUEST] = ([dataset("a")], inside, None)
    row = await add(near, "shop", shop.url, "dsp")
    assert (row["state"], row["products"], row["left"], row["whole"]) == ("fresh", 1, 2, False)
    assert "169.254.169.254` is not" in row["told"][0]
    assert "intra.local` is a name of this machine or its network" in row["told"][1]


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/", "http://10.0.0.1:8080", "http://127.1:8000", "ftp://exchange.example",
        "http://user@exchange.example", "https://exchange.example:22", "http://[fd00::1]:8000", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["exchange", "dsp"])
async def test_an_address_of_no_connector_is_no_source(near, address, kind):
    with pytest.raises(AddressRefused):
        await sources.add(near.core, near.peers, "bad", kind, address)
    assert await source(near, "bad") is None


async def test_names_kinds_and_numbers_that_are_none_are_refused(near, liar):
    for name in ("", "Own", "own", "a b", "-a", "a-", "\u0430", "x" * 33, "../x"):
        with pytest.raises(ValueError, match="source"):
            await sources.add(near.core, near.peers, name, "exchange", liar.url)
    for kind, most in (("edc", 5), ("exchange", 0), ("exchange", limits.SOURCE_PRODUCTS_MAX + 1)):
        with pytest.raises(InvalidInput):
            await sources.add(near.core, near.peers, "liar", kind, liar.url, most)
    with pytest.raises(InvalidInput):
        await sources.add(near.core, near.peers, "self", "exchange", near.url)
    await sources.add(near.core, near.peers, "liar", "exchange", liar.url)
    with pytest.raises(Conflict):
        await sources.add(near.core, near.peers, "twin", "exchange", liar.url)
    with pytest.raises(Conflict):
        await sources.add(near.core, near.peers, "liar", "exchange", liar.url, 7)


async def test_a_slow_source_costs_the_others_nothing(near, liar, tmp_path, monkeypatch):
    """Its place is one of several, and one answer of its has a time; a source that is well is read meanwhile."""
    gate = asyncio.Event()

    async def waits(after):
        await gate.wait()
        return liar.page([], after)

    liar.tells = waits
    async with exchange(tmp_path / "far") as far:
        await put(far, product("tides", "Harbour tides"))
        await sources.add(near.core, near.peers, "slow", "exchange", liar.url)
        await sources.add(near.core, near.peers, "far", "exchange", far.url)
        near.harvesting.wake()
        begun = time.monotonic()

        async def fresh():
            return (await source(near, "far"))["state"] == "fresh"

        await until(fresh)
        assert time.monotonic() - begun < limits.CALL_SECONDS_MAX
        assert (await source(near, "slow"))["state"] == "waiting"
        assert await titles(near) == ["Harbour tides", "our own"]
        gate.set()


async def test_who_fails_is_asked_less_and_less_often(near, liar):
    liar.tells = lambda _after: b"garbage"
    await sources.add(near.core, near.peers, "liar", "exchange", liar.url)
    pauses = []
    for _ in range(4):
        await near.harvesting.now("liar")
        row = await source(near, "liar")
        pauses.append((row["due"] - row["updated"]).total_seconds())
    assert pauses == [limits.SOURCE_RETRY_SECONDS * 2**turn for turn in range(4)]
    for _ in range(30):
        began = await near.store.read(lambda tx: sources.find(tx, "liar"))
        await near.store.write(lambda tx, row=began: sources.fail(tx, row, "again", near.clock.now()))
    row = await source(near, "liar")
    assert (row["due"] - row["updated"]).total_seconds() == limits.SOURCE_RETRY_SECONDS_MAX


async def test_no_text_of_a_source_reaches_a_reader_as_it_came(near, shop):
    """Escape sequences, marks of direction, invisible characters, markup and look-alike names."""
    titles_ = {
        "esc": "\x1b]0;pwned\x07tides\r\nour own",
        "bidi": "tides \u202elatot eerf\u202c",
        "zero": "our\u200b own\ufeff",
        "html": "<script>alert(1)</script>",
        "long": "t" * 100_000,
        "alike": "our \u043ewn",
    }
    shop.pages[REQUEST] = ([dataset(key, title=title) for key, title in titles_.items()], [], None)
    await add(near, "shop", shop.url, "dsp")
    rows = {row["origins"][0]["id"]: row for row in await found(near, "", "source=shop")}
    assert rows["esc"]["title"] == "\ufffd]0;pwned\ufffdtides our own"
    assert rows["bidi"]["title"] == "tides latot eerf"
    assert rows["zero"]["title"] == "our own"
    assert len(rows["long"]["title"]) == 256
    for row in rows.values():
        assert row["id"].startswith("found:")
        assert row["origins"][0]["source"] == "shop"
        assert row["provider"].isascii()
        assert all(character.isprintable() for character in row["title"])


async def test_a_time_to_come_does_not_put_a_product_first_for_ever(near, liar):
    line = liar.line("future") | {"changed": "2999-01-01T00:00:00+00:00"}
    liar.tells = lambda after: liar.page([line], after)
    await add(near, "liar", liar.url)
    row = await near.store.read(lambda tx: tx.find("federated"))
    assert row[0]["updated"] <= near.clock.now()


async def test_a_page_that_comes_late_for_a_source_that_was_paused_is_not_kept(near, liar):
    await sources.add(near.core, near.peers, "liar", "exchange", liar.url)
    gate, there = asyncio.Event(), asyncio.Event()

    async def waits(after):
        there.set()
        await gate.wait()
        return liar.page([liar.line("late")], after)

    liar.tells = waits
    near.harvesting.wake()
    await asyncio.wait_for(there.wait(), 10)
    await near.store.write(lambda tx: sources.turn(tx, near.core, "liar", Move.PAUSE, near.did))
    gate.set()
    await asyncio.sleep(0.3)
    row = await source(near, "liar")
    assert (row["state"], row["products"]) == ("paused", 0)
    with pytest.raises(ValueError, match="paused"):
        await near.harvesting.now("liar")


async def test_what_was_found_elsewhere_cannot_be_listed_or_bought_here(near, liar):
    with pytest.raises(InvalidInput):
        handed_in.listing(product("found:" + "0" * 40))
    liar.tells = lambda after: liar.page([liar.line("tides")], after)
    await add(near, "liar", liar.url)
    [row] = await found(near, "", "source=liar")
    with pytest.raises(PenstockError, match="traded in the space of"):
        quoting._refuse_elsewhere(row)
