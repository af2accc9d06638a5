"""How much of a list is covered, beside openmined-psi in its mode that tells the size alone.

`python -m bench.coverage [--rounds 5] [--subjects 50000] [--keys 5000]`; with `--country` it is a table of a country
and a list of a bank, a million subjects and a hundred thousand keys, once each, both at once on a core each (some four
minutes), whose rows stand beside the others

Both blind all subjects, blind the list, multiply it once more and count what is found; each in a fresh interpreter on
one core. Ours throws coins, so it finds about as many; theirs is exact to one in a billion. CPU seconds of the work
alone, without the start of the interpreter; memory at its highest, of the last round.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from bench import report, rivals
from bench.policy import on_one_core
from bench.space import machine

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS, SUBJECTS, KEYS = 5, 50_000, 5_000
COUNTRY, LIST = 1_000_000, 100_000
RIVAL, WANTED = "openmined-psi", "openmined-psi==2.0.6"
RATIO = "CPU seconds: ours ÷ openmined-psi"
# rows of a country begin so
OF_COUNTRY = f"{COUNTRY:,} subjects and {LIST:,} keys"
TARGETS = {RATIO: {"at_most": 1.2}, f"{OF_COUNTRY}: {RATIO}": {"at_most": 1.2}}
# how far an estimate of ours may lie from the truth: six of its standard deviations
APART = 6
OURS = """
import json, os, sys, time
from connector.compute import blinding, curve25519, marks
subjects, keys = int(sys.argv[1]), int(sys.argv[2])
theirs, mine = [f"F{at}" for at in range(subjects)], [f"F{2 * at + subjects - keys}" for at in range(keys)]
one, two = (curve25519.scalar(os.urandom(64)) for _ in range(2))
curve25519.blinded(one, ["warm"])
begun = at = time.process_time()
parts = {}
def took(part):
    global at
    now = time.process_time()
    parts[part], at = now - at, now
chances = marks.odds(1.4)
of = marks.places(subjects, chances)
there = marks.kept(theirs, os.urandom(32), chances)
took("coins")
points = curve25519.blinded(one, there)
took("subjects")
bits = marks.marked(points, of)
took("marks")
sent = blinding.joined(curve25519.blinded(two, mine))
took("keys")
back = blinding.joined(curve25519.again(one, blinding.apart(sent)))
took("keys, by the provider")
found = curve25519.again(curve25519.inverse(two), blinding.apart(back))
took("keys, taken away")
told = marks.estimate(marks.count(found, bits, of), keys, chances.missed, bits, of)
took("counting")
print(json.dumps({"seconds": time.process_time() - begun, "size": told.count, "wide": told.high - told.low,
    "parts": parts,
    "peak": int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])}))
"""
THEIRS = """
import json, sys, time
import private_set_intersection.python as psi
subjects, keys = int(sys.argv[1]), int(sys.argv[2])
theirs, mine = [f"F{at}" for at in range(subjects)], [f"F{2 * at + subjects - keys}" for at in range(keys)]
server, client = psi.server.CreateWithNewKey(False), psi.client.CreateWithNewKey(False)
client.CreateRequest(["warm"])
begun = time.process_time()
setup = server.CreateSetupMessage(1e-9, keys, theirs, psi.DataStructure.GCS)
size = client.GetIntersectionSize(setup, server.ProcessRequest(client.CreateRequest(mine)))
print(json.dumps({"seconds": time.process_time() - begun, "size": size, "wide": 0,
    "peak": int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])}))
"""


def run(python: str | Path, program: str, subjects: int, keys: int) -> dict[str, Any]:
    """Return what a program measured."""
    command = [str(python), "-c", program, str(subjects), str(keys)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=rivals.ROOT)
    return dict(json.loads(done.stdout))


def once(subjects: int, keys: int) -> dict[str, tuple[float, str]]:
    """Return the figures of one run of each, both at once, and what parts of ours are.

    They take minutes: what else the machine does meanwhile weighs on both alike.
    """
    rival = rivals.environment(RIVAL) / "bin" / "python"
    with ThreadPoolExecutor(2) as both:
        mine, theirs = (
            both.submit(run, python, program, subjects, keys)
            for python, program in ((sys.executable, OURS), (rival, THEIRS))
        )
        one, other = mine.result(), theirs.result()
    require_same(one, other, keys)
    parts = {f"of ours: {part}": (100 * seconds / one["seconds"], "%") for part, seconds in one["parts"].items()}
    told = {
        "ours": (one["seconds"], "CPU s"),
        "openmined-psi": (other["seconds"], "CPU s"),
        RATIO: (one["seconds"] / other["seconds"], "times"),
        "memory at the most, ours": (one["peak"] / 1024, "MiB"),
        "memory at the most, openmined-psi": (other["peak"] / 1024, "MiB"),
        **parts,
    }
    return {f"{OF_COUNTRY}: {work}": figure for work, figure in told.items()}


def require_same(one: dict[str, Any], other: dict[str, Any], keys: int) -> None:
    """End it where the two find different things."""
    if abs(one["size"] - other["size"]) > APART * one["wide"] / 4:
        raise SystemExit(f"they find different things: {one['size']:.0f} and {other['size']} of {keys}")


def measured(rounds: int, subjects: int, keys: int) -> dict[str, tuple[float, str]]:
    """Return the figures; both take turns, after one round that does not count."""
    rival = rivals.environment(RIVAL) / "bin" / "python"
    ours: list[float] = []
    theirs: list[float] = []
    peaks = [0.0, 0.0]
    for number in range(rounds + 1):
        one, other = run(sys.executable, OURS, subjects, keys), run(rival, THEIRS, subjects, keys)
        require_same(one, other, keys)
        if number:
            ours.append(one["seconds"])
            theirs.append(other["seconds"])
        peaks = [found["peak"] / 1024 for found in (one, other)]
    mine, others = report.percentile(ours, 50), report.percentile(theirs, 50)
    return {
        f"ours, {subjects:,} subjects and {keys:,} keys": (mine, "CPU s"),
        "openmined-psi, the same": (others, "CPU s"),
        RATIO: (mine / others, "times"),
        "memory at the most, ours": (peaks[0], "MiB"),
        "memory at the most, openmined-psi": (peaks[1], "MiB"),
        "ours, a subject or three multiplications of a key": (1e6 * mine / (subjects + keys), "µs"),
    }


def main() -> None:
    """Measure, print, write bench/results/coverage.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--country", action="store_true", help=OF_COUNTRY)
    given = parser.parse_args()
    print(machine(), flush=True)
    if not rivals.install(RIVAL, WANTED):
        raise SystemExit(1)
    if not given.country:
        on_one_core()
    figures = once(COUNTRY, LIST) if given.country else measured(given.rounds, given.subjects, given.keys)
    found = report.rows(figures, TARGETS)
    print(report.table(found))
    # rows of the other size stay as they were measured
    before = [one for one in report.read("coverage") if one.work.startswith(OF_COUNTRY) != given.country]
    both = [*before, *found] if given.country else [*found, *before]
    print("written to", report.write("coverage", both))


if __name__ == "__main__":
    main()
