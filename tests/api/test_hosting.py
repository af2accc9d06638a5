"""Hosting over HTTP: delegated, kept and sold by another provider, paid to both, read by who delegated, and revoked."""

from __future__ import annotations

import pytest

from tests.api.refusals import refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNTIL = "2099-01-01T00:00:00Z"


async def delegate(space, product, key, **more):
    body = {"product": product, "host": space.did("second"), "share": "10", "until": UNTIL, "id": key}
    return await space.doors["provider"].call("POST", "hosting", body | more)


async def accept(space, key):
    return await space.doors["second"].call("POST", f"hosting/{key}/acceptance", {"provider": space.did("provider")})


async def review(space, key):
    await space.doors["exchange"].call("POST", f"listings/{key}/review", {})


async def test_a_host_sells_what_was_delegated_both_are_paid_and_a_revocation_ends_it(space):
    files = await space.publish("provider", "tides-own", (150_000, 90_000), price=100_000)
    given = await delegate(space, "tides-own", "tides-hosted", floor="500.00")
    assert (given["state"], given["acts"]) == ("offered", ["list", "negotiate", "sign", "deliver"])
    assert await delegate(space, "tides-own", "tides-hosted", floor="500.00") == given
    taken = await accept(space, "tides-hosted")
    assert (taken["state"], taken["role"], taken["licence"]) == ("handed", "host", given["licence"])
    await review(space, "tides-hosted")
    await space.get("tides-hosted", limit=100_000)
    view = await space.complete("tides-hosted")
    assert view["provider"] == space.did("second")
    assert await space.opened("tides-hosted") == [path.read_bytes() for path in files]
