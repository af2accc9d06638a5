"""Every statement that is written out in the program is one that PostgreSQL takes, with the tables of a participant."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from connector.store.store import Store
from connector.store.tables import TABLES
from tests.postgres import durable, new_schema

CONNECTOR = Path(__file__).parents[3] / "connector"
STATEMENT = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\s")
# the store's own, each for its database, and what reads the tables of others
OWN = ("store/", "custody/origins/database.py", "custody/growing/slot.py")
LEAST = 40


class TakenError(Exception):
    """The statement was taken; what it did is taken back."""


def statements():
    """Yield place and words of every statement; those with a gap to fill are the business of who fills it."""
    for path in sorted(CONNECTOR.rglob("*.py")):
        place = path.relative_to(CONNECTOR).as_posix()
        tree = ast.parse(path.read_text())
        gapped = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in gapped else None
            if isinstance(text, str) and STATEMENT.match(text) and "{" not in text and not place.startswith(OWN):
                yield f"{place}:{node.lineno}", text


async def test_every_statement_is_taken(absent):
    found = dict(statements())
    assert len(found) > LEAST
    with durable(absent) as base:
        store = await Store.open(new_schema(base), TABLES)
        for place, text in found.items():

            def act(tx, text=text):
                tx.execute(text, *[None] * text.count("?"))
                raise TakenError

            with pytest.raises(TakenError):
                await store.write(act)
                pytest.fail(f"{place} was not tried")
        await store.close()
