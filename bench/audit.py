"""What `penstock audit` takes for a space of a million events: time, processor, memory; with 1 % more; over HTTP.

`python -m bench.audit [--events 1000000] [--providers 4] [--buyers 6] [--keep FOLDER]`

The space is written by `bench.audited` with real keys, signatures, boxes, cosignatures and decisions, and kept as the
bundle that an audit would have read over HTTP. The audits are the command itself, each a process of its own. Memory is
the proportional size of the command and all its children together, looked at five times a second. The last one reads
URLs: every page from nginx, the chain over JSON-RPC, whose processes are counted beside it. With `--keep` the space is
written once and found again; `--only-http` and `--only-going-on` leave the others out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import report
from bench.audited.served import serving
from bench.audited.space import AuditedSpace
from bench.audited.trade import Sale
from ledger.log.tiles import ENTRIES as ENTRY_TILES
from ledger.log.tiles import TILE_WIDTH_HASHES, Tile

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS, PROVIDERS, BUYERS = 1_000_000, 4, 6
GROWTH = 1.01
OVERLAP_BUNDLES = 3  # more than the entries of the 64 newest blocks fill
FULL = f"-{TILE_WIDTH_HASHES}"
LOOK_SECONDS = 0.2
KIB, MIB = 1024, 1 << 20
SPACE, LATER, NOTES = "space.zip", "later.zip", "notes.json"
FIRST, KEEPING, AGAIN = "audited", "audited and kept what was proven", "gone on with 1 % more"
SERVED = "audited over HTTP"
SHARED, SHARES, SEED = "shared among three", 3, "5e" * 32
# 90 seconds of two processors are 180 of one; that figure stays true on a machine that has other things to do
TARGETS = {
    f"{FIRST}, wall": {"at_most": 90.0},
    f"{FIRST}, processors": {"at_most": 180.0},
    f"{FIRST}, memory": {"at_most": 500.0},
    f"{AGAIN}, processors ÷ {FIRST}": {"at_most": 0.08},
    f"{SERVED}, wall": {"at_most": 90.0},
    f"{SERVED}, processors": {"at_most": 180.0},
    f"{SERVED}, memory": {"at_most": 500.0},
}
COMMAND = [sys.executable, "-c", "from connector.cli.main import run; run()", "audit"]


@dataclass(frozen=True, slots=True)
class Audited:
    """One run of the command: seconds of the wall and of all processors, MiB of all processes, what it said."""

    seconds: float
    cpu_seconds: float
    memory_mib: float
    said: dict[str, Any]

    def figures(self, name: str) -> dict[str, tuple[float, str]]:
        """Return the figures of a run by their names."""
        return {
            f"{name}, wall": (self.seconds, "s"),
            f"{name}, processors": (self.cpu_seconds, "CPU s"),
            f"{name}, memory": (self.memory_mib, "MiB"),
        }


def written(folder: Path, count: int, providers: int, buyers: int) -> dict[str, Any]:
    """Write the space into a folder, unless it is there, and return what is in it."""
    notes = folder / NOTES
    if not notes.exists():
        begun = time.monotonic()
        made = AuditedSpace(folder, providers, buyers, lambda *sale: Sale(*sale).play())
        made.play(folder / SPACE, count)
        told = {"events": made.count, "kinds": made.kinds(), "auditor": made.auditor.name}
        made.play(folder / LATER, round(made.count * GROWTH))
        overlap(folder / SPACE, folder / LATER)
        told |= {"later": made.count, "seconds": time.monotonic() - begun}
        notes.write_text(json.dumps(told))
    found: dict[str, Any] = json.loads(notes.read_text())
    return found


def overlap(earlier: Path, later: Path) -> None:
    """Put the newest full pages of each log into the later bundle: what cites young blocks is read again."""
    with zipfile.ZipFile(earlier) as known, zipfile.ZipFile(later, "a") as bundle:
        names = set(known.namelist())
        firsts = [name.removesuffix(FULL).rpartition("/addenda/") for name in names if name.endswith(FULL)]
        for log in {log for log, _, _ in firsts}:
            for first in sorted(int(number) for of, _, number in firsts if of == log)[-OVERLAP_BUNDLES:]:
                at = first // TILE_WIDTH_HASHES
                paths = [Tile(level, at, TILE_WIDTH_HASHES).path for level in (ENTRY_TILES, 0)]
                for name in (f"{log}/{path}" for path in (*paths, f"addenda/{first}{FULL}")):
                    bundle.writestr(name, known.read(name))


def audited(folder: Path, auditor: str, bundle: str, memory: Path | None = None) -> Audited:
    """Run `penstock audit` on a bundle; it must find nothing."""
    more = () if memory is None else ("--memory", str(memory))
    return commanded("--read", str(folder / bundle), "--data", str(folder / auditor), *more)


def audited_over_http(folder: Path, notes: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """Run `penstock audit` on what nginx and a chain serve; the figures have what serving cost besides."""
    auditor = notes["auditor"]
    with serving(folder, folder / SPACE) as (exchange, rpc, pages):
        before = pages.cpu_seconds()
        asked = ("--exchange", exchange, "--rpc", rpc, "--development", "--data", str(folder / auditor))
        found = commanded(*asked)
        cost = pages.cpu_seconds() - before
    return found.figures(SERVED) | {f"{SERVED}, processors of nginx besides": (cost, "CPU s")}


def commanded(*asked: str) -> Audited:
    """Run `penstock audit` with these words; it must find nothing, a share of it may say no more than what is open."""
    command = [*COMMAND, *asked, "--json"]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    # a file, because a report on many logs is more than a pipe holds
    with tempfile.TemporaryFile() as out, subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) as child:
        peak = watched(child)
        seconds = time.monotonic() - begun
        out.seek(0)
        said = json.loads(out.read())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert said.get("audit", "clean") == "clean", str(said)[:2000]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Audited(seconds, cpu, peak / MIB, said)


def watched(child: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end; return the largest size that it and its children had together, in bytes."""
    peak = 0
    while child.poll() is None:
        peak = max(peak, sum(map(proportional_bytes, family(child.pid))))
        time.sleep(LOOK_SECONDS)
    return peak


