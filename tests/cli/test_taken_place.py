"""A server whose place is taken says so at once, and one of its own participant's stands by."""

from __future__ import annotations

import json
import os
import socket

import pytest

from connector.cli.serve import _require_free, ready
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file
from connector.runtime.errors import InvalidInput


@pytest.fixture
def taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def made(folder, port):
    initialise(folder, port=port, name="X", roles=("exchange",), region="US-NY", exchange=None, development=True)
    return settings_file.load(folder, {}, {})


def test_a_place_that_is_taken_is_told_before_anything_is_founded(penstock, tmp_path, taken):
    made(tmp_path, taken)
    before = sorted(path.name for path in tmp_path.iterdir())
    said = penstock("serve", "--data", str(tmp_path))
    assert said.code == 2
    assert f"cannot listen on `127.0.0.1:{taken}`: address already in use" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_another_process_of_the_same_participant_stands_by(tmp_path, taken, capsys):
    settings, address = made(tmp_path, taken), tmp_path / "server.json"
    address.write_text(json.dumps({"pid": os.getpid()}))
    _require_free(address, settings)
    assert "stands by until that ends" in capsys.readouterr().err
    for left in ('{"pid": 4194305}', "{}", "no JSON"):  # by a crash
        address.write_text(left)
        with pytest.raises(InvalidInput, match="already in use"):
            _require_free(address, settings)


def test_who_is_ready_says_as_whom_and_where(tmp_path):
    said = ready(made(tmp_path, 7001))
    assert said.startswith("did:web:localhost%3A7001 is ready as exchange, in a space of its own\n")
    assert said.endswith("at http://localhost:7001, its console at http://localhost:7001/console")
