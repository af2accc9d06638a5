"""F2 of the whole `penstock serve`: a sync of its database fails; it says that it is the disk, ends, and serves again.

A server under strace takes half a minute, so only the long run has it (`conftest`).
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from tests.fault.injection import STRACE, permitted
from tests.fault.roles import DISK

READY_SECONDS = 60
SERVE = (sys.executable, "-m", "connector.cli.main", "serve")


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_server_whose_disk_fails_says_so_and_ends(tmp_path, absent, error):
    """The whole `penstock serve` at a sync of its database: exit code 74 and the word; then it serves again."""
    if not permitted():
        absent("nobody may trace a process here, so F1 to F3 cannot run")
    data, port = tmp_path / "provider", free_ports(1)[0]
    initialise(data, name="Lone", roles=("provider",), region="US-NY", port=port, exchange=None, development=True)
    strike = f"inject=fdatasync:error={error}:when=4"
    traced = [
        STRACE,
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        str(tmp_path / "log"),
        "-e",
        "trace=fdatasync",
        "-e",
        strike,
        *SERVE,
    ]
    said = subprocess.run([*traced, "--data", str(data)], capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == DISK, said.stderr
    assert "disk" in said.stderr
    again = subprocess.Popen([*SERVE, "--data", str(data)], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + READY_SECONDS
        while not (data / "server.json").exists():
            assert again.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        again.terminate()
        assert again.wait(READY_SECONDS) == 0
