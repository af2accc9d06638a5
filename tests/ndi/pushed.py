"""Pushes by NDI-TR-2025-05 on the space of the journey: to where a consumer says, and to a consumer of ours."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import yarl
from aiohttp import web

from tests.api.command import commanded, penstock
from tests.ndi.delivered import in_force
from tests.ndi.journey import held, other, space

__all__ = ["other", "space"]
pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZE = 300_000


class Place:
    """Where pushes go: what came, and how the next ones are answered."""

    def __init__(self):
        self.came, self.answers = [], []

    async def take(self, request):
        answer = self.answers.pop(0) if self.answers else None
        if answer == "break":
            await request.content.read(1_000)
            request.transport.close()
            return web.Response()
        if answer == "wait":
            await self.wait.wait()
        body = await request.read()
        self.came.append((request.method, dict(request.headers), body))
        return answer if isinstance(answer, web.Response) else web.json_response({"code": "10000"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place():
    made = Place()
    app = web.Application(client_max_size=10 * SIZE)
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0)
    await site.start()
    made.url = f"http://localhost:{site._server.sockets[0].getsockname()[1]}/in"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def levels(space, other):
    [path] = await space.publish("provider", "levels", (SIZE,), tier="plain", region="CN")
    return (*(await in_force(other, "levels")), path.read_bytes())


def pushed(other, deal, url, **more):
    address = {"transferprotocolType": "HTTPS", "transferreceiveaddrUrl": url, "transferFormat": more.pop("format", [])}
    return {**other.transport(*deal[:2]), "transferMode": "push", "receiveAddr": address, **more}


def transfer(space, number):
    return next((row for row in space.rows("provider", "transfers") if row["peer_pid"] == number), {})


async def ended(space, number, state="COMPLETED"):
    await held(lambda: transfer(space, number).get("state") == state)
    return transfer(space, number)


async def test_a_push_goes_to_where_the_consumer_says_once_with_its_header(space, other, place, levels):
    asked = pushed(other, levels, place.url, format=[{"name": "authorization", "value": "let me in"}])
    status, told = await other.ask("/transferNegotiate", asked)
    assert (status, told["code"], told["transferMode"]) == (200, "10000", "push")
    assert "dataacquiAddr" not in told
    row = await ended(space, asked["sequenceNum"])
    [(method, headers, body)] = place.came
    assert (method, body, headers["Authorization"]) == ("POST", levels[2], "let me in")
    assert (headers["sequenceNum"], headers["productId"]) == (asked["sequenceNum"], levels[1])
    assert (headers["ctrlInstructiontId"], headers["targetConnectorId"]) == (levels[0], other.did)
    assert headers["bodyHash"] == hashlib.sha256(body).hexdigest()
    assert (await other.hear("/contractExecution"))["executedStrategy"]["executionResult"] == "completed"
    # asked again it is the same transfer, which is over
    assert (await other.ask("/transferNegotiate", asked))[0] == 403
    assert len(place.came) == 1
    [copy] = [one for one in space.rows("provider", "copies") if one["id"] == row["id"]]
    assert (copy["bytes"], json.loads(copy["receipt"])["plainBytes"]) == (SIZE, str(SIZE))


async def test_a_push_that_broke_off_goes_again_and_is_charged_once(space, other, place, levels):
    place.came.clear()
    place.answers = ["break", web.json_response({"code": "12010"}), web.Response(text="<garbage")]
    asked = pushed(other, levels, place.url)
    assert (await other.ask("/transferNegotiate", asked))[0] == 200
    row = await ended(space, asked["sequenceNum"])
    assert [body for _, _, body in place.came] == [levels[2]] * 2  # the busy one, and the one that took it
    [copy] = [one for one in space.rows("provider", "copies") if one["id"] == row["id"]]
    receipt = json.loads(copy["receipt"])
    assert (receipt["plainBytes"], receipt["amount"]) == (str(SIZE), "0")  # these pieces were paid already


async def test_a_push_that_is_refused_or_goes_elsewhere_ends(space, other, place, levels):
    for answer in (
        web.json_response({"code": "11003"}),
        web.Response(status=307, headers={"Location": "http://169.254.169.254/"}),
    ):
        place.came.clear()
        place.answers = [answer]
        asked = pushed(other, levels, place.url)
        assert (await other.ask("/transferNegotiate", asked))[0] == 200
        await ended(space, asked["sequenceNum"], "TERMINATED")
        assert len(place.came) == 1
        assert (await other.hear("/abnormalTermination"))["triggeredBy"] == "provider"


async def test_a_push_to_an_address_inside_or_of_no_use_is_refused(space, other, levels):
    for url in ("http://169.254.169.254/x", "http://10.0.0.1/x", "ftp://example.org/x", "http://u:p@example.org/", ""):
        asked = pushed(other, levels, url)
        status, said = await other.ask("/transferNegotiate", asked)
        assert (status, said["code"][:2]) == (400, "11"), (url, said)
        assert not transfer(space, asked["sequenceNum"])
    for more in ({"sequenceNum": "a\r\nX-Evil: 1"}, {"sequenceNum": "序"}):
        assert (await other.ask("/transferNegotiate", pushed(other, levels, "http://localhost:1/", **more)))[0] == 400


async def test_a_white_list_that_changes_cuts_off_what_runs(space, other, place, levels):
    place.came.clear()
    place.wait, place.answers = asyncio.Event(), ["wait"]
    asked = pushed(other, levels, place.url)
    assert (await other.ask("/transferNegotiate", asked))[0] == 200
    await held(lambda: not place.answers)
    await penstock(space, "provider", "ndi", "white", "add", "levels", "91440000MA00000009")
    row = await ended(space, asked["sequenceNum"], "TERMINATED")
    assert "not on the list" in row["reason"]
    place.wait.set()
    assert (await other.ask("/transferNegotiate", other.transport(*levels[:2])))[1]["code"] == "12003"
    assert (await other.bulk(*levels[:2]))[0] == 403
    await penstock(space, "provider", "ndi", "white", "drop", "levels")
    assert (await other.bulk(*levels[:2])) == (200, levels[2])
    listed = (await penstock(space, "provider", "ndi", "delivered"))["deliveries"]
    assert {one["kind"] for one in listed} == {"pull", "push"}
    assert {row["code"] for row in listed if row["sequence"] == asked["sequenceNum"]} == {"13000"}


async def test_a_buyer_of_ours_has_it_pushed_to_where_it_says(space, other, place, levels):
    place.came.clear()
    place.answers = []
    at, folder = "ndi+" + space.url("provider"), space.folder / "levels"
    words = ("get", levels[1], "--at", at, "--max-price", "10.00", "--to", folder, "--id", "levels-ours")
    await penstock(space, "buyer", *words, "--purpose", "AirTrafficResearch")
    listed = (await penstock(space, "buyer", "ndi", "list"))["contracts"]
    [code] = [row["contractId"] for row in listed if row["product"] == levels[1]]
    made = await penstock(space, "buyer", "ndi", "push", code, "--to", place.url, "--authorization", "let me in")

    def over(role, state):
        return [
            row for row in space.rows(role, "transfers") if row["format"] == "HttpData-PUSH" and row["state"] == state
        ]

    await held(lambda: [row for row in over("buyer", "COMPLETED") if row["id"] == made["transfer"]])
    [(method, headers, body)] = place.came
    assert (method, body, headers["Authorization"]) == ("POST", levels[2], "let me in")
    assert headers["sequenceNum"] == made["transfer"].removeprefix("urn:uuid:").replace("-", "")
    # what the provider pushes to nobody ends the transfer with its reason
    inside = await penstock(space, "buyer", "ndi", "push", code, "--to", "http://169.254.169.254/x")
    await held(lambda: [row for row in over("buyer", "TERMINATED") if row["id"] == inside["transfer"]])
    theirs = await commanded("ndi", "push", code, "--to", place.url, "--data", space.folder / "provider")
    assert theirs.code != 0


async def test_a_buyer_of_ours_has_it_pushed_here(space, other, levels):
    code = await ours(space, levels)
    made = await penstock(space, "buyer", "ndi", "push", code)
    await held(lambda: asked_here(space, made)["state"] == "COMPLETED")
    assert {path.name: path.read_bytes() for path in Path(made["folder"]).iterdir()} == {"data": levels[2]}
    [kept] = [one for one in space.rows("buyer", "deliveries") if one["transfer"] == made["transfer"]]
    assert (kept["kind"], kept["code"], kept["bytes"]) == ("push", "10000", SIZE)
    refused = await commanded("ndi", "push", code, "--authorization", "let me in", "--data", space.folder / "buyer")
    assert b"drawn here" in refused.err


async def ours(space, deal):
    """Return the code of our buyer's contract on a product."""
    listed = (await penstock(space, "buyer", "ndi", "list"))["contracts"]
    [code] = [row["contractId"] for row in listed if row["product"] == deal[1]]
    return code


