"""An instant as documents that people sign write it: in UTC, with whole seconds, in one spelling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from contracts.errors import ContractError

WRITTEN: Final = "%Y-%m-%dT%H:%M:%SZ"


def show(instant: datetime) -> str:
    """Return an aware instant in UTC as it is written, `2027-01-31T00:00:00Z`."""
    return instant.strftime(WRITTEN)


def read(told: str, name: str, code: str) -> datetime:
    """Read the member `name` of a document; raises ContractError with `code` for another spelling."""
    try:
        found = datetime.strptime(told, WRITTEN).replace(tzinfo=UTC)
    except ValueError:
        found = None
    if found is None or show(found) != told:
        raise ContractError(code, f"`{name}` is an instant like `2027-01-31T00:00:00Z`")
    return found
