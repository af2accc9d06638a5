"""What every test shares: the rule about absent counterparts and the hypothesis profiles."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

IN_CI = os.environ.get("PENSTOCK_CI") == "1"

settings.register_profile("ci", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if IN_CI else "default")


def _absent(reason: str) -> None:
    """Skip with a reason on a user's machine; in continuous integration an absent counterpart is a failure."""
    if IN_CI:
        pytest.fail(f"absent in CI: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def absent():
    """Call it with the reason why the real counterpart cannot run here."""
    return _absent
