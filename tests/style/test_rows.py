"""Who reads or writes rows names columns that are declared: what mypy cannot see of a call's keywords."""

from __future__ import annotations

import ast

from connector.store.tables import ROWS
from tests.every import every
from tests.style import house

BY_KEY = {"get", "delete", "put", "update", "insert", "value", "note"}
COLUMNS = {row.__name__: set(row.COLUMNS) for row in ROWS}


def named(tree):
    """Yield (class of rows, column, line) of each call of a transaction that names columns."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in BY_KEY:
            continue
        if not node.args or not isinstance(node.args[0], ast.Name) or node.args[0].id not in COLUMNS:
            continue
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield node.args[0].id, keyword.arg, node.lineno
        if node.func.attr == "update" and isinstance(node.args[1], ast.Dict):
            for key in node.args[1].keys:
                if isinstance(key, ast.Constant):
                    yield node.args[0].id, key.value, node.lineno


@every("module", lambda: sorted(house.sources()))
def test_a_call_names_declared_columns(module):
    wrong = [told for told in named(house.sources()[module]) if told[1] not in COLUMNS[told[0]]]
    assert not wrong


def test_a_wrong_column_is_found():
    tree = ast.parse("tx.update(WindowRow, {'channel': c, 'sequence': s}, stat='x'); tx.get(WindowRow, seq=1)")
    assert {column for row, column, _ in named(tree) if column not in COLUMNS[row]} == {"sequence", "stat"}


def test_every_table_has_one_class():
    assert len({row.TABLE.name for row in ROWS}) == len(ROWS) == len(COLUMNS)
