"""One policy engine in a process of its own: it answers the requests of rules.py, and times itself on them.

`python -m bench.judge ENGINE` reads a line for each thing to do and answers it with a line of JSON: `answers` all
answers, `round N` the times of one round over the first N requests, `large` what the largest policy takes.

What a call is given is made anew from JSON before every round, so that no object, no text and no hash of a text is
older than its round. Each call is timed by itself, the readings of the clock included; the CPU time is the round's.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import report, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bench.rules import Question

    Calls = list[tuple[Any, ...]]

SOME_RULES = 64
MOST_RULES, EACH_CONSTRAINTS = 256, 4  # as many as the engine takes, in rules and in all
MICROSECOND = 1000  # nanoseconds


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

    def call(text: bytes, compiled: Any, world: Any) -> Any:
        return decide(compiled, Request.from_json(orjson.loads(text)), world)

    return Engine(rules.questions(), prepare, call)


def penstock_many() -> Engine:
    """Penstock on many permissions of six constraints."""
    return _penstock(rules.questions(), _moments(rules.many(SOME_RULES)))


def penstock_plain() -> Engine:
    """Penstock on PLAIN."""
    now = datetime.now(UTC)
    return _penstock(rules.plain_questions(), _cases((rules.plain(each), now) for each in range(len(rules.WINDOWS))))


def penstock_compile() -> Engine:
    """Penstock reading and compiling SIX; a question stands for a policy."""
    text = json.dumps(rules.six())
    return Engine(rules.questions(), lambda questions: [(json.loads(text),) for _ in questions], _compiled)


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
            compiled, world = cases[each.moment]
            found.append((compiled, Request(**_fresh(each)), world))
        return found

    return Engine(questions, prepare, decide)


def _moments(document: object) -> list[tuple[Any, Any]]:
    return _cases((document, moment) for moment in rules.MOMENTS)


def _cases(found: Iterable[tuple[object, datetime]]) -> list[tuple[Any, Any]]:
    """Return compiled policies, each with its world."""
    from policy.world import World

    return [(_compiled(document), World(now)) for document, now in found]


def _compiled(document: object) -> Any:
    from policy.compile import compile_policy
    from policy.parse import parse

    return compile_policy(parse(document))


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
        penstock_compile,
        cedarpy,
        cedarpy_batch,
        pyodre,
    )
}


def answers(engine: Engine) -> list[bool]:
    """Return what the engine says to every request."""
    return [each for call in engine.prepare(engine.questions) for each in engine.answers(engine.call(*call))]


def one_round(engine: Engine, count: int) -> dict[str, float]:
    """Return microseconds a request: the medians of all, of those to be allowed and to be refused, and CPU time."""
    asked = engine.questions[:count]
    calls, ask, clock, taken = engine.prepare(asked), engine.call, time.perf_counter_ns, []
    cpu = time.process_time_ns()
    for call in calls:
        begun = clock()
        ask(*call)
        taken.append(clock() - begun)
    cpu = time.process_time_ns() - cpu
    unit = MICROSECOND * len(asked) / len(calls)
    figures = {"p50": report.percentile(taken, 50) / unit, "CPU": cpu / len(asked) / MICROSECOND}
    if len(calls) == len(asked):
        for name, allowed in (("allowed, p50", True), ("refused, p50", False)):
            those = [each for each, question in zip(taken, asked, strict=True) if question.allowed is allowed]
            figures[name] = report.percentile(those, 50) / unit
    return figures


def large() -> dict[str, float]:
    """Read and compile the largest policy, once; return its milliseconds, and the bytes by which the process grew."""
    _compiled(rules.six())  # what is made at the first use is no policy's
    document = json.loads(json.dumps(rules.many(MOST_RULES, EACH_CONSTRAINTS)))
    before, begun = report.memory_bytes(os.getpid(), peak=True), time.perf_counter_ns()
    kept = _compiled(document)
    taken = time.perf_counter_ns() - begun
    assert kept is not None
    return {"ms": taken / MICROSECOND**2, "bytes": report.memory_bytes(os.getpid(), peak=True) - before}


def main() -> None:
    """Do what the lines say."""
    engine = ENGINES[sys.argv[1]]()
    for line in sys.stdin:
        todo, _, count = line.strip().partition(" ")
        said = large() if todo == "large" else answers(engine) if todo == "answers" else one_round(engine, int(count))
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
