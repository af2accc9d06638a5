"""One request, or all about one thing, through both connectors: our spans, and what the peers show us of theirs.

Law: a peer shows what we sent it, nothing else; one that does not answer is named with why. How many traces and peers
are asked for is bounded, the newest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime import traceparent
from connector.runtime.errors import Absent, PeerRefused, explain_failure
from connector.runtime.spans import WENT

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.runtime.spans import Span, Spans
    from connector.store.transaction import Tx
    from ledger.space.document import Member

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


async def follow(core: Core, space: SpaceView, peers: Peers, spans: Spans, key: str) -> dict[str, Any]:
    """Return what is known of the request or thing `key`; raises Absent where nothing is."""
    ids, states = await core.store.read(lambda tx: _ids(tx, key))
    named = [traceparent.of(one).trace for one in sorted(ids)]
    about = [span.place.trace for span in reversed(spans.of(ids))]
    known = {span.place.trace for span in spans.of({*named})}
    traces = list(dict.fromkeys([*(one for one in named if one in known), *about]))[:TRACES_ASKED_MAX]
    seen = spans.of(ids | set(traces))
    if not seen and not states:
        raise Absent(
            f"no request and no process here has the id `{key[:100]}`", "requests are remembered for a while only"
        )
    told = [await _told_by(core, peers, member, traces) for member in _peers(core, space, seen)]
    return {"id": key, "states": states, "traces": traces, "spans": [span.json() for span in seen], "peers": told}


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


def _peers(core: Core, space: SpaceView, spans: list[Span]) -> list[Member]:
    """Return the members to whom these requests went."""
    hosts = {span.peer for span in spans if span.side == WENT}
    found = [one for one in space.last().members.values() if one.url.split("://", 1)[1] in hosts]
    return [one for one in found if one.did != core.identity.did][:PEERS_ASKED_MAX]


async def _told_by(core: Core, peers: Peers, member: Member, traces: list[str]) -> dict[str, Any]:
    spans: list[Any] = []
    for trace in traces:
        try:
            answer = await core.outbound.get(
                f"{member.url}/traces/{trace}",
                headers=peers.authorization(member.did),
                limit_bytes=ANSWER_BYTES_MAX,
            )
            spans += answer.json()["spans"]
        except PeerRefused as refusal:
            if refusal.status != NOT_FOUND:  # it saw nothing of this one, perhaps of the next
                return {"did": member.did, "spans": spans, "why": explain_failure(refusal).text}
        except Exception as fault:  # noqa: BLE001  # a peer that shows nothing is a line of the answer
            return {"did": member.did, "spans": spans, "why": explain_failure(fault).text}
    return {"did": member.did, "spans": spans, "why": ""}
