"""The map of CONTRIBUTING.md: each question names a file and a name that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.every import every

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (?P<question>[^|]+\?) \| `(?P<file>[a-z_/]+\.py)` `(?P<name>\w+)` \|$", re.MULTILINE)
QUESTIONS_LEAST = 10


def rows():
    return [found.groupdict() for found in ROW.finditer((ROOT / "CONTRIBUTING.md").read_text())]


def names(tree):
    """Yield what a module defines."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for one in targets if isinstance(one, ast.Name))


def test_there_are_questions():
    assert len(rows()) >= QUESTIONS_LEAST


@every("row", rows)
def test_it_is_decided_there(row):
    path = ROOT / row["file"]
    assert path.exists(), row["question"]
    assert row["name"] in set(names(ast.parse(path.read_text()))), row["question"]
