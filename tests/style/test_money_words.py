"""What people read of money is in its currency's form: no help, fault, word or page speaks of minor units."""

from __future__ import annotations

import ast
import re

from tests.style.house import parsed
from tests.style.test_style import ROOT, SOURCE, short

UNREADABLE = re.compile(r"minor[ -]unit|最小单位|最小货币单位", re.IGNORECASE)
# file → why its sentence names them
EXCEPTIONS = {
    "contracts/price_words.py": "the amount of a currency that is not known here: nobody can say where its point is",
    "connector/store/columns.py": "a program's own fault, which no person caused or can mend",
}


def _sentences(path):
    """Every text of a file that is not a docstring, with its line."""
    tree = parsed(path)
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    notes = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.lineno, node.value


def test_no_sentence_speaks_of_minor_units():
    found = {
        f"{short(path)}:{line}"
        for path in SOURCE
        if short(path) not in EXCEPTIONS
        for line, text in _sentences(path)
        if UNREADABLE.search(text)
    }
    assert not found


def test_no_page_speaks_of_minor_units():
    pages = [*(ROOT / "connector/console/templates").glob("*.html"), ROOT / "docs/reference.md"]
    assert len(pages) > 10
    assert not [path.name for path in pages if UNREADABLE.search(path.read_text(encoding="utf-8"))]


def test_an_exception_is_still_one():
    kept = {name for name in EXCEPTIONS for _, text in _sentences(ROOT / name) if UNREADABLE.search(text)}
    assert kept == set(EXCEPTIONS)


def test_what_would_be_found_is_found():
    """The search is no search that finds nothing."""
    assert UNREADABLE.search("12 minor units can be withdrawn")
    assert UNREADABLE.search("金额(最小单位)")
