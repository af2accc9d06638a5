"""An id under which nothing was ever signed is free for a new try; every other one goes on as what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.consumer import progress, steps
from connector.negotiation.protocol.states import CONSUMER, FINALIZED, TERMINATED
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.rows.protocol import NegotiationRow
from connector.store.rows.protocol import ProcessState as Process

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TALK = NegotiationRow(
    id="talk", role=CONSUMER, peer="did:web:p", callback="", product="tides", state=Process(TERMINATED),
    pending=Process(TERMINATED), turn="", rounds=8, reason="", created=NOW, updated=NOW,
)  # fmt: skip
ROW = replace(steps.wanted("a", "tides", {"limit": "7"}, NOW), state=State.FAILED)


@pytest.mark.parametrize(
    ("row", "talk", "is_free"),
    [
        (ROW, None, True),  # refused before anything was asked
        (replace(ROW, negotiation="talk"), TALK, True),  # no price
        (replace(ROW, negotiation="talk"), None, False),  # what came of it is not known any more
        (replace(ROW, negotiation="talk"), replace(TALK, digest="ab" * 32), False),
        (replace(ROW, negotiation="talk"), replace(TALK, state=Process(FINALIZED)), False),
        (replace(ROW, negotiation="talk", agreement="ab" * 32), TALK, False),
        (replace(ROW, state=State.NEGOTIATING, negotiation="talk"), TALK, False),
        (replace(ROW, state=State.COMPLETE, negotiation="talk", agreement="ab" * 32), TALK, False),
    ],
)
async def test_only_what_failed_unsigned_leaves_its_id_free(store, row, talk, is_free):
    def fill(tx):
        tx.put(row)
        if talk is not None:
            tx.put(talk)

    await store.write(fill)
    assert (await store.read(lambda tx: progress.begun(tx, "a")) is None) == is_free
    assert await store.read(lambda tx: progress.begun(tx, "b")) is None
