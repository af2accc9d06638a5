"""The yardstick itself: medians, percentiles, targets and what the kernel says about a child."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench import report


def test_rows_are_judged_and_written(tmp_path):
    rows = [
        report.row("pull", 0.8, "ratio", at_most=1.0),
        report.row("negotiations", 90.0, "1/s", at_least=100),
        report.row("idle", 80e6, "bytes"),
    ]
    assert [each.met for each in rows] == [True, False, None]
    path = report.write("sample", rows, tmp_path)
    assert path == tmp_path / "sample.json"
    assert json.loads(path.read_text())[1] == {
        "work": "negotiations", "value": 90.0, "unit": "1/s", "target": "at least 100", "met": False,
    }  # fmt: skip
    assert "at least 100: missed" in report.table(rows).splitlines()[1]


def test_a_figure_on_its_bound_is_met():
    assert report.row("w", 1.0, "s", at_most=1.0).met
    assert report.row("w", 1.0, "s", at_least=1.0).met
    with pytest.raises(AssertionError):
        report.row("w", 1.0, "s", at_most=1, at_least=1)


def test_what_was_not_measured_keeps_its_target():
    row = report.unmeasured("peer", at_least=2)
    assert (row.value, row.unit, row.target, row.met) == (None, "absent", "at least 2", None)
    lines = report.table([row, report.unmeasured("work", report.NOT_RUN)]).splitlines()
    assert [line.split() for line in lines] == [["peer", "absent", "at", "least", "2"], ["work", "not", "run"]]


def test_a_figure_is_the_median_of_its_rounds():
    values = [3, 100, 1]
    assert report.median(3, values.pop) == 3


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0.5, 1), (99.5, 100)])
def test_percentiles_by_nearest_rank(percent, expected):
    assert report.percentile(list(range(100, 0, -1)), percent) == expected
    assert report.percentile([7], percent) == 7


def test_a_child_that_works_and_holds_memory_is_seen():
    ours = bytearray(128 << 20)  # the size of the process that measures must not be in the figure
    code = "held = bytearray(64 << 20); [None for _ in range(3_000_000)]; raise SystemExit(3)"
    cost = report.run([sys.executable, "-c", code])
    idle = report.run([sys.executable, "-c", "import time; time.sleep(0.2)"])
    assert len(ours) > idle.peak_bytes
    assert cost.returncode == 3
    assert cost.peak_bytes - idle.peak_bytes > 48 << 20
    assert 0 < cost.cpu_seconds < 30
    assert idle.seconds >= 0.2
    assert idle.cpu_seconds < idle.seconds


def test_a_command_that_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match="no-such-command"):
        report.run(["no-such-command"])


def test_a_running_process_can_be_read():
    code = "b = bytearray(32 << 20); del b; print(sum(range(3_000_000)), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert report.memory_bytes(child.pid, peak=True) >= report.memory_bytes(child.pid) + (16 << 20)
        assert report.cpu_seconds(child.pid) > 0
        peak = report.memory_bytes(child.pid, peak=True)
        report.forget_peak(child.pid)
        assert report.memory_bytes(child.pid, peak=True) <= peak - (16 << 20)
        child.stdin.close()
