"""`penstock demo` passes on what was asked, prints what came out, and ends with 0 only if all held."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest


@pytest.fixture
def run(monkeypatch):
    asked = []

    async def play(*, keep, seed, folder, say, show):
        say("publishing")
        asked.append((keep, seed, folder))
        if keep:
            show(outcome, ["the exchange is at http://localhost:1"])
            raise KeyboardInterrupt
        return outcome

    outcome = SimpleNamespace(figures={"seed": 7}, lines=["all held"], held=True)
    stage = ModuleType("connector.demo.run")
    stage.run = play
    monkeypatch.setitem(sys.modules, "connector.demo.run", stage)
    return outcome, asked


def test_a_run_that_held(penstock, run, tmp_path):
    said = penstock("demo")
    assert (said.code, said.out, said.err) == (0, "all held\n", "")
    said = penstock("demo", "--json", "--seed", "7", "--folder", tmp_path)
    assert said.json == {"seed": 7}
    assert said.err == ""
    assert run[1] == [(False, None, None), (False, 7, tmp_path)]


def test_a_run_that_is_kept_shows_where_everybody_is_and_stays(penstock, run):
    said = penstock("demo", "--keep")
    assert said.code == 130
    assert said.out == "all held\nthe exchange is at http://localhost:1\n"
    said = penstock("demo", "--keep", "--json")
    assert said.json == {"seed": 7}
    assert "http://localhost:1" in said.err
    assert [keep for keep, _, _ in run[1]] == [True, True]


def test_a_run_that_did_not_hold(penstock, run):
    run[0].held = False
    assert penstock("demo").code == 1
    assert penstock("demo", "--json").code == 1
