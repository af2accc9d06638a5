"""The state that CONTRIBUTING shows, added to the file that it names: nothing else has to be said for it to work."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog import complaint as complaints
from catalog.errors import ComplaintError

ROOT = Path(__file__).parents[2]
[SHOWN] = [
    one
    for one in re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    if "class State" in one
]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday


def named(node):
    """Return what a statement is about: a class, or a name that is given a table."""
    return node.name if isinstance(node, ast.ClassDef) else ast.unparse(getattr(node, "targets", [node])[0])


@pytest.fixture(scope="module")
def complaint():
    """The module of complaints with the lines of the example in their places."""
    tree = ast.parse((ROOT / "catalog/complaint.py").read_text())
    places = {
        one.name if isinstance(one, ast.ClassDef) else ast.unparse(one.target): one
        for one in tree.body
        if isinstance(one, ast.ClassDef | ast.AnnAssign)
    }
    for node in ast.parse(SHOWN).body:
        place = places[named(node)]
        if isinstance(node, ast.ClassDef):
            place.body += node.body
        else:
            place.value.keys += node.value.keys
            place.value.values += node.value.values
    known = {"__name__": complaints.__name__}
    exec(compile(ast.fix_missing_locations(tree), "complaint.py", "exec"), known)
    return known


def test_it_is_short():
    assert len(SHOWN.splitlines()) <= 15


def test_its_rows_are_made_by_their_role_and_by_no_other(complaint):
    state, move, moved = (complaint[name] for name in ("State", "Move", "moved"))
    assert moved(state.UPHELD, move.APPEAL, "respondent", late=False) is state.APPEALED
    assert moved(state.APPEALED, move.DISMISS, "exchange", late=False) is state.DISMISSED
    with pytest.raises(ComplaintError, match="cannot appeal a complaint that is upheld"):
        moved(state.UPHELD, move.APPEAL, "complainant", late=False)


def test_a_move_without_a_row_is_refused_with_what_is_possible(complaint):
    state, move = complaint["State"], complaint["Move"]
    with pytest.raises(ComplaintError, match="cannot withdraw a complaint that is appealed") as refused:
        complaint["moved"](state.APPEALED, move.WITHDRAW, "exchange", late=False)
    assert "uphold, dismiss" in str(refused.value.hint)


def test_whoever_has_to_act_has_so_many_working_days(complaint):
    due = complaint["due"](complaint["State"].APPEALED, NOW)
    assert due is not None
    assert (due - NOW).days >= 12
