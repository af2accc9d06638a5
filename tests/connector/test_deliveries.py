"""Deliveries over the national interfaces are kept as long as the settings say: half a year at least."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.operation.ndi.deliveries import Deliveries
from connector.runtime import settings
from connector.runtime.errors import Conflict, SettingsError
from connector.store.rows.delivery import DeliveryRow
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.core import core

NOW = datetime(2026, 11, 29, tzinfo=UTC)
KEPT = "telemetry.delivery_days"


def delivery(sequence, *, days=0, code="10000", kind="call"):
    return DeliveryRow(
        peer="did:web:b.example",
        sequence=sequence,
        kind=kind,
        product="tides",
        named="tides",
        instruction="0" * 32,
        transfer="urn:uuid:1",
        caller="did:web:b.example",
        callee="did:web:a.example",
        code=code,
        created=NOW - timedelta(days=days),
    )


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "provider.db", TABLES)
    yield opened
    await opened.close()


@pytest.fixture
def deliveries(store):
    clock = SimpleNamespace(now=lambda: NOW)
    return Deliveries(core(store=store, clock=clock, settings=settings.build({"server.development": True})))


def test_less_than_half_a_year_is_refused():
    known = {"server.development": True}
    assert settings.build(known).telemetry.delivery_days == 180
    assert settings.build({**known, KEPT: 400}).telemetry.delivery_days == 400
    for days in (179, 0):
        with pytest.raises(SettingsError, match="delivery_days"):
            settings.build({**known, KEPT: days})


async def test_what_ended_half_a_year_ago_is_forgotten_and_what_runs_is_not(store, deliveries):
    rows = [delivery("new"), delivery("kept", days=179), delivery("old", days=181), delivery("runs", days=900, code="")]
    await store.write(lambda tx: [tx.insert(row) for row in rows])
    await deliveries.tidy()
    assert {one["sequence"] for one in await deliveries.page()} == {"new", "kept", "runs"}


async def test_a_number_is_of_one_delivery(store, deliveries):
    await store.write(lambda tx: deliveries.begin(tx, delivery("1", kind="pull")))
    await store.write(lambda tx: deliveries.begin(tx, delivery("1", kind="pull")))
    await store.write(lambda tx: deliveries.begin(tx, delivery("2")))
    for again in (delivery("1"), delivery("2"), delivery("1", kind="push")):
        with pytest.raises(Conflict, match="another delivery"):
            await store.write(lambda tx, row=again: deliveries.begin(tx, row))
    await deliveries.give_up("did:web:b.example", "2")
    await store.write(lambda tx: deliveries.begin(tx, delivery("2")))
