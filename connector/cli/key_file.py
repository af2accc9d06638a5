"""A new key as a command gives it: told this once, or written into a file that only its writer reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def kept(made: dict[str, Any], to: Path | None) -> dict[str, Any]:
    """Write a new key into its file, and return what is shown besides."""
    if to is None or "key" not in made:
        return made
    from connector.runtime import files  # noqa: PLC0415  # loaded when a verb runs

    files.write_atomic(to, json.dumps(made, indent=2, ensure_ascii=False).encode() + b"\n")
    return {name: value for name, value in made.items() if name != "key"} | {"file": str(to)}


def lines(made: dict[str, Any], to: Path | None, how: str) -> list[str]:
    """Return what a person reads of a new key; `how` says who acts with the file, and how."""
    if "key" not in made:
        return []
    if to is not None:
        return [f"the key is in {to}: {how}"]
    return [f"the key, told once: {json.dumps({name: made[name] for name in ('url', 'key')})}"]
