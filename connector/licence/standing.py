"""Whether an agreement stands: asked wherever bytes or keys are served, and again whenever something has changed.

Law: (1) an agreement that is over, or whose term is, or that is not the one that was signed, serves nothing; nor does
one below a licence that is over. (2) Its term is judged by the time that policy decides at, which never goes back: a
clock that is turned back reopens nothing. (3) What of its policy is known without an order must hold, too, and that
decision is recorded where it is enforced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog.codes import TIERS
from connector.channel.judgement import LICENCES_ABOVE_MAX
from connector.enforcement import scopes
from connector.enforcement.rules import agreed
from connector.enforcement.use import STANDING, Link, Refused, Use
from connector.licence import halts
from connector.licence.licensed import facts_of
from connector.negotiation.agreement import why_over
from connector.negotiation.ndi import sealed
from connector.negotiation.protocol.states import PROVIDER
from connector.store import alarms
from connector.store.rows.agreement import AgreementRow, AlarmRow
from contracts.canonical import sha
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.enforcement.enforce import Decided, Enforcement
    from connector.licence.intact import Intact
    from connector.store.transaction import Tx


NOBODY: Final = ""  # no holder: what everybody has taken counts
ALTERED: Final = "agreement-altered"  # code of the alarm


class Standing:
    """Asks about the agreements of one participant, whose DID is `me`.

    `altered` is called, from any thread, when an agreement is found to be another than was signed: once each time.
    """

    def __init__(self, enforcement: Enforcement, me: str, intact: Intact, altered: Callable[[str], None]) -> None:
        self._enforcement = enforcement
        self._intact = intact
        self._altered = altered
        self._told: dict[str, str] = {}
        self._me = me

    def over(self, tx: Tx, agreement: AgreementRow, now: datetime) -> str:
        """Return why an agreement or a licence above it is over, empty if none is."""
        now = self._enforcement.judge.time(now)
        for _ in range(LICENCES_ABOVE_MAX):
            if reason := why_over(agreement, now) or self._why_altered(tx, agreement.digest):
                return reason
            if why := sealed.why_ended(tx, agreement.terms, now) or halts.why(tx, agreement.digest):
                return why
            if not agreement.parent:
                return ""
            above = tx.get(AgreementRow, digest=agreement.parent)
            if above is None:
                break
            agreement = above
        return "the licence that this agreement stands under is not here"

    def _why_altered(self, tx: Tx, digest: str) -> str:
        reason = tx.value(AgreementRow, self._intact.why_not, digest=digest) or ""
        if reason and self._told.get(digest) != reason:
            self._told[digest] = reason
            self._altered(digest)
        return reason

    def look(self, tx: Tx, agreement: AgreementRow, now: datetime) -> Decided:
        """Decide what of the policy is known without an order; nothing is recorded."""
        use = self._use(agreement, STANDING.name, now)
        return self._enforcement.decide(tx, use, use.own, now)

    def asked(self, tx: Tx, agreement: AgreementRow, now: datetime, place: str) -> str:
        """Decide that and record it; return why nothing may flow, empty if it may; raises PolicyError."""
        answer = self._enforcement.enforce(tx, self._use(agreement, place, now), now)
        return answer.text if isinstance(answer, Refused) else ""

    def refusal(self, tx: Tx, agreement: AgreementRow, now: datetime, place: str) -> str:
        """Return why nothing may flow under an agreement now, empty if it may; what the policy decided is recorded.

        The policy is the key holder's to decide; a buyer only asks whether its agreement is over.
        """
        if altered := self._why_altered(tx, agreement.digest):
            self._alarm(tx, agreement.digest, altered, place, now)
        if (reason := self.over(tx, agreement, now)) or agreement.role != PROVIDER:
            return reason
        try:
            return self.asked(tx, agreement, now, place)
        except PolicyError as error:
            return f"the policy of the agreement does not check: {error}"

    def _alarm(self, tx: Tx, digest: str, altered: str, place: str, now: datetime) -> None:
        """Have it known once that an agreement was altered where it is kept."""
        key = sha({"alarm": digest, "altered": altered}).hex()
        alarm = AlarmRow(id=key, agreement=digest, code=ALTERED, who=self._me, text=altered, at=now)
        alarms.sound(tx, self._enforcement.evidence, alarm, {"kind": place, "text": altered})

    def _use(self, agreement: AgreementRow, place: str, now: datetime) -> Use:
        """Return what runs under an agreement as a whole."""
        digest, peer = agreement.digest, agreement.peer
        buyer = peer if agreement.role == PROVIDER else self._me
        rules, terms = agreed(agreement.terms, buyer, scopes.STANDING), agreement.signed_terms
        request = sha({"place": place, "agreement": digest, "at": now.isoformat()}).hex()
        link = Link(digest, terms["product"], peer, buyer, rules, request, terms["tier"], facts_of(terms))
        return Use((link,), TIERS[terms["tier"]].action, {}, STANDING, place, taker=NOBODY, draws=False)
