"""The column of days by which it is told how fresh subjects are: as its provider says it, and as the tables have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connector.compute.content import PARQUET
from connector.compute.sitting import kind_of
from connector.runtime.errors import InvalidInput
from contracts.freshness import Freshness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.profile import FileProfile

# kinds of a column (`catalog.profile.Kind`) whose cells are days, and the one whose cells may be where no type is told
DAYS: Final = ("date", "time", "local-time")
TEXT: Final = "text"
_SAID: Final = re.compile(r"(.+?)((?::[0-9]{1,6})+)", re.ASCII)
_HINT: Final = "such as `--gate fresh=updated:30:90:365`"


def read(text: str) -> Freshness:
    """Return what COLUMN:DAYS:DAYS… says; raises InvalidInput, ContractError."""
    found = _SAID.fullmatch(text)
    if found is None:
        raise InvalidInput(f"`{text[:60]}` is no column with ages in days", _HINT)
    return Freshness(found[1], tuple(map(int, found[2][1:].split(":"))))


def require(fresh: Freshness, tables: Sequence[FileProfile]) -> None:
    """Raise InvalidInput for a column that a table does not have, or whose cells name no days."""
    for table in tables:
        kind = next((one.kind for one in table.columns if one.name == fresh.column), None)
        if kind is None:
            known = ", ".join(one.name for one in table.columns[:20])
            raise InvalidInput(f"`{table.path}` has no column `{fresh.column}`", f"its columns are {known}")
        if kind not in DAYS and (kind != TEXT or kind_of(table.path) == PARQUET):
            text = f"`{fresh.column}` of `{table.path}` is {kind}: it names no days"
            raise InvalidInput(text, "name a column of dates (YYYY-MM-DD) or moments")
