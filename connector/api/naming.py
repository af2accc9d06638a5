"""Ids that are only begun, in what our own people ask: each becomes whole before the act is asked for.

Law: which member of a path, a query or a body is an id, and of what, says the act's row (`Field.of`), nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.table import TABLE
from connector.store import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.store.transaction import Tx


def _members() -> dict[tuple[str, str], tuple[dict[str, str], dict[str, str]]]:
    """Return (method, route) → the ids in its path, and in its query or body, each with its kind."""
    found: dict[tuple[str, str], tuple[dict[str, str], dict[str, str]]] = {}
    for act in TABLE:
        for where in ("path", "query", "body"):
            told = {one.wire: one.of for one in act.within(where) if one.of}
            if told:
                known = found.setdefault((act.method, act.route), ({}, {}))
                known[where != "path"].update(told)
    return found


MEMBERS = _members()


async def complete(call: Call) -> None:
    """Let a call have whole ids where it was given beginnings; raises InvalidInput for one that may be several."""
    known = MEMBERS.get((call.route.method, call.route.path))
    if known is None:
        return
    path, rest = known
    told: Any = dict(call.request.query)
    if call.route.method != "GET":
        told = await call.document() if rest and (call.kept is not None or call.request.body_exists) else None
    asked = (path, call.path), (rest, told if isinstance(told, dict) else {})

    def look(tx: Tx) -> list[dict[str, str]]:
        return [_whole(tx, kinds, given) for kinds, given in asked]

    call.whole_path, call.whole_rest = await call.core.store.read(look)


def _whole(tx: Tx, kinds: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    told = {name: given[name] for name in kinds if isinstance(given.get(name), str)}
    return {name: naming.meant(tx, kinds[name], value) for name, value in told.items() if value}
