"""`python -m docs.generate.lock RESOLVED PROGRAM`: write requirements.lock from what a resolver found; for `make lock`.

RESOLVED (PEP 751) has all packages, PROGRAM (a requirements file) names those that an image has. For every package the
lock has the digest of each wheel that Linux takes on the named machines and versions of Python, and of the source where
one of them has no wheel. pip installs nothing else from it (`--require-hashes`).
"""

from __future__ import annotations

import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging import tags
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
HEAD = "# Every package, with the digests of its files; made by `make lock`.\n"
# between what an image has and what only developers and the demo need; docker/Dockerfile cuts here
CUT = "# development\n"
PYTHONS = ((3, 11), (3, 12))
MACHINES = ("x86_64", "aarch64")
# newest glibc whose wheels are taken: what Debian 13 and Ubuntu 24.04 have
GLIBC_MINOR_MAX = 41
OLD_GLIBC = ("manylinux2014", "manylinux2010", "manylinux1", "linux")
# a virtual environment brings it
BROUGHT = frozenset({"pip"})
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}


@cache
def targets() -> dict[tuple[tuple[int, int], str], frozenset[tags.Tag]]:
    """Return (version, machine) → the tags of wheels that it takes."""
    found = {}
    for python in PYTHONS:
        for machine in MACHINES:
            platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR_MAX, 4, -1)]
            platforms += [f"{name}_{machine}" for name in OLD_GLIBC]
            own = tags.cpython_tags(python, platforms=platforms)
            any_python = tags.compatible_tags(python, interpreter=f"cp{python[0]}{python[1]}", platforms=platforms)
            found[python, machine] = frozenset(own) | frozenset(any_python)
    return found


def digests(package: dict[str, Any]) -> set[str]:
    """Return the SHA-256 of every file of a package that a target takes; raises LookupError if one has none."""
    wheels = [
        (parse_wheel_filename(one["url"].rsplit("/", 1)[1])[3], one["hashes"]["sha256"])
        for one in package.get("wheels", ())
    ]
    found: set[str] = set()
    for target, taken in targets().items():
        fitting = {digest for tagged, digest in wheels if tagged & taken}
        if not fitting and "sdist" not in package:
            raise LookupError(f"`{package['name']}` has no file for {target}")
        found |= fitting or {package["sdist"]["hashes"]["sha256"]}
    return found


def requirements(resolved: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, requirement with its digests) of each package that Linux takes."""
    for package in resolved["packages"]:
        marker = package.get("marker")
        if package["name"] in BROUGHT or (marker and not Marker(marker).evaluate(LINUX)):
            continue
        rows = [
            f"{package['name']}=={package['version']}",
            *(f"--hash=sha256:{one}" for one in sorted(digests(package))),
        ]
        yield package["name"], " \\\n    ".join(rows) + "\n"


def lock(resolved: dict[str, Any], program: str) -> str:
    """Return the text of the lock: what `program` names comes before the cut."""
    named = {Requirement(line).name for line in program.splitlines() if line and line.lstrip()[0] != "#"}
    parts: dict[bool, list[str]] = {True: [], False: []}
    for name, requirement in requirements(resolved):
        parts[name in named].append(requirement)
    return HEAD + "".join(parts[True]) + CUT + "".join(parts[False])


if __name__ == "__main__":
    found, program = (Path(each).read_text(encoding="utf-8") for each in sys.argv[1:3])
    LOCK.write_text(lock(tomllib.loads(found), program), encoding="utf-8")
