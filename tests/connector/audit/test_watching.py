"""A watch says what is new, once, and goes on while nothing can be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.regulator.watching import Watch, read_rules
from connector.runtime.errors import InvalidInput, PeerUnreachable
from ledger.audit.report import Report
from ledger.audit.rules import read_limits

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIGURES = {
    "volume": [],
    "concentration": {},
    "prices": [],
    "logs": [
        {"party": "did:web:a", "entries": "2", "anchored": "2", "newest": "2026-01-01T00:00:00+00:00", "marked": None}
    ],
}


def found(*codes, silent=False):
    report = Report(figures=FIGURES if silent else {**FIGURES, "logs": []})
    for code in codes:
        report.find(code, "did:web:a")
    return report.json()


def told(rows):
    return [row.get("code") or row.get("rule") or row.get("unread") for row in rows]


def test_what_is_new_is_said_once_and_again_when_it_comes_back():
    watch = Watch(read_limits({}))
    assert told(watch.news(found("attestation-missing", silent=True), NOW)) == ["attestation-missing", "silent_hours"]
    assert not watch.errors
    assert told(watch.news(found("attestation-missing", "log-not-anchored", silent=True), NOW)) == ["log-not-anchored"]
    assert told(watch.news(found(), NOW)) == []
    assert told(watch.news(found("attestation-missing"), NOW)) == ["attestation-missing"]
    assert (watch.errors, watch.rounds) == (True, 4), "the worst of all rounds counts"


def test_a_round_that_reads_nothing_says_so_once_and_forgets_nothing():
    watch = Watch({})
    watch.news(found("log-not-anchored"), NOW)
    gone = PeerUnreachable("nobody answers")
    assert told(watch.away(gone, NOW)) == ["nobody answers"]
    assert watch.away(gone, NOW) == []
    assert watch.news(found("log-not-anchored"), NOW) == []
    assert told(watch.away(gone, NOW)) == ["nobody answers"]


def test_what_the_user_has_to_mend_ends_the_watch():
    with pytest.raises(InvalidInput):
        Watch({}).away(InvalidInput("no key"), NOW)


def test_rules_come_from_a_file_of_lines(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("silent_hours = 2\nprice_off = false\n")
    limits = read_rules(path)
    assert limits["silent_hours"] == 2
    assert "price_off" not in limits
    for wrong in ("silent_hours", "loud_hours = 1", "silent_hours = 'x'"):
        path.write_text(wrong)
        with pytest.raises(InvalidInput, match=r"rules\.toml"):
            read_rules(path)
