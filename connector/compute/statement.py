"""Whether a statement is one that may be asked: one SELECT over what was opened, read by the engine's own parser.

Law: what is not known to be harmless is refused; the engine's settings, which know no file and no network, hold beside
it. An engine's words may show what is in a cell, so where they come from running a statement only their kind is told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

MAX_STATEMENT_CHARS: Final = 8_192
# functions in the place of a table
FROM: Final = frozenset({"generate_series", "range", "unnest"})
# functions that tell of the engine or of its machine, or that ask for more than the statement says
KEPT_BACK: Final = frozenset({"current_setting", "getenv", "getvariable", "query", "query_table", "version"})


class Refused(InvalidInput):
    """A statement is not answered; `code` says which kind of refusal it is."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def tables_of(engine: Any, statement: str, known: Container[str] | None) -> list[str]:
    """Return the tables that a statement asks for, in order, of those that are `known` if any are; raises `Refused`."""
    told = parsed(engine, statement)
    within = {name for node in _nodes(told) for name in _named(node)}
    found: dict[str, None] = {}
    for node in _nodes(told):
        kind, function = node.get("type"), str(node.get("function_name", "")).lower()
        if kind == "BASE_TABLE":
            name = node.get("table_name") or ""
            if node.get("schema_name") or node.get("catalog_name"):
                raise Refused("table", f"`{name}` is asked for in a schema")
            if known is not None and name in known:
                found[name] = None
            elif known is not None and name not in within:
                raise Refused("table", f"there is no table `{name}`")
        elif kind == "TABLE_FUNCTION" and _function(node) not in FROM:
            raise Refused("function", f"`{_function(node)}` is no table of this edition")
        elif function in KEPT_BACK or function.startswith(("read_", "pragma_", "duckdb_")):
            raise Refused("function", f"`{function}` is not answered here")
    return list(found)


def parsed(engine: Any, statement: str) -> dict[str, Any]:
    """Return the tree that the engine's parser makes of one SELECT; raises `Refused`."""
    [[text]] = engine.execute("select json_serialize_sql(?::varchar)", [statement]).fetchall()
    told: dict[str, Any] = json.loads(text)
    if told.get("error"):
        words = str(told.get("error_message", "")).partition("\n")[0]
        raise Refused("statement", f"it is no SELECT: {words}")
    if len(told["statements"]) != 1:
        raise Refused("statement", f"there are {len(told['statements'])} statements")
    return told


def _function(node: dict[str, Any]) -> str:
    return str((node.get("function") or {}).get("function_name", "")).lower()


def _named(node: dict[str, Any]) -> Iterator[str]:
    """Yield the names that a statement itself gives to parts of it (WITH)."""
    for one in (node.get("cte_map") or {}).get("map", ()):
        yield str(one.get("key", ""))


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a document."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += reversed(one.values())
        elif isinstance(one, list):
            waiting += reversed(one)
