"""The scorecard names tests and commands that exist, and a failure among them is a figure that is missed."""

from __future__ import annotations

import importlib.util
import re

import orjson
import pytest

from tests.reliability import run, tally
from tests.reliability.figure import LONG, LOST, SHORT, Came, Command, Figure, Suite, row
from tests.reliability.table import FIGURES

SOURCES = [(one.number, source) for one in FIGURES for source in one.by]
STORY = ("tests/fault/test_injected.py",)


def test_figures_are_in_their_order_and_once():
    numbers = [int(one.number.removeprefix("F")) for one in FIGURES]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(1, 31))


@pytest.mark.parametrize(("number", "source"), SOURCES)
def test_what_is_named_is_there(number, source):
    if isinstance(source, Command):
        assert importlib.util.find_spec(source.module), number
        assert f"\n{source.target}:" in (run.ROOT / "Makefile").read_text(), number
        return
    for path in source.paths(LONG):
        assert (run.ROOT / path).is_file(), path
    texts = [(run.ROOT / path).read_text() for path in source.paths(LONG)]
    for name in source.named:
        assert any("record_property" in text for text in texts), name


def ended(tmp_path, *outcomes):
    """What the plugin has kept of a test that ended so often, so."""
    file = tmp_path / "tally"
    lines = [
        [f"{STORY[0]}::test[{n}]", "call", outcome, [["points", 5]], "no strace"] for n, outcome in enumerate(outcomes)
    ]
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return tally.read(file)


def came_of(source, found, form=SHORT):
    came = Came()
    run.counted(source, form, found, came)
    return came


def test_a_failed_test_survives_nothing(tmp_path):
    figure = Figure("F1", "points", (Suite(STORY, named=("points",)),), 10, "points", frozenset({LOST}))
    [source] = figure.by
    good = row(figure, came_of(source, ended(tmp_path, "passed", "passed")), LONG)
    assert (good["tried"], good["survived"], good["lost"], good["twice"], good["met"]) == (10, 10, 0, "", True)
    bad = row(figure, came_of(source, ended(tmp_path, "passed", "failed")), LONG)
    assert (bad["tried"], bad["survived"], bad["lost"], bad["met"]) == (10, 5, None, False)


def test_too_few_are_a_figure_missed_in_the_long_form_alone(tmp_path):
    figure = Figure("F1", "points", (Suite(STORY, named=("points",)),), 11, "points")
    came = came_of(figure.by[0], ended(tmp_path, "passed", "passed"))
    assert (came.met(figure, SHORT), came.met(figure, LONG)) == (True, False)


def test_what_could_not_be_tried_is_neither(tmp_path):
    figure = Figure("F1", "points", (Suite(STORY),), 1, "tests")
    came = came_of(figure.by[0], ended(tmp_path, "skipped"))
    assert (came.tried, came.absent, came.met(figure, LONG)) == (0, {"no strace"}, None)


def test_a_command_that_does_not_end_as_it_must_has_failed():
    came, said = Came(), []
    run.by_command(Command("this", (), (), target="none"), SHORT, came, said.append)
    assert (came.tried, came.survived) == (1, 0)
    assert said


def test_what_was_run_before_is_not_run_again(tmp_path):
    before = ended(tmp_path, "passed")
    assert run.by_pytest(list(STORY), SHORT, "0", print, before) == before


def test_only_who_is_asked_keeps_a_tally(tmp_path, monkeypatch):
    monkeypatch.setenv(tally.PLACE, str(tmp_path / "folder/tally"))
    assert tally.Tally.asked()
    assert tally.Tally.asked() is None


def test_how_a_command_ends_is_read():
    for text, told in (("7 passed, 1 failed", ("7", "1")), ("x: 96 killed, 4 survived", ("96", "4"))):
        assert run.ENDED.findall(f"something\n{text}\n") == [told]
    assert not re.search(run.ENDED, "7 passed, 1 failed in 3 s")
