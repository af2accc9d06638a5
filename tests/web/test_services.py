"""A data service from its provider's words to the list, and off it again, as its people see it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from connector.errors import PenstockError, explain_failure
from tests.catalog.test_service import SERVICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = SERVICE["id"]
PATH = quote(KEY, safe="")


async def refused(work):
    with pytest.raises(PenstockError) as refusal:
        await work
    failure = explain_failure(refusal.value)
    return failure.status, failure.text


async def found(door, *where):
    asked = "&".join(f"where={quote(one)}" for one in where)
    return [row["id"] for row in (await door.call("GET", f"find?q=tide+forecast&{asked}"))["products"]]


async def test_a_service_is_read_listed_found_shown_suspended_and_withdrawn(space):
    provider, buyer, exchange = (space.doors[role] for role in ("provider", "buyer", "exchange"))
    handed = await provider.call("POST", "services", {"service": SERVICE})
    assert (handed["state"], handed["price"]) == ("submitted", "0.20 CNY per call")
    assert await provider.call("POST", "services", {"service": SERVICE}) == handed
    assert await found(buyer) == []
    assert (await refused(buyer.call("GET", f"offers/{PATH}")))[0] == 404
    waiting = await exchange.call("GET", "listings?kind=service")
    assert [row["id"] for row in waiting["listings"]] == [KEY]

    told = await exchange.call("POST", f"listings/{PATH}/review", {})
    assert (told["state"], told["opened"]) == ("listed", 0)
    assert await found(buyer) == await found(buyer, "kind=service", "unit=call") == [KEY]
    assert await found(buyer, "kind=dataset") == []
    shown = await buyer.call("GET", f"offers/{PATH}")
    assert shown["service"]["endpoint"] == SERVICE["endpoint"]
    assert [one["key"] for one in shown["limits"]] == ["used-outside", "read-only-review"]
    assert (await buyer.call("GET", f"offers/{PATH}/dcat"))["@type"] == "dcat:DataService"
    assert (await refused(buyer.call("GET", f"offers/{PATH}/ndi")))[0] == 404
    status, text = await refused(buyer.call("GET", f"quotes/{PATH}"))
    assert (status, "is a service, used at its provider's" in text) == (409, True)

    moved = {"move": "suspend", "reason": "its address does not answer"}
    assert (await exchange.call("POST", f"listings/{PATH}/moves", moved))["state"] == "suspended"
    assert await found(buyer) == []
    [own] = (await provider.call("GET", "services"))["services"]
    assert (own["state"], own["reason"]) == ("suspended", moved["reason"])
    assert (await provider.call("POST", f"services/{PATH}/withdrawal", {"reason": "over"}))["state"] == "withdrawn"
    events = [row for row in space.rows("exchange", "log_entries") if row["part"] == KEY]
    assert [row["kind"] for row in events] == ["listing.moved"] * 5


async def test_a_changed_service_is_read_anew_and_nobody_takes_anothers(space):
    provider, buyer, exchange = (space.doors[role] for role in ("provider", "buyer", "exchange"))
    document = {"service": SERVICE | {"id": "service:anew"}}
    path = quote("service:anew", safe="")
    await provider.call("POST", "services", document)
    await exchange.call("POST", f"listings/{path}/review", {})
    assert (await refused(buyer.call("POST", "services", document)))[0] == 409
    assert (await refused(buyer.call("POST", f"services/{path}/withdrawal", {"reason": "mine"})))[0] == 404
    changed = {"service": document["service"] | {"title": "Tide forecast, hourly"}}
    assert (await provider.call("POST", "services", changed))["state"] == "submitted"
    assert await found(buyer) == []
    why = {"move": "refuse", "reason": "say for which quays"}
    await exchange.call("POST", f"listings/{path}/moves", why)
    assert (await provider.call("POST", "services", document))["state"] == "submitted"
    await provider.call("POST", f"services/{path}/withdrawal", {"reason": ""})


async def test_what_is_none_is_refused(space):
    provider, exchange = space.doors["provider"], space.doors["exchange"]
    odd = SERVICE | {"policy": {"permission": [{"action": "fly"}]}}
    for document in ({"service": odd}, {"service": SERVICE, "tier": "kept"}, {"service": []}, {}):
        assert (await refused(provider.call("POST", "services", document)))[0] == 400
    nowhere = {"service": SERVICE | {"id": "service:x"}, "space": "nowhere"}
    assert (await refused(provider.call("POST", "services", nowhere)))[0] == 404
    assert (await refused(exchange.call("POST", "listings/service%3Anone/review", {})))[0] == 404
