"""The compiled programs as values; no compiler is needed to read them.

`artifacts/<program>.json`: `{program, compiler, evmVersion, sources: {file: sha256}, abi, bytecode, slots}`, written by
`python -m contracts.onchain.compile` and held to the sources by a test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAMS = ("editions", "licences", "channels", "anchors", "token", "batch", "spaces")
FOLDER = Path(__file__).parent / "artifacts"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled program; `slots` maps a storage variable to its slot, for those who check state proofs."""

    program: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    slots: Mapping[str, int]


@cache
def load(program: str) -> Artifact:
    """Return the artifact of one of `PROGRAMS`."""
    assert program in PROGRAMS, program
    document = json.loads((FOLDER / f"{program}.json").read_text("utf-8"))
    bytecode = bytes.fromhex(document["bytecode"].removeprefix("0x"))
    return Artifact(document["program"], tuple(document["abi"]), bytecode, document["slots"])
