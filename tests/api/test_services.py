"""A data service from its provider's words to the list, and off it again, as its people see it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.api.refusals import refused
from tests.catalog.test_service import SERVICE

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = SERVICE["id"]
PATH = quote(KEY, safe="")


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
    other = {"service": document["service"] | {"description": "for every quay of the harbour"}}
    assert (await provider.call("POST", "services", other))["state"] == "submitted"
    assert (await provider.call("POST", "services", document))["state"] == "listed", "in the words that were read"
    await provider.call("POST", f"services/{path}/withdrawal", {"reason": ""})


async def test_one_that_a_space_hides_looks_like_one_that_is_not_there(space, say):
    rules = {"sees": {"buyer": 1, "others": 5}}
    secret = {"id": "secret", "name": "Secret", "description": "", "rules": rules}
    await space.doors["exchange"].call("POST", "spaces", secret)
    hidden = SERVICE | {"id": "service:hidden", "grade": 4}
    await space.doors["provider"].call("POST", "services", {"service": hidden, "space": "secret"})
    await space.doors["exchange"].call("POST", "listings/service%3Ahidden/review", {})
    for path in ("service%3A{}", "service%3A{}/faces/dcat", "service%3A{}/versions"):
        seen = []
        for name in ("hidden", "nowhere"):
            url = f"{space.url('exchange')}/exchange/products/{path.format(name)}"
            said = await say("GET", url, None, space.bearer("buyer", "exchange"))
            seen.append((said.status, said.body.replace(name.encode(), b"NAME")))
        assert seen[0] == seen[1], path
        assert seen[0][0] == 404, seen


async def test_what_is_none_is_refused(space):
    provider, exchange = space.doors["provider"], space.doors["exchange"]
    odd = SERVICE | {"policy": {"permission": [{"action": "fly"}]}}
    for document in ({"service": odd}, {"service": SERVICE, "tier": "kept"}, {"service": []}, {}):
        assert (await refused(provider.call("POST", "services", document)))[0] == 400
    nowhere = {"service": SERVICE | {"id": "service:x"}, "space": "nowhere"}
    assert (await refused(provider.call("POST", "services", nowhere)))[0] == 404
    assert (await refused(exchange.call("POST", "listings/service%3Anone/review", {})))[0] == 404


async def versions(space, path, role="buyer"):
    return (await space.doors[role].call("GET", f"products/{path}/versions"))["versions"]


async def test_a_version_is_compared_gone_back_to_and_listed_at_once_while_its_review_stands(space):
    provider, buyer, exchange = (space.doors[role] for role in ("provider", "buyer", "exchange"))
    key, path = "service:versions", quote("service:versions", safe="")
    first = SERVICE | {"id": key, "title": "Tide forecast by the hour"}
    tariff = {**first["tariff"], "minor": "50"}
    await provider.call("POST", "services", {"service": first})
    await exchange.call("POST", f"listings/{path}/review", {})
    await provider.call("POST", "services", {"service": first | {"title": "Ebb forecast", "tariff": tariff}})
    assert (await refused(versions(space, path)))[0] == 404  # it waits for its review
    second, oldest = await versions(space, path, "provider")
    assert ([second["reviewed"], oldest["reviewed"]], oldest["differences"]) == ([False, True], [])
    assert {one["key"]: one["en"] for one in second["differences"]} == {
        "title": "title: “Tide forecast by the hour” → “Ebb forecast”",
        "price": "price: 0.20 CNY per call → 0.50 CNY per call",
    }

    def back(number, role="provider", reason="the price was wrong"):
        body = {"version": str(number), "reason": reason}
        return space.doors[role].call("POST", f"services/{path}/roll-back", body)

    assert (await refused(back(1, "second")))[0] == 404  # somebody else's
    assert [(await refused(back(9)))[0], (await refused(back("one")))[0], (await refused(back(1, reason="")))[0]] == [
        404,
        400,
        400,
    ]
    done = await back(1)
    assert (done["title"], done["price"], done["state"]) == (first["title"], "0.20 CNY per call", "listed")
    assert (await buyer.call("GET", f"offers/{path}"))["service"] == first
    compared = await buyer.call("GET", f"products/{path}/versions?from=1&to=2")
    assert {one["key"] for one in compared["differences"]} == {"title", "price"}
    moves = [row for row in space.rows("exchange", "log_entries") if row["part"] == key]
    assert len(moves) == 7  # submitted, reviewed, listed; submitted; back: submitted, its review stands: two

    suspend = {"move": "suspend", "reason": "a complaint"}
    await exchange.call("POST", f"listings/{path}/moves", suspend)
    assert (await refused(back(2)))[0] == 409  # what is suspended is the exchange's to put back
    await exchange.call("POST", f"listings/{path}/moves", {"move": "refuse", "reason": "it was true"})
    assert (await back(1))["state"] == "submitted", "after a suspension no version's review stands"
    await provider.call("POST", f"services/{path}/withdrawal", {"reason": "over"})
