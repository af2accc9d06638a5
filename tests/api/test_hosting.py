"""Hosting over HTTP: delegated, kept and sold by another provider, paid to both, read by who delegated, and revoked."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from contracts import signature
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHIN_SECONDS = 60
UNTIL = "2099-01-01T00:00:00Z"


async def delegate(space, product, key, **more):
    body = {"product": product, "host": space.did("second"), "share": "10", "until": UNTIL, "id": key}
    return await space.doors["provider"].call("POST", "hosting", body | more)


async def accept(space, key):
    return await space.doors["second"].call("POST", f"hosting/{key}/acceptance", {"provider": space.did("provider")})


async def revoke(space, key):
    return await space.doors["provider"].call("POST", f"hosting/{key}/revocation", {"reason": "it is over"})


async def review(space, key):
    await space.doors["exchange"].call("POST", f"listings/{key}/review", {})


async def reads(space, about, holds):
    """Return what the provider reads of the host's log, once its head is far enough: here it is anchored when told."""
    async with asyncio.timeout(WITHIN_SECONDS):
        await space.doors["second"].call("POST", "log/anchor", {})
        while not holds(told := await space.doors["provider"].call("GET", f"hosting/{about}")):
            await asyncio.sleep(0.2)
    return told


def buying(product):
    mandate = {"limit": "100000", "bid": None, "purpose": PURPOSE, "deposit": None}
    return {"product": product, "mandate": mandate}


async def audited(space):
    """Return what a supervisor finds, by the chain and the logs."""
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    said = await commanded("audit", *asked)
    return json.loads(said.out)["findings"]


async def test_a_host_sells_what_was_delegated_both_are_paid_and_a_revocation_ends_it(space, proxy):
    files = await space.publish("provider", "tides-own", (150_000, 90_000), price=100_000)
    given = await delegate(space, "tides-own", "tides-hosted", floor="500.00")
    assert (given["state"], given["acts"]) == ("offered", ["list", "negotiate", "sign", "deliver"])
    assert await delegate(space, "tides-own", "tides-hosted", floor="500.00") == given
    taken = await accept(space, "tides-hosted")
    assert (taken["state"], taken["role"], taken["licence"]) == ("handed", "host", given["licence"])
    await review(space, "tides-hosted")
    # its price moves down to the floor, and its data are its provider's alone to change
    priced = space.doors["second"].call
    assert (await refused(priced("POST", "products/tides-hosted/price", {"amount": "499.00"})))[0] == 400
    assert (await priced("POST", "products/tides-hosted/price", {"amount": "900.00"}))["was"]
    mine = {"id": "tides-hosted", "files": [str(files[0])], "title": "Mine", "price": "1", "floor": "1", "tier": "kept"}
    said = await refused(priced("POST", "products", mine | {"unit": "MiB", "purpose": "Research", "until": UNTIL}))
    assert "hosted for another provider" in said[1]
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
    held = await reads(space, "tides-hosted/check", lambda told: not told["later"] and told["agreements"])
    assert held["findings"] == []
    assert (held["agreements"], int(held["claimed"])) == (1, paid)
    assert paid * 8 // 10 == pytest.approx(int(held["ours"]), abs=2), shares
    due = {"delegation", "sign", "deliver", "payment"}
    acts = (await reads(space, "tides-hosted/done", lambda told: due <= {one["act"] for one in told["acts"]}))["acts"]
    # nobody else's events are among them, and nobody else reads these
    assert {one["part"] for one in acts} <= {row["part"] for row in space.rows("second", "hosted_parts")}
    assert (await refused(space.doors["second"].call("GET", "hosting/tides-hosted/done")))[0] == 404

    # whom the host is told by no more learns it of the chain: so does a buyer, before it signs
    async def deaf(request):
        if request.path.endswith("/look"):
            raise web.HTTPServiceUnavailable

    proxy.gate = deaf
    done = await revoke(space, "tides-hosted")
    assert (done["state"], done["told"]) == ("revoked", False)
    text = (await refused(space.doors["buyer"].call("POST", "foresights", buying("tides-hosted"))))[1]
    assert "revoked" in text or "not on offer" in text, text
    proxy.calm()
    assert (await revoke(space, "tides-hosted"))["told"]
    shown = await space.doors["second"].call("GET", "hosting/tides-hosted")
    assert (shown["state"], "revoked" in shown["reason"]) == ("revoked", True)
    assert [row["state"] for row in space.rows("second", "products") if row["id"] == "tides-hosted"] == ["withdrawn"]
    codes = {one["code"] for one in await audited(space)}
    assert not codes & {"licence-without-rights", "licence-without-agreement"}, codes
    assert not {one for one in codes if one.startswith("hosted")}


