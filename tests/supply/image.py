"""What an image is made of, built twice without an engine: the steps of docker/Dockerfile's first stage, played here.

Law: (1) the steps, their environment and their files are read from the Dockerfile; /opt/penstock and /src lie in a
folder of ours. (2) Both builds are at the same path, as in an image, one after the other: names, modes, times and
bytes are compared. (3) Short, the lock is cut to its first packages; whole, it is what an image has. The base image
is not ours, and comes by its name: who needs the same image byte for byte pins it where they build
(docs/operation.md).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from docs.generate.lock import CUT, LOCK
from tests.supply.builds import PLACES, ROOT, copied, tracked, unlike
from tests.supply.verdict import Verdict

DOCKERFILE = ROOT / "docker/Dockerfile"
PROGRAM, SOURCE = "/opt/penstock", "/src"
# of the lock, unless all of it is asked for
FIRST = 10
WITHIN_SECONDS = 900


class Stage(NamedTuple):
    """What the first stage says: its environment, what it copies in, its commands."""

    environment: dict[str, str]
    copied: list[str]
    commands: list[str]


def stage(text: str) -> Stage:
    """Read the first stage of a Dockerfile; raises ValueError for an instruction that is not played here."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    found = Stage({}, [], [])
    for line in re.split(r"^FROM .*$", joined, flags=re.MULTILINE)[1].strip().splitlines():
        word, _, rest = line.partition(" ")
        match word:
            case "ENV":
                found.environment.update(one.split("=", 1) for one in rest.split())
            case "COPY":
                found.copied.extend(rest.split()[:-1])
            case "RUN":
                found.commands.append(rest)
            case "WORKDIR" if rest == SOURCE:
                pass
            case _:
                raise ValueError(f"`{line}` is not played here")
    return found


def tree(folder: Path) -> dict[str, str]:
    """Return path → mode, time and digest of all that an image would copy."""
    found = {}
    for path in sorted(folder.rglob("*")):
        said = path.lstat()
        content = path.readlink().as_posix().encode() if path.is_symlink() else b""
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else content
        found[path.relative_to(folder).as_posix()] = (
            f"{said.st_mode:o} {said.st_mtime_ns} {hashlib.sha256(content).hexdigest()}"
        )
    return found


def check(*, whole: bool = False) -> Verdict:
    """Play the stage twice."""
    asked = stage(DOCKERFILE.read_text(encoding="utf-8"))
    files = [one for one in tracked() if one.split("/")[0] in asked.copied]
    made = []
    with tempfile.TemporaryDirectory(prefix="penstock-image-") as name:
        for place in PLACES:
            folder = Path(name, "image")
            copied(files, folder / "src", place._replace(umask=0o022))  # the engine sets what it copies
            if not whole:
                (folder / "src" / LOCK.name).write_text(shortened(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
            _play(asked, folder)
            made.append(tree(folder / "opt"))
            shutil.rmtree(folder)
    return Verdict(len(made[0]), unlike(*made)[:10])


def shortened(lock: str) -> str:
    """Return the first packages of a lock."""
    packages = re.split(r"\n(?=[a-z])", lock.split(CUT, maxsplit=1)[0])[1 : FIRST + 1]
    return "\n".join(packages) + "\n" + CUT


def _play(asked: Stage, folder: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR"} or "PIP_" in name}
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    for command in asked.commands:
        here = command.replace(PROGRAM, f"{folder}{PROGRAM}").replace("python -m venv", f"{base} -m venv")
        subprocess.run(
            ["/bin/sh", "-c", here], check=True, capture_output=True, timeout=WITHIN_SECONDS,
            cwd=folder / "src", env=kept | asked.environment, umask=0o022,
        )  # fmt: skip
