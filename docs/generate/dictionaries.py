"""The tables of docs/tc609.md, written from the dictionaries that strategies are read by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.contract_template import KINDS
from catalog.deal import GRADES
from docs.generate.tables import table
from policy.tc609.codes import (
    ACTIONS,
    CONSTRAINTS,
    CONTRACT_STATUSES,
    DELIVERY_METHODS,
    ENCRYPTION_MODES,
    EXECUTION_ENVIRONMENTS,
    OPERATORS,
    SIGN_MODES,
    SIGNATORY_TYPES,
    TERMINATION_TYPES,
)
from policy.vocabulary.actions import ACTIONS as HIERARCHY
from policy.vocabulary.actions import PROFILE_ACTIONS
from policy.vocabulary.operands import ODRL_OPERANDS, OPERANDS, REFUSED
from policy.words import terms

if TYPE_CHECKING:
    from policy.tc609.codes import Term

LISTS = {
    "`executionEnv`": EXECUTION_ENVIRONMENTS,
    "`encryptMode`": ENCRYPTION_MODES,
    "`deliveryMethod`": DELIVERY_METHODS,
    "status of a contract": CONTRACT_STATUSES,
    "mode of signing": SIGN_MODES,
    "kind of signatory": SIGNATORY_TYPES,
    "kind of termination": TERMINATION_TYPES,
}


def actions() -> str:
    """Return the actions, each with what it is in ODRL."""
    rows = [(_wire(row), _odrl(row), *terms.ACTIONS[row.odrl]) for row in ACTIONS]
    return table(("action", "in ODRL", "meaning", "中文"), rows)


def constraints() -> str:
    """Return the constraints, each with its left operand and the type of its value."""
    words = [terms.OPERANDS.get(row.odrl, ("–", "–")) for row in CONSTRAINTS]
    rows = [(_wire(row), _odrl(row), _type(row), *said) for row, said in zip(CONSTRAINTS, words, strict=True)]
    return table(("constraint", "left operand", "value", "meaning", "中文"), rows)


def operators() -> str:
    """Return the operators by their codes."""
    return table(
        ("code", "operator", "meaning", "中文"), [(row.code, f"`{row.name}`", row.en, row.zh) for row in OPERATORS]
    )


def kinds() -> str:
    """Return the kinds of contract templates, each with its model contract."""
    rows = [(f"`{kind}`", model, en, zh) for kind, (model, en, zh) in KINDS.items()]
    return table(("kind", "model contract", "meaning", "中文"), rows)


def codes() -> str:
    """Return every other list of codes, a row each."""
    rows = [(name, " · ".join(f"{row.code} {row.en} {row.zh}" for row in listed)) for name, listed in LISTS.items()]
    return table(("list", "codes"), rows)


def _wire(row: Term) -> str:
    return " or ".join(f"`{name}`" for name in (row.wire, *row.also))


def _odrl(row: Term) -> str:
    known = row.odrl in ODRL_OPERANDS or (row.odrl in HIERARCHY and row.odrl not in PROFILE_ACTIONS)
    return f"`{row.odrl}`" if known else f"`{row.odrl}`, ours"


def _type(row: Term) -> str:
    return f"refused: {REFUSED[row.odrl][0]}" if row.odrl in REFUSED else OPERANDS[row.odrl].type.value


def grades() -> str:
    """Write the grades of a filed deal."""
    return table(("grade", "what shows it", "中文"), [(f"**{key}**", en, zh) for key, (en, zh) in GRADES.items()])
