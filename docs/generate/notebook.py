"""`python -m docs.generate.notebook`: docs/python.md as a notebook, with what its cells give on four participants.

The page is the source: its text becomes cells of words, its blocks of Python cells of code. A test compares the cells
with the page; outputs have ids and sums of the run that made them.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from connector.demo import story
from connector.demo.run import stage

ROOT = Path(__file__).resolve().parents[2]
PAGE, NOTEBOOK = ROOT / "docs/python.md", ROOT / "docs/python.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
FORMAT = {
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}
SPACE = "penstock-space"


def cells(page: str) -> list[tuple[str, str]]:
    """Return (kind, source) of each cell of a page."""
    parts = BLOCK.split(page)
    found = [("code" if number % 2 else "markdown", text.strip("\n")) for number, text in enumerate(parts)]
    return [(kind, text) for kind, text in found if text]


def run(source: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a cell as a notebook does; returns what it printed, and its last value."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    said, value = io.StringIO(), None
    with contextlib.redirect_stdout(said):
        exec(compile(tree, "cell", "exec"), names)  # noqa: S102  # it is our own page
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307  # it is our own page
    outputs: list[dict[str, Any]] = []
    if text := said.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)})
    if value is not None:
        shown = {"text/plain": repr(value).splitlines(keepends=True)}
        if hasattr(value, "_repr_html_"):
            shown["text/html"] = value._repr_html_().splitlines(keepends=True)  # how notebooks ask
        outputs.append({"output_type": "execute_result", "execution_count": None, "data": shown, "metadata": {}})
    return outputs


def executed(page: str) -> dict[str, Any]:
    """Return the notebook of a page, each cell run in turn in the present folder."""
    names: dict[str, Any] = {"__name__": "__main__"}
    made: list[dict[str, Any]] = []
    for number, (kind, source) in enumerate(cells(page), 1):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
        cell["source"] = source.splitlines(keepends=True)
        if kind == "code":
            cell["execution_count"] = count = sum(one["cell_type"] == "code" for one in made) + 1
            cell["outputs"] = run(source, names)
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = count
        made.append(cell)
    return {"cells": made, **FORMAT}


async def write() -> None:
    """Run the page on four participants, and write the notebook."""
    with tempfile.TemporaryDirectory(prefix="penstock-notebook-") as base, contextlib.chdir(base):
        async with stage(Path(base) / SPACE, 0) as cast:
            await story.gather_members(cast)
            notebook = await asyncio.to_thread(executed, PAGE.read_text(encoding="utf-8"))
    NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + os.linesep, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
