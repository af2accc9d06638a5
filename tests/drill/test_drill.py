"""The drill's table is whole, and docs/drill.json is the record of a run of just this table in which all was caught."""

from __future__ import annotations

import json

from docs.generate import drill as shown
from ledger.audit.how_to_check import RESTS_ON
from ledger.audit.severity import ERROR
from ledger.audit.words import CODES
from tests.drill.cheat import PROMISES
from tests.drill.drill import CHEATS, HONEST, REFUSED, UNSEEN

ACTORS = {"provider", "buyer", "exchange", "chain operator"}
CHEATS_MIN = 30  # issue: at least so many, one an actor and one a promise


def test_every_actor_and_every_promise_is_tried():
    assert len(CHEATS) >= CHEATS_MIN
    assert {cheat.promise for cheat in CHEATS} == set(PROMISES)
    assert {cheat.by for cheat in CHEATS} > ACTORS
    assert any("+" in cheat.by for cheat in CHEATS)


def test_no_cheat_is_told_twice():
    names = [(cheat.by, cheat.name) for cheat in (*CHEATS, *HONEST, *UNSEEN)]
    assert len(set(names)) == len(names)


def test_what_is_caught_is_caught_by_an_error_that_says_what_it_rests_on():
    codes = {cheat.finding for cheat in CHEATS} - {REFUSED}
    assert all(CODES[code][0] == ERROR and RESTS_ON[code] for code in codes)
    assert all(cheat.do is not None and not cheat.unseen for cheat in CHEATS)
    assert all(cheat.unseen and not cheat.finding for cheat in UNSEEN)


def test_what_befalls_honest_people_is_named_by_nothing_that_accuses():
    assert all(cheat.honest and cheat.do is not None for cheat in HONEST)
    assert all(CODES[cheat.finding][0] != ERROR for cheat in HONEST if cheat.finding)


def test_the_record_is_of_this_table():
    rows = json.loads(shown.RECORD.read_text(encoding="utf-8"))["rows"]
    told = [(row["by"], row["promise"], row["name"], row.get("finding", "")) for row in rows]
    assert told == [(one.by, one.promise, one.name, one.finding) for one in (*CHEATS, *HONEST, *UNSEEN)]
    assert all(row["caught"] for row in rows if "unseen" not in row and "honest" not in row)
    assert all(row["clean"] for row in rows if "honest" in row)
