"""Every command says what it does and shows an example; saying so loads nothing heavy."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys

import typer

from connector.cli.main import GROUPS, VERBS, app
from tests.every import every

# in the order of the journey; groups stand behind the verbs on the page
FIRST_PAGE = [
    "demo",
    "up",
    "init",
    "join",
    "doctor",
    "serve",
    "publish",
    "price",
    "unpublish",
    "orders",
    "find",
    "show",
    "quote",
    "get",
    "open",
    "sublicense",
    "amend",
]
FIRST_PAGE += [
    "call",
    "query",
    "try",
    "lookup",
    "joint",
    "model",
    "relate",
    "learn",
    "rehearse",
    "run",
    "contract",
    "settle",
    "verify",
    "audit",
    "leave",
    "searches",
]
FIRST_GROUPS = ["policy", "log"]
HEAVY = ["aiohttp", "web3", "eth", "py_ecc", "pyarrow", "cryptography", "sqlite3", "asyncio", "orjson", "jsonschema"]


def commands(group=None, above=()):
    """Yield (words, command) of every command, those in groups too, and in groups of those."""
    for name, command in (group or typer.main.get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name), command


def test_the_first_page_is_the_journey():
    assert sorted(name for name, _ in VERBS) == sorted(FIRST_PAGE)
    assert [name for name, _ in GROUPS][: len(FIRST_GROUPS)] == FIRST_GROUPS


@every(("words", "command"), commands, ids=str)
def test_a_command_has_words_and_an_example(words, command):
    assert command.help
    text = " ".join(command.help.split())
    assert re.search(r"[Ff]or example: penstock " + " ".join(words), text), f"no example: {text}"


@every(("words", "command"), commands, ids=str)
def test_an_option_says_what_it_is(words, command):
    silent = [each.name for each in command.params if not getattr(each, "help", None) and each.name != "help"]
    assert not silent, words


def test_help_is_printed(penstock):
    said = penstock("--help")
    assert said.code == 0
    assert all(name in said.out for name in FIRST_PAGE)


def test_the_version_is_the_packages(penstock):
    assert penstock("--version").out == f"penstock {importlib.metadata.version('penstock')}\n"


def test_without_colours_where_they_are_not_wanted():
    """`NO_COLOR` and a file instead of a terminal: no escape, in help and in a fault."""
    for told in ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, {}):
        environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | told
        for words in (["--help"], ["find", "--nonsense"]):
            command = [sys.executable, "-m", "connector.cli.main", *words]
            done = subprocess.run(command, check=False, capture_output=True, env=environment)
            coloured = re.findall(rb"\x1b\[[0-9;]*3[0-9]", done.stdout + done.stderr)
            assert not coloured, (told, words)


def test_a_shell_can_be_taught_to_complete():
    environment = os.environ | {"_PENSTOCK_COMPLETE": "complete_bash", "COMP_WORDS": "penstock se", "COMP_CWORD": "1"}
    command = [sys.executable, "-c", "from connector.cli.main import app; app(prog_name='penstock')"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert {"serve", "settle", "searches"} <= set(done.stdout.split())


def test_help_loads_nothing_heavy():
    code = f"import sys, connector.cli.main; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
