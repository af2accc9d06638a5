"""Where the acts of each area are declared; an area is loaded when somebody asks for it.

A command asks for one act, and to load all that are declared would take it longer than the rest of its start.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connector.client.acts.act import Act

# in the order in which the reference shows them; an area is a module beside this one
AREAS: Final = (
    "participant", "log", "keys", "resources", "products", "faces", "searches", "market", "demands", "services",
    "acquisitions", "processes", "agreements", "authorities", "queries", "questions", "readers", "joints", "programs",
    "relations", "lessons", "projects", "deals", "hosting", "filings", "codes", "nodes", "uppers", "ndi", "serving",
    "delivering", "templates", "bills", "wallet", "complaints", "rights", "disputes", "memberships", "credentials",
    "members", "leavings", "uses", "operators", "listings", "grants", "spaces", "sources", "vault", "accounts",
    "api_keys", "agent", "folders", "profiles", "streams", "flows", "interface",
)  # fmt: skip


@cache
def of(area: str) -> tuple[Act, ...]:
    """Return the acts of an area, in order."""
    acts: tuple[Act, ...] = import_module(f"{__package__}.{area}").ACTS
    return acts


@cache
def named(call: str) -> Act:
    """Return the act of this name in Python; raises AttributeError, because it is asked for as a client's method."""
    for area in AREAS:
        for act in of(area):
            if act.call == call:
                return act
    raise AttributeError(f"there is no act `{call}`: docs/reference.md has those that there are")
