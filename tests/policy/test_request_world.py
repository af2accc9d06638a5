"""Requests and worlds in and out of JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.errors import PolicyError
from policy.request import Request
from policy.world import Act, World
from tests.every import every

ASKED = {"assignee": "did:web:b", "action": "read", "target": "urn:t"}


def test_request_round_trip_normalises_context():
    context = {"odrl:purpose": {"@id": "urn:p"}, "spatial": {"@value": "US", "@type": "xsd:string"}, "count": 3}
    request = Request.from_json({**ASKED, "context": context})
    assert request.as_json() == {**ASKED, "context": {"count": "3", "purpose": "urn:p", "spatial": "US"}}
    assert Request.from_json(request.as_json()) == request


def test_request_leaves_unreadable_context_out_of_the_record():
    request = Request(
        "did:web:b", "read", "urn:t", {"purpose": ["a", None], "spatial": None, "language": float("nan"), "x": 10**5000}
    )
    assert request.as_json()["context"] == {}
    assert request.given("purpose") == ()


def test_request_keeps_lists_numbers_and_units():
    context = {"dataField": ["a", "b"], "resolution": {"@value": 12.5, "unit": "dpi"}, "idsc:ROLE": "lead"}
    request = Request.from_json({**ASKED, "context": context})
    assert request.context == {"dataField": ("a", "b"), "resolution": "12.5", "unit": "dpi", "role": "lead"}
    assert Request.from_json(request.as_json()) == request


@every(
    "document",
    [
        None,
        {},
        {**ASKED, "target": ""},
        {**ASKED, "when": "now"},
        {**ASKED, "context": []},
        {**ASKED, "context": {"purpose": ["a", None]}},
        {**ASKED, "context": {"purpose": "a", "odrl:purpose": "b"}},
        {**ASKED, "context": {str(number): "x" for number in range(65)}},
    ],
)
def test_request_refused(document):
    with pytest.raises(PolicyError):
        Request.from_json(document)


def test_world_round_trip():
    world = World(
        datetime(2026, 1, 2, tzinfo=UTC),
        {"urn:a": frozenset({"urn:c", "urn:b"})},
        {"pay": "fulfilled"},
        {("permission/0", "count"): 2},
        (Act("read", datetime(2026, 1, 1, tzinfo=UTC), by="did:web:b", context={"purpose": "x"}),),
    )
    assert world.as_json() == {
        "now": "2026-01-02T00:00:00Z",
        "partOf": {"urn:a": ["urn:b", "urn:c"]},
        "performed": [{"action": "read", "at": "2026-01-01T00:00:00Z", "by": "did:web:b", "context": {"purpose": "x"}}],
        "duties": {"pay": "fulfilled"},
        "counters": {"permission/0": {"count": "2"}},
    }
    assert World.from_json(world.as_json()) == world
    blind = World(datetime(2026, 1, 2, tzinfo=UTC), counters=None)
    assert World.from_json(blind.as_json()) == blind


@every(
    "change",
    [
        {"now": None},
        {"now": "2026-01-02T00:00:00"},
        {"then": "x"},
        {"partOf": []},
        {"partOf": {"a": "b"}},
        {"duties": {"pay": "done"}},
        {"counters": {"r": {"count": -1}}},
        {"counters": {"r": {"count": "²"}}},
        {"counters": {"r": 1}},
        {"performed": {}},
        {"performed": ["x"]},
        {"performed": [{"action": "read"}]},
        {"performed": [{"at": "2026-01-01T00:00:00Z"}]},
        {"performed": [{"action": "read", "at": "2026-01-01T00:00:00"}]},
    ],
)
def test_world_refused(change):
    with pytest.raises(PolicyError):
        World.from_json({"now": "2026-01-02T00:00:00Z", **change})


def test_world_takes_no_naive_time():
    with pytest.raises(ValueError, match="no time zone"):
        World(datetime(2026, 1, 2))  # noqa: DTZ001 -- the naive time is the point