async def test_a_host_answers_what_is_asked_and_opens_nothing_but_what_it_was_given(space):
    folder = space.folder / "data" / "counted-hosted"
    folder.mkdir(parents=True)
    path = folder / "counted.csv"
    path.write_text("firm,district,revenue\n" + "".join(f"F{at},{'AB'[at % 2]},{at}\n" for at in range(400)))
    asked = {"tier": "computed", "unit": "free", "price": 0, "gate": {"subject": "firm", "least": "10"}}
    await space.publish_files("provider", "counted-own", [path], **asked)
    given = await delegate(space, "counted-own", "counted-hosted")
    assert given["acts"] == ["list", "negotiate", "sign", "compute"]
    await accept(space, "counted-hosted")
    await review(space, "counted-hosted")
    await space.get("counted-hosted", limit=0)
    await space.complete("counted-hosted")
    words = "select district, count(*) as firms from counted group by district"
    told = await penstock(space, "buyer", "query", "counted-hosted", words, "--id", "of-hosted")
    assert "200" in json.dumps(told)
    done = await reads(space, "counted-hosted/done", lambda told: any(one["act"] == "compute" for one in told["acts"]))
    assert [one["event"] for one in done["acts"] if one["act"] == "compute"] == ["computation.ended"]
    # keys of one edition are there, and no key of the run that sealed it, or of any other
    runs = {row["run"] for row in space.rows("provider", "editions")}
    kept = [row for row in space.rows("second", "editions") if row["run"] in runs]
    assert kept == []
    own = {row["id"] for row in space.rows("provider", "editions")}
    hosted = own & {row["id"] for row in space.rows("second", "editions")}
    delegated = {json.loads(row["document"])["terms"]["editionId"] for row in space.rows("second", "delegations")}
    assert hosted <= delegated
    await revoke(space, "counted-hosted")


async def test_what_is_not_to_be_hosted_and_who_is_not_the_host_is_refused(space):
    assert (await refused(delegate(space, "nothing", "no-a")))[0] == 409
    assert (await refused(delegate(space, "tides-own", "no-b", share="0")))[0] == 400
    assert (await refused(delegate(space, "tides-own", "no-c", acts=["list"])))[0] == 400
    assert (await refused(delegate(space, "tides-own", "no-d", acts=["steal"])))[0] == 400
    assert (await refused(delegate(space, "tides-own", "no-e", until="2020-01-01T00:00:00Z")))[0] == 400
    assert (await refused(delegate(space, "tides-own", "no-f", floor="5000.00")))[0] == 400
    assert (await refused(delegate(space, "tides-own", "no-g", host=space.did("provider"))))[0] == 400
    await delegate(space, "tides-own", "for-second")
    assert (await refused(delegate(space, "tides-own", "for-second", share="11")))[0] == 409
    # to everybody but its host there is none, and without its signature nothing is handed over
    for step, body in (("offer", {}), ("handover", {"signature": "00" * 65})):
        url = f"{space.url('provider')}/hosting/for-second/{step}"
        bearer = space.bearer("buyer", "provider")
        assert (await refused(space.outbound.post(url, body, headers=bearer)))[0] == 404
    url = f"{space.url('provider')}/hosting/for-second/handover"
    bearer = space.bearer("second", "provider")
    assert (await refused(space.outbound.post(url, {"signature": "00" * 65}, headers=bearer)))[0] == 401
    digest = bytes.fromhex((await space.doors["provider"].call("GET", "hosting/for-second"))["licence"])
    signed = {"signature": signature.sign(digest, space.keys("second").agreement).hex()}
    # what was revoked before it was taken up is granted by nobody any more
    await revoke(space, "for-second")
    bearer = space.bearer("second", "provider")
    assert (await refused(space.outbound.post(url, signed, headers=bearer)))[0] == 409
    assert (await refused(accept(space, "for-second")))[0] == 409
    assert not [row for row in space.rows("second", "delegations") if row["id"] == "for-second"]
