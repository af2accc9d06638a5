"""What a reader process is made of, measured by itself before it has read anything (decision 0288).

    {"v", "mode", "python", "machine", "libraries": {name: version}, "modules": {name: SHA-256 of its file},
     "confined": […]}    `sha-256:` of its canonical form

Law: (1) it is measured once everything is loaded, and nothing is loaded afterwards; what confines it is named as the
kernel granted it. (2) Our own program counts by its bytes, in the order of its modules' names, libraries by their
versions: two machines with the same of all have the same measurement, whatever the folders are called.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import canonical
from contracts.reader_report import ReaderReport, told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION: Final = 1
READER: Final = "connector.compute.reader_process"
OWN: Final = frozenset({"catalog", "connector", "contracts", "ledger", "policy"})
_MAIN: Final = "__main__"


@dataclass(frozen=True, slots=True)
class Program:
    """A reader process as it stands: its mode, and what is loaded."""

    mode: str
    libraries: Mapping[str, str]
    modules: Mapping[str, str]

    def measured(self, confined: Sequence[str]) -> str:
        """Return the measurement of it, confined so: `sha-256:` and 64 hexadecimal digits."""
        made_of: dict[str, Any] = {
            "v": VERSION,
            "mode": self.mode,
            "python": sys.version,
            "machine": os.uname().machine,
            "libraries": dict(self.libraries),
            "modules": dict(self.modules),
            "confined": list(confined),
        }
        return f"sha-256:{sha256(canonical(made_of)).hexdigest()}"


def program(mode: str) -> Program:
    """Return what this process is made of, while its files can still be opened."""
    files = {READER if name == _MAIN else name: file for name, file in _loaded() if name == _MAIN or _top(name) in OWN}
    modules = {name: sha256(Path(file).read_bytes()).hexdigest() for name, file in sorted(files.items())}
    others = {_top(name) for name, _ in _loaded()} - OWN - sys.stdlib_module_names
    libraries = {name: found for name in sorted(others) if (found := _version(name))}
    return Program(mode, libraries, modules)


def report(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """Return the report (64 hexadecimal digits) of an answer to what was asked, with what its buyer said of it."""
    said = asked["attested"]
    made = ReaderReport.of(
        said["agreement"], said["job"], asked["statement"], asked["gate"], said["nonce"], told(answer)
    )
    return made.digest().hex()


def _loaded() -> list[tuple[str, str]]:
    found = ((name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items()))
    return [(name, file) for name, file in found if file]


def _top(name: str) -> str:
    return name.partition(".")[0]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
