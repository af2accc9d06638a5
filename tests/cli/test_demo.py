"""`penstock demo` passes on what was asked, prints what came out, and ends with 0 only if all held."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest


@pytest.fixture
def run(monkeypatch):
    asked = []

    async def play(*, keep, seed, folder, say):
        say("publishing")
        asked.append((keep, seed, folder))
        return outcome

    outcome = SimpleNamespace(figures={"seed": 7}, lines=["all held"], held=True)
    stage = ModuleType("connector.demo.run")
    stage.run = play
    monkeypatch.setitem(sys.modules, "connector.demo.run", stage)
    return outcome, asked


def test_a_run_that_held(penstock, run, tmp_path):
    said = penstock("demo")
    assert (said.code, said.out, said.err) == (0, "all held\n", "")
    said = penstock("demo", "--json", "--seed", "7", "--folder", tmp_path, "--keep")
    assert said.json == {"seed": 7}
    assert said.err == ""
    assert run[1] == [(False, None, None), (True, 7, tmp_path)]


def test_a_run_that_did_not_hold(penstock, run):
    run[0].held = False
    assert penstock("demo").code == 1
    assert penstock("demo", "--json").code == 1
