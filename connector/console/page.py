"""What a page and a form of the console are: the rows of `connector.console.pages` and `connector.console.acts`.

A page is what its `source` (module.function of this room) says as JSON; `.json` behind its address serves just that,
`.csv` the rows of its table. `roles` are the roles of this participant under which it exists, and of the account that
may see it. A form's `act` does something by the same rooms that the management API calls, only for who may act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PREFIX = "/console"
TWIN = r"{twin:(?:\.json|\.csv)?}"
ANY_ID = "{id:[^/]+?}"
TRADERS = "provider buyer"
# what the menu is grouped by, in its order; of a group a reader takes in so many entries at a look
GROUPS = ("start", "data", "trade", "money", "space", "proof")
GROUP_ENTRIES_MAX = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a page's table: the member of its rows, how it is shown, and where its cells lead."""

    name: str
    kind: str = "text"
    link: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `name` is its template and the beginning of its words, `menu` the group of the menu that leads to it.

    `logged` pages show what is others' business: who looks at them as a regulator leaves an event in the own log.
    """

    name: str
    path: str
    held_by: str
    source: str
    columns: tuple[Column, ...] = ()
    menu: str = ""
    logged: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """Under which roles it exists."""
        return frozenset(self.held_by.split())

    @property
    def route(self) -> str:
        """Return its path as the router takes it."""
        return PREFIX + self.path + TWIN


@dataclass(frozen=True, slots=True)
class Act:
    """One form; `fields` are the texts it has, those in `optional` perhaps empty; `own`: about the account itself."""

    path: str
    held_by: str
    act: str
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    own: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """Under which roles it exists."""
        return frozenset(self.held_by.split())

    @property
    def route(self) -> str:
        """Return its path as the router takes it."""
        return PREFIX + self.path


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form answers with at once, because it is kept nowhere: a page by its route's path, and what it says."""

    path: str
    data: dict[str, Any]


def columns(*told: str) -> tuple[Column, ...]:
    """Return columns, each written as `name kind link`, the last two perhaps left out."""
    return tuple(Column(*one.split(" ", 2)) for one in told)
