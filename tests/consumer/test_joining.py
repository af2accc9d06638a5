"""Openings that are read together: decided, counted and recorded all or none, and told to nobody of the others."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
import pytest_asyncio

from connector.console import disclosed
from connector.consumer import pending
from connector.consumer.joining import PRODUCTS_MAX
from connector.consumer.reads import Reads
from connector.custody import edition as editions
from connector.custody import replicas
from connector.custody.joined import PREFIX, opened_under, opening_id, reading_of
from connector.custody.seal import Brief, seal
from connector.custody.sources import source_of
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PenstockError
from connector.store.rows.vault import EditionRow
from contracts.canonical import sha
from contracts.ranges import RowSet
from contracts.typed_data import Agreement
from contracts.typed_json import to_json
from tests.api.running import rule, running
from tests.interop import catalogue

pytestmark = pytest.mark.asyncio(loop_scope="module")

PURPOSE = "AirTrafficResearch"
ANY = rule(("count", "lteq", "9"))
ONCE = rule(("count", "lteq", "1"))
APART = ANY | {"prohibition": [{"action": "aggregate"}], "conflict": "prohibit"}
TABLES = {"rain": b"station,mm\nS0,3\nS1,5\n", "places": b"station,height\nS0,100\nS1,200\n"}
JOIN = "select height, mm from rain join places using (station) order by height"
FOUND = [[100, 3], [200, 5]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def holder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joining")
    async with running(folder, roles=("provider", "buyer")) as made:
        made.editions = {name: await sealed(made, folder, name, text) for name, text in TABLES.items()}
        yield made


async def sealed(holder, folder, name, text):
    file = folder / f"{name}.csv"
    file.write_bytes(text)
    connector = holder.connector
    brief = Brief(series=sha({"of": name}), number=1, key_holder=connector.did, piece_bytes=1 << 16)
    run, now = connector.secrets.draw_run(), connector.clock.now()
    made = await asyncio.to_thread(seal, source_of([file]), run, connector.blobs, brief, sealed_at=now)
    await holder.store.write(lambda tx: editions.record(tx, made, product=name, now=now))
    return made


async def held(holder, name, policy=ANY, tier="kept"):
    """Write all that a purchase of a table leaves behind; returns the agreement's digest, the acquisition's id, too."""
    connector, edition, now = holder.connector, holder.editions[name], holder.connector.clock.now()
    key, rows = edition.edition_id, len(edition.table)
    terms = catalogue.terms("running") | {"salt": "05" * 32, "editionId": key.hex()}
    peer = f"did:web:{name}.example"
    digest, _ = await holder.agree(policy, tier=tier, terms=terms, peer=peer, edition=key)
    signed = Agreement(b"\xa1" * 20, b"\xb2" * 20, b"\3" * 32, key, b"\5" * 32, b"\xc3" * 20, 9, 9, b"\6" * 32, "")
    new = replicas.prepare(connector.secrets, key, edition.header.json(), edition.table.data)
    own = await holder.store.read(lambda tx: tx.get(EditionRow, id=key.hex()))
    secrets = editions.row_secrets(connector.secrets, own, edition.table, range(rows))

    def act(tx):
        tx.update("agreements", {"digest": digest}, role="consumer", agreement=to_json(signed))
        replicas.record(tx, new, agreement=digest, now=now)
        replicas.note_bytes(tx, new.replica_id, RowSet(((0, rows),)))
        replicas.store_secrets(tx, connector.secrets, new.replica_id, secrets)
        about = {"product": name, "provider": "", "state": "complete", "agreement": digest}
        tx.insert("acquisitions", id=digest, **about, created=now, updated=now)

    await holder.store.write(act)
    return digest


async def both(holder, rain=ANY, places=ANY):
    return await held(holder, "rain", rain), await held(holder, "places", places)


def asked(rain, places, key=None, **more):
    return {
        "id": key or f"{rain[:8]}-first",
        "acquisition": rain,
        "purpose": PURPOSE,
        "query": JOIN,
        "joined": {"places": places},
        **more,
    }


async def told(holder, digest):
    """Return (kind, fields) of what the log says under an agreement, the first first."""
    rows = await holder.store.read(lambda tx: tx.find("log_entries", "part = ?", (digest,), order="idx"))
    core = holder.connector.core
    fields = [await holder.store.read(lambda tx, at=row["idx"]: disclosed.fields(core, tx, at)) for row in rows]
    return [(row["kind"], one) for row, one in zip(rows, fields, strict=True)]


async def taken(holder, *digests):
    rows = await holder.store.read(lambda tx: tx.find("uses"))
    return [sum(row["agreement"] == digest and row["state"] == "committed" for row in rows) for digest in digests]


async def test_both_are_decided_counted_and_recorded_each_under_its_own_agreement(holder):
    pair = await both(holder)
    said = await holder.connector.openings.open(asked(*pair))
    assert (said["answer"]["rows"], [one["number"] for one in said["joined"]]) == (FOUND, [1, 1])
    assert await taken(holder, *pair) == [1, 1]
    kinds = ["decision.made", "decision.made", "opening.started", "opening.ended"]
    for digest in pair:
        assert [kind for kind, _ in await told(holder, digest)] == kinds
        assert [len(await holder.decisions(digest, place)) for place in ("joining", "opening")] == [1, 1]


async def test_what_one_provider_is_told_says_nothing_of_the_other(holder):
    """That it was joined is said; with what is not, nor the statement, nor a digest of it that could be guessed."""
    pair = await both(holder)
    said = await holder.connector.openings.open(asked(*pair))
    found = [await told(holder, digest) for digest in pair]
    digests = [fields["joined"] for one in found for kind, fields in one if kind == "opening.started"]
    assert digests == [sha({"blind": one["blind"], "query": JOIN}).hex() for one in said["joined"]]
    assert len({*digests, sha({"query": JOIN}).hex()}) == 3
    assert all("statement" not in fields for one in found for _, fields in one)
    for mine, other, digest in zip(found, ("places", "rain"), reversed(pair), strict=True):
        text = json.dumps(mine)
        words = (other, "height", "mm", digest, f"did:web:{other}.example")
        assert [word for word in words if re.search(rf"\b{word}\b", text)] == []


async def test_where_one_refuses_none_is_counted_and_the_other_is_told_nothing(holder):
    rain, places = await both(holder, places=APART)
    with pytest.raises(NotPermitted, match="`places` is not joined"):
        await holder.connector.openings.open(asked(rain, places))
    assert await taken(holder, rain, places) == [0, 0]
    assert await told(holder, rain) == [], "nothing of its data was used"
    assert [kind for kind, _ in await told(holder, places)] == ["decision.made"]
    with pytest.raises(NotPermitted, match="`places` is not joined"):
        await holder.connector.openings.open(asked(rain, places))
    assert len(await told(holder, places)) == 1, "asked again under its id it is refused again, and not decided"
    alone = {"id": "alone", "acquisition": places, "purpose": PURPOSE, "query": "select count(*) from places"}
    assert (await holder.connector.openings.open(alone))["number"] == 1


@pytest.mark.parametrize("turned", [False, True])
async def test_where_one_is_used_up_neither_is_counted(holder, turned):
    rules = {"places": ONCE} if not turned else {"rain": ONCE}
    pair = await both(holder, **rules)
    await holder.connector.openings.open(asked(*pair))
    with pytest.raises(NotPermitted, match="is not joined"):
        await holder.connector.openings.open(asked(*pair, f"second-{turned}"))
    assert await taken(holder, *pair) == [1, 1]


@pytest.mark.parametrize("where", ["uses", "log"])
async def test_a_crash_while_it_is_decided_counts_neither(holder, where, monkeypatch):
    pair = await both(holder, rain=ONCE, places=ONCE)
    enforcement, calls = holder.connector.enforcement, []
    real = type(enforcement).at_once

    def falling(self, tx, parts, now):
        calls.append(parts)
        found = real(self, tx, parts, now) if where == "log" or len(calls) < 2 else ""
        if len(calls) == 2:
            raise PenstockError("the process is gone")
        return found

    with monkeypatch.context() as broken:
        broken.setattr(type(enforcement), "at_once", falling)
        with pytest.raises(PenstockError, match="gone"):
            await holder.connector.openings.open(asked(*pair))
    assert await taken(holder, *pair) == [0, 0]
    assert [await told(holder, digest) for digest in pair] == [[], []]
    assert (await holder.connector.openings.open(asked(*pair)))["answer"]["rows"] == FOUND
    assert await taken(holder, *pair) == [1, 1]


async def test_a_crash_after_it_was_decided_leaves_both_counted_once(holder, monkeypatch):
    pair = await both(holder, rain=ONCE, places=ONCE)

    async def gone(*_):
        raise PenstockError("the process is gone")

    with monkeypatch.context() as broken:
        broken.setattr(Reads, "finish_all", gone)
        with pytest.raises(PenstockError, match="gone"):
            await holder.connector.openings.open(asked(*pair))
    assert await taken(holder, *pair) == [1, 1]
    for digest in pair:
        assert [kind for kind, _ in await told(holder, digest)] == ["decision.made", "decision.made"]
    left = [one for one in await holder.store.read(pending.openings) if pair[0][:8] in one.id]
    assert [f"--with … --id {pair[0][:8]}-first`" in one.en for one in left] == [True], "it is said once how it goes on"
    said = await holder.connector.openings.open(asked(*pair))
    assert (said["answer"]["rows"], [one["number"] for one in said["joined"]]) == (FOUND, [1, 1])
    assert await taken(holder, *pair) == [1, 1]


async def test_an_id_means_one_reading_of_the_same(holder):
    rain, places = await both(holder)
    openings = holder.connector.openings
    await openings.open(asked(rain, places, "one"))
    other = await held(holder, "places")
    for wrong in (asked(rain, other, "one"), asked(rain, places, "one", query=JOIN + " limit 1")):
        with pytest.raises(Conflict):
            await openings.open(wrong)
    with pytest.raises(InvalidInput, match="does not begin"):
        await openings.open(asked(rain, places, PREFIX + "one"))
    assert await taken(holder, rain, places, other) == [1, 1, 0]


@pytest.mark.parametrize(
    "joined",
    [
        {},
        [],
        "places",
        {"places": 1},
        {"": "x"},
        {"1st": "x"},
        {"a-b": "x"},
        {"p" * 61: "x"},
        {"p": "x", "P": "y"},
        {f"n{number}": "x" for number in range(PRODUCTS_MAX)},
    ],
)
async def test_what_is_joined_is_named_well_or_refused(holder, joined):
    rain = await held(holder, "rain")
    with pytest.raises(InvalidInput):
        await holder.connector.openings.open(asked(rain, "", joined=joined))
    assert await told(holder, rain) == []


@pytest.mark.parametrize(("tier", "words"), [("leased", "is leased"), ("plain", "in plain"), ("computed", "stays at")])
async def test_other_tiers_are_joined_with_nothing(holder, tier, words):
    rain, places = await held(holder, "rain"), await held(holder, "places", tier=tier)
    for pair in ((rain, places), (places, rain)):
        with pytest.raises(InvalidInput, match=words):
            await holder.connector.openings.open(asked(*pair))
    assert await taken(holder, rain, places) == [0, 0]


async def test_what_was_destroyed_is_joined_with_nothing(holder):
    rain, places = await both(holder)
    replica = await holder.store.read(lambda tx: replicas.seen(tx, places))
    await holder.connector.erasing.erase(replica.id, "we are done")
    with pytest.raises(NotPermitted, match="`places` is not joined: what was got is destroyed"):
        await holder.connector.openings.open(asked(rain, places))
    assert await taken(holder, rain, places) == [0, 0]


async def test_an_opening_stands_for_all_that_it_read(holder):
    """What is made of a joined reading names each of its agreements by the reading's id."""
    pair = await both(holder)
    await holder.connector.openings.open(asked(*pair, "made/of"))
    await holder.connector.openings.open(asked(*pair, "by-itself", joined=None, query="select count(*) from rain"))
    refused = await both(holder, places=APART)
    with pytest.raises(NotPermitted):
        await holder.connector.openings.open(asked(*refused, "refused"))
    found = {
        key: await holder.store.read(lambda tx, key=key: opened_under(tx, key))
        for key in ("made/of", "by-itself", "refused", "never")
    }
    assert found == {"made/of": list(pair), "by-itself": [pair[0]], "refused": [], "never": []}


@pytest.mark.parametrize("reading", ["first", "a/b", "", "joined//x"])
@pytest.mark.parametrize("name", ["", "places"])
async def test_an_id_says_what_it_is_of(reading, name):
    assert reading_of(opening_id(reading, name)) == (reading, name)
    assert reading_of("keys/first") is None
    assert reading_of("first") is None
