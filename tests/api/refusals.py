"""How a call was refused, as whoever asked is told."""

from __future__ import annotations

import pytest

from connector.runtime.errors import PenstockError, explain_failure


async def refused(work):
    with pytest.raises(PenstockError) as refusal:
        await work
    failure = explain_failure(refusal.value)
    return failure.status, failure.text


async def status(work):
    return (await refused(work))[0]
