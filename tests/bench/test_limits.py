"""A target that was missed has its reason beside it on the page, and a reason is of a row that is there."""

from __future__ import annotations

from pathlib import Path

from bench.limits import LIMITS
from docs.generate import figures

RESULTS = {name: figures.recorded(name) for name in figures.names()}
IGNORED = "bench/results/"


def test_what_was_missed_has_its_reason():
    missed = {(name, row["work"]) for name, rows in RESULTS.items() for row in rows if row["met"] is False}
    assert missed, "all targets are met: this page may go"
    assert {(name, work) for name, work in missed if not LIMITS.get(name, {}).get(work)} == set()


def test_a_reason_is_of_a_row_that_has_a_target():
    known = {(name, row["work"]) for name, rows in RESULTS.items() for row in rows if row["target"]}
    assert {(name, work) for name, reasons in LIMITS.items() for work in reasons} - known == set()


def test_the_page_shows_every_miss():
    missed = [row for rows in RESULTS.values() for row in rows if row["met"] is False]
    assert len(figures.missed().splitlines()) == 2 + len(missed)


def test_a_part_that_was_run_by_itself_is_no_record_and_in_no_commit():
    lines = Path(".gitignore").read_text().splitlines()
    ignored = {line.removeprefix(IGNORED).removesuffix(".json") for line in lines if line.startswith(IGNORED)}
    assert ignored == figures.PARTS
