"""The reader process against who would use it to reach out: by statements, and by code in its place."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.compute import frames
from connector.compute.sitting import Sitting, names_of
from connector.compute.statement import Refused, tables_of
from connector.runtime.errors import InvalidInput, NotPermitted

ROOT = Path(__file__).resolve().parents[2]
RAIN = b"day,mm\n" + b"".join(b"%d,%d\n" % (day, day * 3 % 17) for day in range(1_000))
TEMPTING = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/hostname')",
    "select * from glob('/*')",
    "select * from '/etc/passwd'",
    "select * from 'https://example.org/a.csv'",
    "select * from duckdb_settings()",
    "select * from query('select 1')",
    "select getenv('HOME')",
    "select current_setting('memory_limit')",
    "select * from information_schema.tables",
    "with a as (select * from read_blob('/etc/shadow')) select * from a",
    "select (select count(*) from read_csv('/etc/passwd'))",
    "select * from rain where mm in (select 1 from glob('*'))",
    "copy rain to '/tmp/rain.csv'",
    "attach '/tmp/x.db'",
    "install httpfs",
    "load httpfs",
    "set threads = 4",
    "pragma database_list",
    "create table x as select * from rain",
    "insert into rain values (1, 2)",
    "export database '/tmp/x'",
    "call pragma_version()",
    "select 1; copy rain to '/tmp/rain.csv'",
    "",
    ";",
]
# what would be done by who has taken the process over; each must fail in it
OUTSIDE = """
import os, socket, sys
from connector.compute import confinement
taken = confinement.leave()
taken += confinement.confine(30)
inside = []
def tried(name, act):
    try:
        act()
    except (OSError, ValueError):
        return
    inside.append(name)
tried("read", lambda: open("/etc/passwd").read())
tried("write", lambda: open("/tmp/penstock-was-here", "w"))
tried("socket", lambda: socket.socket())
tried("fork", lambda: os.posix_spawn("/bin/true", ["true"], {}))
tried("exec", lambda: os.execv("/bin/true", ["true"]))
tried("signal", lambda: os.kill(os.getppid(), 0))
tried("memory", lambda: open(f"/proc/{os.getppid()}/mem", "rb"))
confinement.close_the_door()
tried("pipe", lambda: os.pipe())
print(",".join(taken), "|", ",".join(inside))
"""


def file(name, content):
    return SimpleNamespace(name=name, size=len(content), content=content)


class Opened:
    """Files as a reader has them."""

    def __init__(self, *held):
        self._held = held

    def files(self):
        return list(self._held)

    @staticmethod
    def placed(one):
        yield 0, memoryview(one.content)


def answered(statement, *held, seconds=20):
    with Sitting(statement, seconds) as sitting:
        sitting.ask(held)
        answer = sitting.answer(Opened(*held))
    return pa.ipc.open_stream(bytes(answer.stream)).read_all().to_pylist()


@pytest.mark.parametrize("statement", TEMPTING)
def test_a_statement_reaches_nothing_beside_its_tables(statement):
    with pytest.raises(InvalidInput):
        answered(statement, file("rain.csv", RAIN))


def test_who_takes_the_process_over_reaches_nothing_either(absent):
    told = subprocess.run([sys.executable, "-c", OUTSIDE], cwd=ROOT, capture_output=True, text=True, check=True)
    taken, _, inside = told.stdout.strip().partition(" |")
    assert "limits" in taken
    if "seccomp" not in taken:
        absent("this kernel has no seccomp for us, and the process says so", optional=True)
    assert not inside


def test_what_it_finds_is_what_the_engine_finds():
    assert answered("select count(*) n, sum(mm) s from rain", file("a/rain.csv", RAIN)) == [
        {"n": 1_000, "s": sum(day * 3 % 17 for day in range(1_000))}
    ]


def test_files_have_names_that_nobody_can_take_for_others():
    held = [
        file("a/rain.csv", RAIN),
        file("b/rain.csv", b"day,mm\n1,2\n"),
        file("wind.csv", RAIN),
        file("readme.txt", b"x"),
    ]
    assert set(names_of(held)) == {"a/rain.csv", "b/rain.csv", "wind", "wind.csv"}
    assert answered('select count(*) n from "b/rain.csv"', *held)[0]["n"] < 10
    with pytest.raises(InvalidInput, match="no table `rain`"):
        answered("select * from rain", *held)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.parquet", b"PAR1" * 50), ("a.csv", b"a,b\n1\n2,3,4\n"), ("a.jsonl", b"{\n{"), ("a.parquet", b"")],
)
def test_a_file_that_is_no_table_is_said_to_be_none(name, content):
    with pytest.raises(InvalidInput, match="not answered"):
        answered("select * from a", file(name, content))


def test_what_has_no_end_is_ended():
    with pytest.raises(InvalidInput, match="2 seconds"):
        answered("select count(*) from rain a, rain b, rain c, rain d", file("rain.csv", RAIN), seconds=2)
    with pytest.raises(InvalidInput):
        answered("select repeat('x', 1000000) from rain a, rain b", file("rain.csv", RAIN), seconds=10)


def test_what_is_cut_says_why():
    with Sitting("select * from rain") as sitting:
        sitting.ask([file("rain.csv", RAIN)])
        sitting.cut("the agreement was revoked")
        with pytest.raises(NotPermitted, match="revoked"):
            sitting.answer(Opened(file("rain.csv", RAIN)))


def test_a_process_that_says_too_much_is_not_believed():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((1 << 30).to_bytes(4) + b"x")
        with pytest.raises(ValueError, match="at once"):
            frames.receive(ours)


NAMES = st.sampled_from(["rain", "wind", "snow", "a b", "Rain"])


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4), st.sets(NAMES))
def test_just_the_tables_that_are_named_are_asked_for(named, known):
    """Of a join of tables: all of them where all are there, and otherwise a refusal that names one that is not."""
    statement = "select 1 from " + ", ".join(f'"{name}" t{at}' for at, name in enumerate(named))
    import duckdb  # at the top it would be there at the end of the run, and complain of it

    with duckdb.connect(":memory:") as engine:
        if set(named) <= known:
            assert set(tables_of(engine, statement, known)) == set(named)
            return
        with pytest.raises(Refused) as refused:
            tables_of(engine, statement, known)
    assert any(f"`{name}`" in str(refused.value) for name in set(named) - known)
