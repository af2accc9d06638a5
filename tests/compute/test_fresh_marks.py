"""Marks of subjects that are fresh: thrown as others are, by a real process, from the day on which they were sealed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from connector.compute import blinding, curve25519, marks
from connector.compute.fitting import HEADER, Coins, Fitting, Groups
from contracts.coverage import Coverage
from contracts.errors import ContractError
from contracts.freshness import Freshness
from contracts.gate import Gate
from ledger.edition.header import Header, read_header
from ledger.edition.index import IndexedFile

SEALED = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
FRESH = Freshness("seen:on", (30, 90))
GATE = Gate(("revenue",), "firm", coverage=Coverage(140, filled=("revenue",), fresh=FRESH))
COLUMNS = {"firm": "VARCHAR", "revenue": "DOUBLE", "seen:on": "VARCHAR"}
KEY = curve25519.scalar(random.Random(9).randbytes(64))
AGES = {"new": 5, "edge": 30, "older": 31, "old": 91}
MINE = [f"{name}{at}" for name in AGES for at in range(100)] + [f"X{at}" for at in range(200)]


def header(sealed=SEALED):
    sizes = {"piece_bytes": 1 << 16, "rows": 1, "sealed_bytes": 1, "plain_bytes": 1}
    named = {"series": bytes(32), "number": 1, "prev": None, "key_holder": "did:web:provider.example"}
    return Header(**named, **sizes, root=bytes(32), table_digest=bytes(32), sealed_at=sealed)


def table(sealed=SEALED):
    """Return a hundred firms of each age, each with an older row besides; of one more nobody can read when."""
    rows = ["firm,revenue,seen:on"]
    for name, days in AGES.items():
        for at in range(100):
            rows += [f"{name}{at},1,{sealed.date() - timedelta(days + more)}" for more in (0, 900)]
    return "\n".join([*rows, "odd,1,soon"]).encode()


def coins(known=None):
    source = random.Random(1)
    keys = {one: (curve25519.scalar(source.randbytes(64)), source.randbytes(32)) for one in GATE.coverage.questions}
    return lambda _table: Coins(keys, known or {})


def answered(of, content, known=None):
    sent = blinding.joined(curve25519.blinded(KEY, MINE))
    with Fitting(Groups((sent,)), GATE, {"firms": COLUMNS}, coins(known), None, of) as fitting:
        foreseen = fitting.foresee()
        assert foreseen.named == ("revenue", "seen:on")
        return fitting.compute(foreseen.table, IndexedFile("firms.csv", 0, len(content), 0, 1), [(0, content)], b"")


def expected(question, names):
    """Return the marks of these names, with the coins of a question."""
    chances, (scalar, coin) = marks.odds(1.4), coins()("").keys[question]
    of = marks.places(4 * 100 + 1, chances)
    return marks.marked(curve25519.blinded(scalar, marks.kept(sorted(names), coin, chances)), of)


def test_marks_are_of_those_whose_newest_day_is_within_an_age():
    assert GATE.coverage.questions == ("", "revenue", "30\nseen:on", "90\nseen:on")
    found = answered(header(), table())
    assert [one["column"] for one in found.members["questions"]] == list(GATE.coverage.questions)
    for question, days in FRESH.questions.items():
        names = [f"{name}{at}" for name, age in AGES.items() for at in range(100) if age <= days]
        assert len(names) == {30: 200, 90: 300}[days]
        assert found.marks[question].bits == expected(question, names)
    assert read_header(found.members[HEADER]).sealed_at == SEALED, "its buyer reads the day there"


def test_ages_do_not_move_with_the_clock_and_coins_are_thrown_once():
    first = answered(header(), table())
    later = answered(header(SEALED + timedelta(400)), table(), first.marks)
    assert later.members["questions"] == first.members["questions"], "what was thrown is told again, whatever day it is"
    again = answered(header(SEALED + timedelta(30)), table(SEALED + timedelta(30)))
    assert again.marks == first.marks, "the same ages on the day of sealing are the same marks"


def test_a_gate_that_says_nothing_of_ages_hands_over_no_header():
    bare = Gate(("revenue",), "firm", coverage=Coverage(140))
    sent = blinding.joined(curve25519.blinded(KEY, MINE))
    source = {"": coins()("").keys[""]}
    with Fitting(Groups((sent,)), bare, {"firms": COLUMNS}, lambda _table: Coins(source, {})) as fitting:
        content = table()
        file = IndexedFile("firms.csv", 0, len(content), 0, 1)
        assert HEADER not in fitting.compute(fitting.foresee().table, file, [(0, content)], b"").members


@pytest.mark.parametrize("days", [(), (30, 30), (90, 30), (0,), (36_501,), (1, 2, 3, 4, 5)])
def test_ages_that_nobody_could_tell_are_refused(days):
    with pytest.raises(ContractError, match="age"):
        Freshness("seen", days)


def test_the_day_of_the_sealing_is_utcs():
    assert header().sealed_at.date() == date(2026, 11, 30)
