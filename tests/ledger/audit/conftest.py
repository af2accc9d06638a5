"""The small space that every test of the audit starts from: an honest trade."""

from __future__ import annotations

import pytest

from tests.ledger.audit.world import World


@pytest.fixture
def world():
    return World()
