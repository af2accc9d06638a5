"""The policy engines that are asked: how each is given rules.py's requests, called, and understood.

What a call is given is made anew from JSON before every round, so that no object, no text and no hash of a text is
older than its round. Engines are imported where they are asked: each environment has one of them.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bench.rules import Question

    Calls = list[tuple[Any, ...]]

SOME_RULES = 64


class Engine(NamedTuple):
    """How an engine is asked: `prepare` makes the arguments of every `call`, `answers` reads what one returned."""

    questions: Sequence[Question]
    prepare: Callable[[Sequence[Question]], Calls]
    call: Callable[..., Any]
    answers: Callable[[Any], list[bool]] = lambda decision: [decision.allowed]


def penstock() -> Engine:
    """Penstock on SIX, requests built beforehand."""
    return _penstock(rules.questions(), _moments(rules.six()))


def penstock_json() -> Engine:
    """Penstock on SIX, from the text of each request."""
    import orjson

    from policy.decide import decide
    from policy.request import Request

    cases = _moments(rules.six())

    def prepare(questions: Sequence[Question]) -> Calls:
        return [(json.dumps(each.request).encode(), *cases[each.moment]) for each in questions]

    def call(text: bytes, policy: Any, world: Any) -> Any:
        return decide(policy, Request.from_json(orjson.loads(text)), world)

    return Engine(rules.questions(), prepare, call)


def penstock_many() -> Engine:
    """Penstock on many permissions of six constraints."""
    return _penstock(rules.questions(), _moments(rules.many(SOME_RULES)))


def penstock_plain() -> Engine:
    """Penstock on PLAIN."""
    now = datetime.now(UTC)
    return _penstock(rules.plain_questions(), _cases((rules.plain(each), now) for each in range(len(rules.WINDOWS))))


def penstock_anew() -> Engine:
    """Penstock on PLAIN, the policy read and compiled in each call, as pyodre does."""
    from policy.decide import decide

    texts = [json.dumps(rules.plain(each)) for each in range(len(rules.WINDOWS))]
    inner, compiled = penstock_plain(), compiler()

    def prepare(questions: Sequence[Question]) -> Calls:
        return [(texts[each.moment], *call[1:]) for each, call in zip(questions, inner.prepare(questions), strict=True)]

    def call(text: str, request: Any, world: Any) -> Any:
        return decide(compiled(json.loads(text)), request, world)

    return Engine(inner.questions, prepare, call)


def penstock_compile() -> Engine:
    """Penstock reading and compiling SIX; a question stands for a policy."""
    text = json.dumps(rules.six())
    return Engine(rules.questions(), lambda questions: [(json.loads(text),) for _ in questions], compiler())


def cedarpy() -> Engine:
    """Cedar on SIX, call by call, with everything parsed beforehand that its binding can keep."""
    from cedarpy import is_authorized

    return Engine(rules.questions(), lambda questions: [(_cedar(each),) for each in questions], _kept(is_authorized))


def cedarpy_batch() -> Engine:
    """Cedar on SIX, all requests in one call."""
    from cedarpy import is_authorized_batch

    return Engine(
        rules.questions(),
        lambda questions: [([_cedar(each) for each in questions],)],
        _kept(is_authorized_batch),
        lambda decisions: [each.allowed for each in decisions],
    )


def pyodre() -> Engine:
    """Return pyodre on PLAIN; it keeps nothing between two calls, and names in its answer what is permitted."""
    from pyodre.odre import ODRE

    os.environ["TZ"] = "UTC"  # it compares with local time
    time.tzset()
    policies = [rules.pyodre(each) for each in range(len(rules.WINDOWS))]
    return Engine(
        rules.plain_questions(),
        lambda questions: [(policies[each.moment], "json-ld", _fresh(each)["context"]) for each in questions],
        ODRE().enforce,
        lambda permitted: [bool(permitted)],
    )


def _penstock(questions: Sequence[Question], cases: Sequence[tuple[Any, Any]]) -> Engine:
    from policy.decide import decide
    from policy.request import Request

    def prepare(asked: Sequence[Question]) -> Calls:
        found = []
        for each in asked:
            policy, world = cases[each.moment]
            found.append((policy, Request(**_fresh(each)), world))
        return found

    return Engine(questions, prepare, decide)


def _moments(document: object) -> list[tuple[Any, Any]]:
    return _cases((document, moment) for moment in rules.MOMENTS)


def _cases(found: Iterable[tuple[object, datetime]]) -> list[tuple[Any, Any]]:
    """Return compiled policies, each with its world."""
    from policy.world import World

    compiled = compiler()
    return [(compiled(document), World(now)) for document, now in found]


def compiler() -> Callable[[object], Any]:
    """Return what reads and compiles a policy of ours."""
    from policy.compile import compile_policy
    from policy.parse import parse

    return lambda document: compile_policy(parse(document))


def _cedar(question: Question) -> dict[str, Any]:
    """Return a request as cedarpy takes it soonest: ids as objects, the context as text."""
    request = _fresh(question)
    now = rules.milliseconds(rules.MOMENTS[question.moment])
    kinds = {"principal": ("Party", "assignee"), "action": ("Action", "action"), "resource": ("Asset", "target")}
    named = {place: {"type": kind, "id": request[key]} for place, (kind, key) in kinds.items()}
    return {**named, "context": json.dumps({"dateTime": now, **request["context"]})}


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    from cedarpy import Entities, PolicySet

    return partial(function, policies=PolicySet.from_str(rules.cedar()), entities=Entities.from_json_str("[]"))


def _fresh(question: Question) -> Any:
    """Return the document of a request, nothing of which was there before."""
    return json.loads(json.dumps(question.request))


ENGINES: Mapping[str, Callable[[], Engine]] = {
    each.__name__: each
    for each in (
        penstock,
        penstock_json,
        penstock_many,
        penstock_plain,
        penstock_anew,
        penstock_compile,
        cedarpy,
        cedarpy_batch,
        pyodre,
    )
}
