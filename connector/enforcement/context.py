"""What is known of a use: what its asker says of it, what was measured here, and what its agreement says of every use.

Law: what can be measured here is, and what was agreed is agreed, whatever the asker says of it; a purpose only the
asker can say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.every_use import every_use

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

PURPOSE: Final = "purpose"
# what is known of a use without being told, by the operand that asks for it
SIZE, UNIT, BYTE = "absoluteSize", "unit", "byte"


def measured(said: Mapping[str, str], plain_bytes: int) -> Mapping[str, str]:
    """Return what is said of a use, with its plain bytes as they were counted here."""
    return {**said, SIZE: str(plain_bytes), UNIT: BYTE}


def agreed(tier: str, by: str, asked: Container[str]) -> Mapping[str, str]:
    """Return what the terms say of a use by `by`, of that which a policy asks for."""
    return {name: value for name, value in every_use(tier, by).items() if name in asked}


def purpose_of(context: Mapping[str, str]) -> str:
    """Return the purpose that a context names, empty if none."""
    return context.get(PURPOSE, "")
