"""The reader process that waits: for one statement, of one kind, and never without us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from connector.compute import waiting
from connector.compute.computation import Computation
from connector.compute.reader_process import COVERED, GATED
from connector.compute.waiting import Waiting
from connector.runtime.errors import NotPermitted
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, GATE, firms

TABLE = firms()
FILE = IndexedFile("firms.csv", 0, len(TABLE), 0, 1)
PARENT = """
import sys, time
from connector.compute.waiting import Waiting
one = Waiting()
one.fill("gated")
print(one._one.process.pid, flush=True)
time.sleep(100)
"""


# what takes a minute in the middle of an answer: a table of many subjects, each hashed and multiplied
WORKING = """
from connector.compute import blinding
from connector.compute.bucketing import Bucketing
from contracts.gate import Gate
from contracts.lookup import LookUp
from ledger.edition.index import IndexedFile
table = b"firm,district\\n" + b"".join(b"F%d,A\\n" % at for at in range(400_000))
gate, secret = Gate(("district",), "firm", lookup=LookUp(1, 400)), blinding.scalar(bytes(range(64)))
with Bucketing("", gate, {"firms": {"firm": "VARCHAR", "district": "VARCHAR"}}) as bucketing:
    foreseen = bucketing.foresee()
    print(bucketing._process.pid, flush=True)
    bucketing.make(foreseen, IndexedFile("firms.csv", 0, len(table), 0, 1), [(0, table)], secret)
"""


@pytest.fixture
def one():
    found = Waiting()
    yield found
    found.end()


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition, seconds=20.0):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.02)


def asked(one):
    """Answer a statement, and return the process that did."""
    with Computation("select count(*) from firms", GATE, {"firms": COLUMNS}, 30, one) as computation:
        computation.foresee()
        assert computation.compute("firms", FILE, [(0, TABLE)], b"[]").rows == [[3_000]]
        return computation._process.pid


def waits(one):
    return one._one.process.pid


def test_each_statement_has_a_process_of_its_own_and_the_next_one_waits_already(one):
    pids = [asked(one)]
    for _ in range(3):
        there = waits(one)
        assert asked(one) == there
        pids.append(there)
    assert len(set(pids)) == 4
    until(lambda: not any(map(lives, pids)))
    assert lives(waits(one))


def test_one_that_was_cut_is_not_handed_on(one):
    with Computation("select count(*) from firms", GATE, {"firms": COLUMNS}, 30, one) as computation:
        computation.foresee()
        computation.cut("its agreement is over")
        with pytest.raises(NotPermitted, match="its agreement is over"):
            computation.compute("firms", FILE, [(0, TABLE)], b"[]")
    asked(one)


def test_of_another_kind_or_dead_it_is_not_taken(one):
    one.fill(COVERED)
    other = waits(one)
    taken = one.take(GATED)
    assert (taken.mode, taken.process.pid != other) == (GATED, True)
    until(lambda: not lives(other))
    taken.end()
    one.fill(GATED)
    dead = waits(one)
    os.kill(dead, signal.SIGKILL)
    one._one.process.wait()
    assert asked(one) != dead


def test_many_who_take_at_once_get_one_each(one):
    one.fill(GATED)
    found = []
    threads = [threading.Thread(target=lambda: found.append(one.take(GATED))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({taken.process.pid for taken in found}) == 6
    for taken in found:
        taken.end()


def test_it_ends_when_nobody_asks_for_a_while(one, monkeypatch):
    monkeypatch.setattr(waiting, "REST_SECONDS", 1.0)
    one.fill(GATED)
    pid = waits(one)
    until(lambda: not lives(pid))
    assert one._one is None
    assert asked(one)


def test_it_ends_with_us_however_we_end():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert lives(pid)
        parent.kill()
    until(lambda: not lives(pid))


def test_one_that_works_ends_with_us_as_well():
    with subprocess.Popen([sys.executable, "-c", WORKING], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(3)  # it reads its line no more: it has what it was handed
        assert lives(pid)
        parent.kill()
    until(lambda: not lives(pid), 5)