def asked_here(space, made):
    """Return the transfer of a push at its buyer."""
    [row] = [row for row in space.rows("buyer", "transfers") if row["id"] == made["transfer"]]
    return row


async def test_several_files_come_here_each_by_its_name(space, other):
    paths = await space.publish("provider", "two-files", (SIZE, 999), tier="plain", region="CN")
    at, folder = "ndi+" + space.url("provider"), space.folder / "two-files"
    [one] = (await penstock(space, "buyer", "ndi", "find", at, "--keywords", "two-files"))["products"]
    words = ("get", one["product"], "--at", at, "--max-price", "10.00", "--to", folder, "--id", "two-files-ours")
    await penstock(space, "buyer", *words, "--purpose", "AirTrafficResearch")
    made = await penstock(space, "buyer", "ndi", "push", await ours(space, (None, one["product"])))
    await held(lambda: asked_here(space, made)["state"] == "COMPLETED")
    came = {path.name: path.read_bytes() for path in Path(made["folder"]).iterdir()}
    assert came == {path.name: path.read_bytes() for path in paths}
    [kept] = [row for row in space.rows("buyer", "deliveries") if row["transfer"] == made["transfer"]]
    assert (kept["code"], kept["bytes"]) == ("10000", SIZE + 999)


PUSHED_WRONG = {  # what a push says otherwise than it should → status, return code
    "no token": ({"Authorization": ""}, 401, None),
    "the token of another push": ({"Authorization": "Bearer " + "0" * 64}, 401, None),
    "another number": ({"sequenceNum": "0" * 32}, 400, "11003"),
    "another instruction": ({"ctrlInstructiontId": "0" * 32}, 400, "11003"),
    "another product": ({"productId": "urn:penstock:product:rain"}, 400, "11003"),
    "other bytes than it says": ({"bodyHash": "0" * 64}, 400, "11003"),
    "no instruction": ({"ctrlInstructiontId": None}, 400, "11005"),
}


