"""The policy of an agreement, asked before a key is offered and again before it is released (TC609-6-2025-15).

Law: what the other side says about itself counts only where nobody else can know it (its purpose); where it is, comes
from the space's members, and what it is besides from credentials that it has shown; who is in a collection, from our
settings; the clock and the counters are ours. The whole question is kept, so that it can be replayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.enforcement.context import PURPOSE, SIZE, UNIT
from connector.enforcement.counted import Held
from connector.enforcement.membership import Membership
from connector.enforcement.rules import COMPILED_MAX, in_force
from connector.enforcement.ruling import Ruling
from contracts.credential.proven import ACTIVE, MEMBER_ROLE, PROVEN
from policy.decide import decide
from policy.model import DutyMode
from policy.request import Request
from policy.vocabulary.catenax import MEMBERSHIP
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from connector.enforcement.counted import Counters
    from connector.enforcement.rules import InForce
    from connector.runtime.clock import PolicyClock
    from contracts.facts import Fact
    from contracts.terms import Terms
    from ledger.space.document import Space
    from policy.model import Policy
    from policy.world import Act

RELEASE = "release"
PAID = frozenset({"compensate"})  # the duty that the voucher itself fulfils
# of what is known of a use: what only the asker can say, and what was measured here
TOLD = (PURPOSE, SIZE, UNIT)


class Judge:
    """Decides what is asked under rules; `promised` names the duties (actions) that a release itself fulfils."""

    def __init__(
        self,
        space: Callable[[], Space],
        clock: PolicyClock,
        block_time: Callable[[], datetime | None],
        promised: frozenset[str] = PAID,
        membership: Membership | None = None,
        shown: Callable[[str], Mapping[str, Fact]] = lambda _did: {},
    ) -> None:
        self._promised = promised
        self._space = space
        self._clock = clock
        self._block_time = block_time
        self._membership, self._shown = membership or Membership(), shown
        self._rules: dict[tuple[bytes, str], InForce] = {}

    def request(
        self, peer: str, product: str, action: str, context: Mapping[str, str], asks: frozenset[str] = frozenset()
    ) -> Request:
        """Return the question, with what the space knows about `peer` in place of what it says.

        Of what is proven of it there is what the policy `asks` for.
        """
        member = self._space().members.get(peer)
        facts = {name: context[name] for name in TOLD if name in context}
        if member is not None:
            facts |= {"spatial": member.region, "recipient": member.did}
        if asks.isdisjoint(PROVEN):
            return Request(peer, action, product, facts)
        # of a member the space's document is before what it shows
        known = {} if member is None else {MEMBERSHIP: ACTIVE, MEMBER_ROLE: member.role}
        proven = {name: value for name, value in {**self._shown(peer), **known}.items() if name in asks}
        return Request(peer, action, product, {**facts, **proven})

    def asker(self, did: str) -> dict[str, str]:
        """Return what the space's document says of a member: `member`, `role`, `region`; nothing of anybody else."""
        known = self._space().members.get(did)
        return {} if known is None else {"member": did, "role": known.role, "region": known.region}

    def place(self) -> str:
        """Return where in a network a use is made: in the space, by the DID of its exchange."""
        return self._space().exchange

    def ruling(
        self,
        rules: InForce,
        request: Request,
        *,
        stage: str,
        taken: Counters | None,
        now: datetime,
        done: Sequence[Act] = (),
    ) -> Ruling:
        """Return the decision on `request` with everything a replay needs; its time never goes back.

        `done` are the acts under the agreement, of which only a policy that asks what was done is told.
        """
        now = self.time(now)
        duties = dict.fromkeys(self._kept(rules.compiled.policy), "fulfilled") if stage == RELEASE else {}
        part_of = self._membership.told(rules.compiled.policy, request.assignee, request.target)
        world = World(now=now, part_of=part_of, duties=duties, counters=taken, performed=tuple(done))
        decision = decide(rules.compiled, request, world)
        told: dict[str, Any] = decision.as_json()
        asked = {"request": request.as_json(), "world": world.as_json()}
        document = {"policy": rules.digest, "scope": rules.scope, **asked, "decision": told}
        return Ruling(
            outcome=decision.outcome.value,
            document=document,
            reasons=tuple(told["reasons"]),
            rules=tuple(told["rules"]),
            duties=tuple(told["duties"]),
            outstanding=frozenset(duty.action for duty in decision.outstanding),
            held=tuple(Held(one.rule, one.operand, one.amount, one.limit) for one in decision.reservations),
            policy=rules.document,
            at=now,
        )

    def time(self, now: datetime) -> datetime:
        """Return the time to decide at: never before one that was decided at, nor before the newest block."""
        return max(now, self._clock.now(self._block_time()))

    def agreed(self, terms_digest: bytes, terms: Terms, buyer: str) -> InForce:
        """Return the rules of signed terms, which are named, with their policy, by their digest."""
        key = terms_digest, buyer
        if key not in self._rules:
            if len(self._rules) >= COMPILED_MAX:
                self._rules.clear()
            self._rules[key] = in_force(terms.policy, terms.product, buyer)
        return self._rules[key]

    def _kept(self, policy: Policy) -> list[str]:
        """Return the ids of the duties that are done before or with a release."""
        duties = [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)
        return [duty.id for duty in duties if duty.action in self._promised and duty.mode is not DutyMode.POST]
