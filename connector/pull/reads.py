"""Openings in the tier kept: the keys are here, so our own connector decides and counts, as the tier's label says.

Law: an opening is named by its caller; asked again it is not counted again. What was decided is recorded before a byte
of plaintext leaves memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector import decisions
from connector.channel import performed, tally, uses
from connector.channel.doors import Deal
from connector.channel.errors import ChannelFault
from connector.channel.judgement import BYTE, SIZE, UNIT
from connector.channel.uses import Draw
from connector.decisions import Made
from connector.errors import Conflict, NotPermitted
from connector.pull.licensed import rows_of
from connector.usage.judge import in_force
from connector.vault import replicas
from contracts.canonical import sha

if TYPE_CHECKING:
    from connector.engine.trader import Trader
    from connector.store.transaction import Tx

ASKED, DONE, DENIED = "asked", "done", "denied"
Row = dict[str, Any]


async def begin(trader: Trader, key: str, got: Row, purpose: str) -> Row:
    """Return the row of the opening `key` of an acquisition, made if it is new; raises Conflict, NotPermitted."""
    now = trader.clock.now()

    def act(tx: Tx) -> Row:
        if tx.get("reads", id=key) is None:
            about = {"acquisition": got["id"], "agreement": got["agreement"], "purpose": purpose}
            tx.insert("reads", id=key, **about, state=ASKED, created=now)
        known = tx.get("reads", id=key)
        assert known is not None
        if (known["acquisition"], known["purpose"]) != (got["id"], purpose):
            raise Conflict(f"the opening `{key[:100]}` was for something else", "choose another id")
        return known

    row = await trader.store.write(act)
    if row["state"] == DENIED:
        raise NotPermitted(row["reason"])
    return row


async def decide(trader: Trader, row: Row) -> int:
    """Decide an opening by our own agreement's policy and count it; returns its number, raises NotPermitted."""
    try:
        number = await trader.store.write(lambda tx: _decide(trader, tx, row))
    except ChannelFault as failure:
        await trader.duties.note(failure, [row["agreement"]])
        raise
    if isinstance(number, str):
        raise NotPermitted(number)
    return number


def _decide(trader: Trader, tx: Tx, row: Row) -> int | str:
    """Return the opening's number, or the reasons of a denial."""
    agreement = tx.get("agreements", digest=row["agreement"])
    assert agreement is not None
    if over := trader.standing.over(tx, agreement, trader.clock.now()):
        return over
    deal = Deal.of_row(agreement, live=True)
    rules = in_force(deal.terms.policy, deal.terms.product, trader.did)
    replica = replicas.seen(tx, row["agreement"])
    assert replica is not None, "what is opened has its replica"
    table = replicas.table(tx, replica)
    size = tally.plain_bytes(table, rows_of(agreement["terms"], table))
    said = {"purpose": row["purpose"], SIZE: str(size), UNIT: BYTE}
    request = trader.judge.request(trader.did, deal.terms.product, "read", said)
    now = trader.clock.now()
    counted = trader.judge.counted(deal, {})
    taken = uses.taken(tx, row["agreement"], counted, without=row["id"], now=now)
    done = performed.acts(tx, row["agreement"])
    ruling = trader.judge.ruling(rules, request, stage="release", taken=taken, now=now, done=done)
    asked = sha({"opening": row["id"]}).hex()
    made = Made("opening", row["agreement"], asked, ruling, row["purpose"])
    decisions.record(tx, trader.evidence, made, now)
    if ruling.outcome != "allow":
        return "; ".join(str(reason["text"]) for reason in ruling.reasons)
    if impossible := trader.duties.refusal(deal, ruling, now):
        return str(impossible["text"])
    trader.duties.perform(tx, deal, ruling, now)
    uses.reserve(tx, [Draw(row["agreement"], uses.shares(ruling.held, counted or {}))], row["id"], now)
    uses.commit(tx, row["id"])
    return 1 + len(tx.find("reads", "agreement = ? and state = ?", (row["agreement"], DONE)))


async def finish(trader: Trader, row: Row, number: int, size: int, files: list[str]) -> Row:
    """Record that everything was opened, `size` plain bytes, to `files`; returns what is told of it."""

    def act(tx: Tx) -> Row:
        replica = replicas.seen(tx, row["agreement"])
        assert replica is not None
        _record(trader, tx, row, replica, number, size)
        return settle(tx, row, number=number, size=size, files=files, charged=0)

    return await trader.store.write(act)


def _record(trader: Trader, tx: Tx, row: Row, replica: Row, number: int, size: int) -> None:
    reader = trader.keys.delivery_public.hex()
    told = {"transfer": row["acquisition"], "opening": str(number), "readerKey": reader, "purpose": row["purpose"]}
    link, now = [row["acquisition"], str(number)], trader.clock.now()
    agreement = tx.get("agreements", digest=row["agreement"])
    assert agreement is not None
    rows = rows_of(agreement["terms"], replicas.table(tx, replica)).json()
    record = trader.evidence.record
    started = {**told, "rows": rows, "bytes": str(size)}
    record(tx, "opening.started", part=row["agreement"], link=link, fields=started, now=now)
    uses.end(tx, row["id"], now)
    performed.record(tx, row["agreement"], row["id"], performed.read(trader.did, now))
    tx.after(trader.erasing.wake)
    ended = {**told, "duration": "0"}
    record(tx, "opening.ended", part=row["agreement"], link=link, fields=ended, now=now)


def settle(tx: Tx, row: Row, *, number: int, size: int, files: list[str], charged: int) -> Row:
    """Keep what an opening brought, so that asking again costs nothing; returns it."""
    result = {
        "id": row["id"],
        "acquisition": row["acquisition"],
        "number": number,
        "bytes": size,
        "files": files,
        "charged": charged,
        "purpose": row["purpose"],
    }
    tx.update("reads", {"id": row["id"]}, state=DONE, result=result)
    return result


async def deny(trader: Trader, row: Row, refusal: NotPermitted) -> None:
    """Keep the reasons of a denial: asked again under the same id, it is the same."""
    reason = str(refusal)
    await trader.store.write(lambda tx: tx.update("reads", {"id": row["id"]}, state=DENIED, reason=reason))
