"""Every decision made again, by the same engine: from the agreed policy and what the log discloses of the question.

Law: a decision is a value of policy, request and world, so whoever has the three gets it bit by bit. What a log says of
the question is not believed either: who asked is the agreement's buyer, where he is the space says, and the time is the
entry's.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import orjson

from contracts.canonical import canonical, composed, load
from contracts.every_use import every_use
from ledger.audit.books import reading
from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts.facts import Fact
    from ledger.audit.books import Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space
    from policy.compile import Compiled
    from policy.decision import Decision

# a policy's digest in hex, and what it is decided by
Rules: TypeAlias = "tuple[str, Compiled]"
DECIDED = "decision.made"
# the scope that asks the whole policy; what is asked in a narrower one is decided again in this one
WHOLE = "order"
# where a use is decided: nothing of the policy may be left out there
AT_USE = frozenset({"offer", "release", "opening", "export", "joining", "copy", "compute"})
# an entry is written with the decision; a chain whose blocks each count a second may run ahead of the clock by minutes
ASIDE_MAX = timedelta(minutes=15)

# policies kept compiled, some 20 KB each; what one buyer agrees to of one product is mostly the same
COMPILED_KEPT = 1024
# requests kept as they were read, and decisions as they are written: those under one agreement are mostly the same
REQUESTS_KEPT = DECISIONS_KEPT = 1024


class Again(NamedTuple):
    """What many decisions have alike, each made once: an agreement's rules, a request read, a decision written."""

    rules: Callable[[str], Rules]
    request: Callable[[bytes], Request]
    written: Callable[[Decision], bytes]


def check(space: Space, books: Books, deals: Deals, report: Report) -> None:
    """Decide again every decision under a verified agreement that was asked of the whole policy.

    One that was decided again before, and alike, is so still: it rests on its agreement alone.
    """
    again = Again(
        lru_cache(maxsize=COMPILED_KEPT)(lambda part: _rules(deals[part])),
        lru_cache(maxsize=REQUESTS_KEPT)(lambda document: Request.from_json(orjson.loads(document))),
        lru_cache(maxsize=DECISIONS_KEPT)(lambda made: canonical(made.as_json())),
    )
    for book in books.values():
        untold = 0
        for event in book.of(DECIDED):
            deal, asked = deals.get(event.part), event.fields.get("asked")
            if deal is None or event.judged:
                continue
            if asked is None:
                untold += 1
                report.waits.add(event.part)
            else:
                _judge(space, event, deal, again, report)
        if untold:
            report.find("decisions-untold", book.party.did, count=untold)


def _judge(space: Space, event: Event, deal: Deal, again: Again, report: Report) -> None:
    asked = event.fields["asked"]
    if isinstance(asked, dict) and asked.get("scope") != WHOLE:
        if str(event.fields.get("place")) in AT_USE:
            report.find("decision-too-narrow", event.did, event, scope=asked.get("scope"))
        return
    reading(event, report, _check, space, event, deal, again, report)


def _check(space: Space, event: Event, deal: Deal, again: Again, report: Report) -> None:
    """Compare one decision; raises ValueError (PolicyError too) if what is disclosed of it cannot be read."""
    asked = event.fields["asked"]
    told = {name: canonical(value) for name, value in asked.items()}
    # known by what was disclosed, and not by its canonical text: that writes 1.0 as 1, which is read otherwise
    request, world = again.request(orjson.dumps(asked["request"])), World.from_json(asked["world"])
    digest, compiled = again.rules(event.part)
    if asked["policy"] != digest:
        report.find("decision-of-another-policy", event.did, event)
        return
    made = decide(compiled, request, world)
    report.tally(event.part, decisions_replayed=1)
    digest, outcome = sha256(composed({**told, "decision": again.written(made)})).hexdigest(), made.outcome.value
    if (outcome, digest) != (event.fields["outcome"], event.fields["decisionDigest"]):
        report.find("decision-not-reproduced", event.did, event, mine=event.fields["outcome"], theirs=outcome)
    for name in _untrue(space, deal, request, world, event):
        report.find("decision-misinformed", event.did, event, field=name)


def _rules(deal: Deal) -> Rules:
    """Return an agreement's policy as it is decided by, and its digest: it holds for one product and one buyer."""
    named = {"@type": "Agreement", "target": deal.terms.product, "assignee": deal.buyer}
    return _compiled(canonical({**named, **deal.terms.policy}))


@lru_cache(maxsize=COMPILED_KEPT)
def _compiled(policy: bytes) -> Rules:
    return sha256(policy).hexdigest(), compile_policy(parse(load(policy)))


def _untrue(space: Space, deal: Deal, request: Request, world: World, event: Event) -> list[str]:
    """Return what the question says otherwise than space, agreement or entry do."""
    member, context = space.members.get(deal.buyer), request.context
    told: dict[str, Fact] = {"recipient": deal.buyer, "spatial": "" if member is None else member.region}
    told |= {**every_use(deal.terms.tier, deal.buyer, deal.terms.facts), "virtualLocation": space.exchange}
    untrue = [name for name, truth in told.items() if name in context and request.given(name) != _texts(truth)]
    untrue += ["target"] if request.target != deal.terms.product else []
    untrue += ["assignee"] if request.assignee != deal.buyer else []
    return untrue + (["now"] if abs(world.now - event.time) > ASIDE_MAX else [])


def _texts(truth: Fact) -> tuple[str, ...]:
    return (truth,) if isinstance(truth, str) else truth
