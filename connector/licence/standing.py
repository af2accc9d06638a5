"""Whether an agreement stands: asked wherever bytes or keys are served, and again whenever something has changed.

Law: (1) an agreement that is over, or whose term is, or that is not the one that was signed, serves nothing; nor does
one below a licence that is over. (2) Its term is judged by the time that policy decides at, which never goes back: a
clock that is turned back reopens nothing. (3) What of its policy is known without an order must hold, too, and that
decision is recorded where it is enforced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog.codes import TIERS
from connector.channel import performed, uses
from connector.channel.judgement import LICENCES_ABOVE_MAX
from connector.enforcement import decisions, scopes
from connector.enforcement.decisions import Made
from connector.licence import alarms
from connector.licence.counting import counted
from connector.licence.judge import agreed
from connector.negotiation.agreement import why_over
from connector.negotiation.protocol.states import PROVIDER
from contracts.canonical import sha
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.enforcement.counted import Counters
    from connector.enforcement.ruling import Recorder, Ruling
    from connector.licence.intact import Intact
    from connector.licence.judge import Judge
    from connector.store.row import Row
    from connector.store.transaction import Tx


HOLDS: Final = frozenset({"allow", "conditional"})  # conditional: its duties are asked for with each key
NOBODY: Final = ""  # no holder: what everybody has taken counts
ALTERED: Final = "agreement-altered"  # code of the alarm


class Standing:
    """Asks about the agreements of one participant, whose DID is `me`.

    `altered` is called, from any thread, when an agreement is found to be another than was signed: once each time.
    """

    def __init__(
        self, judge: Judge, evidence: Recorder, me: str, intact: Intact, altered: Callable[[str], None]
    ) -> None:
        self._judge = judge
        self._intact = intact
        self._altered = altered
        self._told: dict[str, str] = {}
        self._evidence = evidence
        self._me = me

    def over(self, tx: Tx, agreement: Row, now: datetime) -> str:
        """Return why an agreement or a licence above it is over, empty if none is."""
        now = self._judge.time(now)
        for _ in range(LICENCES_ABOVE_MAX):
            if reason := why_over(agreement, now) or self._why_altered(tx, agreement["digest"]):
                return reason
            if not agreement["parent"]:
                return ""
            above = tx.get("agreements", digest=agreement["parent"])
            if above is None:
                break
            agreement = above
        return "the licence that this agreement stands under is not here"

    def _why_altered(self, tx: Tx, digest: str) -> str:
        reason = tx.value("agreements", self._intact.why_not, digest=digest) or ""
        if reason and self._told.get(digest) != reason:
            self._told[digest] = reason
            self._altered(digest)
        return reason

    def ruling(self, tx: Tx, agreement: Row, now: datetime) -> tuple[Ruling, Counters]:
        """Decide what of the policy is known without an order; return the counters it was told, too."""
        terms = agreement["terms"]
        buyer = agreement["peer"] if agreement["role"] == PROVIDER else self._me
        rules = agreed(terms, buyer, scopes.STANDING)
        request = self._judge.request(buyer, terms["product"], TIERS[terms["tier"]].action, {})
        taken = uses.taken(tx, agreement["digest"], counted(rules.compiled.policy, {}), without=NOBODY, now=now)
        done = performed.acts(tx, agreement["digest"])
        ruling = self._judge.ruling(rules, request, stage="standing", taken=taken, now=now, done=done)
        return ruling, taken or {}

    def refusal(self, tx: Tx, agreement: Row, now: datetime, place: str) -> str:
        """Return why nothing may flow under an agreement now, empty if it may; what the policy decided is recorded.

        The policy is the key holder's to decide; a buyer only asks whether its agreement is over.
        """
        if altered := self._why_altered(tx, agreement["digest"]):
            self._alarm(tx, agreement["digest"], altered, place, now)
        if (reason := self.over(tx, agreement, now)) or agreement["role"] != PROVIDER:
            return reason
        try:
            ruling, _ = self.ruling(tx, agreement, now)
        except PolicyError as error:
            return f"the policy of the agreement does not check: {error}"
        self.record(tx, agreement, place, ruling, now)
        return why_not(ruling)

    def _alarm(self, tx: Tx, digest: str, altered: str, place: str, now: datetime) -> None:
        """Have it known once that an agreement was altered where it is kept."""
        key = sha({"alarm": digest, "altered": altered}).hex()
        row = {"agreement": digest, "code": ALTERED, "who": self._me, "text": altered}
        alarms.sound(tx, self._evidence, key, row, now, {"kind": place, "text": altered})

    def record(self, tx: Tx, agreement: Row, place: str, ruling: Ruling, now: datetime) -> None:
        """Record a decision about an agreement as a whole."""
        about = {"place": place, "agreement": agreement["digest"], "at": now.isoformat()}
        made = Made(place, agreement["digest"], sha(about).hex(), ruling)
        decisions.record(tx, self._evidence, made, now)


def why_not(ruling: Ruling) -> str:
    """Return in words why a decision lets nothing flow, empty if it does."""
    if ruling.outcome in HOLDS:
        return ""
    return "; ".join(str(reason["text"]) for reason in ruling.reasons) or ruling.outcome
