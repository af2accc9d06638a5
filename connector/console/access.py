"""What is left in the log of who may come in: each change of accounts and API keys is an event (`access.changed`).

Law: the entry itself names nobody. Name, roles and the rest are its disclosed values, which rest beside the log and can
be erased (`penstock log erase`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.transaction import Tx

CHANGED: Final = "access.changed"
ACCOUNT, KEY = "account", "key"
ADDED, ALTERED, LINKED, REMOVED = "added", "altered", "linked", "removed"


def leave(tx: Tx, core: Core, kind: str, what: str, name: str, roles: str, *, may: str, until: str = "") -> None:
    """Record a change of an account or a key (`kind`): what was done to which, with its roles and what it may."""
    fields = {"what": what, "name": name, "roles": roles, "may": may} | ({"until": until} if until else {})
    core.evidence.record(tx, CHANGED, part=kind, fields=fields, now=core.clock.now())
