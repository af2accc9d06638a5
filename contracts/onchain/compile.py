"""Compile the programs and write their artifacts: `python -m contracts.onchain.compile` (development only).

The compiler is called as a command, so that nothing here needs it at run time. Bytecode is for `paris`, the oldest
rules still common: it runs on London and everything since, on Besu and on FISCO BCOS.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from contracts.onchain.artifacts import FOLDER, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

EVM_VERSION = "paris"
_SOURCES = FOLDER.parent
_ROOT = _SOURCES.parent.parent
_FORMATS = ("abi", "bytecode", "layout")
_IMPORT = re.compile(r"^from contracts\.onchain import (\w+)", re.MULTILINE)


def compile_all() -> Mapping[str, str]:
    """Return the text of each artifact by program name, made from the sources as they are now."""
    version = _vyper("--version").strip()
    files = [str(_SOURCES / f"{program}.vy") for program in PROGRAMS]
    lines = _vyper("--evm-version", EVM_VERSION, "-p", str(_ROOT), "-f", ",".join(_FORMATS), *files).splitlines()
    assert len(lines) == len(_FORMATS) * len(PROGRAMS), "one line a format and program"
    chunks = zip(PROGRAMS, *(lines[first :: len(_FORMATS)] for first in range(len(_FORMATS))), strict=True)
    return {program: _artifact(program, version, *chunk) for program, *chunk in chunks}


def _artifact(program: str, version: str, abi: str, bytecode: str, layout: str) -> str:
    storage = json.loads(layout).get("storage_layout", {})
    document: dict[str, Any] = {
        "program": program,
        "compiler": f"vyper {version}",
        "evmVersion": EVM_VERSION,
        "sources": _digests(program),
        "abi": json.loads(abi),
        "bytecode": bytecode,
        "slots": {name: place["slot"] for name, place in storage.items() if "slot" in place},
    }
    return json.dumps(document, indent=1) + "\n"


def _digests(program: str) -> dict[str, str]:
    """Return the SHA-256 of a source and of the modules it imports."""
    source = (_SOURCES / f"{program}.vy").read_bytes()
    imported = _IMPORT.findall(source.decode("utf-8"))
    files = [f"{name}.vy" for name in (program, *imported)]
    return {file: hashlib.sha256((_SOURCES / file).read_bytes()).hexdigest() for file in files}


def _vyper(*arguments: str) -> str:
    command = [sys.executable, "-m", "vyper", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT).stdout  # noqa: S603  # our own arguments


def main() -> None:
    """Write all artifacts."""
    FOLDER.mkdir(exist_ok=True)
    for program, text in compile_all().items():
        (FOLDER / f"{program}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
