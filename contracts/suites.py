"""The cipher suites that a product may be sealed by, as people and spaces call them (`ledger.edition.suite`)."""

from __future__ import annotations

from typing import Final

INTERNATIONAL: Final = "international"
SM: Final = "sm"
SUITES: Final = (INTERNATIONAL, SM)
