"""Hosting over HTTP: delegated, kept and sold by another provider, paid to both, read by who delegated, and revoked."""

from __future__ import annotations

import json

import pytest

from connector.runtime.errors import PenstockError
from tests.api.refusals import refused
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNTIL = "2099-01-01T00:00:00Z"


async def delegate(space, product, key, **more):
    body = {"product": product, "host": space.did("second"), "share": "10", "until": UNTIL, "id": key}
    return await space.doors["provider"].call("POST", "hosting", body | more)


async def accept(space, key):
    return await space.doors["second"].call("POST", f"hosting/{key}/acceptance", {"provider": space.did("provider")})


async def review(space, key):
    await space.doors["exchange"].call("POST", f"listings/{key}/review", {})


def buying(product, key):
    mandate = {"limit": "100000", "bid": None, "purpose": PURPOSE, "deposit": None}
    return {"id": key, "product": product, "mandate": mandate}


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
    assert await space.opened("tides-hosted") == [path.read_bytes() for path in files]
    # what the buyer signed names the delegation, its own provider's edition, and who is paid
    [deal] = [row for row in space.rows("buyer", "agreements") if row["product"] == "tides-hosted"]
    terms = json.loads(deal["terms"])
    assert (deal["peer"], terms["hosted"]["provider"]) == (space.did("second"), space.did("provider"))
    assert terms["editionId"] == given["edition"]
    # the host claims, and the chain pays the provider
    await space.doors["second"].call("POST", "settlements", {"agreement": None})
    paid = int(view["progress"]["paid"])
    shares = [(paid * part["bps"] // 10_000, part["payee"]) for part in terms["split"]]
    audited = await space.doors["provider"].call("GET", "hosting/tides-hosted/audit")
    assert audited["findings"] == []
    assert (audited["agreements"], int(audited["claimed"])) == (1, paid)
    assert paid * 8 // 10 == pytest.approx(int(audited["ours"]), abs=2), shares
    acts = (await space.doors["provider"].call("GET", "hosting/tides-hosted/log"))["acts"]
    assert {"delegation", "sign", "deliver", "payment"} <= {one["act"] for one in acts}
    # nobody else's events are among them, and nobody else reads these
    assert {one["part"] for one in acts} <= {row["part"] for row in space.rows("second", "hosted_parts")}
    assert (await refused(space.doors["second"].call("GET", "hosting/tides-hosted/log")))[0] == 404

    done = await space.doors["provider"].call("POST", "hosting/tides-hosted/revocation", {"reason": "it is over"})
    assert (done["state"], done["told"]) == ("revoked", True)
    shown = await space.doors["second"].call("GET", "hosting/tides-hosted")
    assert (shown["state"], "revoked" in shown["reason"]) == ("revoked", True)
    with pytest.raises(PenstockError):
        await space.doors["buyer"].call("POST", "acquisitions", buying("tides-hosted", "again"))
