"""A plan multiplies what was measured: its figures are those of the records, and a wall stands where it says."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from connector.cli.main import app
from connector.operation.plan import walls, year
from connector.operation.plan.measured import MEASURED
from tests.every import every

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "bench" / "results"
COMMAND = re.compile(r"^penstock (plan .+)$", re.MULTILINE)
# a plan may be this far from the newest record before it has to be brought up to date
APART = 0.25


@st.composite
def spaces(draw):
    members, selling = draw(st.integers(2, 10**6)), draw(st.integers(2, 50))
    deals, mib, products = (draw(st.integers(1, most)) for most in (10**7, 10**5, 10**8))
    return year.Asked(members, deals, mib, max(1, members // selling), products)


@every("name", MEASURED)
def test_a_figure_is_the_record_s(name):
    figure = MEASURED[name]
    rows = {row["work"]: row["value"] for row in json.loads((RECORDS / f"{figure.record}.json").read_text("utf-8"))}
    assert figure.value == pytest.approx(rows[figure.row], rel=APART)


@given(spaces(), st.integers(2, 9))
def test_a_space_that_grows_needs_no_less_and_binds_at_one_size(asked, times):
    larger = replace(asked, members=asked.members * times, deals=asked.deals * times,
                     providers=asked.providers * times, products=asked.products * times)  # fmt: skip
    before, after = ({wall.name: wall for wall in walls.of(one)} for one in (asked, larger))
    for name, wall in before.items():
        assert after[name].share >= wall.share * 0.999
    shares = [wall.share for wall in walls.of(asked)]
    assert shares == sorted(shares, reverse=True)


@given(spaces(), st.fractions(0, 100))
def test_money_is_whole_and_gas_is_in_it(asked, gwei):
    for one in year.of(asked):
        free, dear = (one.money(year.Prices(gas_gwei=price)) for price in (Fraction(0), gwei))
        assert type(dear) is int
        gas = Fraction(one.gas) * gwei / year.GWEI_IN_COIN * year.Prices().coin
        assert free + gas - 1 <= dear <= free + gas + 1


@every(
    ("words", "said"),
    [
        (["--members", "1", "--deals-per-day", "5"], "--members"),
        (["--members", "10", "--deals-per-day", "5", "--providers", "10"], "somebody must buy"),
        (["--members", "10", "--deals-per-day", "5", "--core", "9 EUR"], "EUR"),
        (["--members", "10", "--deals-per-day", "5", "--gas-price", "cheap"], "gwei"),
        (["--members", "10", "--deals-per-day", "5", "--gas-price", "1e9"], "gwei"),
    ],
)
def test_what_no_plan_can_be_made_of_is_said(words, said):
    told = CliRunner().invoke(app, ["plan", *words])
    assert told.exit_code == 2
    assert said in told.output


def test_the_commands_of_its_page_run():
    commands = COMMAND.findall((ROOT / "docs" / "scale.md").read_text("utf-8"))
    assert commands
    for command in commands:
        told = CliRunner().invoke(app, shlex.split(command))
        assert told.exit_code == 0, told.output
        assert json.loads(told.output)["walls"] if "--json" in command else "the next walls:" in told.output
