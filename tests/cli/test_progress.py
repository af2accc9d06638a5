"""What a terminal shows of long work: how far, how fast, how long; and where nobody watches, nothing."""

from __future__ import annotations

import re
import threading

import pytest

from connector.cli import progress
from connector.regulator.workplace import Progress
from connector.runtime.speed import Pace
from connector.runtime.stage import Stage

WITHIN_SECONDS = 10
MIB = 1 << 20


@pytest.mark.parametrize(
    ("unit", "seen", "words"),
    [
        ("", [(0, 0, 4 * MIB)], "0 % of 4.0 MiB"),
        ("", [(0, 0, 4 * MIB), (2, MIB, 4 * MIB)], "25 % of 4.0 MiB, 0.5 MiB/s, 6 s left"),
        ("", [(0, 0, MIB), (1, 2 * MIB, MIB)], "100 % of 1.0 MiB, 2.0 MiB/s"),
        ("", [(0, 0, 0), (1, MIB, 0)], "1.0 MiB, 1.0 MiB/s"),
        ("events", [(5, 0, 3000), (6, 1000, 3000)], "33 % of 3,000 events, 1,000 events/s, 2 s left"),
    ],
)
def test_it_says_how_far_how_fast_and_how_long(unit, seen, words):
    pace = Pace(unit)
    assert [pace.line(*one) for one in seen][-1] == words


def test_an_audit_says_so_now_and_then():
    said = []
    often, seldom = Progress(said.append, 0.0), Progress(said.append)
    seldom(10, 100)
    often(20, 100)
    assert [line.partition(":")[0] for line in said] == ["20 of 100 events read"]


@pytest.mark.parametrize("there", [False, True])
def test_what_is_written_is_counted_until_it_has_its_name(tmp_path, monkeypatch, there):
    lines, seen = [], threading.Event()
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(progress, "flash", lambda line: (lines.append(line), "50 %" in line and seen.set()))
    (tmp_path / ".old.part").mkdir()
    (tmp_path / ".old.part" / "left").write_bytes(bytes(MIB))
    target = tmp_path / "out"
    if there:
        target.mkdir()
    with progress.writing(target, 2 * MIB):
        stage = Stage(target, "made")
        stage.place("a.bin").write_bytes(b"1" * MIB)
        assert seen.wait(WITHIN_SECONDS)
        stage.finish(["a.bin"])
        stage.close()
    assert lines[-1] == "", "the line is taken back"
    assert all(re.match(r"  opening: (0|50) % of 2\.0 MiB", line) for line in lines[:-1]), lines
    assert [path.name for path in target.iterdir()] == ["a.bin"]


def test_the_line_goes_when_the_opening_fails(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(progress, "flash", lines.append)
    with pytest.raises(ValueError, match="no"), progress.writing(tmp_path / "gone" / "deep", 1):
        raise ValueError("no")
    assert lines[-1] == ""
    assert [one for one in threading.enumerate() if one.name == "progress"] == []
