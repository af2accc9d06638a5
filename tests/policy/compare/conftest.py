"""An instant in the future of every test here."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


@pytest.fixture
def until():
    return datetime(2027, 1, 1, tzinfo=UTC)
