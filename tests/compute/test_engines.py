"""Engines of a provider, behind a real door: what they tell of all, and that no block knows of another."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from connector.compute.engine import installed
from connector.compute.engine.attached import Attached
from connector.compute.engine.installed import FILE_BYTES_MAX, Installed
from connector.compute.engine.running import Running
from connector.compute.engine.started import start
from connector.compute.program import Tells, digest_of
from connector.runtime import settings
from connector.runtime.errors import InvalidInput, NotPermitted, SettingsError
from contracts.engine import Engine
from contracts.errors import ContractError
from contracts.gate import Gate, read
from contracts.lookup import LookUp
from contracts.noise import Noise
from ledger.edition.index import IndexedFile
from tests.compute import engines
from tests.compute.rooms import COLUMNS, firms

NOISE = Noise(500, 100_000)
TABLE = firms(rows=12_000, subjects=2_400)
MEAN = (Tells("mean", 0, 1_000),)
ONE = (Tells("one", -1, 3),)


def gate_of(source, seconds=4):
    return Gate(("district", "sector", "year", "revenue"), "firm", noise=NOISE, engine=engine_of(source, seconds))


def engine_of(source, seconds=4):
    return Engine("mean", digest_of(source), seconds)


def kept(folder, source, python=sys.executable):
    (folder / "engine.py").write_bytes(source)
    return Installed("mean", python, folder / "engine.py")


def asked(source, rows="select revenue from firms", tells=MEAN, **more):
    return Attached(rows, tells, engine=digest_of(source), **{"blocks": 20, **more})


def run(folder, source, table=TABLE, seconds=4, python=sys.executable, **more):
    file = IndexedFile("firms.csv", 0, len(table), 0, 1)
    columns = dict.fromkeys(("firms", "firms.csv"), COLUMNS)
    with Running(asked(source, **more), gate_of(source, seconds), columns, kept(folder, source, python)) as running:
        foreseen = running.foresee()
        assert foreseen.functions == ("ENGINE",)
        return running.compute(foreseen.table, file, [(0, table)], b"")


def test_it_tells_what_the_same_computation_over_all_rows_does(tmp_path):
    rows = [line.split(",") for line in TABLE.decode().splitlines()[1:]]
    few = [float(one[4]) for one in rows if float(one[4]) < 1_000]
    statement = "select revenue from firms where revenue < 1000"
    got = run(tmp_path, engines.MEAN, rows=statement, parameters=(100.0,))
    assert got.columns == ("answered", "mean")
    [[answered, mean]], [[off, within]] = got.rows, got.margins
    assert abs(answered - 20) <= max(3, 2 * off)
    assert abs(mean - 100 - sum(few) / len(few)) < 3 * within
    assert {"engine-landlock", "engine-limits", "engine-namespaces", "engine-processes"} <= set(got.confined)
    assert got.seconds > 4, "a run takes its time"


class Blocks:
    """A door that is asked block by block, as the reader process does."""

    def __init__(self, folder, source, parameters=(), tells=ONE, seconds=0.5):
        attached = asked(source, tells=tells, parameters=tuple(map(float, parameters)))
        self.door = start(kept(folder, source), source, attached, seconds)

    def __enter__(self):
        self.confined = self.door.come()
        self.door.line.settimeout(20)
        return self

    def __exit__(self, *_):
        self.door.end()

    def tells(self, *cells):
        from array import array

        from connector.compute import frames

        frames.send(self.door.line, {"rows": len(cells), "columns": 1})
        self.door.line.sendall(array("d", cells))
        return frames.receive(self.door.line)[0]["told"]


@pytest.mark.parametrize(("how", "told"), [(0, [1e300]), (1, None), (2, None), (3, "nan"), (4, None), (5, None)])
def test_a_block_that_fails_fails_alone(tmp_path, how, told):
    with Blocks(tmp_path, engines.SHOUTS, (how,)) as blocks:
        assert blocks.tells(1.0) == [0.0]
        began = time.monotonic()
        found = blocks.tells(1.0, 777.0)
        assert (str(found[0]) if told == "nan" else found) == told
        assert time.monotonic() - began < 5
        assert blocks.tells(2.0, 3.0) == [0.0], "the next is answered as ever"


def test_no_block_knows_of_another(tmp_path):
    with Blocks(tmp_path, engines.REMEMBERS) as blocks:
        assert [blocks.tells(float(at)) for at in range(5)] == [[1.0]] * 5


def test_what_a_block_began_is_gone_before_the_next(tmp_path):
    with Blocks(tmp_path, engines.LINGERS, seconds=2) as blocks:
        assert "engine-processes" in blocks.confined
        first = blocks.tells(1.0)
        assert [blocks.tells(1.0) for _ in range(3)] == [first] * 3


def test_an_engine_reaches_no_file_no_network_and_nobody_else(tmp_path):
    Path("/tmp/penstock-engine-was-here").unlink(missing_ok=True)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Blocks(tmp_path, engines.REACHES, (server.getsockname()[1], os.getpid()), seconds=5) as blocks,
    ):
        assert blocks.tells(1.0) == [0.0]
    assert not Path("/tmp/penstock-engine-was-here").exists()


def test_an_engine_that_wants_too_much_memory_fails(tmp_path):
    with Blocks(tmp_path, engines.FILLS, seconds=5) as blocks:
        assert blocks.tells(1.0) is None


def test_an_engine_that_does_not_come_up_says_why(tmp_path):
    for source, word in ((engines.BROKEN, "nothing_like_it"), (b"run = ", "SyntaxError"), (b"ran = 1", "KeyError")):
        with pytest.raises(InvalidInput, match=word):
            run(tmp_path, source)
    with pytest.raises(InvalidInput, match="not started"):
        run(tmp_path, engines.MEAN, python="/no/such/python")
    with pytest.raises(InvalidInput, match="does not come up"):
        run(tmp_path, engines.MEAN, python="/bin/true")


def test_all_of_it_ends_when_it_is_cut(tmp_path):
    with Blocks(tmp_path, b"import time\ndef run(p, c, t): time.sleep(60)", seconds=60) as blocks:
        from connector.compute import frames

        frames.send(blocks.door.line, {"rows": 0, "columns": 0})
        time.sleep(0.3)
        children = _below(blocks.door.process.pid)
        assert len(children) >= 2
        blocks.door.end()
        end = time.monotonic() + 5
        while any(Path(f"/proc/{one}").exists() for one in children):
            assert time.monotonic() < end
            time.sleep(0.02)


def _below(pid):
    found = []
    for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(one), *_below(int(one))]
    return found


def test_only_what_was_agreed_on_is_run(tmp_path):
    source, changed = engines.MEAN, engines.MEAN + b"#"
    ours = kept(tmp_path, changed)
    with pytest.raises(NotPermitted, match="another one than was agreed"):
        Running(asked(source), gate_of(source), {"firms": COLUMNS}, ours)
    with pytest.raises(InvalidInput, match="cannot be read"):
        Installed("mean", sys.executable, tmp_path / "none.py").source()
    for size in (0, FILE_BYTES_MAX + 1):
        with pytest.raises(InvalidInput, match=f"{size} bytes"):
            kept(tmp_path, bytes(size)).source()
    line = f"mean {sys.executable} {ours.file}"
    assert installed.of([line], "mean") == ours
    with pytest.raises(InvalidInput, match="no engine"):
        installed.of([line], "other")


def test_settings_name_each_engine_once():
    good = f"mean {sys.executable} /srv/mean.py"
    known = {"server.development": True}
    assert settings.build(known | {"compute.engines": (good,)}).compute.engines == (good,)
    for odd in (("mean",), ("mean python /srv/mean.py",), (good, good), (f"{good} more",)):
        with pytest.raises(SettingsError, match=r"compute\.engines"):
            settings.build(known | {"compute.engines": odd})


def test_a_gate_has_an_engine_run_with_noise_alone():
    gate = gate_of(engines.MEAN)
    assert read(gate.json()) == gate
    for wrong in ({"noise": None}, {"lookup": LookUp(3, 1), "noise": None}):
        with pytest.raises(ContractError):
            replace(gate, **wrong)
    engine = engine_of(engines.MEAN)
    for wrong in ({"name": "A"}, {"name": ""}, {"name": "a" * 41}, {"digest": "ab"}, {"seconds": 0}, {"seconds": 61}):
        with pytest.raises(ContractError):
            replace(engine, **wrong)
    for odd in ({}, {**engine.json(), "more": "1"}, {**engine.json(), "name": 1}, {**engine.json(), "seconds": 4}, "1"):
        with pytest.raises(ContractError):
            read({**gate.json(), "engine": odd})
    with pytest.raises(InvalidInput):
        Attached("select 1", ONE, engine="mean")
