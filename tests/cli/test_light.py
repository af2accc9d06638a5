"""A verb loads what it needs: one that asks its own server loads no library of servers, chains, keys or searches."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from connector.cli import verbs
from connector.cli.entry import line
from connector.cli.main import app

# what only the server needs, and what a question over plain loopback does without
HEAVY = (
    "aiohttp", "web3", "eth", "eth_abi", "eth_account", "eth_utils", "py_ecc", "rlp", "trie", "tantivy", "pydantic",
    "jsonschema", "jsonschema_rs", "jinja2", "cryptography", "coincurve", "sqlite3", "asyncio", "uvloop", "rich",
    "prometheus_client", "blake3", "rdflib", "pyarrow",
)  # fmt: skip
# verb → the answer that it gets
ASKED = {
    "find x --where grade=1,2": {"products": [], "found": 0},
    "searches": {"searches": []},
    "bill list": {"orders": []},
    "demand list": {"demands": []},
}


@pytest.mark.parametrize("words", ASKED)
def test_a_verb_that_asks_its_server_loads_nothing_heavy(words, management):
    verb = words.split()
    for path in ("find", "searches", "bills", "demands"):
        management.answers[path] = (200, ASKED[words])
    code = (
        "import sys\nfrom connector.cli.entry import run\n"
        f"try:\n    run()\nfinally:\n    print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *verb, "--data", str(management.data), "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ASKED[words]
    assert management.asked, "it asked nobody"
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", sorted(verbs.NAMES))
def test_a_verb_by_itself_is_that_of_the_whole(name, monkeypatch):
    import typer

    def shown(command):
        below = getattr(command, "commands", {})
        return [(one.name, one.opts, one.required) for one in command.params], {k: shown(v) for k, v in below.items()}

    monkeypatch.setattr(sys, "argv", ["penstock", name])
    alone = typer.main.get_command(line()).commands
    assert list(alone) == [name]
    assert shown(alone[name]) == shown(typer.main.get_command(app).commands[name])


def test_what_is_no_verb_is_answered_by_the_whole():
    for words, told in (([], "publish"), (["--help"], "publish"), (["fnid"], "Did you mean 'find'")):
        command = [sys.executable, "-m", "connector.cli.entry", *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | {"TERM": "dumb"})
        assert told in done.stdout + done.stderr, words
