"""What a benchmark reports: rows of figures with their targets, and what a child process cost.

A figure is the median of its rounds. Cost is read from the kernel, never estimated: CPU seconds and the largest
resident size of a process and of the children it waited for (`wait4`), or of one that still runs (`/proc`, Linux).
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Figures = Mapping[str, tuple[float, str]]  # work → value, unit
    Targets = Mapping[str, Mapping[str, float]]  # work → {"at_most": bound} or {"at_least": bound}

RESULTS = Path(__file__).parent / "results"
KIB = 1024
ABSENT, NOT_RUN, FAILED = "absent", "not run", "failed"
FORGET = "5"  # what /proc/PID/clear_refs takes to begin the largest resident size anew


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `target` in words ("at most 60"), empty if there is none; `met` is then None.

    `value` is None for what was not measured; `unit` says why then ("absent", "not run").
    """

    work: str
    value: float | None
    unit: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: wall and CPU seconds, the largest resident size in bytes, its exit code."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    returncode: int


def row(work: str, value: float, unit: str, *, at_most: float | None = None, at_least: float | None = None) -> Row:
    """Return a row judged against one bound, or against none."""
    assert at_most is None or at_least is None, "a figure has one target"
    if at_most is not None:
        return Row(work, value, unit, f"at most {at_most:g}", value <= at_most)
    if at_least is not None:
        return Row(work, value, unit, f"at least {at_least:g}", value >= at_least)
    return Row(work, value, unit)


def rows(figures: Figures, targets: Targets) -> list[Row]:
    """Return figures as rows, each judged against its target if it has one."""
    return [row(work, value, unit, **targets.get(work, {})) for work, (value, unit) in figures.items()]


def unmeasured(work: str, why: str = ABSENT, *, at_most: float | None = None, at_least: float | None = None) -> Row:
    """Return the row of what has no figure: a peer that is not installed here, or a work that was not run."""
    return replace(row(work, 0.0, why, at_most=at_most, at_least=at_least), value=None, met=None)


def median(rounds: int, measure: Callable[[], float]) -> float:
    """Return the median of `rounds` calls."""
    assert rounds > 0
    return statistics.median(measure() for _ in range(rounds))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    assert values
    assert 0 < percent <= 100
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


# A child's largest size as the kernel keeps it starts at that of the process which forked it. A small process in
# between, fresh from exec, keeps the size of this one out of the figure (what is left is its own 10 MB).
_BETWEEN = """
import json, os, sys, time
begun = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds, cpu = time.monotonic() - begun, usage.ru_utime + usage.ru_stime
figures = [seconds, cpu, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]
os.write(int(sys.argv[1]), json.dumps(figures).encode())
"""


def run(command: Sequence[str], output: int | None = None) -> Cost:
    """Run a command to its end and return its cost; FileNotFoundError if there is none.

    Its standard output goes where ours does, or to `output`, a descriptor or `subprocess.DEVNULL`.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"no command `{command[0]}`")
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as answer:
        with os.fdopen(theirs, "wb"):
            between = [sys.executable, "-I", "-S", "-c", _BETWEEN, str(theirs), *command]
            subprocess.run(between, check=True, pass_fds=(theirs,), stdout=output)
        seconds, cpu, peak_kib, returncode = json.loads(answer.read())
    return Cost(seconds, cpu, peak_kib * KIB, returncode)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds a running process and its waited-for children have taken."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, child_user, child_system = (int(field) for field in after_name[11:15])
    return (user + system + child_user + child_system) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid: int, *, peak: bool = False) -> int:
    """Return the resident size of a running process now, or the largest so far."""
    name = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * KIB
    raise ProcessLookupError(f"process {pid} has no {name[:-1]}; it has ended")


def forget_peak(pid: int) -> None:
    """Have the kernel begin the largest resident size of a process anew."""
    Path(f"/proc/{pid}/clear_refs").write_text(FORGET)


def write(name: str, rows: Sequence[Row], folder: Path = RESULTS) -> Path:
    """Write the rows as `folder/NAME.json` and return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps([asdict(each) for each in rows], indent=2) + "\n")
    return path


def read(name: str, folder: Path = RESULTS) -> list[Row]:
    """Return the rows that were written last under a name."""
    return [Row(**each) for each in json.loads((folder / f"{name}.json").read_text())]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text a person reads."""
    width = max((len(each.work) for each in rows), default=0)
    return "\n".join(
        f"{each.work:<{width}}  {_shown(each.value):>12} {each.unit:<8} {_verdict(each)}".rstrip() for each in rows
    )


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _verdict(each: Row) -> str:
    if each.met is None:
        return each.target
    return f"{each.target}: {'met' if each.met else 'missed'}"
