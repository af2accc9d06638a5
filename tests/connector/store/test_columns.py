"""What a database of this version may have: a program that no longer declares a column refuses whoever has it."""

from __future__ import annotations

from pathlib import Path

from connector.store import upgrades
from connector.store.tables import TABLES


def test_a_column_goes_with_a_step_to_the_next_version_alone():
    """A column that is new is written into the list; one that goes leaves it with its version's file."""
    kept = Path(__file__).with_name(f"version_{upgrades.VERSION}.txt").read_text().split()
    declared = sorted(f"{table.name}.{column}" for table in TABLES for column in table.kinds())
    assert declared == kept
