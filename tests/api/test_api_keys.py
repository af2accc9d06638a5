"""API keys: programs ask in their own name, within their roles and scopes, until the key ends."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import aiohttp
import orjson
import pytest
import pytest_asyncio

from connector.client.acts import scopes
from connector.client.acts.table import TABLE
from connector.client.client import Client
from connector.console import api_keys
from connector.runtime.clock import SetClock
from connector.runtime.data_folder import SERVING
from connector.runtime.errors import InvalidInput, NotPermitted, Unproven
from connector.runtime.limits import API_KEY_DAYS_MAX, API_KEY_SCOPES_MAX
from tests.api.command import commanded
from tests.api.lone import lone

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("provider", "buyer")
DENIED = 3
NUMBERS = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def connector(tmp_path_factory):
    async with lone(tmp_path_factory.mktemp("keys") / "data", ROLES) as made:
        (made.data / SERVING).write_text(json.dumps({"url": made.url}))  # as `penstock serve` says where it is
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def ask(connector):
    """Ask the management interface with a key: ask(key, method, path, body) -> (status, answer)."""
    async with aiohttp.ClientSession() as session:

        async def asked(key, method, path, body=None, header="Authorization"):
            told = {header: ("Bearer " if header == "Authorization" else "") + key}
            url = f"{connector.url}/management/{path}"
            async with session.request(method, url, json=body, headers=told) as answer:
                return answer.status, orjson.loads(await answer.read() or b"null")

        yield asked


@pytest.fixture
def keyed(connector):
    """Make a key: keyed(*scopes, roles) -> the key; each has a name of its own."""

    async def make(*told, roles=()):
        return (await connector.api_keys.add(f"key-{next(NUMBERS)}", 1, roles, told))["key"]

    return make


async def test_who_may_look_reads_and_changes_nothing(ask, keyed):
    key = await keyed("look")
    assert (await ask(key, "GET", "status"))[0] == 200
    status, fault = await ask(key, "POST", "searches", {"name": "x", "words": "tides"})
    assert (status, fault["code"], fault["whose"]) == (403, "not-permitted", "caller")
    assert "may look; this is `search save`" in fault["text"]
    assert '--scope "search save"' in fault["hint"]


async def test_no_scope_said_is_look(connector):
    assert (await connector.api_keys.add("plain", 1))["scopes"] == ["look"]


async def test_a_reading_that_is_paid_for_is_no_look(ask, keyed):
    status, fault = await ask(await keyed("look"), "GET", "acquisitions/nothing/plain")
    assert (status, fault["code"]) == (403, "not-permitted")
    assert (await ask(await keyed("acquisition read"), "GET", "acquisitions/nothing/plain"))[0] == 404


async def test_words_of_a_scope_cover_the_acts_that_begin_with_them(ask, keyed):
    key = await keyed("product price", "product show")
    assert (await ask(key, "POST", "products/nothing/price", {"price": "1", "floor": "1"}))[0] not in (401, 403)
    assert (await ask(key, "POST", "products/nothing/unpublication", {"reason": "x"}))[0] == 403
    assert (await ask(key, "GET", "status"))[0] == 403


async def test_acts_of_one_route_are_told_apart(ask, keyed):
    key = await keyed("process retry", "demand withdraw")
    assert (await ask(key, "POST", "processes/nothing/retry", {}))[0] != 403
    assert (await ask(key, "POST", "demands/nothing/withdraw", {"reason": "x"}))[0] != 403
    assert (await ask(key, "POST", "demands/nothing/meet", {"reason": "x"}))[0] == 403
    assert (await ask(key, "POST", "demands/nothing/nothing-like-it", {"reason": "x"}))[0] == 403
    wallet = await keyed("wallet add")
    assert (await ask(wallet, "POST", "cash", {"kind": "add", "amount": "x"}))[0] != 403


@pytest.mark.parametrize("scope", [("act",), ("look", "act")])
async def test_who_may_act_here_is_the_owners_alone(ask, keyed, scope):
    key = await keyed(*scope)
    for method, path, body in (
        ("POST", "accounts", {"name": "eve", "roles": [], "operator": True}),
        ("GET", "accounts", None),
        ("POST", "api-keys", {"name": "more", "days": 1}),
        ("POST", "api-keys/plain/removal", {}),
        ("POST", "folders", {"folder": "/"}),
        ("POST", "credentials/clients", {"client": "edc"}),
        ("POST", "controlplanes", {"plane": "x"}),
        ("PUT", "signaling/controlplanes", {}),
        ("GET", "v3/secrets/one", None),
    ):
        status, fault = await ask(key, method, path, body)
        assert status == 403, (path, fault)
        assert "owner's alone" in str(fault)


async def test_a_key_has_the_roles_that_it_was_given(ask, keyed):
    key = await keyed("act", roles=["buyer"])
    status, fault = await ask(key, "GET", "streams/sold")
    assert (status, fault["text"]) == (403, fault["text"])
    assert "is for buyer; this is for provider" in fault["text"]
    assert (await ask(key, "GET", "streams"))[0] == 200


async def test_the_interface_of_edc_needs_act_and_takes_the_key_as_its_clients_show_it(ask, keyed):
    query = ("POST", "v3/assets/request", {"@context": {"@vocab": "https://w3id.org/edc/v0.0.1/ns/"}})
    assert (await ask(await keyed("act"), *query, header="X-Api-Key"))[0] == 200
    status, fault = await ask(await keyed("look"), *query, header="X-Api-Key")
    assert status == 403
    assert "--scope" in str(fault)


async def test_a_rehearsal_needs_what_the_act_in_it_needs(ask, keyed):
    body = {"path": "products/nothing/price", "body": {"price": "1", "floor": "1"}}
    assert (await ask(await keyed("look"), "POST", "rehearsals", body))[0] == 403
    assert (await ask(await keyed("product"), "POST", "rehearsals", body))[0] != 403


async def test_what_is_no_key_of_ours_opens_nothing(ask, keyed, connector):
    key = await keyed("act")
    for wrong in ("key.", key[:-1], key + "x", key.removeprefix("key."), "key.\u00fc"):
        assert (await ask(wrong.encode().decode("latin-1"), "GET", "status"))[0] == 401
    made = await connector.api_keys.add("gone", 1)
    await connector.api_keys.remove("gone")
    assert (await ask(made["key"], "GET", "status"))[0] == 401


async def test_a_key_ends_and_its_last_use_is_known_to_the_hour(connector, monkeypatch):
    clock = SetClock(connector.core.clock.now())
    monkeypatch.setattr(connector.api_keys, "_core", replace(connector.core, clock=clock))
    made = await connector.api_keys.add("short", 2)

    async def listed():
        return next(one for one in await connector.api_keys.page() if one["name"] == "short")

    assert (await listed())["used"] is None
    assert (await connector.api_keys.prove("Bearer " + made["key"])).name == "short"
    first = (await listed())["used"]
    clock.move(api_keys.USED_SECONDS - 1)
    await connector.api_keys.prove("Bearer " + made["key"])
    assert (await listed())["used"] == first
    clock.move(2)
    await connector.api_keys.prove("Bearer " + made["key"])
    assert (await listed())["used"] > first
    clock.move(timedelta(days=2).total_seconds())
    with pytest.raises(Unproven, match="the key `short` ended"):
        await connector.api_keys.prove("Bearer " + made["key"])
    assert (await listed())["ended"]


async def test_nothing_of_a_key_is_kept_or_listed(connector, keyed):
    key, database = await keyed("look"), connector.data / "penstock.db"
    kept = database.read_bytes() + database.with_name("penstock.db-wal").read_bytes()
    assert key.encode() not in kept
    assert key.removeprefix("key.").encode() not in kept
    assert key not in json.dumps(await connector.api_keys.page())


@pytest.mark.parametrize(
    "scope", ["", "l", "looks", "prod", "account", "api-key add", "key rotate", "every", "x" * 1000, "product "]
)
async def test_a_scope_that_covers_nothing_is_refused(connector, scope):
    with pytest.raises(InvalidInput, match="is no scope"):
        await connector.api_keys.add("scoped", 1, (), (scope,))


async def test_limits_are_kept(connector, ask):
    with pytest.raises(InvalidInput):
        await connector.api_keys.add("many", 1, (), [act.name for act in TABLE][: API_KEY_SCOPES_MAX + 1])
    with pytest.raises(InvalidInput):
        await connector.api_keys.add("Wrong Name", 1)
    with pytest.raises(InvalidInput):
        await connector.api_keys.add("king", 1, ("king",))
    owner = connector.owner["Authorization"].removeprefix("Bearer ")
    for days in (0, API_KEY_DAYS_MAX + 1):
        assert (await ask(owner, "POST", "api-keys", {"name": "long", "roles": [], "scopes": [], "days": days}))[
            0
        ] == 400


async def test_every_act_is_the_owners_or_within_a_scope():
    for act in TABLE:
        own = scopes.is_named(act, scopes.OWN)
        assert scopes.covers([scopes.ACT], act) != own
        assert scopes.covers([act.name], act) != own
        assert not (scopes.covers([scopes.LOOK], act) and act.changes)


async def test_the_command_line_and_the_client_act_with_a_key(connector, tmp_path, monkeypatch):
    made = await commanded("admin", "key", "add", "cli", "--to", str(tmp_path / "cli.key"), "--data", connector.data)
    assert (made.code, b"the key is in" in made.out) == (0, True)
    assert (tmp_path / "cli.key").stat().st_mode & 0o077 == 0
    key = json.loads((tmp_path / "cli.key").read_bytes())["key"]
    async with Client(connector.url, token=key) as client:
        assert (await client.status())["did"] == connector.identity.did
        with pytest.raises(NotPermitted, match="may look"):
            await client.search_drop(name="x")
    monkeypatch.setenv("PENSTOCK_KEY", str(tmp_path / "cli.key"))
    nowhere = ("--data", str(tmp_path / "nowhere"))
    assert (await commanded("resource", "list", *nowhere)).code == 0
    refused = await commanded("searches", "--drop", "x", *nowhere)
    assert (refused.code, b"may look; this is `search drop`" in refused.err) == (DENIED, True)
