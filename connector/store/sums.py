"""Sums of amounts, made by the database and exact: an amount is a decimal text, wider than any number of SQL.

Law: an amount is cut into limbs of twelve digits, the last first; each limb is summed as a number of 64 bits, which
nine million rows cannot fill, and the limbs are put together here. What is wider than the limbs is never summed wrong:
amounts of a channel are below 2^128, and the width of the widest is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMB_DIGITS = 12
LIMBS = 4  # 48 digits; 2^128 has 39


def select(column: str, name: str) -> str:
    """Return the select list that sums a column of amounts, not below zero, under `name`; `total` reads it."""
    limbs = [f"coalesce(sum({_limb(column, at)}), 0) AS {name}_{at}" for at in range(LIMBS)]
    return ", ".join([*limbs, f"coalesce(max(length({column})), 0) AS {name}_widest"])


def total(row: Mapping[str, Any], name: str) -> int:
    """Return the sum that a row of such a select list says."""
    assert int(row[f"{name}_widest"]) <= LIMBS * LIMB_DIGITS, "an amount is wider than any chain's"
    return sum(int(row[f"{name}_{at}"]) * 10 ** (LIMB_DIGITS * at) for at in range(LIMBS))


def _limb(column: str, at: int) -> str:
    """Return limb number `at` of an amount, counted from its end; nought where it has none."""
    below, above = at * LIMB_DIGITS, (at + 1) * LIMB_DIGITS
    size = f"length({column})"
    first = f"CASE WHEN {size} > {above} THEN {size} - {above - 1} ELSE 1 END"
    many = f"CASE WHEN {size} > {above} THEN {LIMB_DIGITS} ELSE {size} - {below} END"
    return f"CASE WHEN {size} > {below} THEN CAST(substr({column}, {first}, {many}) AS BIGINT) ELSE 0 END"
