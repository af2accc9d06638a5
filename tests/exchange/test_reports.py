"""Reports of a node: read strictly, held against the one before, and counted from the logs that were collected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.errors import CatalogError
from connector.exchange.node.counting import counted
from connector.exchange.node.report import COUNTS, PURPOSE, from_json, troubles
from connector.exchange.node.reports import Reports
from connector.exchange.signed_answer import signed
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PeerMisbehaved
from connector.store.rows.linked import BelowRow, LinkState, NodeReportRow, ReportedLogRow
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.canonical import canonical, sha
from ledger.log.events import Entry
from tests.connector.test_collection import DID, Owner, opened
from tests.core import core

AT = datetime(2026, 11, 28, tzinfo=UTC)
NODE, EXCHANGE, ROOT = "did:web:node", "did:web:exchange", "0" * 64
KEY = Ed25519PrivateKey.generate()


def report(number=1, previous="", **more):
    return {
        "number": number, "previous": previous, "node": NODE, "exchange": EXCHANGE, "from": "",
        "until": "2026-11-28T00:00:00+00:00", "counts": dict.fromkeys(COUNTS, 5), "log": {"size": 9, "root": ROOT},
        "logs": [{"member": "did:web:a", "size": 7, "root": ROOT}], "digest": ROOT, **more,
    }  # fmt: skip


WRONG = {
    "no object": [],
    "one member more": report() | {"price": 7},
    "no number": report(0),
    "a fraction": report(1.5),
    "truth": report(True),
    "a count too few": report(counts={"products": 1}),
    "a negative count": report(counts=dict.fromkeys(COUNTS, -1)),
    "no digest before": report(2, "x"),
    "no moment": report(until="yesterday"),
    "a period backwards": report(**{"from": "2027-01-01T00:00:00+00:00"}),
    "no root": report(log={"size": 1, "root": "x"}),
    "two lines": report(node="did:web:a\nb"),
    "too many logs": report(logs=[{"member": f"did:web:{n}", "size": 1, "root": ROOT} for n in range(257)]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_report_is_refused(name):
    with pytest.raises(CatalogError):
        from_json(WRONG[name])


FIRST = from_json(report())
AFTER = {"number": 2, "previous": sha(report()).hex()}
TAKEN_BACK = {
    "nothing": ({}, ""),
    "one is missing": ({"number": 3}, "reports 2 to 2 are missing"),
    "an old number": ({"number": 1}, "report 1 came after report 1"),
    "another one before": ({"previous": "1" * 64}, "another report 1"),
    "fewer products": ({"counts": dict.fromkeys(COUNTS, 5) | {"products": 4}}, "5 products were reported, now 4"),
    "a shorter log": ({"log": {"size": 8, "root": ROOT}}, "its own log had 9 entries and has 8"),
    "another log": ({"log": {"size": 9, "root": "1" * 64}}, "another root at the same size"),
    "a shorter copy": ({"logs": [{"member": "did:web:a", "size": 6, "root": ROOT}]}, "the log of did:web:a had 7"),
    "a copy is gone": ({"logs": []}, "the log of did:web:a is not reported any more"),
    "an earlier period": ({"until": "2026-11-27T00:00:00+00:00"}, "ends before"),
}


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_what_was_taken_back_between_two_reports_is_named(name):
    change, words = TAKEN_BACK[name]
    found = troubles(FIRST, from_json(report(**AFTER | change)))
    assert words in "; ".join(found)
    assert bool(found) == bool(words)
    assert troubles(None, FIRST) == []


async def taking(folder, state=LinkState.ACCEPTED):
    store = await Store.open(folder / "store.sqlite", TABLES)
    below = BelowRow(did=NODE, name="N", region="CN-GD", exchange=EXCHANGE, state=state, reason="", asked=AT, moved=AT)
    await store.write(lambda tx: tx.put(below))
    recorded = []

    async def document(_did):
        return SimpleNamespace(require=lambda _purpose: KEY.public_key().public_bytes_raw())

    evidence = SimpleNamespace(record=lambda _tx, kind, **_more: recorded.append(kind))
    ground = core(did="did:web:top", store=store, clock=SimpleNamespace(now=lambda: AT), evidence=evidence)
    made = Reports(ground, None, SimpleNamespace(document=document), None)

    async def take(told, key=KEY, caller=NODE):
        note = signed(canonical(told), caller, PURPOSE, key)
        return await made.take({"report": told, "note": note}, caller, store.write)

    return store, take, recorded


async def test_a_report_is_taken_once_and_another_of_its_number_is_named(tmp_path):
    store, take, recorded = await taking(tmp_path)
    assert await take(report()) == {"number": "1"}
    assert await take(report()) == {"number": "1"}
    assert recorded == ["report.received"]
    with pytest.raises(Conflict, match="came before this one"):
        await take(report(counts=dict.fromkeys(COUNTS, 6)))
    [row] = await store.read(lambda tx: tx.find(NodeReportRow))
    assert (row.document["counts"]["products"], row.trouble) == (5, "another report has the same number")
    await take(report(3, "1" * 64, log={"size": 8, "root": ROOT}))
    [_, row] = await store.read(lambda tx: tx.find(NodeReportRow, order="number"))
    assert row.trouble == "reports 2 to 2 are missing; its own log had 9 entries and has 8"
    await store.close()


async def test_a_report_by_another_or_of_another_is_not_taken(tmp_path):
    store, take, recorded = await taking(tmp_path)
    for told, key, fault in (
        (report(), Ed25519PrivateKey.generate(), PeerMisbehaved),
        (report(node="did:web:other"), KEY, InvalidInput),
        (report(exchange="did:web:other"), KEY, InvalidInput),
    ):
        with pytest.raises(fault):
            await take(told, key)
    with pytest.raises(NotPermitted):
        await take(report(), KEY, "did:web:stranger")
    await store.write(lambda tx: tx.put(replace(tx.get(BelowRow, did=NODE), state=LinkState.CUT)))
    with pytest.raises(NotPermitted):
        await take(report())
    assert recorded == []
    await store.close()


async def test_the_newest_reports_are_kept_however_far_their_numbers_jump(tmp_path, monkeypatch):
    monkeypatch.setattr("connector.exchange.node.reports.REPORTS_KEPT_MAX", 3)
    store, take, _ = await taking(tmp_path)
    for number in (1, 2, 3, 2**53 - 1):
        await take(report(number, "1" * 64 if number > 1 else ""))
    numbers = await store.read(lambda tx: [row.number for row in tx.find(NodeReportRow, order="number")])
    assert numbers == [2, 3, 2**53 - 1]
    await store.close()


def event(kind, *links):
    return Entry(kind, AT, DID, links[0], links, (), None).encode()


async def test_a_period_counts_what_no_report_has_counted_and_each_thing_once(tmp_path):
    owner = Owner()
    owner.entries = [
        event("agreement.signed", "a1"), event("agreement.signed", "a1"), event("agreement.signed", "a2"),
        event("copy.served", "t1", "o1"), event("copy.served", "t1", "o2"), event("listing.moved", "p"),
    ]  # fmt: skip
    owner.size = len(owner.entries)
    collection, store = await opened(owner, tmp_path)
    await collection.collect()
    space = SimpleNamespace(members={DID: None, NODE: None}, barred={})
    found = await counted(store, space, NODE, AT)
    assert found.counts | {"instructions": 2, "transfers": 1, "members": 1, "products": 0} == found.counts
    assert found.sizes == {DID: 6}
    assert found.digest == sha(found.logs).hex()
    await store.write(lambda tx: tx.put(ReportedLogRow(member=DID, size=3)))
    assert (await counted(store, space, NODE, AT)).counts["instructions"] == 0
    assert (await counted(store, space, NODE, AT)).counts["transfers"] == 1
    await store.close()


async def test_who_waits_to_be_accepted_asks_and_then_reports_by_itself(tmp_path):
    store = await Store.open(tmp_path / "store.sqlite", TABLES)
    state, done, passed = [LinkState.ASKED], [], [0.0]
    clock = SimpleNamespace(now=lambda: AT, monotonic=lambda: passed[0])

    async def above():
        return SimpleNamespace(did="did:web:top", state=state[0])

    async def rise(_did, *, again):
        assert again
        done.append("asked")

    async def make():
        done.append("made")

    made = Reports(core(did=NODE, store=store, clock=clock, roles=("node",)), None, None, None)
    made._links, made.make = SimpleNamespace(above=above, rise=rise), make
    for moment, stands, does in (
        (0.0, LinkState.ASKED, ["asked"]),
        (1.0, LinkState.ASKED, []),
        (61.0, LinkState.ACCEPTED, ["made"]),
        (122.0, LinkState.CUT, []),
    ):
        passed[0], state[0] = moment, stands
        await made.chore()
        assert done == does
        done.clear()
    await store.close()
