"""Have Schemathesis read the management interface as we describe it, and call every operation of it as it likes.

    python -m tests.interop.described [--calls EXAMPLES] [--phases coverage,fuzzing,stateful] [--seed SEED] [--json]

A participant with every role is served for it; the library comes by pip into an environment of its own. What it minds
counts as a failure. An answer of 500 and above must be a fault in words that names a peer or the chain as its author;
every status and every answer must be described; what the description forbids must be refused; nobody without our
owner's token may be let in. Prints what was called, and `N passed, M failed`: the operations of which nothing was
minded, and the others.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from connector.demo.processes import Participant, free_ports
from connector.operation.initialise import initialise

LIBRARY = "schemathesis==4.32.5"
ROLES = ("provider", "buyer", "exchange", "regulator", "service", "broker", "arbitrator")
INSTALLED_SECONDS, CALLED_SECONDS = 900, 3600
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "use_after_free",
)
SERVER_ERROR = "ST101"
# whose fault an answer of 500 and above may say that it is: an address that nobody answers at is the caller's example
OTHERS = frozenset({"peer", "chain"})
TOLD_MAX = 40


def environment(folder):
    """Make it; returns its command."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", LIBRARY]
    subprocess.run(install, check=True, timeout=INSTALLED_SECONDS)
    return folder / "bin/st"


def called(command, url, token, folder, asked):
    """Let it call everything at `url`; returns (the file of its events, what it said)."""
    events = folder / "events.ndjson"
    words = [
        str(command),
        "run",
        f"{url}/management/openapi.json",
        *("--header", f"Authorization: Bearer {token}"),
        *("--phases", asked.phases, "--max-examples", str(asked.calls), "--seed", str(asked.seed)),
        *("--checks", ",".join(CHECKS), "--continue-on-failure", "--no-shrink", "--request-timeout", "60"),
        *("--report", "ndjson", "--report-ndjson-path", str(events), "--no-color"),
    ]
    done = subprocess.run(words, check=False, timeout=CALLED_SECONDS, capture_output=True, text=True, cwd=folder)
    return events, done.stdout + done.stderr


def excused(response):
    """Whether an answer of 500 and above is somebody else's fault, in words."""
    try:
        fault = orjson.loads(base64.b64decode(response["content"]["$base64"]))
    except (KeyError, TypeError, ValueError):
        return False
    return isinstance(fault, dict) and fault.get("whose") in OTHERS and bool(fault.get("text"))


def tried(case):
    """Return what the library says of how it drew a case."""
    phase = case["value"].get("meta", {}).get("phase", {})
    return phase.get("data", {}).get("description") or phase.get("name", "")


@dataclass
class Found:
    """What came of it: operations that were called, that were ever obeyed, and what was minded of which."""

    calls: int = 0
    called: set = field(default_factory=set)
    obeyed: set = field(default_factory=set)
    minded: Counter = field(default_factory=Counter)  # (operation, code, status, how it was tried)

    def read(self, recorder):
        """Take in what was recorded of one scenario."""
        operation, answers = recorder["label"], recorder.get("interactions", {})
        for case, one in answers.items():
            self.calls += 1
            if " " in operation and operation.split()[0].isupper():  # or a chain of several
                self.called.add(operation)
            status = (one["response"] or {}).get("status_code", 0)
            if 200 <= status < 300:
                self.obeyed.add(operation)
            for check in recorder.get("checks", {}).get(case, []):
                if check["status"] == "success":
                    continue
                code = check["failure_info"]["failure"]["code"]
                if code != SERVER_ERROR or not excused(one["response"]):
                    self.minded[operation, code, status, tried(recorder["cases"][case])] += 1

    @property
    def failed(self):
        """The operations of which something was minded."""
        return {operation for operation, *_ in self.minded}


def found_in(events):
    """Return what the events say."""
    found = Found()
    with events.open("rb") as lines:
        for line in lines:
            told = orjson.loads(line)
            if "ScenarioFinished" in told:
                found.read(told["ScenarioFinished"]["recorder"])
    return found


async def play(folder, asked):
    """Serve, call, and say what came of it: (what was found, what the library said)."""
    command = await asyncio.to_thread(environment, folder / "schemathesis")
    data, port = folder / "all", free_ports(1)[0]
    initialise(data, name="All", roles=ROLES, region="US-NY", port=port, exchange=None, development=True)
    participant = Participant(data)
    await participant.start()
    try:
        token = (data / "management.token").read_text().strip()
        work = (command, f"http://localhost:{port}", token, folder, asked)
        events, said = await asyncio.to_thread(called, *work)
        assert participant.running, "the participant ended under it"
    finally:
        await participant.stop()
    return found_in(events), said


def main() -> int:
    """Play it; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=10, help="examples of each operation in each phase")
    parser.add_argument("--phases", default="coverage,fuzzing,stateful")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found, said = asyncio.run(play(Path(name), asked))
    if not found.calls:
        sys.stderr.write(said)
    passed, failed = len(found.called - found.failed), len(found.failed) or int(not found.calls)
    if asked.json:
        told = {"calls": found.calls, "operations": len(found.called), "obeyed": len(found.obeyed)}
        told |= {"passed": passed, "failed": failed, "seed": asked.seed}
        told["minded"] = [[*case, count] for case, count in sorted(found.minded.items())]
        sys.stdout.write(json.dumps(told) + "\n")
        return 1 if failed else 0
    for (operation, code, status, how), count in sorted(found.minded.items())[:TOLD_MAX]:
        sys.stdout.write(f"{operation}: {code} ({how}), answered {status}, {count} times\n")
    sys.stdout.write(f"{LIBRARY}: {found.calls} calls of {len(found.called)} operations, {len(found.obeyed)} obeyed\n")
    sys.stdout.write(f"--seed {asked.seed} repeats what was drawn\n{passed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
