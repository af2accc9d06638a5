"""What our own rows tell a scrape, on every kind of database: how old what waits is, and what the chain has not yet."""

from __future__ import annotations

from datetime import timedelta

from connector.operation import measures
from tests.connector.store.own_log import NOW, ORIGIN, evidence_of, move

MINUTE = timedelta(minutes=1)


def told(tx, evidence, after=10 * MINUTE):
    """Return the measures without their prefix."""
    return {name.removeprefix("penstock_"): value for name, value in measures.ages(tx, evidence, NOW + after).items()}


async def test_nothing_waits_in_an_empty_database(store):
    found = await store.read(lambda tx: told(tx, evidence_of()))
    nothing = {name: value for name, value in found.items() if not value}
    assert found == nothing
    assert found["log_head_age_seconds"] is found["log_anchor_age_seconds"] is None, "there is nothing to be old"
    assert found["outbox_oldest_seconds"] == found["log_unanchored_seconds"] == 0.0


async def test_the_oldest_event_above_the_newest_anchor_is_what_waits(store):
    evidence = evidence_of()

    def act(tx):
        for number in range(5):
            move(evidence, tx, number, NOW + number * MINUTE)
        for size, origin in ((2, ORIGIN), (3, ORIGIN), (5, "localhost:7009/log")):
            tx.put("anchors", origin=origin, size=size, root=bytes(32), tx="00", block=1, at=NOW + size * MINUTE)

    await store.write(act)
    found = await store.read(lambda tx: told(tx, evidence))
    assert (found["log_entries"], found["log_unanchored_entries"]) == (5, 2)
    assert found["log_unanchored_seconds"] == 7 * 60, "the entry 3 is of minute 3, and it is minute 10"
    assert found["log_head_age_seconds"] == 6 * 60
    assert found["log_anchor_age_seconds"] == 7 * 60
    await store.write(
        lambda tx: tx.put("anchors", origin=ORIGIN, size=5, root=bytes(32), tx="00", block=2, at=NOW + 9 * MINUTE)
    )
    found = await store.read(lambda tx: told(tx, evidence))
    assert (found["log_unanchored_entries"], found["log_unanchored_seconds"]) == (0, 0)


async def test_the_oldest_message_and_the_oldest_transaction_are_what_waits(store):
    def act(tx):
        for number in range(3):
            at = NOW + number * MINUTE
            tx.put(
                "outbox", id=str(number), peer="p", url="u", body={}, process="negotiation", subject=f"s{number}",
                kind="k", attempts=0, due=at, deadline=at, error="", created=at,
            )  # fmt: skip
            tx.put("chain_txs", id=str(number), state=("mined", "wanted", "signed")[number], created=at)

    await store.write(act)
    found = await store.read(lambda tx: told(tx, evidence_of()))
    assert found["outbox_oldest_seconds"] == 10 * 60
    assert found["chain_transaction_oldest_seconds"] == 9 * 60, "what is mined waits no more"
    assert found == await store.read(lambda tx: told(tx, evidence_of(), 10 * MINUTE)), "a look changes nothing"
    rows = await store.read(measures.rows)
    assert rows["penstock_outbox_messages"] == [("negotiation", 3)]
    assert dict(rows["penstock_chain_transactions"]) == {"mined": 1, "wanted": 1, "signed": 1}
