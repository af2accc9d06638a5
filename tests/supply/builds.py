"""What is built twice is the same: the wheels with their bill, and the programs on chain as they are committed.

The second build is in a folder of another name and depth, with other times and modes of its files, another umask, time
zone, language and order of hashes, as another machine would have.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from contracts.onchain.artifacts import FOLDER
from contracts.onchain.compile import compile_all
from docs.generate import bill_of_materials
from tests.supply.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
# where pyproject.toml of each wheel lies
DISTRIBUTIONS = (".", "connector/client")
WITHIN_SECONDS = 120


class Place(NamedTuple):
    """A machine to build on: its folder, the modes and times of its files, and its environment."""

    folder: str
    umask: int
    time: float
    environment: Mapping[str, str]


PLACES = (
    Place("here", 0o022, 1_750_000_000, {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}),
    Place("far/away/there", 0o077, 1_150_000_000, {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "2"}),
)


def tracked() -> list[str]:
    """Return the files of the project as git names them."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--deduplicate"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def copied(files: list[str], folder: Path, place: Place) -> None:
    """Copy files of the project as they would lie there."""
    for name in files:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod((0o777 if os.access(source, os.X_OK) else 0o666) & ~place.umask)
        os.utime(copy, (place.time, place.time))


def digests(folder: Path) -> dict[str, str]:
    """Return file → SHA-256 of what lies in a folder."""
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(folder.iterdir())}


def unlike(first: Mapping[str, str], second: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names whose digests differ, or that one of the two lacks."""
    names = sorted(first.keys() | second.keys())
    return tuple(f"{name} differs" for name in names if first.get(name) != second.get(name))


def wheels() -> Verdict:
    """Build the wheels and what is handed out with them at two places."""
    made = []
    files = tracked()
    with tempfile.TemporaryDirectory(prefix="penstock-wheels-") as name:
        for place in PLACES:
            folder, out = Path(name, place.folder), Path(name, place.folder + ".out")
            copied(files, folder, place)
            _build(folder, out, place)
            bill_of_materials.release(out)
            made.append(digests(out))
    return Verdict(len(made[0]), unlike(*made))


def _build(folder: Path, out: Path, place: Place) -> None:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR"}}
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    for distribution in DISTRIBUTIONS:
        subprocess.run(
            command, check=True, capture_output=True, timeout=WITHIN_SECONDS,
            cwd=folder / distribution, env=kept | place.environment, umask=place.umask,
        )  # fmt: skip


def programs() -> Verdict:
    """Compile the programs on chain, and hold them against the committed ones byte by byte."""
    made = compile_all()
    committed = {one.stem: one.read_text(encoding="utf-8") for one in FOLDER.glob("*.json")}
    return Verdict(len(made), unlike(committed, made))
