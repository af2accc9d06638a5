"""One request, or all about one thing, through both connectors: our spans, and what the peers show us of theirs.

Law: a peer shows what we sent it, nothing else; one that does not answer is named with why. How many traces and peers
are asked for is bounded, the newest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import Absent, PeerRefused, explain_failure
from connector.telemetry import traceparent
from connector.telemetry.spans import WENT

if TYPE_CHECKING:
    from connector.app import Connector
    from connector.store.transaction import Tx
    from connector.telemetry.spans import Span
    from ledger.space import Member

# a purchase has some hundred requests in a few traces with one or two peers
TRACES_ASKED_MAX, PEERS_ASKED_MAX = 8, 4
ANSWER_BYTES_MAX = 1_048_576
NOT_FOUND = 404
# tables whose rows are things to follow, the columns with ids that belong to them, and the one that says what happened
THINGS = (
    ("negotiations", ("id", "peer_pid"), "entered"),
    ("transfers", ("id", "peer_pid"), "entered"),
    ("acquisitions", ("id", "negotiation", "transfer", "channel"), ""),
)


async def follow(connector: Connector, key: str) -> dict[str, Any]:
    """Return what is known of the request or thing `key`; raises Absent where nothing is."""
    ids, states = await connector.store.read(lambda tx: _ids(tx, key))
    named = [traceparent.of(one).trace for one in sorted(ids)]
    about = [span.place.trace for span in reversed(connector.spans.of(ids))]
    known = {span.place.trace for span in connector.spans.of({*named})}
    traces = list(dict.fromkeys([*(one for one in named if one in known), *about]))[:TRACES_ASKED_MAX]
    spans = connector.spans.of(ids | set(traces))
    if not spans and not states:
        raise Absent(
            f"no request and no process here has the id `{key[:100]}`", "requests are remembered for a while only"
        )
    peers = [await _told_by(connector, member, traces) for member in _peers(connector, spans)]
    return {"id": key, "states": states, "traces": traces, "spans": [span.json() for span in spans], "peers": peers}


def _ids(tx: Tx, key: str) -> tuple[set[str], dict[str, dict[str, str]]]:
    """Return every id that belongs to `key`, and of its processes when they entered which state."""
    ids, states = {key}, {}
    for table, columns, _ in reversed(THINGS):
        for own in sorted(ids):
            row = tx.get(table, id=own)
            if row is not None:
                ids |= {row[name] for name in columns if row[name]}
    for table, _, entered in THINGS:
        for own in sorted(ids):
            if entered and (row := tx.get(table, id=own)) is not None:
                states[own] = {"kind": table, "state": row["state"], **(row[entered] or {})}
    return ids, states


def _peers(connector: Connector, spans: list[Span]) -> list[Member]:
    """Return the members to whom these requests went."""
    hosts = {span.peer for span in spans if span.side == WENT}
    found = [one for one in connector.space.members.values() if one.url.split("://", 1)[1] in hosts]
    return [one for one in found if one.did != connector.did][:PEERS_ASKED_MAX]


async def _told_by(connector: Connector, member: Member, traces: list[str]) -> dict[str, Any]:
    spans: list[Any] = []
    for trace in traces:
        try:
            answer = await connector.outbound.get(
                f"{member.url}/traces/{trace}",
                headers=connector.authorization(member.did),
                limit_bytes=ANSWER_BYTES_MAX,
            )
            spans += answer.json()["spans"]
        except PeerRefused as refusal:
            if refusal.status != NOT_FOUND:  # it saw nothing of this one, perhaps of the next
                return {"did": member.did, "spans": spans, "why": explain_failure(refusal).text}
        except Exception as fault:  # noqa: BLE001  # a peer that shows nothing is a line of the answer
            return {"did": member.did, "spans": spans, "why": explain_failure(fault).text}
    return {"did": member.did, "spans": spans, "why": ""}
