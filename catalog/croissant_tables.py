"""The record sets of a Croissant file as tables of a product file: what columns mean, their units, what refers to what.

Law: a field counts when it is a column of a file that is named; whatever else it may be is said not to be taken. Fields
that refer to each other are looked up by their `@id` once all are read, so that no circle is ever followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.about import (
    COLUMNS_MAX,
    MEANING_CHARACTERS_MAX,
    TABLES_MAX,
    TITLE_CHARACTERS_MAX,
    UNIT_CHARACTERS_MAX,
)
from catalog.croissant import REFERENCES
from catalog.errors import CatalogError
from catalog.linked import each, plain, words
from catalog.printable import is_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.linked import Names

_COLUMN = frozenset({"@id", "@type", "name", "description", "dataType", "source", "references", "unitText", REFERENCES})
_RECORD_SET = frozenset({"@id", "@type", "name", "description", "field"})
_SOURCE = frozenset({"@id", "@type", "fileObject", "extract"})


def _refers(column: Mapping[str, Any]) -> list[Any]:
    """Return what a field refers to, by the name of Croissant and by ours."""
    return [*each(column.get("references")), *each(column.get(REFERENCES))]


class Tables:
    """Reads record sets into the `keys` of a product file; what is not taken is put into what is `left`."""

    def __init__(self, names: Names, keys: dict[str, Any], left: list[str]) -> None:
        self._names, self._keys, self._left = names, keys, left

    def entitle(self, file: str, text: str, path: str) -> None:
        """Take what a table is called, once, if it is as short as a title."""
        line = " ".join(text.split())
        if not line:
            return
        if len(line) > TITLE_CHARACTERS_MAX or not is_line(line):
            self._left.append(f"{path}: a description that is no title of a table")
            return
        self._keys.setdefault("tables", {}).setdefault(file, {})["title"] = line

    def read(self, value: object, files: Mapping[str, str]) -> None:
        """Take record sets; `files` is `@id` → name of each file."""
        tables = each(value)
        if len(tables) > TABLES_MAX:
            raise CatalogError(f"it has {len(tables)} record sets, the limit is {TABLES_MAX}", path="recordSet")
        where: dict[str, tuple[str, str]] = {}
        pending: list[tuple[tuple[str, str], Any]] = []
        kinds = count = 0
        for at, one in enumerate(tables):
            path = f"recordSet/{at}"
            if not isinstance(one, dict):
                raise CatalogError(f"`{path}` is no object", path=path)
            node = self._names.node(one, path)
            columns = each(node.get("field"))
            if (count := count + len(columns)) > COLUMNS_MAX:
                raise CatalogError(f"it has more than {COLUMNS_MAX} fields", path="recordSet")
            of = set()
            for number, told in enumerate(columns):
                if not isinstance(told, dict):
                    raise CatalogError(f"`{path}/field/{number}` is no object", path=path)
                column = self._names.node(told, path)
                kinds += column.get("dataType") is not None
                if (found := self._column(column, files, f"{path}/field/{number}")) is None:
                    continue
                of.add(found[0])
                key = column.get("@id")
                if isinstance(key, str) and where.setdefault(key, found) != found:
                    raise CatalogError(f"two fields are called `{key[:100]}`", path=path)
                pending += [(found, other) for other in _refers(column)]
            if len(of) == 1:
                titled = words(node.get("description"), self._left, f"{path}/description")
                self.entitle(of.pop(), next(iter(titled.values()), ""), f"{path}/description")
            elif node.get("description") is not None:
                self._left.append(f"{path}/description: of no one file")
            self._left += [f"{path}/{name[:100]}" for name in node if name not in _RECORD_SET]
        if kinds:
            self._left.append(f"dataType of {kinds} fields: what columns hold is measured")
        self._relations(pending, where)

    def _column(self, node: Mapping[str, Any], files: Mapping[str, str], path: str) -> tuple[str, str] | None:
        """Take what a field says of a column, and return file and column; None for what is of no column of a file."""
        source = node.get("source")
        told = self._names.node(source, path) if isinstance(source, dict) else {}
        file = files.get(plain(told.get("fileObject")))
        extract = told.get("extract")
        drawn = self._names.node(extract, path) if isinstance(extract, dict) else {}
        column = drawn.get("column")
        if file is None or not isinstance(column, str) or not column:
            self._left.append(f"{path}: it is no column of a file")
            return None
        self._left += [f"{path}/{name[:100]}" for name in node if name not in _COLUMN]
        self._left += [f"{path}/source/{name[:100]}" for name in told if name not in _SOURCE]
        told_by = words(node.get("description"), self._left, f"{path}/description")
        meant = {lang: " ".join(text.split()) for lang, text in told_by.items()}
        if any(len(text) > MEANING_CHARACTERS_MAX or not is_line(text) for text in meant.values()):
            self._left.append(f"{path}/description: more than {MEANING_CHARACTERS_MAX} characters, or no plain text")
            meant = {}
        unit = plain(node.get("unitText"))
        if len(unit) > UNIT_CHARACTERS_MAX:
            self._left.append(f"{path}/unitText: more than {UNIT_CHARACTERS_MAX} characters")
            unit = ""
        said_of = {"meaning": meant} if meant else {}
        if said_of | ({"unit": unit} if unit else {}):
            table = self._keys.setdefault("tables", {}).setdefault(file, {})
            table.setdefault("columns", {})[column] = said_of | ({"unit": unit} if unit else {})
        return file, column

    def _relations(self, pending: Sequence[tuple[tuple[str, str], Any]], where: Mapping[str, tuple[str, str]]) -> None:
        for source, other in pending:
            node = self._names.node(other, "references") if isinstance(other, dict) else {}
            target = where.get(plain(node.get("field")) or plain(node) or plain(other))
            if target is None or ":" in source[1] + target[1]:
                self._left.append(f"references of `{source[1][:100]}`: to no column of a file that can be named")
                continue
            ends = {"from": ":".join(source), "to": ":".join(target)}
            self._keys.setdefault("relations", []).append(ends)
