"""Profiles that a participant keeps: there after a restart, in every process, and not taken from what needs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import pytest_asyncio

from catalog.listing import State
from connector.licence.profiles import FACT, Profiles
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.catalogue import ListingRow
from connector.store.rows.console import FactRow
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.protocol import NegotiationRow, ProcessState
from connector.store.rows.space import SpaceRow
from connector.store.store import Store
from connector.store.tables import TABLES
from policy.errors import PolicyError
from policy.vocabulary import registered
from policy.vocabulary.operands import BUILT_IN, OPERANDS
from tests.core import core
from tests.row_key import row_key

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BASIN = "https://water.example/ns#Basin"
OPERAND = {
    "name": BASIN,
    "type": "term",
    "operators": ["eq"],
    "source": "said",
    "words": {"en": "river basin", "zh": "流域"},
}
IRI = "https://water.example/ns"
WATER = {"profile": IRI, "prefix": "water", "operands": [OPERAND]}
RULES = {"permission": [{"action": "use", "constraint": [{"leftOperand": BASIN}]}]}


@pytest_asyncio.fixture
async def ground(tmp_path):
    store = await Store.open(tmp_path / "some.db", TABLES, row_key())
    yield core(store=store, clock=SimpleNamespace(now=lambda: NOW))
    await store.close()
    assert OPERANDS.keys() == BUILT_IN, "nothing is left in the tables"


async def test_what_was_registered_is_there_after_a_restart(ground):
    first = await Profiles.open(ground)
    await first.add(WATER)
    await first.close()
    assert BASIN not in OPERANDS
    again = await Profiles.open(ground)
    assert BASIN in OPERANDS
    assert await again.show(IRI) == WATER
    assert [row["known"] for row in await again.page()] == [True]
    await again.close()


async def test_another_process_follows(ground):
    one, other = await Profiles.open(ground), await Profiles.open(ground)
    await one.add(WATER)
    await other.look()
    assert registered.REGISTERED.times[IRI] == 2
    await one.remove(IRI)
    assert BASIN in OPERANDS
    await other.look()
    assert BASIN not in OPERANDS
    with pytest.raises(Absent):
        await other.show(IRI)


async def test_what_is_refused_leaves_nothing(ground):
    profiles = await Profiles.open(ground)
    await profiles.add(WATER)
    for document in ({**WATER, "profile": "urn:other"}, {**WATER, "operands": []}, {**WATER, "prefix": "sea"}):
        with pytest.raises(PolicyError):
            await profiles.add(document)
        assert await profiles.page() == [{"profile": IRI, "prefix": "water", "operands": 1, "known": True}]
    with pytest.raises(Absent):
        await profiles.remove("urn:other")
    await profiles.close()


async def test_one_that_the_store_cannot_keep_is_not_in_the_tables(ground, monkeypatch):
    profiles = await Profiles.open(ground)

    async def write(_act):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="full"):
        broken.setattr(ground.store, "write", write)
        await profiles.add(WATER)
    assert BASIN not in OPERANDS


async def test_one_that_is_read_no_more_is_left_out_and_may_be_taken_back(ground, caplog):
    built_in = {**WATER, "operands": [{**OPERAND, "name": "http://www.w3.org/ns/odrl/2/count"}]}
    await ground.store.write(lambda tx: tx.put(FactRow(name=FACT, value={"profiles": [built_in]})))
    profiles = await Profiles.open(ground)
    assert "left out" in caplog.text
    assert [row["known"] for row in await profiles.page()] == [False]
    await profiles.remove(IRI)
    assert await profiles.page() == []


def product(state):
    return ProductRow(
        id="levels", title="", tier="kept", brief={}, policy=RULES, limits={}, state=state, created=NOW, updated=NOW
    )


def talk(state):
    return NegotiationRow(
        id="talk", role="consumer", peer="did:x:y", callback="", product="levels", state=state,
        pending=ProcessState.NONE, turn="", rounds=0, terms={"policy": RULES}, reason="", created=NOW, updated=NOW,
    )  # fmt: skip


def agreement(days):
    return AgreementRow(
        digest="0a", role="consumer", negotiation="talk", peer="did:x:y", product="levels", odrl=RULES, state="",
        not_after=NOW + timedelta(days=days), created=NOW,
    )  # fmt: skip


def listed(state):
    return ListingRow(
        id="levels", space=None, provider="did:x:y", title="", tier="kept", dataset={}, offer=RULES, edition="",
        header={}, state=state, created=NOW, updated=NOW, skeleton=None, seq=None,
    )  # fmt: skip


def space(rules):
    return SpaceRow(
        id="rivers", name="", description="", state="open", version=1, rules=rules, reason="", created=NOW, updated=NOW
    )


USERS = {
    "listing": (listed(State.LISTED), listed(State.WITHDRAWN)),
    "space": (space({"operands": [BASIN]}), space({"operands": ["count"]})),
    "product": (product(ProductState.REGISTERED), product(ProductState.WITHDRAWN)),
    "negotiation": (talk(ProcessState.OFFERED), talk(ProcessState.TERMINATED)),
    "agreement": (agreement(1), agreement(-1)),
}


@pytest.mark.parametrize("kind", USERS)
async def test_it_is_not_taken_from_what_is_under_it(ground, kind):
    profiles = await Profiles.open(ground)
    await profiles.add(WATER)
    under, over = USERS[kind]
    await ground.store.write(lambda tx: tx.put(under))
    with pytest.raises(Conflict, match=kind):
        await profiles.remove(IRI)
    assert BASIN in OPERANDS
    await ground.store.write(lambda tx: tx.put(over))
    assert await profiles.remove(IRI) == {"profile": IRI}
    assert BASIN not in OPERANDS
