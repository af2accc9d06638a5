"""Nothing that somebody needs is ever garbage: every row of the table of reasons, alone and in any mixture."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.custody import erasure, needs
from connector.store.rows.vault import EditionRow
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.edition.row import Head, Row
from tests.every import every
from tests.fault.extent import tried

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SERIES = "05" * 32


def table(run, number=0):
    """Return a row table of one row of a sealing run; nothing but the run is looked at."""
    head = Head(run + number.to_bytes(8), 1, 1)
    return Row(head, bytes(16), bytes(32), bytes(32), bytes(32)).encode()


def edition(tx, name, number, *, repeats=None, state="registered"):
    run = name.encode().ljust(16, b"\0")
    rows = table(run) + (table(repeats.encode().ljust(16, b"\0")) if repeats else b"")
    told = {
        "header": {"sealedBytes": "1"},
        "path": name,
        "series": SERIES,
        "number": number,
        "run": run,
        "key_id": name,
    }
    tx.insert("editions", id=name, rows=rows, state=state, created=NOW, **told)


def replica(tx, name, *, of="e", state="sealed"):
    told = {"edition": of, "agreement": f"of-{name}", "header": {"sealedBytes": "1"}, "path": name}
    tx.insert("replicas", id=name, state=state, created=NOW, **told)


def agreement(tx, kind, name, *, state="ended", key=None):
    digest = key or (f"of-{name}" if kind == needs.REPLICA else os.urandom(4).hex())
    role = "consumer" if kind == needs.REPLICA else "provider"
    if tx.get("agreements", digest=digest) is None:
        told = {"edition": name, "negotiation": "", "peer": "", "product": "", "terms": {}, "created": NOW}
        tx.insert("agreements", digest=digest, role=role, state=state, **told)
    else:
        tx.update("agreements", {"digest": digest}, state=state)
    return digest


def in_force(tx, kind, name, state="performing"):
    agreement(tx, kind, name, state=state)


def transferred(tx, kind, name, state="STARTED"):
    told = {"role": "provider", "peer": "", "callback": "", "state": state, "pending": "", "turn": "", "reason": ""}
    about = {"agreement": agreement(tx, kind, name), "peer_pid": os.urandom(4).hex(), "created": NOW, "updated": NOW}
    tx.insert("transfers", id=os.urandom(4).hex(), **told, **about)


def channel(tx, kind, name, state="open"):
    key = os.urandom(4).hex()
    told = {"role": "payee", "peer": "", "state": state, "created": NOW}
    tx.insert("channels", id=key, agreement=agreement(tx, kind, name), **told)
    return key


def disputed(tx, kind, name):
    key = channel(tx, kind, name, state="closed")
    tx.insert("bundles", id=os.urandom(4).hex(), channel=key, seq=1, code="edition", bundle={}, created=NOW)


def offered(tx, _kind, name, state="submitted"):
    told = {"title": "", "tier": "kept", "state": state, "created": NOW, "updated": NOW}
    tx.insert("products", id=os.urandom(4).hex(), offer=os.urandom(4).hex(), edition=name, **told)


BOTH = (needs.EDITION, needs.REPLICA)
# what protects → for which kinds
PROTECTS = [
    *((lambda tx, kind, name, s=state: in_force(tx, kind, name, s), BOTH) for state in ("signed", "performing")),
    *((lambda tx, kind, name, s=state: in_force(tx, kind, name, s), BOTH) for state in ("suspended", "disputed")),
    *(
        (lambda tx, kind, name, s=s: transferred(tx, kind, name, s), BOTH)
        for s in ("REQUESTED", "STARTED", "SUSPENDED")
    ),
    *((lambda tx, kind, name, s=state: channel(tx, kind, name, s), BOTH) for state in ("open", "frozen", "stopped")),
    (disputed, BOTH),
    *((lambda tx, kind, name, s=s: offered(tx, kind, name, s), (needs.EDITION,)) for s in ("draft", "submitted")),
]
# what looks like it and protects nothing
IDLE = [
    (lambda tx, kind, name: in_force(tx, kind, name, "ended"), BOTH),
    (lambda tx, kind, name: transferred(tx, kind, name, "COMPLETED"), BOTH),
    (lambda tx, kind, name: transferred(tx, kind, name, "TERMINATED"), BOTH),
    (lambda tx, kind, name: channel(tx, kind, name, "closed"), BOTH),
    (lambda tx, kind, name: offered(tx, kind, name, "withdrawn"), (needs.EDITION,)),
    # a later edition has the rows that it repeats in its own blob, and their secrets under its own key
    (lambda tx, kind, name: edition(tx, "later", 9, repeats=name), (needs.EDITION,)),
]


async def kept(act):
    """Return what speaks for each thing after `act` has filled an empty store."""
    with TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "store.sqlite", TABLES)
        try:
            await store.write(act)
            return {need.id: need.reasons for need in await store.read(needs.needs)}
        finally:
            await store.close()


def made(tx, kind, name):
    edition(tx, name, 1) if kind == needs.EDITION else replica(tx, name)


CASES = [(kind, act, True) for act, kinds in PROTECTS for kind in kinds]
CASES += [(kind, act, False) for act, kinds in IDLE for kind in kinds]


@every(("kind", "act", "needed"), CASES)
async def test_each_reason_alone(kind, act, needed):
    def fill(tx):
        made(tx, kind, "x")
        act(tx, kind, "x")

    assert bool((await kept(fill))["x"]) is needed


@settings(max_examples=tried(15))
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(CASES[: -len(IDLE)])), max_size=8))
def test_whatever_protects_something_it_is_kept_and_the_rest_is_not(chosen):
    """Six editions and six replicas; what is drawn falls on any of them, several on one."""
    protected = set()

    def fill(tx):
        for kind in BOTH:
            for number in range(6):
                made(tx, kind, f"{kind}-{number}")
        for number, (kind, act, needed) in chosen:
            name = f"{kind}-{number}"
            # an agreement that another act has brought into force is not ended by the next
            state = (tx.get("agreements", digest=f"of-{name}") or {}).get("state")
            act(tx, kind, name)
            if state not in (None, "ended"):
                tx.update("agreements", {"digest": f"of-{name}"}, state=state)
            if needed:
                protected.add(name)

    found = asyncio.run(kept(fill))
    made_here = {f"{kind}-{number}" for kind in BOTH for number in range(6)}
    assert {name for name in made_here if found[name]} == protected


async def test_files_that_no_row_names_are_left_alone_for_a_while(tmp_path, store):
    for name, age in (("named", 7200), ("unnamed", 7200), ("fresh", 10), ("erased", 10), ("shared", 7200)):
        path = tmp_path / f"{name}.sealed"
        path.write_bytes(b"1")
        moment = (NOW - timedelta(seconds=age)).timestamp()
        os.utime(path, (moment, moment))
    (tmp_path / "part.part").write_bytes(b"")
    (tmp_path / "removed-meanwhile.sealed").symlink_to("nowhere")

    def fill(tx):
        edition(tx, "named.sealed", 1)
        edition(tx, "erased.sealed", 2, state="deleted")
        for name, state in (("gone", "deleted"), ("here", "sealed")):
            replica(tx, name, state=state)
            tx.update("replicas", {"id": name}, path="shared.sealed")

    await store.write(fill)
    found = await store.read(lambda tx: needs.unnamed(tx, tmp_path, NOW))
    assert [need.file for need in found] == ["erased.sealed", "unnamed.sealed"]


async def test_a_deletion_record_counts_the_pieces_that_other_editions_keep(store):
    """Spec 1.7: repeated rows live on with the edition that repeats them, so the record may not claim grade A."""

    def fill(tx):
        edition(tx, "first", 1)
        edition(tx, "second", 2, repeats="first")

    await store.write(fill)
    for name, kept, grade in (("first", "1", "B"), ("second", "0", "A")):
        await store.write(lambda tx, n=name: erasure.begin(tx, EditionRow, n))
        told = await store.write(lambda tx, n=name: erasure.finish(tx, NoKeys(), EditionRow, n, rest_elsewhere=False))
        assert (told["piecesKeptForOtherEditions"], told["grade"]) == (kept, grade)


class NoKeys:
    """Every key is destroyed."""

    def holds(self, _key):
        return False
