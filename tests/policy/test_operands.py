"""Each kind of operand: where its value comes from, and what it does to the outcome."""

from __future__ import annotations

import pytest

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World

BUYER, TARGET = "did:web:buyer.example", "urn:penstock:dataset:flights"
WINDOW = "Mo-Fr 09:00-17:00 Asia/Shanghai"
MONTH = "P1M"
FIRST = "2026-08-31T00:00:00Z"
MINUTE = [f"2026-06-01T10:00:{second:02}+00:00" for second in range(20, 60)]


@pytest.mark.parametrize(
    ("constraint", "context", "counters", "now", "code"),
    [
        (("language", "isPartOf", "zh"), {"language": "zh-Hant-TW"}, {}, None, "permitted"),
        (("language", "isPartOf", "zh"), {"language": "en"}, {}, None, "manner-not-allowed"),
        (("fileFormat", "isAnyOf", ["text/*"]), {"fileFormat": "text/csv"}, {}, None, "permitted"),
        (("networkAddress", "isPartOf", "10.1.0.0/16"), {"networkAddress": "10.1.7.9"}, {}, None, "permitted"),
        (("networkAddress", "eq", "10.1.0.0/16"), {"networkAddress": "10.2.0.0"}, {}, None, "environment-not-allowed"),
        (("version", "gteq", "1.4"), {"version": "1.10.0"}, {}, None, "permitted"),
        (("version", "gteq", "1.4"), {"version": "1.3.9"}, {}, None, "data-not-allowed"),
        (("resolution", "lteq", 720), {"resolution": 720}, {}, None, "permitted"),
        (("resolution", "lteq", 720), {"resolution": "720.5"}, {}, None, "manner-not-allowed"),
        (("resolution", "lteq", 720), {}, {}, None, "context-missing"),
        (("dataField", "isPartOf", ["a", "b"]), {"dataField": ["a", "b"]}, {}, None, "permitted"),
        (("dataField", "isPartOf", ["a", "b"]), {"dataField": ["a", "c"]}, {}, None, "data-not-allowed"),
        (("dataField", "isAnyOf", ["a", "b"]), {"dataField": ["a", "c"]}, {}, None, "context-unclear"),
        (("dataField", "isNoneOf", ["c"]), {"dataField": ["a", "c"]}, {}, None, "context-unclear"),
        (("artifactState", "isAllOf", ["enc", "anon"]), {"artifactState": ["anon", "enc", "x"]}, {}, None, "permitted"),
        (("artifactState", "isAllOf", ["enc", "anon"]), {"artifactState": "enc"}, {}, None, "data-not-allowed"),
        (("executionEnv", "eq", "05"), {"executionEnv": "tee"}, {}, None, "permitted"),
        (("spatial", "isPartOf", "CN-44"), {"spatial": "440300"}, {}, None, "permitted"),
        (("spatial", "isPartOf", "CN-44"), {"spatial": "450100"}, {}, None, "outside-region"),
        (("spatial", "isPartOf", "CN"), {"spatial": "HK"}, {}, None, "outside-region"),
        (("timeWindow", "isPartOf", WINDOW), {}, {}, "2026-11-20T08:59:59+08:00", "outside-time"),
        (("timeWindow", "isPartOf", WINDOW), {}, {}, "2026-11-20T09:00:00+08:00", "permitted"),
        (("timeWindow", "isPartOf", WINDOW), {}, {}, "2026-11-20T17:00:00+08:00", "outside-time"),
        (("timeWindow", "isPartOf", "Fr 22:00-06:00 UTC"), {}, {}, "2026-11-21T05:59:00+00:00", "permitted"),
        (("absoluteSize", "lteq", 1000), {"absoluteSize": 100}, {"absoluteSize": 900}, None, "permitted"),
        (("absoluteSize", "lteq", 1000), {"absoluteSize": 101}, {"absoluteSize": 900}, None, "limit-exhausted"),
        (("absoluteSize", "lteq", 1000), {}, {}, None, "context-missing"),
        (("privacyBudget", "lteq", "1.0"), {"privacyBudget": "0.6"}, {"privacyBudget": "0.5"}, None, "limit-exhausted"),
        (("elapsedTime", "lteq", "P30D"), {}, {"elapsedTime": "P31D"}, None, "time-used-up"),
        (("elapsedTime", "lteq", "P3M"), {}, {"elapsedTime": FIRST}, "2026-11-30T00:00:00Z", "permitted"),
        (("elapsedTime", "lteq", "P30D"), {}, {}, None, "permitted"),
        (("meteredTime", "lteq", "PT1H"), {}, {"meteredTime": "PT59M"}, None, "permitted"),
        (("meteredTime", "lt", "PT1H"), {}, {"meteredTime": 3600}, None, "time-used-up"),
        (("timeInterval", "gteq", "P1D"), {}, {"timeInterval": "PT23H"}, None, "too-soon"),
        (("timeInterval", "gteq", "P1D"), {}, {}, None, "permitted"),
        (("delayPeriod", "gteq", "P1D"), {}, {}, None, "context-missing"),
        (("delayPeriod", "gteq", "P1D"), {}, {"delayPeriod": "P2D"}, None, "permitted"),
        (("frequency", "lteq", "40/PT1M"), {}, {"frequency": MINUTE}, "2026-06-01T10:01:00+00:00", "too-often"),
        (("frequency", "lteq", "40/PT1M/fixed"), {}, {"frequency": MINUTE}, "2026-06-01T10:01:00+00:00", "permitted"),
        (("frequency", "lteq", "40/PT1M"), {}, {"frequency": MINUTE}, "2026-06-01T10:01:20+00:00", "permitted"),
        (("absoluteTemporalPosition", "lteq", "PT1H"), {"absoluteTemporalPosition": "PT9M"}, {}, None, "permitted"),
        (("absoluteTemporalPosition", "lt", "PT1H"), {"absoluteTemporalPosition": MONTH}, {}, None, "context-unclear"),
        (("event", "eq", "urn:fair"), {"event": "urn:fair"}, {}, None, "permitted"),
        (("event", "gt", "urn:fair"), {}, {}, None, "event-not-met"),
        (("event", "lt", "urn:fair"), {}, {}, None, "permitted"),
    ],
)  # fmt: skip
def test_other_operands(agreement, atom, codes, constraint, context, counters, now, code):
    document = agreement(constraint=[atom(*constraint)])
    asked = Request.from_json({"assignee": BUYER, "action": "read", "target": TARGET, "context": context})
    world = {"now": now or "2026-06-01T00:00:00Z", "counters": {"permission/0": counters}}
    assert codes(decide(compile_policy(parse(document)), asked, World.from_json(world))) == [code]