def family(pid: int) -> Iterator[int]:
    """Yield a process and all below it."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = listed.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def proportional_bytes(pid: int) -> int:
    """Return the resident size of a process, what it shares with others divided among them; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return KIB * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def place(kept: Path | None) -> Iterator[Path]:
    """Yield the folder of the space: the one to keep, or one for this time."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="penstock-bench-audit-") as made:
            yield Path(made)
        return
    kept.mkdir(parents=True, exist_ok=True)
    yield kept


def measured(folder: Path, count: int, providers: int, buyers: int) -> dict[str, tuple[float, str]]:
    """Return all figures of one space."""
    notes = written(folder, count, providers, buyers)
    for kind, number in notes["kinds"].items():
        print(f"{kind:<22}{number:>9}", flush=True)
    load = os.getloadavg()[0]
    figures = gone_on(folder, notes)
    return {"load of the machine before": (load, "processes")} | figures | audited_over_http(folder, notes)


def gone_on(folder: Path, notes: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """Return the figures of an audit, of one that keeps what it proved, and of one that goes on from there."""
    auditor = notes["auditor"]
    first = audited(folder, auditor, SPACE)
    print(report.table(report.rows(first.figures(FIRST), TARGETS)), flush=True)
    with tempfile.TemporaryDirectory(prefix="penstock-bench-memory-") as memory:
        filling = audited(folder, auditor, SPACE, Path(memory))
        again = audited(folder, auditor, LATER, Path(memory))
        kept = sum(path.stat().st_size for path in Path(memory).iterdir())
    assert again.said["went_on"].get("entries"), again.said["went_on"]
    assert (first.said["events"], again.said["events"]) == (notes["events"], notes["later"])
    sizes = {
        "events": (float(first.said["events"]), "events"),
        "decisions made again": (float(first.said["decisions_replayed"]), "decisions"),
        "signatures verified": (float(first.said["signatures_verified"]), "signatures"),
        "to be read": (((folder / SPACE).stat().st_size) / MIB, "MiB"),
        "to be read with 1 % more, to go on": (((folder / LATER).stat().st_size) / MIB, "MiB"),
        "kept of what was proven": (kept / MIB, "MiB"),
        "kept of what was proven, an event": (kept / again.said["events"], "bytes"),
    }
    share = again.cpu_seconds / first.cpu_seconds
    offline = first.figures(FIRST) | filling.figures(KEEPING) | again.figures(AGAIN)
    return sizes | offline | {f"{AGAIN}, processors ÷ {FIRST}": (share, "times")}


def shared(folder: Path, notes: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """Return the figures of an audit cut among `SHARES` regulators, over a bundle opened for them by one."""
    auditor, figures = str(folder / notes["auditor"]), dict[str, tuple[float, str]]()
    whole = audited(folder, notes["auditor"], SPACE)
    with tempfile.TemporaryDirectory(prefix="penstock-bench-shares-") as made:
        opened = Path(made) / "opened.zip"
        opening = commanded("--read", str(folder / SPACE), "--data", auditor, "--bundle", str(opened), "--opened")
        own = ("--read", str(opened), "--data", auditor, "--seed", SEED)
        names = [str(Path(made) / f"{number}.json") for number in range(1, SHARES + 1)]
        parts = [commanded("--share", f"{at}/{SHARES}", "--part", name, *own) for at, name in enumerate(names, 1)]
        sealed = commanded("--share", f"1/{SHARES}", "--part", names[0], "--read", str(folder / SPACE), *own[2:])
        parts_mib = sum(Path(name).stat().st_size for name in names) / MIB
        joined = commanded("join", *names, *own)
    largest = max(parts, key=lambda one: one.cpu_seconds)
    every = {"opened for others": opening, "largest share": largest, "a share of what is sealed": sealed}
    for name, one in {"one audit of all": whole, **every, "joined": joined}.items():
        figures[f"{SHARED}, {name}"] = (one.cpu_seconds, "CPU s")
        if one is not whole:
            figures[f"{SHARED}, {name}, to that of one audit"] = (one.cpu_seconds / whole.cpu_seconds, "times")
    matters = sum(one.said["matters"] for one in parts)
    sizes = {"events": (float(whole.said["events"]), "events"), "matters": (float(matters), "matters")}
    sizes["parts together"] = (parts_mib, "MiB")
    return {f"{SHARED}, {name}": value for name, value in sizes.items()} | figures


def beside(rows: list[report.Row]) -> Path:
    """Write rows in the place of those of their names, all others as they were recorded; return the path."""
    names = {one.work for one in rows}
    known = [report.Row(**one) for one in json.loads((report.RESULTS / "audit.json").read_text())]
    return report.write("audit", [*(one for one in known if one.work not in names), *rows])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--providers", type=int, default=PROVIDERS)
    parser.add_argument("--buyers", type=int, default=BUYERS)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only-http", action="store_true")
    parser.add_argument("--only-going-on", action="store_true")
    parser.add_argument("--only-shares", action="store_true")
    asked = parser.parse_args()
    with place(asked.keep) as folder:
        only = {audited_over_http: asked.only_http, gone_on: asked.only_going_on, shared: asked.only_shares}
        for measure in (one for one, wanted in only.items() if wanted):
            notes = written(folder, asked.events, asked.providers, asked.buyers)
            figures = {"load of the machine before": (os.getloadavg()[0], "processes")} | measure(folder, notes)
            rows = report.rows(figures, TARGETS)
            print(report.table(rows))
            print(beside(rows[1:]))
            return
        figures = measured(folder, asked.events, asked.providers, asked.buyers)
    rows = report.rows(figures, TARGETS if asked.events >= EVENTS else {})
    print(report.table(rows))
    print(report.write("audit", rows))


if __name__ == "__main__":
    main()
