"""Clients of the Management API that are called back: about which events, with which header, also after a while."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from aiohttp import web

from connector.demo.processes import free_ports
from tests.api.test_assets import ask, request, source, until, write  # noqa: F401  # fixtures, and what they are asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASSET, KEY = "called-back", {"authKey": "X-Client", "authCodeId": "client-key"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listener():
    """Be a client that is called; `heard` is what it was told, `refuses` how it answers."""
    heard, answers = [], {"status": 200}

    async def hear(call):
        heard.append((call.headers.get("X-Client"), await call.json()))
        return web.Response(status=answers["status"])

    app = web.Application()
    app.router.add_post("/told", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}/told", heard, answers
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secret(owner):
    context = {"@context": {"@vocab": "https://w3id.org/edc/v0.0.1/ns/"}}
    told = await owner("buyer", "POST", "v3/secrets", context | {"@id": "client-key", "value": "s3cr3t"})
    assert told.status == 200, told.body


def types(heard, key):
    return [one["type"] for _, one in heard if key in one["payload"].values()]


async def test_a_negotiation_and_a_transfer_are_told_event_by_event(space, ask, source, listener, secret):  # noqa: F811
    uri, heard, _ = listener
    await write(ask, ASSET, source)
    addresses = [{"uri": uri, "events": ["contract.negotiation.finalized", "contract.negotiation.a"], **KEY}]
    body = await request(ask, space, ASSET) | {"callbackAddresses": addresses}
    key = (await ask("buyer", "POST", "contractnegotiations", body))["@id"]
    look = f"contractnegotiations/{key}"
    ended = await until(lambda: ask("buyer", "GET", look), lambda told: told["state"] == "FINALIZED")
    assert [one["uri"] for one in ended["callbackAddresses"]] == [uri]
    wanted = ["ContractNegotiationAgreed", "ContractNegotiationFinalized"]
    await until(lambda: asyncio.sleep(0, types(heard, key)), lambda told: told == wanted)
    header, last = heard[-1]
    assert (header, last["payload"]["contractAgreementId"]) == ("s3cr3t", ended["contractAgreementId"])
    told = {"contractId": ended["contractAgreementId"], "transferType": "HttpData-PULL"}
    told |= {"callbackAddresses": {"uri": uri, "events": "transfer.process", "transactional": False}}
    key = (await ask("buyer", "POST", "transferprocesses", told))["@id"]
    await until(
        lambda: asyncio.sleep(0, types(heard, key)),
        lambda said: said[:2] == ["TransferProcessRequested", "TransferProcessStarted"],
    )
    header, last = heard[-1]
    reference = await ask("buyer", "GET", f"edrs/{key}/dataaddress")
    assert header is None
    assert last["payload"]["dataAddress"]["properties"]["endpoint"] == reference["endpoint"]
    assert last["payload"]["dataAddress"]["properties"]["authorization"] == reference["authorization"]
    await ask("buyer", "POST", f"transferprocesses/{key}/terminate", {"reason": "enough"}, 204)
    await until(lambda: asyncio.sleep(0, types(heard, key)), lambda said: said[2:] == ["TransferProcessTerminated"])
    assert heard[-1][1]["payload"]["reason"] == "enough"


async def test_who_refuses_is_told_the_next_event_and_who_is_away_this_one_later(space, ask, source, listener):  # noqa: F811
    uri, heard, answers = listener
    body = await request(ask, space, ASSET) | {"callbackAddresses": [{"uri": uri, "events": ["contract"]}]}
    answers["status"] = 400
    key = (await ask("buyer", "POST", "contractnegotiations", body))["@id"]
    await until(lambda: asyncio.sleep(0, types(heard, key)), lambda said: "ContractNegotiationFinalized" in said)
    assert len(types(heard, key)) == len(set(types(heard, key))), "a refusal is not asked again"
    answers["status"] = 503
    nobody = {"uri": f"http://localhost:{free_ports(1)[0]}/", "events": ["contract"]}
    body["callbackAddresses"] = [nobody, *body["callbackAddresses"]]
    key = (await ask("buyer", "POST", "contractnegotiations", body))["@id"]
    await until(lambda: asyncio.sleep(0, types(heard, key)), lambda said: len(said) >= 2)
    assert set(types(heard, key)) == {"ContractNegotiationRequested"}
    answers["status"] = 200
    await until(lambda: asyncio.sleep(0, types(heard, key)), lambda said: "ContractNegotiationFinalized" in said)
    # what nobody hears at one address is not said again at the other
    first = types(heard, key).index("ContractNegotiationAgreed")
    assert len(types(heard, key)[first:]) == len(set(types(heard, key)[first:]))


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:1/", {"events": ["contract"]}, {"uri": "ftp://localhost/", "events": ["contract"]},
        {"uri": "http://localhost:8090/", "events": []}, {"uri": "http://localhost:8090/", "events": [7]},
        {"uri": "http://localhost:8090/", "events": ["contract"], "transactional": True},
        {"uri": "http://localhost:8090/", "events": ["contract"], "authKey": "X-Key"},
        {"uri": "http://localhost:8090/", "events": ["contract"], "authKey": "X-Key", "authCodeId": "nobody"},
    ],
)  # fmt: skip
async def test_what_cannot_be_called_is_refused_before_anything_is_asked(space, ask, source, listener, address):  # noqa: F811
    body = await request(ask, space, ASSET) | {"callbackAddresses": [address]}
    [refused] = await ask("buyer", "POST", "contractnegotiations", body, 400)
    assert refused["path"] == "callbackAddresses"


async def test_a_secret_is_kept_changed_and_removed(ask, owner, space):  # noqa: F811
    await ask("provider", "POST", "secrets", {"@id": "own", "value": "first"})
    await ask("provider", "POST", "secrets", {"@id": "own", "value": "again"}, 409)
    await ask("provider", "PUT", "secrets", {"@id": "own", "value": "second"}, 204)
    assert (await ask("provider", "GET", "secrets/own"))["value"] == "second"
    [row] = [one for one in space.rows("provider", "secrets") if one["id"] == "own"]
    assert b"second" not in bytes(row["value"])
    await ask("provider", "DELETE", "secrets/own", status=204)
    await ask("provider", "GET", "secrets/own", status=404)
    await ask("provider", "PUT", "secrets", {"@id": "own", "value": "third"}, 404)
    await ask("provider", "POST", "secrets", {"@id": "own"}, 400)
