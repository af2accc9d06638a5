"""One use under an agreement, enforced: counted, asked, decided, recorded, its duties done, its share drawn.

Law: (1) all of it is one act in the caller's transaction and in this order: what is refused has drawn nothing, what is
drawn was decided and recorded. (2) Everything that the policy may ask for is in `Use.context`, also when it says for
whom uses are counted. (3) Of a use that is several things at once each is decided; the last one's share is drawn.
Orders of keys are decided twice, at the offer and at the release (`connector.channel.judgement`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.channel import performed, uses
from connector.channel.judgement import ALLOW, RELEASE, purpose
from connector.channel.uses import Draw
from connector.enforcement import decisions
from connector.enforcement.decisions import Made
from connector.licence.counting import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Bound, Deal
    from connector.enforcement.ruling import Recorder, Ruling
    from connector.licence.duties import Duties
    from connector.licence.judge import InForce, Judge
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Use:
    """What is asked for under an agreement: by whom (a DID), under which rules, and each (place, action) that it is.

    `taker` names it where uses are counted, `request` where it is recorded. One that `polls` is asked for again and
    again under these names; its decision is recorded when it changes.
    """

    bound: Deal | Bound
    rules: InForce
    by: str
    parts: Sequence[tuple[str, str]]
    context: Mapping[str, str]
    taker: str
    request: str
    polls: bool = False

    @property
    def agreement(self) -> str:
        """Return the digest of the agreement in hex."""
        return self.bound.digest.hex()


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Who decides, who does the duties, and where it is recorded."""

    judge: Judge
    duties: Duties
    evidence: Recorder

    def enforce(self, tx: Tx, use: Use, now: datetime) -> str:
        """Return why a use is refused, empty if its share was drawn; raises `ChannelFault` `duty-failed`."""
        per = counted(use.rules.compiled.policy, use.context) if use.rules.remembers else {}
        taken = uses.taken(tx, use.agreement, per, without=use.taker, now=now)
        done = performed.acts(tx, use.agreement)
        for place, action in use.parts:
            request = self.judge.request(use.by, use.bound.terms.product, action, use.context)
            ruling = self.judge.ruling(use.rules, request, stage=RELEASE, taken=taken, now=now, done=done)
            self._record(tx, use, place, ruling, now)
            if ruling.outcome != ALLOW:
                return "; ".join(str(reason["text"]) for reason in ruling.reasons) or ruling.outcome
        if impossible := self.duties.refusal(use.bound, ruling, now):
            return str(impossible["text"])
        self.duties.perform(tx, use.bound, ruling, now)
        uses.reserve(tx, [Draw(use.agreement, uses.shares(ruling.held, per or {}))], use.taker, now)
        uses.commit(tx, use.taker)
        return ""

    def _record(self, tx: Tx, use: Use, place: str, ruling: Ruling, now: datetime) -> None:
        last: Mapping[str, Any] | None = tx.get("decisions", id=f"{use.request}/{place}") if use.polls else None
        if last is None or last["outcome"] != ruling.outcome:
            made = Made(place, use.agreement, use.request, ruling, purpose(use.context))
            decisions.record(tx, self.evidence, made, now)
