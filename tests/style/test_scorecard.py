"""docs/scorecard.md: every item of TC609-6-2025-16 once, and what shows it exists."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import typer

from connector.cli.main import app
from tests.every import every

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/scorecard.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ROW = re.compile(r"\| (\d\.\d+[a-d]?) \| (.+?) \| ([BE]) \| (shown|partly|not yet) \| (.*?)\|")
ROWS = ROW.findall(PAGE)
# letters of each clause with letters; 7.7 has none
LETTERS = {
    **dict(zip((f"6.{n}" for n in range(1, 12)), (4, 4, 4, 4, 4, 3, 4, 4, 4, 4, 2), strict=True)),
    **dict(zip((f"7.{n}" for n in range(1, 7)), (3, 3, 3, 3, 3, 4), strict=True)),
    **dict(zip((f"8.{n}" for n in range(1, 4)), (2, 4, 4), strict=True)),
}


def test_every_item_has_one_row():
    items = [f"{clause}{letter}" for clause, count in LETTERS.items() for letter in "abcd"[:count]] + ["7.7"]
    assert sorted(row[0] for row in ROWS) == sorted(items)
    assert len(items) == 71
    assert Counter(row[0][0] for row in ROWS) == {"6": 41, "7": 20, "8": 10}


def test_the_sums_are_right():
    sums = Counter(row[3] for row in ROWS)
    basic = Counter(row[3] for row in ROWS if row[2] == "B")
    assert f"{sums['shown']} are shown, {sums['partly']} partly and {sums['not yet']} not yet" in PAGE
    assert f"basic ones {basic['shown']}, {basic['partly']} and {basic['not yet']}." in PAGE


@every("row", ROWS, ids=lambda row: row[0])
def test_what_shows_an_item_exists(row):
    item, _, _, state, shown = row
    named = re.findall(r"`([^`]+)`", shown)
    assert named or state == "not yet", f"{item} is {state}, and nothing shows it"
    for one in named:
        program, *words = one.split()
        if program == "penstock":
            assert exists(words), one
        elif program == "make":
            assert re.search(rf"^{words[0]}:|\b{words[0]}\b.*: bench-%:", MAKEFILE, re.MULTILINE), one
        else:
            assert (ROOT / one).exists(), one


@cache
def program():
    return typer.main.get_command(app)


def exists(words):
    """Whether there is such a command; options and what stands for a value end it."""
    command = program()
    for word in words:
        if word.startswith("-"):
            return any(word in option.opts for option in command.params)
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            return False
    return True
