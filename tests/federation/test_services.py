"""A data service of another exchange: found with where it comes from, kept up to date, read as strictly as at home."""

from __future__ import annotations

import pytest

from connector.consumer import quoting
from connector.exchange import handed_in, services
from connector.exchange.federation import entry
from connector.exchange.federation.reading import REFUSED
from connector.runtime.errors import Conflict
from tests.catalog.test_service import SERVICE
from tests.every import every
from tests.federation.exchanges import PROVIDER, add, exchange, found, source, titles, withdraw

TRAVELS = {"kind": "service", "provider": PROVIDER, "id": SERVICE["id"], "title": SERVICE["title"], "service": SERVICE}


@pytest.fixture
async def two(tmp_path):
    async with exchange(tmp_path / "near") as near, exchange(tmp_path / "far") as far:
        yield near, far


async def offer(connector, document):
    """List a service, as an operator does who has read it."""
    checked, now = handed_in.data_service({"service": document}), connector.clock.now()
    row = await connector.store.write(lambda tx: services.submit(tx, connector.evidence, checked, PROVIDER, now))
    await connector.reviewer.review(row.id)


async def test_it_is_found_shown_renewed_and_gone(two):
    near, far = two
    await offer(far, SERVICE)
    row = await add(near, "far", far.url)
    assert (row["state"], row["products"], row["told"]) == ("fresh", 1, [])
    [told] = await found(near, "tide forecast", "kind=service", "unit=call", "grade=2", "region=US", "source=far")
    assert told["id"].startswith("found:")
    assert (told["kind"], told["tier"], told["price"]) == ("service", "", "0.20 CNY per call")
    assert (told["service"], told["provider"]) == (SERVICE, PROVIDER)
    assert [one["key"] for one in told["limits"]] == ["used-outside", "not-reviewed"]
    assert [(one["source"], one["id"], one["path"]) for one in told["origins"]] == [("far", SERVICE["id"], [far.did])]
    assert await found(near, "tide forecast", "kind=dataset") == []
    with pytest.raises(Conflict, match="is a service, used at its provider's"):
        quoting._refuse_elsewhere(told)

    await offer(far, SERVICE | {"title": "Ebb forecast"})
    await near.harvesting.now("far")
    assert await titles(near, "forecast") == ["Ebb forecast"]
    await withdraw(far, SERVICE["id"])
    assert (await near.harvesting.now("far"))["products"] == 0
    assert await titles(near, "forecast") == []


async def test_what_is_listed_here_itself_is_shown_once_and_comes_back_when_it_is_not(two):
    near, far = two
    await offer(far, SERVICE)
    await offer(near, SERVICE)
    await add(near, "far", far.url)
    assert [row["id"] for row in await found(near, "tide forecast")] == [SERVICE["id"]]
    await withdraw(near, SERVICE["id"])
    [told] = await found(near, "tide forecast")
    assert told["id"].startswith("found:")


async def test_it_is_passed_on_with_its_way(two, tmp_path):
    near, far = two
    await offer(far, SERVICE)
    await add(near, "far", far.url)
    async with exchange(tmp_path / "third") as third:
        await add(third, "near", near.url)
        [told] = await found(third, "tide forecast")
        assert told["origins"][0]["path"] == [near.did, far.did]
        assert [one["key"] for one in told["limits"]] == ["used-outside", "not-reviewed", "hearsay"]


@every(
    "changes",
    [
        {"id": "service:other"},
        {"title": "Another title"},
        {"provider": "nobody"},
        {"kind": "servant"},
        {"kind": ["service"]},
        {"space": "main"},
        {"service": SERVICE | {"id": "tides"}},
        {"service": SERVICE | {"policy": {"permission": [{"action": "fly"}]}}},
        {"service": {}},
    ],
    ids=str,
)
def test_what_is_none_is_left_out(changes):
    assert entry.check(TRAVELS) == TRAVELS
    with pytest.raises(REFUSED):
        entry.check(TRAVELS | changes)


async def test_a_source_that_is_told_of_no_services_says_which_lines_it_left_out(two, monkeypatch):
    """As an exchange of before services travelled does."""
    near, far = two
    await offer(far, SERVICE)
    monkeypatch.setattr(entry, "CHECKS", {kind: check for kind, check in entry.CHECKS.items() if kind != "service"})
    await add(near, "far", far.url)
    row = await source(near, "far")
    assert (row["state"], row["products"], row["left"]) == ("fresh", 0, 1)
    assert "unknown kind `service`" in row["told"][0]
