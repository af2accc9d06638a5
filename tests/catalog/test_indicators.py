from __future__ import annotations

from fractions import Fraction

from catalog.indicators import INDICATORS, Counts, indicators


def test_figures_by_hand():
    assert indicators(Counts(listed=40, listed_with_deal=7, demand_parties=7, supply_parties=4)) == {
        "deal rate": Fraction(7, 40),
        "demand to supply": Fraction(7, 4),
    }


def test_nothing_to_divide_by_is_no_figure():
    assert set(indicators(Counts(0, 0, 3, 0)).values()) == {None}
    assert all(row.formula and row.national for row in INDICATORS)
