"""A cell of an answer as JSON has it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

# JSON's numbers are exact so far
EXACT_MAX: Final = 2**53


def plain(cell: Any) -> Any:
    """Return a cell as JSON has it: what JSON has no exact word for is a text."""
    if isinstance(cell, (bool, str)) or cell is None:
        return cell
    if isinstance(cell, int):
        return cell if abs(cell) < EXACT_MAX else str(cell)
    if isinstance(cell, float):
        return cell if cell - cell == 0 else str(cell)  # neither infinite nor none
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.hex()
    if isinstance(cell, Decimal) and cell == cell.to_integral_value():
        return plain(int(cell))
    if isinstance(cell, (Decimal, timedelta)):
        return str(cell)
    if isinstance(cell, dict):
        return {str(name): plain(one) for name, one in cell.items()}
    if isinstance(cell, (list, tuple)):
        return [plain(one) for one in cell]
    return str(cell)
