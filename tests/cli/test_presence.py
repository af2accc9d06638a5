"""Who asks a server that is not there waits for one that starts, or for as long as it was told to."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time

import pytest

from connector.cli import join
from connector.client import presence
from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.runtime.data_folder import STARTING
from connector.runtime.errors import InvalidInput
from tests import nursery

DEAD = 4_194_305  # more than any process's number
DID = "did:web:b"
APPLIED = {
    "did": DID, "name": "B", "role": "buyer", "region": "US", "message": "", "reason": "", "state": "applied",
    "due": "2026-11-23T00:00:00+00:00",
}  # fmt: skip


@pytest.fixture(autouse=True)
def unsaid(monkeypatch):
    monkeypatch.delenv(presence.VARIABLE, raising=False)
    yield
    presence.SAID.clear()


def away(management):
    """Let a server be away; returns what brings it back."""
    told = (management.data / "server.json").read_text()
    (management.data / "server.json").unlink()
    return lambda: (management.data / "server.json").write_text(told)


def later(work, seconds=0.5):
    timer = threading.Timer(seconds, work)
    timer.start()
    return timer


def test_no_server_is_told_at_once_and_how_to_start_one(penstock, participant):
    data, begun = participant(), time.monotonic()
    said = penstock("show", "--data", data)
    assert said.code == 7
    assert f"penstock serve --data {data}" in said.err
    (data / STARTING).write_text(json.dumps({"pid": DEAD}))  # left by a crash
    assert penstock("show", "--data", data).code == 7
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("how", ["option", "variable", "starting"])
def test_a_server_that_comes_is_waited_for(penstock, management, monkeypatch, how):
    management.answers["status"] = (200, {"did": "did:web:x"})
    more = ("--wait", "20") if how == "option" else ()
    if how == "variable":
        monkeypatch.setenv(presence.VARIABLE, "20")
    back = away(management)
    if how == "starting":
        (management.data / STARTING).write_text(json.dumps({"pid": os.getpid()}))
    timer = later(back)
    said = penstock("show", "--data", management.data, *more)
    timer.join()
    assert (said.code, "did:web:x" in said.out) == (0, True), said.err


def test_it_is_waited_for_no_longer_than_said(penstock, management):
    away(management)
    begun = time.monotonic()
    assert penstock("show", "--data", management.data, "--wait", "1").code == 7
    assert 1 <= time.monotonic() - begun < 5


def test_who_starts_and_ends_is_not_waited_for(penstock, management):
    away(management)
    starting = management.data / STARTING
    starting.write_text(json.dumps({"pid": os.getpid()}))
    timer, begun = later(starting.unlink), time.monotonic()
    assert penstock("show", "--data", management.data).code == 7
    timer.join()
    assert time.monotonic() - begun < 5


def test_a_place_where_a_dead_server_was_is_waited_at(management):
    """Its file stays after a crash; whether somebody listens there says more than the number of a process."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    path = management.data / "server.json"
    alive = json.loads(path.read_text()) | {"pid": DEAD}
    path.write_text(json.dumps({"url": f"http://localhost:{port}", "pid": DEAD}))
    presence.SAID[:] = [1]
    begun = time.monotonic()
    presence.awaited(management.data)
    assert time.monotonic() - begun >= 1
    path.write_text(json.dumps(alive))
    begun = time.monotonic()
    presence.awaited(management.data)
    assert time.monotonic() - begun < 1


def test_nobody_waits_longer_than_a_week(management, monkeypatch, penstock):
    for told in ("9" * 400, "604801", "0" * 400):
        monkeypatch.setenv(presence.VARIABLE, told)
        said = penstock("show", "--data", management.data)
        assert (said.code, "more than 604800 seconds" in said.err, told[:50] in said.err) == (2, True, False)
    monkeypatch.delenv(presence.VARIABLE)
    assert penstock("show", "--wait", "9" * 400, "--data", management.data).code == 2
    assert penstock("show", "--wait", "604801", "--data", management.data).code == 2
    assert management.asked == []


def test_a_variable_that_is_no_number_is_refused(management, monkeypatch, penstock):
    monkeypatch.setenv(presence.VARIABLE, "soon")
    assert penstock("show", "--data", management.data).code == 2
    with pytest.raises(InvalidInput, match="soon"):
        presence.awaited(management.data)


@pytest.mark.parametrize(("state", "code", "words"), [("admitted", 0, "admitted"), ("refused", 3, "no address")])
def test_join_waits_for_the_answer(penstock, management, monkeypatch, state, code, words):
    monkeypatch.setattr(join, "LOOK_SECONDS", 0.05)
    answered = APPLIED | {"state": state, "reason": "no address"}
    management.answers["membership"] = [(404, {}), (201, APPLIED), (200, APPLIED), (200, answered)]
    said = penstock("join", "--message", "tides", "--wait", "--data", management.data)
    assert (said.code, words in said.out) == (code, True), (said.out, said.err)
    assert [method for method, *_ in management.asked] == ["GET", "POST", "GET", "GET"]


def test_join_waits_no_longer_than_said(penstock, management):
    management.answers["membership"] = [(200, APPLIED), (201, APPLIED), *[(200, APPLIED)] * 9]
    said = penstock("join", "--wait", "1", "--data", management.data)
    assert said.code == 7
    assert "nobody has answered the application within 1 s" in said.err


@pytest.mark.asyncio
async def test_a_command_meets_a_server_that_starts(tmp_path):
    """Real processes: the question is put before the server answers, and waits for it."""
    line = (sys.executable, "-m", "connector.cli.main")
    [port] = free_ports(1)
    about = {"name": "X", "roles": ("exchange",), "region": "US-NY", "exchange": "", "development": True}
    initialise(tmp_path, port=port, **about)
    server = await nursery.EXEC(*line, "serve", "--data", str(tmp_path), stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(30):
            while not (tmp_path / STARTING).exists():
                assert server.returncode is None
                await asyncio.sleep(0.01)
        assert not (tmp_path / "server.json").exists()
        asked = await nursery.EXEC(*line, "show", "--data", str(tmp_path))
        assert await asked.wait() == 0
        assert not (tmp_path / STARTING).exists()
    finally:
        server.terminate()
        await server.wait()
