"""The policy of an agreement, asked before a key is offered and again before it is released (TC609-6-2025-15).

Law: what the other side says about itself counts only where nobody else can know it (its purpose); where it is, comes
from the space's members, and who is in a collection from our settings; the clock and the counters are ours. The whole
question is kept, so that it can be replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.channel import performed
from connector.channel.judgement import SIZE, UNIT
from connector.enforcement.counted import Held
from connector.enforcement.ruling import Ruling
from connector.enforcement.scopes import DISPLAY, ORDER, narrowed
from connector.licence.counting import counted, remembers
from connector.licence.membership import Membership
from contracts.canonical import canonical, load, sha
from policy.compile import compile_policy
from policy.decide import decide
from policy.errors import PolicyError
from policy.model import DutyMode
from policy.parse import parse
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Deal
    from connector.enforcement.counted import Counted, Counters
    from connector.runtime.clock import PolicyClock
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from ledger.space import Space
    from policy.compile import Compiled
    from policy.model import Policy
    from policy.world import Act

COMPILED_MAX = 1024  # policies of agreements in use; the rest are compiled again
RELEASE = "release"
PAID = frozenset({"compensate"})  # the duty that the voucher itself fulfils
# of an order's context: what only the asker can say, and what was measured here
TOLD = ("purpose", SIZE, UNIT)
# use code of an order (spec 2) → the ODRL action it performs
ACTION_OF_USE: Mapping[int, str] = {0: "reproduce", 1: "read", 2: "reproduce"}


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy that is decided by: the document, its digest in hex, what is asked of it, and that compiled.

    `minds`: it asks what was done. `remembers`: it asks what was used before, by whomever.
    """

    document: Mapping[str, Any]
    digest: str
    scope: str
    compiled: Compiled
    minds: bool
    remembers: bool


class Judge:
    """Decides orders under their agreements; `promised` names the duties (actions) that a release itself fulfils."""

    def __init__(
        self,
        space: Callable[[], Space],
        clock: PolicyClock,
        block_time: Callable[[], datetime | None],
        promised: frozenset[str] = PAID,
        membership: Membership | None = None,
    ) -> None:
        self._promised = promised
        self._space = space
        self._clock = clock
        self._block_time = block_time
        self._membership = membership or Membership()
        self._rules: dict[tuple[bytes, str], InForce] = {}

    def decide(
        self,
        tx: Tx,
        deal: Deal,
        order: Order,
        context: Mapping[str, str],
        *,
        stage: str,
        taken: Counters | None,
        now: datetime,
    ) -> Ruling:
        """Decide one order; see `connector.channel.doors.Judge`."""
        rules = self._agreed(deal)
        request = self.request(deal.peer, deal.terms.product, ACTION_OF_USE.get(order.use, "use"), context)
        done = performed.acts(tx, deal.digest.hex()) if rules.minds else ()
        return self.ruling(rules, request, stage=stage, taken=taken, now=now, done=done)

    def request(self, peer: str, product: str, action: str, context: Mapping[str, str]) -> Request:
        """Return the question, with what the space knows about `peer` in place of what it says."""
        member = self._space().members.get(peer)
        facts = {name: context[name] for name in TOLD if name in context}
        if member is not None:
            facts |= {"spatial": member.region, "recipient": member.did}
        return Request(peer, action, product, facts)

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

        `done` are the acts under the agreement, of which only a policy with duties is told.
        """
        now = self.time(now)
        duties = dict.fromkeys(self._kept(rules.compiled.policy), "fulfilled") if stage == RELEASE else {}
        acts = tuple(done) if rules.minds else ()
        part_of = self._membership.told(rules.compiled.policy, request.assignee, request.target)
        world = World(now=now, part_of=part_of, duties=duties, counters=taken, performed=acts)
        decision = decide(rules.compiled, request, world)
        told: dict[str, Any] = decision.as_json()
        asked = {"request": request.as_json(), "world": world.as_json()}
        document = {"policy": rules.digest, "scope": rules.scope, **asked, "decision": told}
        return Ruling(
            outcome=decision.outcome.value,
            document=document,
            digest=sha(document),
            request_digest=sha(asked["request"]),
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

    def _agreed(self, deal: Deal) -> InForce:
        """Return an agreement's rules; its terms, with the policy, are named by their digest."""
        key = deal.agreement.terms_digest, deal.peer
        if key not in self._rules:
            if len(self._rules) >= COMPILED_MAX:
                self._rules.clear()
            self._rules[key] = in_force(deal.terms.policy, deal.terms.product, deal.peer)
        return self._rules[key]

    def _kept(self, policy: Policy) -> list[str]:
        """Return the ids of the duties that are done before or with a release."""
        duties = [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)
        return [duty.id for duty in duties if duty.action in self._promised and duty.mode is not DutyMode.POST]

    def counted(self, deal: Deal, context: Mapping[str, str]) -> Mapping[str, Counted] | None:
        """Return how the uses under each rule are counted; None when it cannot be told for whom."""
        rules = self._agreed(deal)
        return counted(rules.compiled.policy, context) if rules.remembers else {}


def _minds(policy: Policy) -> bool:
    """Say whether a policy asks what was done: it has duties, or remedies of what is prohibited."""
    rules = (*policy.permissions, *policy.prohibitions)
    return bool(policy.obligations) or any(rule.duties or rule.remedies for rule in rules)


def in_force(policy: Mapping[str, Any], product: str, buyer: str, scope: str = ORDER) -> InForce:
    """Return an agreement's rules as they are decided in a scope: they hold for one product and one buyer."""
    return _in_force(canonical({"@type": "Agreement", "target": product, "assignee": buyer, **policy}), scope)


def agreed(terms: Mapping[str, Any] | None, buyer: str, scope: str = ORDER) -> InForce:
    """Return the rules of an agreement's terms, as a row keeps them; raises PolicyError when they have none."""
    if terms is None or "policy" not in terms:
        raise PolicyError("missing", "/policy", "the agreement has no policy")
    return in_force(terms["policy"], terms["product"], buyer, scope)


def on_offer(policy: Mapping[str, Any], product: str) -> InForce:
    """Return an offer's rules as they are asked for whom it is."""
    return _in_force(canonical({"target": product, **policy, "@type": "Offer"}), DISPLAY)


@lru_cache(maxsize=COMPILED_MAX)
def _in_force(policy: bytes, scope: str) -> InForce:
    document = load(policy)
    asked = narrowed(parse(document), scope)
    return InForce(document, sha(document).hex(), scope, compile_policy(asked), _minds(asked), remembers(asked))
