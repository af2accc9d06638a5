"""The policy behind the channel's door `Judge`: an order becomes a request, the books become a world.

Law: what the payer says is taken only where `facts` lets it in; only an opening draws on counters, since keys kept are
counted by their holder (spec 5); the payment duty counts as done at the release, where the voucher is at hand.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.channel.doors import Held, Ruling
from connector.channel.judgement import PAYMENT, RELEASE
from connector.channel.tally import OPEN
from contracts.canonical import sha
from policy.compile import Compiled, compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Deal
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from policy.model import Duty

# compiled policies kept; one takes some 10 kB
MAX_COMPILED = 512
# the ODRL action that each use code performs
ACTIONS: Mapping[int, str] = MappingProxyType({0: "use", 1: "use", 2: "use"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the deciding side vouches for: who asks, for which asset, in which context; and who belongs where."""

    assignee: str
    target: str
    context: Mapping[str, object] = field(default_factory=dict)
    part_of: Mapping[str, frozenset[str]] = field(default_factory=dict)


FactsOf = Callable[["Tx", "Deal", "Order", Mapping[str, str]], Facts]


class PolicyJudge:
    """Decides orders by the policy in their agreement's terms; `facts` says what is true of an order."""

    def __init__(self, facts: FactsOf) -> None:
        self._facts = facts
        self._compiled: OrderedDict[bytes, Compiled] = OrderedDict()

    def decide(
        self,
        tx: Tx,
        deal: Deal,
        order: Order,
        context: Mapping[str, str],
        *,
        stage: str,
        taken: Mapping[tuple[str, str], int],
        now: datetime,
    ) -> Ruling:
        """Decide one order; pure but for what `facts` reads."""
        compiled, facts = self._policy(deal), self._facts(tx, deal, order, context)
        request = Request(facts.assignee, ACTIONS[order.use], facts.target, facts.context)
        duties = _paid_duties(compiled) if stage == RELEASE else {}
        world = World(now, facts.part_of, duties, taken)
        decision = decide(compiled, request, world)
        told: Any = decision.as_json()
        document = {"stage": stage, "request": request.as_json(), "world": world.as_json(), "decision": told}
        held = tuple(Held(*share) for share in decision.reservations) if order.use == OPEN else ()
        return Ruling(
            outcome=decision.outcome.value,
            document=document,
            digest=sha(document),
            request_digest=sha(request.as_json()),
            reasons=tuple(told["reasons"]),
            rules=tuple(told["rules"]),
            duties=tuple(told["duties"]),
            outstanding=frozenset(duty.action for duty in decision.outstanding),
            held=held,
        )

    def _policy(self, deal: Deal) -> Compiled:
        known = self._compiled.get(deal.digest)
        if known is None:
            known = self._compiled[deal.digest] = compile_policy(parse(deal.terms.policy))
            if len(self._compiled) > MAX_COMPILED:
                self._compiled.popitem(last=False)
        return known


def _paid_duties(compiled: Compiled) -> dict[str, str]:
    """Return the payment duties of a policy as fulfilled: their voucher is being accepted in this transaction."""
    duties: list[Duty] = list(compiled.policy.obligations)
    for rule in compiled.permissions:
        duties += rule.rule.duties
    return {duty.id: "fulfilled" for duty in duties if duty.action in PAYMENT}