async def test_what_was_not_asked_for_is_not_taken(space, other, levels):
    code, provider = await ours(space, levels), space.people["provider"].pid
    os.kill(provider, signal.SIGSTOP)  # its own push comes when all others were tried
    made = await penstock(space, "buyer", "ndi", "push", code)
    sequence = made["transfer"].removeprefix("urn:uuid:").replace("-", "")
    [contract] = [one for one in space.rows("buyer", "contracts") if one["code"] == code]
    told = {one["name"]: one["value"] for one in json.loads(asked_here(space, made)["address"])["endpointProperties"]}
    right = {
        "Authorization": told["authorization"],
        "sequenceNum": sequence,
        "productId": levels[1],
        "ctrlInstructiontId": contract["instruction"],
        "sourceConnectorId": space.did("provider"),
        "targetConnectorId": space.did("buyer"),
    }

    async def sent(path="", **more):
        headers = {name: value for name, value in (right | more).items() if value is not None}
        at = yarl.URL(f"{space.url('buyer')}/bulkPush/{sequence}{path}", encoded=True)
        async with aiohttp.ClientSession() as session, session.post(at, headers=headers, data=b"x") as answer:
            return answer.status, (json.loads(await answer.read()) or {}).get("code")

    for what, (more, status, returned) in PUSHED_WRONG.items():
        found = await sent(**more)
        assert (found[0], found[1] if returned else None) == (status, returned), what
    os.kill(provider, signal.SIGCONT)
    await held(lambda: asked_here(space, made)["state"] == "COMPLETED")
    assert (await sent())[0] == 409, "it is over"
    assert (await sent("/%2e%2e%2fpenstock.db"))[0] in {400, 409}
    assert {path.name: path.read_bytes() for path in Path(made["folder"]).iterdir()} == {"data": levels[2]}
