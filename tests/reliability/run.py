"""Run what the table names, once, in the order of its figures, and count what came of each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability import tally
from tests.reliability.figure import LONG, Came, Command, Suite

ROOT = Path(__file__).resolve().parents[2]
ENDED = re.compile(r"^(?:.*: )?(\d+) (?:passed|killed), (\d+) (?:failed|survived)$", re.MULTILINE)
LAST_LINES = 15
TOLD = ROOT / "build/reliability.log"


def chosen(figures, form):
    """Return what pytest runs for these figures in this form, each path once."""
    wanted = [path for one in figures for source in one.by if isinstance(source, Suite) for path in source.paths(form)]
    return list(dict.fromkeys(wanted))


def by_pytest(paths, form, workers, say, before=None):
    """Run these tests; returns what each ended with (`tally.read`). What `before` has is not run again."""
    seen = before or {}
    paths = [path for path in paths if not any(node.startswith(path) for node in seen)]
    if not paths:
        return seen
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "tally"
        extent = {"PENSTOCK_TEST_FAULTS": "all"} if form == LONG else {}
        words = [sys.executable, "-m", "pytest", "-q", "-n", workers, *paths]
        done = subprocess.run(
            words, cwd=ROOT, env={**os.environ, **extent, tally.PLACE: str(place)}, check=False, capture_output=True
        )
        found = tally.read(place)
    if done.returncode:
        # what broke in an hour is told once: its points and folders stand far above the last lines
        TOLD.parent.mkdir(exist_ok=True)
        TOLD.write_bytes(done.stdout + done.stderr)
        say("\n".join(done.stdout.decode().splitlines()[-LAST_LINES * 4 :]) + f"\nwhole in {TOLD.relative_to(ROOT)}")
    if not found:
        say(done.stderr.decode())
    return seen | found


def counted(source, form, ended, came):
    """Add to `came` what the tests of a source said."""
    paths = source.paths(form)
    for node, (outcome, counts, reason) in ended.items():
        if not node.startswith(paths):
            continue
        if outcome == "skipped":
            came.absent.add(reason)
            continue
        # a test that failed before it said its count has tried one thing at least
        tried = sum(counts.get(name, 0) for name in source.named) if source.named else 1
        if source.named and outcome == "failed":
            tried = max(tried, 1)
        came.tried += tried
        came.survived += tried if outcome == "passed" else 0
    if not paths and source.more:
        came.left_out.append(" ".join(source.more))


def by_command(source, form, came, say):
    """Run a command and add what it says at its end."""
    words = source.words(form)
    if words is None:
        came.left_out.append(f"make {source.target}")
        return
    done = subprocess.run(
        [sys.executable, "-m", source.module, *words], cwd=ROOT, check=False, capture_output=True, text=True
    )
    found = ENDED.findall(done.stdout)
    if not found:
        say("\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:]))
        came.tried += 1
        return
    passed, failed = map(int, found[-1])
    more = re.search(source.counted, done.stdout) if source.counted else None
    tried = int(more[1]) if more else passed + failed
    if failed:
        say("\n".join(done.stdout.splitlines()[-LAST_LINES:]))
    came.tried += tried
    came.survived += tried - failed


def play(figures, form, workers, say, tell, before=None):
    """Run everything; `tell(figure, came)` is called for each figure as soon as it is known.

    `before` is what tests ended with that were run just now (`tally.read`).
    """
    ended = by_pytest(chosen(figures, form), form, workers, say, before)
    for figure in figures:
        came = Came()
        for source in figure.by:
            if isinstance(source, Command):
                by_command(source, form, came, say)
            else:
                counted(source, form, ended, came)
        tell(figure, came)
