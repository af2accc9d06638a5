"""What a question was is read again from its words, of every form; and what begins so by chance says nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.compute import asked_words
from connector.compute.asked_words import AskedWords
from connector.compute.crossed import over
from connector.compute.engine.attached import Attached
from connector.compute.fitting import Groups
from connector.compute.program import Program, Tells
from contracts.assent import Assent
from tests.compute import programs

ROWS = "select revenue from firms where district = 'a}: b'"
TELLS = (Tells("me}: an", -1, 1000), Tells("中位数", 0, 1))
RUN = "sha-256:" + "5f" * 32


def test_a_program_and_an_engine_are_read_with_all_that_was_said_of_them():
    told = (("me}: an", "-1.0", "1000.0"), ("中位数", "0.0", "1.0"))
    program = Program(ROWS, TELLS, (1.5, -0.0), 200, code=programs.MEAN)
    read = asked_words.read(program.words())
    assert read == AskedWords("program", ROWS, program.digest, "", told, ("1.5", "-0.0"), 200)
    engine = Attached(ROWS, TELLS, engine=RUN)
    assert asked_words.read(engine.words()) == AskedWords("engine", ROWS, RUN, "", told, (), 100)


def test_a_program_by_assent_is_read_with_its_assent():
    until = datetime(2027, 6, 30, tzinfo=UTC)
    whom = ("firms", "did:web:p.example", "did:web:b.example", "did:web:r.example")
    assent = Assent(RUN, ROWS, (("mean", 0.0, 1.0),), None, *whom, until, "looked at")
    read = asked_words.read(assent.words((2.0,)))
    assert (read.way, read.rows, read.run, read.assent) == ("assent", ROWS, RUN, assent.digest.hex())
    assert (read.tells, read.parameters, read.blocks) == ((("mean", "0.0", "1.0"),), ("2.0",), None)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("select count(*) from firms", "statement"),
        ("lookup of firms: 3 keys, 0a", "lookup"),
        ('step {"match": "x"}: select a from b', "lesson"),
        (f"program {RUN}", "program"),
        (f"program {RUN} {{", "program"),
        (f"program {RUN} {{}} select", "program"),
        (f'program {RUN} {{"a": {"[" * 100_000}', "program"),
        (f'program {RUN} {{"tells": 5, "parameters": []}}: select', "program"),
        (f'program {RUN} {{"tells": [[1]], "parameters": []}}: select', "program"),
        (f'engine {RUN} {{"tells": [], "parameters": [], "blocks": "x"}}: select', "engine"),
        (f'engine {RUN} {{"tells": [], "parameters": [], "more": 1}}: select', "engine"),
        ("engineered", "statement"),
        ("", "statement"),
    ],
)
def test_whatever_else_is_said_is_shown_as_it_is(text, way):
    assert asked_words.read(text) == AskedWords(way, text)


def test_forms_that_run_nothing_are_told_apart():
    keys = b"".join(at.to_bytes(32, "big") for at in range(1_000))
    assert asked_words.read(Groups((keys,), "firms").statement()).way == "coverage"
    assert asked_words.read(over({"district": ["A", "B"]}).words(ROWS)).way == "joint"
