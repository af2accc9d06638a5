"""Chains of others as processes: anvil from npm, geth from Go's tools, kept in `.chains/` between runs.

`PENSTOCK_TEST_CHAIN` names the chains that program tests run on: `embedded` (the default), `anvil`, `geth`, or several
with commas. What cannot be had here is a reason to be told, not a failure: see `NotHereError`.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

CHAINS = tuple(os.environ.get("PENSTOCK_TEST_CHAIN", "embedded").split(","))
KEPT = Path(__file__).resolve().parents[2] / ".chains"
ANVIL = "@foundry-rs/anvil@1.7.1"
GETH = "github.com/ethereum/go-ethereum/cmd/geth@v1.16.7"
FSCK = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"
READY_SECONDS = 30
# in memory: a reorganisation back to a state that anvil has moved to the disk ends without any program
KEPT_STATES = 20_000
STOP_SECONDS = 10


class NotHereError(Exception):
    """This chain cannot be had on this machine; the words say why."""


class Node:
    """A running chain of somebody else: its address, and raw questions to it."""

    def __init__(self, kind, command, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.kind, self.url = kind, f"http://127.0.0.1:{self.port}"
        with (folder / f"{kind}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *_ARGUMENTS[kind](self.port, folder)], stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._ready()
        except BaseException:
            self.stop()
            raise

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=READY_SECONDS) as answer:
            said = json.load(answer)
        assert "error" not in said, said
        return said["result"]

    async def asked(self, method, *params):
        return await asyncio.to_thread(self.ask, method, *params)

    def endow(self, account, amount=10**21):
        """Give an account what fees are paid with."""
        shown = "0x" + account.hex()
        if self.kind == "anvil":
            self.ask("anvil_setBalance", shown, hex(amount))
            return
        [rich] = self.ask("eth_accounts")
        sent = self.ask("eth_sendTransaction", {"from": rich, "to": shown, "value": hex(amount)})
        give_up = time.monotonic() + READY_SECONDS
        while self._asked_or_none("eth_getTransactionReceipt", sent) is None:
            assert time.monotonic() < give_up, f"{self.kind} does not mine"
            time.sleep(0.02)

    def _asked_or_none(self, method, *params):
        try:
            return self.ask(method, *params)
        except AssertionError:
            # geth begins by indexing, and says so
            return None

    def stop(self):
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    def _ready(self):
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                return self.ask("eth_chainId")
            except OSError:
                assert self._process.poll() is None, f"{self.kind} ended"
                assert time.monotonic() < give_up, f"{self.kind} does not answer"
                time.sleep(0.02)


@contextmanager
def running(kind, folder):
    """A node of `anvil` or `geth` that ends with the block; `NotHereError`."""
    node = Node(kind, [command(kind)], folder)
    try:
        yield node
    finally:
        node.stop()


def command(kind):
    """The binary of a node, or of another's verifier of logs, fetched once; `NotHereError`."""
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{kind}.lock").open("w") as lock:
        # several workers want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return {"anvil": _anvil, "geth": _geth, "fsck": _fsck}[kind]()


def _anvil():
    folder = KEPT / "anvil-1.7.1"

    def found():
        return sorted(folder.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*"))

    if not found():
        _install("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), ANVIL], {})
    if not found():
        raise NotHereError(f"{ANVIL} has no binary for this machine")
    return found()[0]


def _geth():
    binary = KEPT / "geth-1.16.7" / "geth"
    if not binary.exists():
        _install("go", ["install", GETH], {"GOBIN": str(binary.parent)})
    return binary


def _fsck():
    binary = KEPT / "tessera-1.0.4" / "fsck"
    if not binary.exists():
        _install("go", ["install", FSCK], {"GOBIN": str(binary.parent)})
    return binary


def _install(tool, arguments, environment):
    if (found := shutil.which(tool)) is None:
        raise NotHereError(f"{tool} is not installed")
    done = subprocess.run(
        [found, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment
    )
    if done.returncode != 0:
        raise NotHereError(f"`{tool} {arguments[0]}` failed: {done.stderr.strip()[-200:]}")


_ARGUMENTS = {
    "anvil": lambda port, _folder: [
        "--silent", "--port", str(port), "--chain-id", str(secrets.randbelow(2**31) + 1), "--accounts", "1",
        "--prune-history", str(KEPT_STATES),
    ],
    "geth": lambda port, folder: [
        "--dev", "--datadir", str(folder / "geth"), "--http", "--http.port", str(port), "--http.api", "eth,net,web3",
        "--ipcdisable", "--verbosity", "1",
    ],
}  # fmt: skip
