"""Every decision of the policy engine, wherever it is enforced: one row, one event, and the way to make it again.

Law: who enforces a decision records it here, in the transaction of what it permits or refuses. A recorded decision
names its policy by digest, says how much of it was asked, and carries its request and its world, so `replay` makes it
again from what is stored alone, bit by bit. A policy is stored once, however often it decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.enforcement.scopes import narrowed
from connector.store.rows.use import DecisionRow, PolicyRow
from contracts.canonical import canonical, sha
from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.enforcement.ruling import Ruling
    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx

# of a decision's document: the question, with which an auditor makes it again
ASKED = ("policy", "scope", "request", "world")
# what a log discloses of a decision; one that looks through very many acts is not told whole
ASKED_BYTES_MAX = 1 << 15


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that is enforced: `place` says where, `part` under what (an agreement's digest, or a product).

    `request` names what was asked for and links the event.
    """

    place: str
    part: str
    request: str
    ruling: Ruling
    purpose: str = ""


def record(tx: Tx, evidence: Recorder, made: Made, now: datetime, row: str = "") -> None:
    """Write the row (`row` is its id, by default from place and request) and the event of a decision."""
    ruling = made.ruling
    name = ruling.document.get("policy", "")
    if name and tx.get(PolicyRow, digest=name) is None:
        tx.insert(PolicyRow(digest=name, document=dict(ruling.policy)))
    tx.put(
        DecisionRow(
            id=row or f"{made.request}/{made.place}",
            agreement=made.part,
            place=made.place,
            decision=dict(ruling.document),
            outcome=ruling.outcome,
            digest=ruling.digest,
            at=ruling.at or now,
        )
    )
    evidence.record(tx, "decision.made", part=made.part, link=[made.request], fields=disclosed(made), now=now)


def disclosed(made: Made) -> dict[str, Any]:
    """Return the fields of the event that tells of a decision."""
    ruling = made.ruling
    fields = {
        "outcome": ruling.outcome,
        "rules": [dict(rule) for rule in ruling.rules],
        "reasons": [dict(reason) for reason in ruling.reasons],
        "requestDigest": ruling.request_digest.hex(),
        "counters": _flat(ruling.document["world"]["counters"] if "world" in ruling.document else {}),
        "purpose": made.purpose,
        "decisionDigest": ruling.digest.hex(),
        "place": made.place,
    }
    asked = {name: ruling.document[name] for name in ASKED if name in ruling.document}
    if len(canonical(asked)) <= ASKED_BYTES_MAX:
        fields["asked"] = asked
    return fields


def _flat(counters: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Any]:
    """Return what the counters said as `rule#operand` → text, as evidence has it."""
    return {f"{rule}#{operand}": said for rule, of in (counters or {}).items() for operand, said in of.items()}


def replay(policy: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Make a stored decision again from its policy, request and world; say whether it comes out bit by bit the same."""
    if document["policy"] != sha(policy).hex():
        return False
    request, world = Request.from_json(document["request"]), World.from_json(document["world"])
    again = decide(compile_policy(narrowed(parse(policy), document["scope"])), request, world)
    return canonical(again.as_json()) == canonical(document["decision"])


def replayed(tx: Tx) -> dict[str, bool]:
    """Make every stored decision again; return id → whether it came out the same."""
    policies = {row.digest: row.document for row in tx.find(PolicyRow)}
    rows = tx.find(DecisionRow, order="at")
    named = ((row, row.decision.get("policy", "")) for row in rows)
    return {row.id: policy in policies and replay(policies[policy], row.decision) for row, policy in named}
