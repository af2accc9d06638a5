"""How soon a participant is ready and how much memory it takes when idle, in an installation without the demo extra.

`python -m bench.start [--rounds 5]`

The program is installed with `pip install .` into an environment of its own, kept in .venv/plain and made again when a
source file changed. Ready means that `/health` answers; idle is the resident size some seconds later, when
the member has met its space. The first start of a data directory (which draws up keys' proofs and tables) is a row of
its own; the target is for every later one. A command that asks a running server is measured by its CPU, all of it, and
by how often that of `python -c "import asyncio"` goes into it; the least of several runs, since others may be at work.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from bench import report
from bench.space import EXCHANGE, machine, make, workshop
from connector.client.server import ADDRESS_FILE
from connector.demo.processes import free_ports
from connector.runtime import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
ROOMS = ("connector", "contracts", "ledger", "policy", "catalog")
ROUNDS = 5
READY, IDLE = {"at_most": 0.8}, {"at_most": 80.0}  # seconds, MiB
FIND = "command: find, CPU over that of importing asyncio"
TARGETS = {"connector, ready": READY, "connector, idle": IDLE, FIND: {"at_most": 2.0}}
# what a participant is made of and loads at its start, whatever we do: no connector is ready sooner, or smaller
PACKAGES = ("aiohttp.web", "web3", "eth_account", "cryptography.hazmat.primitives", "orjson", "uvloop")
RUNS = 10  # of a command, of which the cheapest counts
SETTLE_SECONDS = 3.0
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.005
MIB = 2**20


def installed() -> Path:
    """Return the `penstock` command of an installation without extras, installing it if the sources changed."""
    folder = ROOT / ".venv" / "plain"
    mark = folder / ".sources"
    digest = _sources()
    command = folder / "bin" / "penstock"
    if not command.exists() or not mark.exists() or mark.read_text() != digest:
        python = folder / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # the dependencies stay from one run to the next, the rooms are replaced
        subprocess.run([*pip, str(ROOT)], check=True)
        subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
        mark.write_text(digest)
    return command


def _sources() -> str:
    """Return what the installation is made of: interpreter, dependencies and rooms."""
    found = hashlib.sha256(sys.version.encode() + (ROOT / "pyproject.toml").read_bytes())
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


class Server:
    """One `penstock serve` of the installation."""

    def __init__(self, command: Sequence[str], data: Path, port: int) -> None:
        self.data = data
        self._health = f"http://127.0.0.1:{port}/health"
        self._command = [*command, "serve", "--data", str(data)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and return the seconds until it is ready."""
        (self.data / ADDRESS_FILE).unlink(missing_ok=True)
        begun = time.perf_counter()
        with (self.data / "serve.log").open("ab") as log:
            # no PENSTOCK_ variable and no path of ours may reach it: this is the installed program alone
            clean = {name: value for name, value in os.environ.items() if not name.startswith(("PENSTOCK_", "PYTHON"))}
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self.data, env=clean)
        while time.perf_counter() - begun < WAIT_SECONDS:
            if (self.data / ADDRESS_FILE).exists() and self._answers():
                return time.perf_counter() - begun
            assert self._process.poll() is None, f"the server ended: {(self.data / 'serve.log').read_text()[-1000:]}"
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"`{self.data.name}` was not ready after {WAIT_SECONDS} s")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._health, timeout=5) as answer:
                return bool(orjson.loads(answer.read())["status"] == "ready")
        except urllib.error.URLError:
            return False

    def memory(self) -> int:
        """Return its resident bytes."""
        assert self._process is not None
        return report.memory_bytes(self._process.pid)

    def cpu_seconds(self) -> float:
        """Return the CPU that it has taken."""
        assert self._process is not None
        return report.cpu_seconds(self._process.pid)

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, no handler runs."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


def measure(command: Sequence[str], rounds: int = ROUNDS) -> list[report.Row]:
    """Return the figures of the exchange, of a member that hosts no chain, and of `find`; `command` starts them."""
    hosting, figures = "exchange with the embedded chain", {}
    with _two(command) as (host, guest):
        figures[f"{hosting}, first start"] = host.start(), "s"
        figures["connector, first start"] = guest.start(), "s"
        figures |= _again("connector", guest, rounds)
        guest.stop()
        figures |= _again(hosting, host, rounds)
    return report.rows(figures | _packages(command, rounds) | _find(command), TARGETS)


def _packages(command: Sequence[str], rounds: int) -> report.Figures:
    """Return what an interpreter takes that imports the packages as ours does, key files left out, and nothing else."""
    code = f"from ledger.chain import key_files; key_files.defer(); import {', '.join(PACKAGES)}"
    python = [str(Path(command[0]).with_name("python")), "-c", code]
    costs = [report.run(python, subprocess.DEVNULL) for _ in range(rounds)]
    seconds = statistics.median(one.seconds for one in costs)
    size = statistics.median(one.peak_bytes for one in costs) / MIB
    return {"its packages alone, imported": (seconds, "s"), "its packages alone, peak memory": (size, "MiB")}


def _find(command: Sequence[str]) -> report.Figures:
    """Return what `find` costs, asked of a member that is admitted and finds nothing."""
    python = [str(Path(command[0]).with_name("python")), "-c", "import asyncio"]
    with _two(command) as (host, guest):
        host.start()
        guest.start()
        did = settings.load(guest.data, {}, {}).did
        subprocess.run(
            [*command, "exchange", "admit", did, "--invite", "--data", str(host.data)], check=True, capture_output=True
        )
        find, least = (_cpu_seconds(one) for one in ([*command, "find", "tides", "--data", str(guest.data)], python))
    figures = {"command: find, CPU": (find * 1000, "ms"), "command: importing asyncio, CPU": (least * 1000, "ms")}
    return figures | {FIND: (find / least, "times")}


def _cpu_seconds(command: Sequence[str]) -> float:
    """Return the CPU of the cheapest of several runs; they must end well."""
    costs = [report.run(command, subprocess.DEVNULL) for _ in range(RUNS)]
    assert not any(one.returncode for one in costs), f"`{' '.join(command)}` failed"
    return min(one.cpu_seconds for one in costs)


@contextlib.contextmanager
def _two(command: Sequence[str]) -> Iterator[tuple[Server, Server]]:
    """Yield an exchange and a member of its space; neither is started."""
    with workshop() as folder:
        ports = free_ports(2)
        exchange, member = folder / EXCHANGE, folder / "provider"
        make(exchange, EXCHANGE, ports[0], "")
        make(member, "provider", ports[1], f"http://localhost:{ports[0]}")
        host, guest = (Server(command, data, port) for data, port in zip((exchange, member), ports, strict=True))
        try:
            yield host, guest
        finally:
            guest.stop()
            host.stop()


def _again(name: str, server: Server, rounds: int) -> dict[str, tuple[float, str]]:
    """Stop and start a server `rounds` times; return how soon it is ready, and its idle size."""
    starts, sizes = [], []
    for _ in range(rounds):
        server.stop()
        starts.append(server.start())
        time.sleep(SETTLE_SECONDS)
        sizes.append(server.memory() / MIB)
    ready, idle = statistics.median(starts), statistics.median(sizes)
    return {f"{name}, ready": (ready, "s"), f"{name}, idle": (idle, "MiB")}


def main() -> None:
    """Measure, print, write bench/results/start.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.start")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    told = parser.parse_args()
    command = [str(installed())]
    print(machine())
    rows = measure(command, told.rounds)
    print(report.table(rows))
    print("written to", report.write("start", rows))


if __name__ == "__main__":
    main()
