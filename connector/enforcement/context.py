"""What is known of a use: what its asker says of it, and what was measured here.

Law: what can be measured here is, whatever the asker says of it; a purpose only the asker can say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PURPOSE: Final = "purpose"
# what is known of a use without being told, by the operand that asks for it
SIZE, UNIT, BYTE = "absoluteSize", "unit", "byte"


def measured(said: Mapping[str, str], plain_bytes: int) -> Mapping[str, str]:
    """Return what is said of a use, with its plain bytes as they were counted here."""
    return {**said, SIZE: str(plain_bytes), UNIT: BYTE}


def purpose_of(context: Mapping[str, str]) -> str:
    """Return the purpose that a context names, empty if none."""
    return context.get(PURPOSE, "")
