"""The policy of an agreement, asked before a key is offered and again before it is released (TC609-6-2025-15).

Law: what the other side says about itself counts only where nobody else can know it (its purpose); where it is, comes
from the space's members; the clock and the counters are ours. The whole question is kept, so that it can be replayed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.channel.doors import Deal, Held, Ruling
from contracts.canonical import canonical, load, sha
from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.clock import PolicyClock
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from ledger.space import Space
    from policy.compile import Compiled
    from policy.decision import Reservation

COMPILED_MAX = 1024  # policies of agreements in use; the rest are compiled again
RELEASE = "release"
COMPENSATE = "compensate"
# use code of an order (spec 2) → the ODRL action it performs
ACTION_OF_USE: Mapping[int, str] = {0: "reproduce", 1: "read", 2: "reproduce"}


class Judge:
    """Decides orders under their agreements."""

    def __init__(
        self, space: Callable[[], Space], clock: PolicyClock, block_time: Callable[[], datetime | None]
    ) -> None:
        self._space = space
        self._clock = clock
        self._block_time = block_time

    def decide(
        self,
        _tx: Tx,
        deal: Deal,
        order: Order,
        context: Mapping[str, str],
        *,
        stage: str,
        taken: Mapping[tuple[str, str], int],
        now: datetime,
    ) -> Ruling:
        """Decide one order; see `connector.channel.doors.Judge`."""
        compiled = compiled_policy(deal.terms.policy, deal.terms.product, deal.peer)
        request = self.request(deal.peer, deal.terms.product, ACTION_OF_USE.get(order.use, "use"), context)
        return self.ruling(compiled, request, stage=stage, taken=taken, now=now)

    def request(self, peer: str, product: str, action: str, context: Mapping[str, str]) -> Request:
        """Return the question, with what the space knows about `peer` in place of what it says."""
        member = self._space().members.get(peer)
        facts = {"purpose": context["purpose"]} if "purpose" in context else {}
        if member is not None:
            facts |= {"spatial": member.region, "recipient": member.did}
        return Request(peer, action, product, facts)

    def ruling(
        self,
        compiled: Compiled,
        request: Request,
        *,
        stage: str,
        taken: Mapping[tuple[str, str], int],
        now: datetime,
    ) -> Ruling:
        """Return the decision on `request` with everything a replay needs; its time never goes back."""
        now = max(now, self._clock.now(self._block_time()))
        duties = dict.fromkeys(_compensations(compiled), "fulfilled") if stage == RELEASE else {}
        world = World(now=now, duties=duties, counters=dict(taken))
        decision = decide(compiled, request, world)
        document = {"request": request.as_json(), "world": world.as_json(), "decision": decision.as_json()}
        told: dict[str, Any] = document["decision"]
        return Ruling(
            outcome=decision.outcome.value,
            document=document,
            digest=sha(document),
            request_digest=sha(document["request"]),
            reasons=tuple(told["reasons"]),
            rules=tuple(told["rules"]),
            duties=tuple(told["duties"]),
            outstanding=frozenset(duty.action for duty in decision.outstanding),
            held=tuple(_held(one) for one in decision.reservations),
        )


def _held(share: Reservation) -> Held:
    """Take a share of a counter; only whole ones can be counted so far."""
    assert isinstance(share.amount, int)
    assert share.limit is None or isinstance(share.limit, int)
    return Held(share.rule, share.operand, share.amount, share.limit)


def compiled_policy(rules: Mapping[str, Any], product: str, buyer: str) -> Compiled:
    """Return the compiled form of an agreement's rules, which hold for one product and one buyer."""
    return _compiled(canonical({"@type": "Agreement", "target": product, "assignee": buyer, **rules}))


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(policy: bytes) -> Compiled:
    return compile_policy(parse(load(policy)))


def _compensations(compiled: Compiled) -> list[str]:
    policy = compiled.policy
    duties = [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)
    return [duty.id for duty in duties if duty.action == COMPENSATE]
