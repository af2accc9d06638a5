"""Whether the program that runs is ours: its import names are generic, and a package of one overwrites silently."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

from connector.runtime.errors import Conflict

ROOMS = ("connector", "contracts", "ledger", "policy", "catalog")
DISTRIBUTION = "penstock"


def checked() -> str:
    """Return that the rooms are ours; raises Conflict where another package is installed over one of them."""
    owners = importlib.metadata.packages_distributions()
    foreign = {room: set(owners.get(room, ())) - {DISTRIBUTION} for room in ROOMS}
    if taken := [f"`{room}` by {', '.join(sorted(names))}" for room, names in foreign.items() if names]:
        raise Conflict(f"import names are also installed {'; '.join(taken)}", "give penstock an environment of its own")
    roots = {room: _root(room) for room in ROOMS}
    if len(set(roots.values())) != 1:
        raise Conflict(f"the rooms are loaded from different places: {roots}", "install penstock again")
    return f"{', '.join(ROOMS)} are ours"


def _root(room: str) -> str:
    spec = importlib.util.find_spec(room)
    return "nowhere" if spec is None or spec.origin is None else str(Path(spec.origin).resolve().parents[1])
