"""What the issue asks of the protocol's speed and size is what its benchmark holds the figures to."""

from __future__ import annotations

import json

import pytest

from bench import protocol, report
from tests.every import every

# the issue's words, by the row that answers them
ASKED = {
    "negotiation: one after the other, p50 ÷ bare prototype": "at most 2",
    "negotiation: 64 at once ÷ bare prototype": "at least 0.45",
    "negotiation: peak memory of the buyer ÷ bare prototype": "at most 2.5",
    "negotiation: queued licences on chain": "at least 300",
    "catalogue: first page of 100,000 offers, p99": "at most 20",
    "catalogue: first page, 100,000 against 1,000 offers, p50": "at most 1.5",
    "start: connector, ready": "at most 0.8",
    "start: connector, idle": "at most 80",
    "start: command: find, CPU over that of importing asyncio": "at most 2",
    "strangers: honest anchor p99, hostile by quiet": "at most 3",
}


def found(leave_out=""):
    """Rows of every part, as if each figure were 1."""
    return {
        name: report.rows({work: (1.0, "") for work in part.TARGETS if work != leave_out}, part.TARGETS)
        for name, part in protocol.PARTS.items()
    }


def test_every_target_of_the_issue_is_held():
    rows = {row.work: row.target for row in protocol.gathered(found())}
    assert ASKED.items() <= rows.items()


@every("work", [name.partition(": ")[2] for name in ASKED])
def test_a_target_without_a_figure_is_noticed(work):
    with pytest.raises(AssertionError, match=work):
        protocol.gathered(found(leave_out=work))


def test_what_is_recorded_answers_every_target():
    recorded = json.loads((report.RESULTS / "protocol.json").read_text())
    targets = {row["work"]: row["target"] for row in recorded if row["target"]}
    assert targets.keys() == protocol.TARGETS.keys()
    assert ASKED.items() <= targets.items()
