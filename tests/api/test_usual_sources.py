"""Each operand that had a source before: allowed in a running space, and refused where it is not so or used up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.enforcement.supply import SUPPLIED
from contracts.credential.proven import PROVEN
from policy.vocabulary import catenax
from tests.api.sourcing import ROWS, bought, constraint, foreseen, offered, opened, permitting, refused
from tests.api.test_sources import MEASURED, OTHERWISE, SAID, SIGNED
from tests.every import every

__all__ = ["offered"]  # a fixture
pytestmark = pytest.mark.asyncio(loop_scope="session")

# what had a source before: (operator, what holds, what never does) of what is known before anything is signed
USUAL = {
    "dateTime": ("lteq", "2099-01-31T00:00:00Z", "2020-01-31T00:00:00Z"),
    "timeWindow": ("eq", "Mo-Su 00:00-24:00 UTC", None),
    "executionEnv": ("eq", "usageControl", "tee"),
    "encryptMode": ("eq", "ciphertext", "plaintext"),
    "deliveryMethod": ("eq", "file", "stream"),
    "spatial": ("isPartOf", "US", "CN"),
    "recipient": ("eq", None, "did:web:another.example"),
    "connector": ("eq", None, "did:web:another.example"),
    "purpose": ("isA", "Research", "DirectMarketing"),
    catenax.MEMBERSHIP: ("eq", "active", "inactive"),
}
# and what the first use uses up
ONCE = {
    "count": ("lteq", "1", {}),
    "frequency": ("lteq", "1/PT1H", {}),
    "timeInterval": ("gteq", "PT1H", {}),
    "elapsedTime": ("lt", "PT0.001S", {}),
    "meteredTime": ("lteq", "PT0S", {}),
    "absoluteSize": ("lteq", str(len(ROWS) * 3 // 2), {"unit": "byte"}),
    "event": ("lt", "read", {}),
}


async def test_what_is_usual_is_allowed_together(space, offered):
    own = dict.fromkeys(("recipient", "connector"), space.did("buyer"))
    asked = [constraint(name, how, own.get(name, holds)) for name, (how, holds, _) in USUAL.items()]
    product = await offered("usual", permitting("use", *asked))
    await bought(space, product)
    assert (await opened(space, product, "first"))["number"] == 1


@every("name", USUAL)
async def test_what_is_never_so_is_refused_before_anything_is_signed(space, offered, name):
    how, _, never = USUAL[name]
    if name == "timeWindow":
        never = f"{(space.now() + timedelta(days=3)):%a}"[:2] + " 00:00-12:00 UTC"
    product = await offered(f"never-{name.rpartition('/')[2].lower()}", permitting("use", constraint(name, how, never)))
    told = await refused(foreseen(space, product))
    assert ("is not on offer there" if name == "recipient" else "never allows this") in told


@every("name", ONCE)
async def test_what_one_use_uses_up_refuses_the_next(space, offered, name):
    how, right, unit = ONCE[name]
    asked = permitting("read", constraint(name, how, right, **unit))
    product = await offered(f"once-{name.lower()}", permitting("reproduce"), asked)
    await bought(space, product)
    assert (await opened(space, product, "first"))["number"] == 1
    await refused(opened(space, product, "second"))


async def test_each_operand_that_somebody_supplies_is_tried():
    # `query` is asked for by tests/api/test_asking, what is computed by tests/api/test_computing and test_noise
    alone = {"virtualLocation", "role", "deliveryChannel", "unitOfCount", "query", "computeFunction", "privacyBudget"}
    # by tests/api/test_proven, what credentials prove
    alone |= PROVEN.keys() - {catenax.MEMBERSHIP}
    assert {*SAID, *SIGNED, *OTHERWISE, *MEASURED, *USUAL, *ONCE, *alone} == set(SUPPLIED)
