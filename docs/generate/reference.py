"""The tables of docs/reference.md: every command, setting, limit and event, from where the program has them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from connector.cli.answers import ANSWERS
from connector.cli.main import app
from connector.client.acts.participant import REHEARSAL
from connector.client.acts.shape import FAULT, WAITS
from connector.runtime import settings_sources, settings_table
from connector.runtime.fault_table import EXIT_CODES
from docs.generate.tables import table
from ledger.log.events import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
LIMITS = (ROOT / "connector/runtime/limits.py", ROOT / "ledger/embedded/caller.py")
EXAMPLE = re.compile(r",?\s*[Ff]or example: (penstock .*?)(?:;.*)?\.?$", re.DOTALL)
MARKS = str.maketrans({"|": "\\|", "<": "&lt;"})


def commands() -> str:
    """Return every command with what it does and its example."""
    rows = []
    for words, command in walked(typer.main.get_command(app)):
        text = " ".join((command.help or "").split())
        found = EXAMPLE.search(text)
        said = (text[: found.start()] if found else text).rstrip(",. ")
        rows.append((f"`penstock {' '.join(words)}`", said, f"`{found[1]}`" if found else ""))
    return _table(("command", "what it does", "for example"), rows)


def walked(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (words, command) of every command below a group."""
    for name, command in group.commands.items():
        below = hasattr(command, "commands")
        if not below or command.invoke_without_command:  # one that answers by itself is a command, too
            yield (*above, name), command
        if below:
            yield from walked(command, (*above, name))


def settings() -> str:
    """Return every setting with its default and the sentence that stands above it in the file."""
    rows = []
    for section, kind in settings_table.SECTIONS.items():
        for name, field in kind.__dataclass_fields__.items():
            default = field.default
            shown = ", ".join(default) if isinstance(default, tuple) else str(default)
            key = f"{section}.{name}"
            told = (field.metadata["comment"], f"`{settings_sources.variable(key)}`")
            rows.append((f"`{key}`", f"`{shown}`" if shown else "", *told))
    return _table(("setting", "default", "what it says", "variable"), rows)


def limits() -> str:
    """Return every named limit with its value and its reason."""
    return _table(("limit", "value", "why"), [(f"`{name}`", value, why) for name, value, why in read_limits()])


def read_limits() -> Iterator[tuple[str, str, str]]:
    """Yield name, value and reason of each limit, as the files of limits have them; the reason may be empty."""
    for file in LIMITS:
        yield from _limits_of(file)


def _limits_of(file: Path) -> Iterator[tuple[str, str, str]]:
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            said: list[str] = []
            at = node.lineno - 2
            while at >= 0 and not lines[at].startswith("#") and lines[at]:
                at -= 1  # limits that follow each other share their reason
            while at >= 0 and lines[at].startswith("# ") and not lines[at].startswith("# --"):
                said.insert(0, lines[at].removeprefix("# "))
                at -= 1
            yield node.targets[0].id, ast.unparse(node.value), " ".join(said)


def events() -> str:
    """Return every event with its links and fields; `?` and brackets mark what may be absent."""
    rows = []
    for kind, shape in SHAPES.items():
        required = sorted(shape.required)
        optional = sorted(shape.allowed - shape.required)
        fields = ", ".join(required) + (f" [{', '.join(optional)}]" if optional else "")
        rows.append((f"`{kind}`", ", ".join(shape.links) or "–", fields))
    return _table(("event", "links", "fields"), rows)


def answers() -> str:
    """Return the shape of what each command prints with `--json`."""
    rows = [(f"`{words}`", _shape(shape)) for words, shape in ANSWERS.items()]
    more = (
        ("any other, with `--dry-run`", REHEARSAL),
        ("an operator's, that waits for another's assent", WAITS),
        ("any, when it fails", FAULT),
    )
    return table(("command", "prints"), [*rows, *((words, _shape(shape)) for words, shape in more)])


def _shape(shape: Any) -> str:
    return "`" + json.dumps(shape).replace('"', "") + "`"


def exits() -> str:
    """Return every exit code."""
    return _table(("exit code", "meaning"), [(str(code), words) for code, words in EXIT_CODES.items()])


def _table(head: tuple[str, ...], rows: Any) -> str:
    return table(head, [tuple(str(cell).translate(MARKS) for cell in row) for row in rows])
