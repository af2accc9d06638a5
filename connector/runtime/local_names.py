"""What files are called here whose names somebody else chose.

Law: (1) a name that does not stay a harmless relative path is refused (`ledger.edition.index.check_names`: controls,
direction overrides, device names, names that are one where case or the spelling of accents does not count). (2) A part
that a shell, a glob or a program would take for more than a name, since it begins with `.`, `~` or `-`, gets `_` before
it, and whoever asked for the files is told. (3) What is renamed must stay apart from all the others; else all are
refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import PeerMisbehaved
from contracts.errors import ContractError
from ledger.edition.index import check_names

if TYPE_CHECKING:
    from collections.abc import Iterable

LEADING = (".", "~", "-")
MARK = "_"


def local_name(name: str) -> str:
    """Return what a file is called here."""
    return "/".join(MARK + part if part.startswith(LEADING) else part for part in name.split("/"))


def local_names(names: Iterable[str]) -> dict[str, str]:
    """Return told name → name here, in their order; raises PeerMisbehaved for names that cannot lie in one folder."""
    told = {name: local_name(name) for name in names}
    try:
        check_names(told.values())
    except ContractError as error:
        raise PeerMisbehaved(f"the files cannot be written side by side: {error}", "ask the provider") from error
    return told


def renamed(names: Iterable[str]) -> dict[str, str]:
    """Return told name → name here of the files that are called otherwise."""
    return {name: here for name in names if (here := local_name(name)) != name}
