"""Running tests on a copy of the tree in which one change was made.

Law: (1) the checkout is read once and never written. (2) A change counts as killed only by tests that pass without it,
in the same copy, with the same draws. (3) A time limit follows from how long the tests take without a change, measured
again before a change is called killed by it, and what wider tests say is asked twice: a busy machine kills nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.mutants.change import Change

# a run may take so many times what it takes without a change, and this much beside
TIMES, BESIDE_SECONDS = 5, 20
BASELINE_SECONDS_MAX, BASELINE_TRIES = 900, 2
SAID_CHARACTERS = 4000
PASSED = 0


class BaselineFailed(Exception):  # noqa: N818  # it says what happened
    """Tests fail without a change, so they would call every change killed."""


class Verdict(StrEnum):
    """What became of a change."""

    KILLED = "killed"
    TIMED_OUT = "killed by the time limit"
    SURVIVED = "survived"
    NOT_JUDGED = "not judged"


class Copy:
    """A copy of the tree below `folder`, in which tests run."""

    def __init__(self, root: Path, folder: Path, seed: int = 0) -> None:
        self._root, self.tree, self._temporary = root, folder / "tree", folder / "tmp"
        self._seed = seed
        self._taken: dict[tuple[str, ...], float] = {}
        self._written = 0
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # a database server goes in as somebody else
        for name in _files(root):
            place = self.tree / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place)

    def source(self, file: str) -> bytes:
        """Return a file as it is without a change."""
        return (self._root / file).read_bytes()

    def judge(self, change: Change, stages: Sequence[tuple[str, ...]]) -> Verdict:
        """Return what the tests say of a change, asked stage by stage until one has seen it."""
        for stage in stages:
            self._baseline(stage)
            verdict = self._try(change, stage)
            if verdict is Verdict.KILLED and stage is not stages[0]:
                verdict = self._try(change, stage)
            if verdict is Verdict.TIMED_OUT:
                before = self._taken.pop(stage)
                self._baseline(stage)
                if self._taken[stage] > before:  # it was the machine that was slow
                    verdict = self._try(change, stage)
            if verdict is not Verdict.SURVIVED:
                return verdict
        return Verdict.SURVIVED

    def _try(self, change: Change, stage: tuple[str, ...]) -> Verdict:
        source = (self.tree / change.file).read_bytes()
        self._write(change.file, change.applied(source))
        try:
            code = self._run(stage, self._taken[stage] * TIMES + BESIDE_SECONDS)
        finally:
            self._write(change.file, source)
        if code is None:
            return Verdict.TIMED_OUT
        return Verdict.SURVIVED if code == PASSED else Verdict.KILLED

    def _baseline(self, stage: tuple[str, ...]) -> None:
        if stage in self._taken:
            return
        for _ in range(BASELINE_TRIES):
            began = time.monotonic()
            if self._run(stage, BASELINE_SECONDS_MAX) == PASSED:
                self._taken[stage] = time.monotonic() - began
                return
        said = (self._temporary / "said").read_text(encoding="utf-8", errors="replace")
        raise BaselineFailed(f"`{' '.join(stage)}` fails without a change:\n{said[-SAID_CHARACTERS:]}")

    def _write(self, file: str, source: bytes) -> None:
        """Write a source with a time of its own: what was compiled of another is told by its time alone."""
        place = self.tree / file
        place.write_bytes(source)
        self._written += 1
        stamp = place.stat().st_mtime + self._written * 2
        os.utime(place, (stamp, stamp))

    def _run(self, stage: tuple[str, ...], seconds: float) -> int | None:
        """Return the exit code of the tests, None if they took too long; nothing that they started goes on."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir(parents=True)
        command = [
            sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-m", "not story and not attack",
            f"--hypothesis-seed={self._seed}", f"--basetemp={self._temporary / 'base'}", *stage,
        ]  # fmt: skip
        variables = {
            "PYTHONPATH": str(self.tree),
            "TMPDIR": str(self._temporary),
            "PENSTOCK_TEST_SEED": str(self._seed),
        }
        with (self._temporary / "said").open("wb") as said:
            running = subprocess.Popen(
                command, cwd=self.tree, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=said,
                stderr=said, start_new_session=True,
            )  # fmt: skip
            try:
                return running.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _end(running)


def _end(running: subprocess.Popen[bytes]) -> None:
    """End a session of tests with all that they started."""
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _files(root: Path) -> list[str]:
    """Return what git knows or would add; without git, every file."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        return [name for name in done.stdout.splitlines() if (root / name).is_file()]
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]


def judge_all(
    copy: Copy,
    drawn: Sequence[Change],
    stages: Callable[[str], Sequence[tuple[str, ...]]],
    tell: Callable[[str], None],
) -> list[tuple[Change, Verdict]]:
    """Judge each change; tell of each survivor as it is found, and of tests that judge nothing."""
    found = []
    for number, change in enumerate(drawn, 1):
        try:
            verdict = copy.judge(change, stages(change.file))
        except BaselineFailed as failed:
            verdict = Verdict.NOT_JUDGED
            tell(f"{change}\n    not judged: {failed}")
        found.append((change, verdict))
        if verdict is Verdict.SURVIVED:
            tell(f"{change}\n    in {change.key}")
        elif number % 10 == 0:
            tell(f"… {number} of {len(drawn)}")
    return found
