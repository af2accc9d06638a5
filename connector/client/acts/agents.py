"""What an agent may be given: each act that its key can be good for, and what of it an agent says.

Law: (1) an act without a row is no agent's, whatever its key's scopes are, if it changes something or is counted: the
server refuses it (`connector.api.keyed`), and no tool is made of it. (2) A row of what changes something names the
fields that may be said, `mandate.limit` a part of one: no path of the server's machine, no address, no document of
somebody else's. (3) What costs takes its most out of the key's budget first (`connector.consumer.spending`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from connector.client.acts.act import NEEDED
from connector.client.acts.request import refuse
from connector.client.acts.scopes import USES, covers, is_named
from connector.client.acts.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from connector.client.acts.act import Act, Field

# they read, and their answers are JSON of a size for an agent
READ: Final = (
    "status", "agent show", "agent proposals",
    "product find", "product show", "version list", "price list", "reputation show", "search list", "demand list",
    "demand show", "space list", "space show", "space rules", "quote show", "acquisition show", "agreement contract",
    "process list", "process show", "query list", "wallet show", "bill list", "bill show", "thing show",
    "product orders", "resource list", "computation list", "stream list", "stream sold",
    "listing list", "member list", "application list", "indicator list", "complaint list", "dispute list",
)  # fmt: skip
CAP: Final = "cap"
MANDATE: Final = ("product", "mandate.limit", "mandate.purpose", "mandate.cap", "mandate.bid")
# name of an act that is no plain reading → the fields that an agent says
SAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "search save": ("name", "q", "where"),
    "search see": ("name",),
    "search drop": ("name",),
    "acquisition foresee": MANDATE,
    "acquisition begin": ("id", *MANDATE),
    "acquisition pause": ("id", "reason"),
    "agent propose": ("why", *MANDATE),
    "query ask": ("what", "statement", "epsilon", "at_most", "purpose", "job"),
}
# those that sign or are paid
PAYS: Final = frozenset({"acquisition begin", "query ask"})


def given() -> list[Act]:
    """Return the acts of which tools are made, in the order of the table."""
    return [act for act in TABLE if act.name in READ or act.name in SAYS]


def tools(scopes: Collection[str], roles: Collection[str]) -> list[Act]:
    """Return the acts that an agent with these scopes and roles is offered."""
    return [act for act in given() if covers(scopes, act) and set(act.roles.split()) & set(roles)]


def is_given(act: Act) -> bool:
    """Say whether an act may be an agent's: it only reads, or has a row."""
    return act.name in SAYS or not (act.changes or is_named(act, USES))


def fields(act: Act) -> list[tuple[Field, tuple[Field, ...]]]:
    """Return the fields of an act that an agent says, each with those of its parts that it says."""
    said = SAYS.get(act.name)
    if said is None:
        return [(one, one.parts) for one in act.fields]
    told = [(one, tuple(_part(part) for part in one.parts if f"{one.name}.{part.name}" in said)) for one in act.fields]
    return [(one, parts) for one, parts in told if parts or one.name in said]


def _part(part: Field) -> Field:
    """Return a part as an agent says it: what all of it may cost is never left open."""
    return replace(part, default=NEEDED) if part.name == CAP else part


def require(act: Act, body: Any) -> None:
    """Raise InvalidInput where a body says what no agent says; of what it may say the act itself looks at the rest."""
    if not isinstance(body, dict) or act.name not in SAYS:
        return
    known = {one.wire: {part.wire for part in parts} for one, parts in fields(act)}
    _only(known, body, act.name)
    for name, parts in known.items():
        if parts and isinstance(body.get(name), dict):
            _only(parts, body[name], f"{act.name}: {name}")


def _only(known: Iterable[str], told: Mapping[str, Any], what: str) -> None:
    """Null says nothing: it is what a field is that nobody said."""
    if strange := sorted(name for name, value in told.items() if value is not None and name not in known):
        refuse(f"an agent says no `{strange[0][:100]}` ({what})", f"it says {', '.join(sorted(known))}")
