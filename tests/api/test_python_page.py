"""docs/python.md, run as it is written on a real space; the notebook beside it has the same cells, with outputs."""

from __future__ import annotations

import asyncio
import json
import os
from importlib.metadata import entry_points
from pathlib import Path

import penstock
import pytest

from docs.generate import notebook

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = notebook.PAGE.read_text(encoding="utf-8")
KEPT = json.loads(notebook.NOTEBOOK.read_text(encoding="utf-8"))


def text(output):
    """What somebody reads of an output."""
    return "".join(output.get("text") or output["data"]["text/plain"])


@pytest.fixture
def folder(space, tmp_path, monkeypatch, absent):
    """Where somebody works who follows the page: the space is beside them."""
    if not any(one.name == "penstock" for one in entry_points(group="fsspec.specs")):
        absent("the address is registered by an installation: `make install`")
    (tmp_path / notebook.SPACE).mkdir()
    for role in ("exchange", "provider", "buyer", "regulator"):
        (tmp_path / notebook.SPACE / role).symlink_to(space.people[role].data)
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)
    for each in penstock.PenstockFileSystem._cache.values():
        each.close()
    penstock.PenstockFileSystem.clear_instance_cache()


async def test_the_page_runs_as_it_is_written(folder):
    made = await asyncio.to_thread(notebook.executed, PAGE)
    shown = ["\n".join(map(text, cell["outputs"])) for cell in made["cells"] if cell["cell_type"] == "code"]
    kept = ["\n".join(map(text, cell["outputs"])) for cell in KEPT["cells"] if cell["cell_type"] == "code"]
    assert shown[0] == kept[0] == "'submitted'"
    assert "rain · Rain in the harbour · 2.50 CNY per MiB" in shown[2]
    assert shown[3].startswith("('complete', ")
    assert "99999" in shown[4]
    assert "hour: int64" in shown[5]
    assert shown[6] == kept[6] == "100000"
    assert "['rain-2026/rain.csv']\nb'hour,millimetres\\n'" in shown[7]
    assert "the purpose given is marketing\n`rain` costs " in shown[8]
    assert shown[9] == kept[9] == "1"
    assert len(shown) == len(kept) == 10


def same():
    return [(cell["cell_type"], "".join(cell["source"])) for cell in KEPT["cells"]]


async def test_the_notebook_is_the_page_with_outputs():
    assert same() == notebook.cells(PAGE), "write it anew: `make notebook`"
    assert [cell["execution_count"] for cell in KEPT["cells"] if "outputs" in cell] == list(range(1, 11))
    assert (KEPT["nbformat"], KEPT["nbformat_minor"]) == (4, 5)
    assert str(notebook.ROOT) not in json.dumps(KEPT)
