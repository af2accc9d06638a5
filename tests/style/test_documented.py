"""Every command, setting, limit, event and reason of readiness is documented; every command answers in JSON."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from connector import limits, settings_table
from connector.cli.main import app
from connector.telemetry.health import REASONS
from docs.generate import reference
from ledger.events import SHAPES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference.md").read_text(encoding="utf-8")
TREE = typer.main.get_command(app)
COMMANDS = list(reference.walked(TREE))
# command → why it has no --json
NO_JSON = {
    ("serve",): "it runs until it is told to stop",
}
# commands that spend or publish, and may therefore be tried first
DRY = {("publish",), ("get",), ("settle",), ("vault", "collect")}


def shown():
    """Yield (page, line) of each command in a block of a page."""
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in re.findall(r"^(?: {4})?penstock (?!\W)(.*)$", text, re.MULTILINE):
            yield page.relative_to(DOCS.parent), line


@pytest.mark.parametrize(("page", "line"), list(shown()), ids=str)
def test_a_command_that_a_page_shows_can_be_given(page, line):
    """Its words lead to a command, and each of its options is one of it or of a group above."""
    words = [word for word in shlex.split(line, comments=True) if word not in ("|", ">", "…")]
    command, options = TREE, set()
    while True:
        options |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        at = next((at for at, word in enumerate(words) if word in getattr(command, "commands", {})), None)
        if at is None:
            break
        command, words = command.commands[words[at]], words[:at] + words[at + 1 :]
    assert not hasattr(command, "commands"), f"{page}: `penstock {line}` is no command"
    given = {word.split("=")[0] for word in words if word.startswith("--")}
    assert given <= options | {"--help"}, f"{page}: `penstock {line}` has no {given - options}"


def test_everything_has_its_row():
    named = set(re.findall(r"`([^`]+)`", PAGE))
    assert {f"penstock {' '.join(words)}" for words, _ in COMMANDS} <= named
    assert set(settings_table.declared()) <= named
    assert {name for name in vars(limits) if name.isupper()} <= named
    assert set(SHAPES) <= named
    operation = (DOCS / "operation.md").read_text(encoding="utf-8")
    assert all(f"`{reason}`" in operation for reason in REASONS)


def test_a_limit_says_why():
    assert [name for name, _, why in reference.read_limits() if not why] == []


@pytest.mark.parametrize(
    ("words", "command"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_a_command_answers_in_json_or_says_why_not(words, command):
    options = {name for parameter in command.params for name in parameter.opts}
    assert ("--json" in options) == (words not in NO_JSON), words
    assert ("--dry-run" in options) == (words in DRY), words
