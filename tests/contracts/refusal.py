"""What a value that breaks a rule of contracts is refused with."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from contracts.errors import ContractError


@contextmanager
def refused(code, words=""):
    """Expect a refusal with this code, whose text for people has these words in it."""
    with pytest.raises(ContractError) as refusal:
        yield
    assert refusal.value.code == code
    assert words in str(refusal.value)
