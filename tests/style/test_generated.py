"""What docs/ takes from the program's tables is what those tables say now; `make docs` writes it."""

from __future__ import annotations

import re

import pytest

from connector.negotiation.protocol.states import NEXT, STATES
from docs.generate import architecture, diagram, pages
from tests.every import every


@every(("path", "text"), lambda: pages.made().items(), ids=lambda value: getattr(value, "name", " "))
def test_what_is_made_is_up_to_date(path, text):
    assert path.read_text(encoding="utf-8") == text, f"{path.name} is not what the tables say: run `make docs`"


@pytest.mark.parametrize("process", STATES)
def test_every_row_of_the_table_is_drawn_once(process):
    drawn = [
        (process, state, arrow.message, sender, arrow.to)
        for arrow in diagram.arrows(process)
        for state in arrow.sources
        for sender in (("provider", "consumer") if arrow.sender == "either" else (arrow.sender,))
    ]
    assert sorted(drawn) == sorted((*key, to) for key, to in NEXT.items() if key[0] == process)


def test_every_import_between_rooms_is_drawn_once():
    picture = architecture.draw()
    drawn = re.findall(r"<title>(\S+) imports (\S+)</title>", picture)
    known = {**architecture.packages(), **architecture.rooms()}
    assert sorted(drawn) == sorted(known)
    assert ("api", "negotiation") in known
    assert not {importer for importer, _ in architecture.rooms()} - set(architecture.ordered(architecture.rooms()))


def test_a_table_without_its_marks_is_noticed():
    assert {
        name for page in pages.PAGES for _, name, _ in pages.MARKED.findall((pages.ROOT / page).read_text())
    } == set(pages.TABLES)
