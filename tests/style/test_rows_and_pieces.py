"""What a person reads calls pieces pieces: a row is a row of a table (decision 0136).

A sentence is held to it where that is decidable: one that speaks of what only pieces have (editions, orders, keys,
windows) does not speak of rows. What the specification calls a row stays one in its own room, `ledger/edition`.
"""

from __future__ import annotations

import ast
import re

from tests.style.test_style import ROOT, short

READ = ("connector", "catalog", "contracts", "ledger/audit", "ledger/agreement")
SENTENCE = re.compile(r"\brows?\b")
OF_PIECES = re.compile(
    r"\b(editions?|batch|orders?|ordered|windows?|keys?|paid|sealed|licensed|verified|replicas?|opens?)\b"
)
# the file's part of a path, and words of the sentence → why it is of tables after all, or of nothing that is shown
ELSEWHERE = {
    ("contracts/price_words.py", ""): "rows of tables are a unit of prices",
    ("catalog/product_template.py", "columns"): "sample rows of a table, in a file of many sentences",
    ("connector/client/acts/brief.py", "in the tier computed"): "rows of tables, and keys of a list",
    ("connector/store/", "with that key or unique value"): "a row of our own database, in a fault of ours",
    ("connector/store/", "keys or unique values"): "the same, of several",
    ("connector/store/", "needs its key"): "the same",
    ("connector/demo/report.py", "table rows"): "rows of tables, which are sealed in pieces",
    ("connector/licence/pricing.py", "counts rows in pieces"): "rows of tables, and the pieces that they are in",
    ("ledger/audit/how_to_check.py", "row in $SPACE"): "a row of a document's list",
    ("ledger/audit/how_to_check.py", "(`rows`)"): "and the name of the address that has them",
    ("ledger/audit/how_to_check.py", "/sealed/EDITION"): "the name of the address, in 中文",
    ("connector/custody/row_key.py", "`rows-"): "the name of a key's file",
}


def told(tree):
    """Return the texts of a module that may be shown: no docstrings, nothing of an assertion, no names of members."""
    hidden = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(id(node.value))
        if isinstance(node, ast.Assert) and node.msg is not None:
            hidden |= {id(each) for each in ast.walk(node.msg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            hidden |= {id(each) for each in node.values}
            yield "".join(each.value if isinstance(each, ast.Constant) else "…" for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden:
            yield node.value


def wrong(texts):
    """Return the sentences that call a piece a row."""
    sentences = (text for text in texts if " " in text and not re.search(r"\b(SELECT|UPDATE|DELETE|INSERT)\b", text))
    return [text for text in sentences if SENTENCE.search(text) and OF_PIECES.search(text)]


def test_a_piece_is_never_called_a_row():
    found = [
        f"{short(path)}: {text[:120]}"
        for path in sorted(path for room in READ for path in (ROOT / room).rglob("*.py"))
        for text in wrong(told(ast.parse(path.read_text())))
        if not any(short(path).startswith(file) and words in text for file, words in ELSEWHERE)
    ]
    assert not found, "\n".join(found)


def test_the_test_itself_can_fail():
    module = (
        'def f():\n    """Rows of an edition."""\n    assert x, "rows of a key"\n    raise E(f"{n} rows verified")\n'
    )
    assert wrong(told(ast.parse(module))) == ["… rows verified"]
    assert wrong(["5 rows in 3 columns", "rows", "SELECT rows FROM editions"]) == []
