"""What is kept of sightings, against a model: any order of pages, sweeps, own listings and drops."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.found import found_id
from connector.exchange import finding, numbering
from connector.exchange.federation import entry, keeping
from connector.store.rows.catalogue import SourceRow
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.core import core
from tests.fault.extent import tried
from tests.federation.exchanges import product
from tests.postgres import durable, new_schema

NAMED = ("listings", "services", "federated", "harvested", "sources", "facts")
AT = datetime(2026, 3, 1, tzinfo=UTC)
SOURCES = ("first", "second", "third")
KEYS = ("a", "b", "c")
MOST = 2

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("take"),
            st.sampled_from(SOURCES),
            st.lists(
                st.tuples(st.sampled_from(KEYS), st.sampled_from(("", "one", "other")), st.integers(1, 3)), max_size=4
            ),
        ),
        st.tuples(st.just("read again"), st.sampled_from(SOURCES), st.none()),
        st.tuples(st.just("sweep"), st.sampled_from(SOURCES), st.none()),
        st.tuples(st.just("list"), st.sampled_from(KEYS), st.booleans()),
    ),
    max_size=14,
)


def sighting(source, key, title, hops):
    """Of one provider's product; without a title it is gone."""
    if not title:
        return entry.Sighting(key)
    document = {"kind": "sealed", "provider": "did:web:provider.example", **product(key, title)}
    path = (f"did:web:{source}.example", *(f"did:web:{number}.example" for number in range(1, hops)))
    return entry.sighting(key, document, path, AT)


class Model:
    """(source, key) → (title, hops, generation); what is listed here."""

    def __init__(self):
        self.seen, self.generation, self.listed = {}, dict.fromkeys(SOURCES, 1), set()

    def take(self, source, lines):
        for key, title, hops in lines:
            here = [one for one in self.seen if one[0] == source]
            if not title:
                self.seen.pop((source, key), None)
            elif (source, key) in self.seen or len(here) < MOST:
                self.seen[source, key] = (title, hops, self.generation[source])

    def found(self):
        best = {}
        for (source, key), (title, hops, _) in self.seen.items():
            mark = (hops, SOURCES.index(source))
            if key not in self.listed and (key not in best or mark < best[key][0]):
                best[key] = (mark, title)
        return {key: title for key, (_, title) in best.items()}


@settings(max_examples=tried(40))
@given(steps)
def test_it_is_always_what_the_model_says_and_every_change_has_its_number(script):
    asyncio.run(_played(script))


async def _played(script):
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "x.db", [table for table in TABLES if table.name in NAMED])
        try:
            await store.write(_named)
            model = Model()
            for step in script:
                before = await store.read(_shown)
                number = await store.read(numbering.newest)
                await store.write(lambda tx, step=step: _play(tx, model, *step))
                after = await store.read(_shown)
                assert {key: row["title"] for key, row in after.items() if row["state"] == "found"} == model.found()
                for key, row in after.items():
                    changed = {**row, "seq": 0} != {**before.get(key, {}), "seq": 0}
                    assert not changed or row["seq"] > number
                seqs = [row["seq"] for row in after.values()]
                assert len(set(seqs)) == len(seqs)
                counts = await store.read(lambda tx: {row["name"]: row["products"] for row in tx.find("sources")})
                assert counts == {name: sum(one[0] == name for one in model.seen) for name in SOURCES}
        finally:
            await store.close()


def _named(tx):
    for rank, name in enumerate(SOURCES, 1):
        told = {"kind": "exchange", "state": "reading", "cursor": {}, "generation": 1, "products": 0, "most": MOST}
        tx.insert("sources", name=name, rank=rank, **told)


def _play(tx, model, what, name, more):
    if what == "list":
        model.listed ^= {name}
        state = "listed" if name in model.listed else "suspended"
        about = {"provider": "did:web:provider.example", "edition": product(name)["edition"], "state": state}
        tx.put("listings", id=name, seq=numbering.following(tx), **about)
        keeping.rethink(tx, about["provider"], name, about["edition"], AT)
        return
    source = tx.get(SourceRow, name=name)
    if what == "take":
        model.take(name, more)
        count, _ = keeping.take(tx, source, [sighting(name, *line) for line in more], AT)
        tx.update("sources", {"name": name}, products=count)
    elif what == "read again":
        model.generation[name] += 1
        tx.update("sources", {"name": name}, generation=source.generation + 1)
    else:
        swept = keeping.sweep(tx, source, source.generation, 100, AT)
        tx.update("sources", {"name": name}, products=source.products - swept)
        old = [one for one, seen in model.seen.items() if one[0] == name and seen[2] < model.generation[name]]
        for one in old:
            del model.seen[one]
        assert swept == len(old)


def _shown(tx):
    rows = {}
    for row in tx.find("federated"):
        sighting_ = tx.get("harvested", source=row["source"], own=row["origin"]) if row["state"] == "found" else None
        title = sighting_["document"]["title"] if sighting_ else ""
        rows[row["own"]] = {"state": row["state"], "title": title, "seq": row["seq"], "id": row["id"]}
        assert row["id"] == found_id(row["provider"], row["own"])
    return rows


async def test_what_is_gone_is_forgotten_at_last_and_the_index_needs_no_more_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "GONE_PRODUCTS_MAX", 10)
    store = await Store.open(tmp_path / "x.db", [table for table in TABLES if table.name in NAMED])
    try:
        await store.write(_named)
        source = replace(await store.read(lambda tx: tx.get(SourceRow, name="first")), most=100)
        lines = [sighting("first", f"p{number}", "title", 1) for number in range(12)]
        await store.write(lambda tx: keeping.take(tx, source, lines, AT))
        gone = [entry.Sighting(one.own) for one in lines]
        await store.write(lambda tx: keeping.take(tx, source, gone, AT))
        newest = await store.read(numbering.newest)
        await store.write(keeping.prune)
        rows = await store.read(lambda tx: tx.find("federated", order="seq"))
        assert len(rows) == 5
        assert rows[-1]["seq"] == newest == await store.read(numbering.newest)
        floor = await store.read(lambda tx: tx.get("facts", name=keeping.FLOOR))
        assert floor["value"]["seq"] == rows[0]["seq"] - 1
        started = finding.Finding(core(store=store, data=tmp_path, roles={"exchange"}), None)
        await started.recover()
        await started.close()
    finally:
        await store.close()


async def test_it_is_kept_on_a_server_of_postgresql_as_in_a_file(absent):
    """One long script, drawn by the run's seed, against the same model."""
    rng = random.Random(int(os.environ["PENSTOCK_TEST_SEED"]))
    draw = {
        "take": lambda: (rng.choice(SOURCES), [_drawn(rng) for _ in range(rng.randrange(4))]),
        "read again": lambda: (rng.choice(SOURCES), None),
        "sweep": lambda: (rng.choice(SOURCES), None),
        "list": lambda: (rng.choice(KEYS), True),
    }
    with durable(absent) as base:
        store = await Store.open(new_schema(base), [table for table in TABLES if table.name in NAMED])
        try:
            await store.write(_named)
            model = Model()
            for what in rng.choices(list(draw), (3, 1, 1, 1), k=80):
                step = what, *draw[what]()
                await store.write(lambda tx, step=step: _play(tx, model, *step))
                after = await store.read(_shown)
                assert {key: row["title"] for key, row in after.items() if row["state"] == "found"} == model.found()
        finally:
            await store.close()


def _drawn(rng):
    return rng.choice(KEYS), rng.choice(("", "one", "other")), rng.randrange(1, 4)
