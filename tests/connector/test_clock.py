"""The one clock, and the time of policy that never goes backwards."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from connector.runtime.clock import Clock, PolicyClock, SetClock

ROOT = Path(__file__).parents[2]
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_now_is_utc_and_monotonic_grows():
    clock = Clock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


@given(st.lists(st.tuples(st.integers(-100, 100), st.none() | st.integers(-200, 200)), max_size=20))
def test_the_time_of_policy_never_goes_backwards(steps):
    clock = SetClock(START)
    policy = PolicyClock(clock, START - timedelta(seconds=5))
    last = START - timedelta(seconds=5)
    for moved, block in steps:
        before = clock.monotonic()
        clock.move(moved)
        assert clock.monotonic() >= before
        block_time = None if block is None else START + timedelta(seconds=block)
        decided = policy.now(block_time)
        assert decided >= max(last, clock.now(), block_time or last)
        assert decided in {last, clock.now(), block_time}
        last = decided


def test_nobody_else_reads_the_clock():
    """Inner rooms take `now` as an argument; the demo and the shell's own durations are the exceptions."""
    asked = re.compile(r"datetime\.now\(|datetime\.utcnow\(|time\.time\(|date\.today\(")
    permitted = {"connector/runtime/clock.py"}
    for room in ("policy", "contracts", "ledger", "catalog", "connector"):
        for path in (ROOT / room).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if name not in permitted and not name.startswith("connector/demo/"):
                assert not asked.search(path.read_text()), f"{name} reads the clock"
