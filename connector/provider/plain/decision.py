"""The decision on a plain copy: the whole policy, with what a client that says nothing has said by its agreement.

Law: (1) what was decided is recorded, a refusal that is asked for again only once. (2) Whoever says no purpose asks for
the one that its agreement names; where that leaves a choice the policy is asked without one, and refuses. (3) Duties
are done and counts drawn in the same act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import TIERS
from connector.channel import performed, uses
from connector.channel.doors import Bound
from connector.channel.judgement import ALLOW, BYTE, RELEASE, SIZE, UNIT
from connector.channel.uses import Draw
from connector.enforcement import decisions
from connector.enforcement.decisions import Made
from connector.licence.counting import counted
from connector.licence.judge import agreed
from connector.negotiation.protocol.offers import PLAIN
from contracts.canonical import sha
from contracts.terms import Terms
from policy.model import atoms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.enforcement.counted import Counted
    from connector.enforcement.ruling import Ruling
    from connector.licence.duties import Duties
    from connector.licence.judge import Judge
    from connector.store.transaction import Tx

PLACE: Final = "copy"
PURPOSE: Final = "purpose"


@dataclass(frozen=True, slots=True)
class Asked:
    """A copy that is asked for: the row of its agreement, our id of its transfer, what for, and its bytes."""

    agreement: Mapping[str, Any]
    transfer: str
    purpose: str
    size: int

    @property
    def digest(self) -> str:
        """Return the agreement's digest in hex."""
        return str(self.agreement["digest"])

    @property
    def context(self) -> dict[str, str]:
        """Return what the policy is told of the copy."""
        said = {PURPOSE: self.purpose} if self.purpose else {}
        return said | {SIZE: str(self.size), UNIT: BYTE}


def decide(core: Core, judge: Judge, duties: Duties, tx: Tx, asked: Asked, now: datetime) -> str:
    """Decide, record and count a copy; returns why it is refused, empty if it is not."""
    rules = agreed(asked.agreement["terms"], asked.agreement["peer"])
    per = counted(rules.compiled.policy, asked.context)
    peer, product = asked.agreement["peer"], asked.agreement["terms"]["product"]
    request = judge.request(peer, product, TIERS[PLAIN].action, asked.context)
    taken = uses.taken(tx, asked.digest, per, without=asked.transfer, now=now)
    done = performed.acts(tx, asked.digest)
    ruling = judge.ruling(rules, request, stage=RELEASE, taken=taken, now=now, done=done)
    _record(core, tx, asked, ruling, now)
    if ruling.outcome != ALLOW:
        return "; ".join(str(reason["text"]) for reason in ruling.reasons) or ruling.outcome
    return _take(duties, tx, asked, ruling, per or {}, now)


def agreed_purpose(agreement: Mapping[str, Any]) -> str:
    """Return the one purpose that an agreement names, empty where it names none or leaves a choice."""
    policy = agreed(agreement["terms"], agreement["peer"]).compiled.policy
    named = [atom for rule in policy.permissions for atom in atoms(rule.conditions) if atom.left == PURPOSE]
    said = {str(one) for atom in named for one in atom.right}
    return said.pop() if len(said) == 1 else ""


def _record(core: Core, tx: Tx, asked: Asked, ruling: Ruling, now: datetime) -> None:
    name = sha({PLACE: asked.transfer}).hex()
    last = tx.get("decisions", id=f"{name}/{PLACE}")
    if last is None or last["outcome"] != ruling.outcome:
        decisions.record(tx, core.evidence, Made(PLACE, asked.digest, name, ruling, asked.purpose), now)


def _take(duties: Duties, tx: Tx, asked: Asked, ruling: Ruling, per: Mapping[str, Counted], now: datetime) -> str:
    """Do the duties and draw the counts of an allowed copy; returns a duty that nobody can do, if any."""
    bound = Bound(bytes.fromhex(asked.digest), Terms.from_json(asked.agreement["terms"]), asked.agreement["peer"])
    if impossible := duties.refusal(bound, ruling, now):
        return str(impossible["text"])
    duties.perform(tx, bound, ruling, now)
    uses.reserve(tx, [Draw(asked.digest, uses.shares(ruling.held, per))], asked.transfer, now)
    uses.commit(tx, asked.transfer)
    performed.record(tx, asked.digest, asked.transfer, performed.read(bound.peer, now))
    return ""
