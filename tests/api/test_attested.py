"""Answers that come with evidence of their reader: over HTTP, and what a buyer refuses (docs/compute.md)."""

from __future__ import annotations

import pytest

from tests.api.test_computing import BY_DISTRICT, GATE, agreed, ask, publish

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATTESTED = {**GATE, "attested": "simulated"}
LABEL = "simulated (no hardware vouches for it)"


async def test_an_answer_comes_with_evidence_of_its_reader(space, tmp_path):
    await publish(space, "firms-attested", tmp_path, gate=ATTESTED)
    agreement = await agreed(space, "firms-attested")
    got = await ask(space, "firms-attested", BY_DISTRICT, job="attested-1")
    assert got["attested"] == LABEL
    assert await ask(space, agreement, BY_DISTRICT, job="attested-1") == got
