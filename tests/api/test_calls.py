"""An interface as a product: called over HTTP by a buyer's connector and by curl; decided, counted, billed, cut off."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.custody import bearers
from contracts import call_receipt
from contracts.call_receipt import Made
from contracts.errors import ContractError
from tests.api.refusals import refused
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "very-secret-9d1c"
CALLS = ["GET /rain/{day}?station,year", "POST /search", "GET /slow", "GET /broken", "GET /away", "GET /long"]


class Server:
    """The provider's own server, and what it was asked."""

    def __init__(self):
        self.asked, self.heard, self.wait = [], [], asyncio.Event()

    async def answer(self, request):
        body = await request.text()
        self.asked.append((request.method, request.path_qs, body))
        self.heard.append(dict(request.headers))
        if request.path.endswith("/broken"):
            return web.Response(status=503, text=f"down: {SECRET}")
        if request.path.endswith("/away"):
            raise web.HTTPFound("http://169.254.169.254/latest")
        if request.path.endswith("/slow"):
            await self.wait.wait()
        if request.path.endswith("/long"):
            return await self.long(request)
        told = {"path": request.path, "query": dict(request.query), "body": body}
        return web.json_response(told, headers={"Set-Cookie": "a=b", "X-Internal": SECRET})

    async def long(self, request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65_536)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving():
    """The provider's server, on the loop that runs."""
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0)
    await site.start()
    server.url = f"http://localhost:{site._server.sockets[0].getsockname()[1]}/v1"
    yield server
    server.wait.set()
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def upstream():
    async with serving() as server:
        yield server


async def publish(space, upstream, product, tmp_path, **more):
    secret = tmp_path / "api.headers"
    secret.write_text(f"X-Api-Key: {SECRET}\n")
    secret.chmod(0o600)
    told = {"api": upstream.url, "calls": CALLS, "secret": str(secret), "files": None, "tier": "plain", "unit": "call"}
    return await space.publish_files("provider", product, [], **{**told, "pieceKiB": None, **more})


async def agreed(space, product):
    await space.get(product)
    return (await space.complete(product))["agreement"]


async def call(space, agreement, path, **more):
    body = {"path": path, "method": "GET", "query": None, "body": None, "purpose": None, **more}
    return await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls", body)


def address(space, agreement):
    """Return where the calls of an agreement go, and the header that lets them in: what a stock client gets."""
    found = [row for row in space.rows("buyer", "transfers") if row["agreement"] == agreement and row["address"]]
    lines = [json.loads(row["address"]) for row in found if row["state"] == "STARTED"]
    return lines[-1]["endpoint"], {"Authorization": bearers.of_address(lines[-1])}


async def test_an_interface_is_called_counted_and_billed(space, upstream, tmp_path):
    await publish(space, upstream, "rain-api", tmp_path)
    agreement = await agreed(space, "rain-api")
    [described] = await space.opened("rain-api")
    assert json.loads(described) == {"form": "penstock/interface/1", "calls": CALLS}
    assert upstream.url.encode() not in described

    got = await call(space, agreement, "/rain/2026-01-01", query={"station": "K F/1"})
    assert (got["status"], got["encoding"]) == (200, "utf-8")
    assert json.loads(got["body"]) == {"path": "/v1/rain/2026-01-01", "query": {"station": "K F/1"}, "body": ""}
    got = await call(space, agreement, "search", method="POST", body='{"a": 1}')
    assert json.loads(got["body"])["body"] == '{"a": 1}'
    assert upstream.heard[-1]["X-Api-Key"] == SECRET
    assert "Authorization" not in upstream.heard[-1]
    assert "Penstock-Use" not in upstream.heard[-1]

    asked = len(upstream.asked)
    for path, more in (
        ("/admin", {}),
        ("/rain/1", {"query": {"limit": "1"}}),
        ("/rain/1", {"method": "POST"}),
        ("/rain/../admin", {}),
        ("/rain/%2e%2e", {}),
    ):
        status, text = await refused(call(space, agreement, path, **more))
        assert status in (400, 422), (path, status, text)
    assert len(upstream.asked) == asked, "none of them reached the server"

    status, text = await refused(call(space, agreement, "/broken"))
    assert (status, SECRET in text, "not counted" in text) == (503, False, True), text
    assert (await refused(call(space, agreement, "/away")))[0] == 503

    ended = await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
    assert ended["ended"] == 1
    copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
    assert sorted(row["calls"] for row in copies) == [0, 2]
    async with asyncio.timeout(20):
        while not all(row["receipt"] for row in copies):
            await asyncio.sleep(0.1)
            copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
    assert sorted(int(json.loads(row["receipt"])["amount"]) for row in copies) == [0, 2000]
    assert SECRET not in json.dumps([str(row) for row in told(space, "provider", "copy.served")])


async def test_a_quota_is_exact_however_many_ask_at_once(space, upstream, tmp_path):
    many = {
        "permission": [{"action": "use", "constraint": {"leftOperand": "count", "operator": "lteq", "rightOperand": 7}}]
    }
    await publish(space, upstream, "rain-few", tmp_path, purpose=None, region=None, rules=many)
    agreement = await agreed(space, "rain-few")
    asked = len(upstream.asked)
    assert (await refused(call(space, agreement, "/broken")))[0] == 503
    found = await asyncio.gather(*(call(space, agreement, f"/rain/{n}") for n in range(20)), return_exceptions=True)
    came = [one for one in found if isinstance(one, dict)]
    assert len(came) == 7
    assert len(upstream.asked) == asked + 8, "what was refused, reached nobody; what failed, is not counted"
    assert {row["place"] for row in space.rows("provider", "decisions") if row["agreement"] == agreement} == {
        "transfer",
        "copy",
        "call",
    }


async def test_a_subscription_gives_so_many_calls(space, upstream, tmp_path):
    await publish(space, upstream, "rain-month", tmp_path, every="month", quota=3)
    agreement = await agreed(space, "rain-month")
    found = await asyncio.gather(*(call(space, agreement, f"/rain/{n}") for n in range(9)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in found) == 3
    status, text = await refused(call(space, agreement, "/rain/9"))
    assert (status, "quota of 3" in text) == (403, True)


async def test_what_is_revoked_is_cut_off_in_the_middle_of_an_answer(space, upstream, tmp_path):
    await publish(space, upstream, "rain-cut", tmp_path)
    agreement = await agreed(space, "rain-cut")
    await call(space, agreement, "/rain/1")
    url, header = address(space, agreement)
    async with aiohttp.ClientSession(headers=header) as session, session.get(url + "/long") as answer:
        assert answer.status == 200
        await answer.content.readexactly(1 << 20)
        await space.doors["provider"].call("POST", f"agreements/{agreement}/revoke", {"reason": "objected"})
        with pytest.raises(aiohttp.ClientError):
            async with asyncio.timeout(10):
                await answer.read()
    async with aiohttp.ClientSession(headers=header) as session, session.get(url + "/rain/1") as answer:
        assert answer.status == 403


HOST = b" HTTP/1.1\r\nHost: localhost\r\n%s"
WIRE = [
    (b"GET %s/rain/../../admin" + HOST, None),
    (b"GET %s/rain/%%2e%%2e%%2fadmin" + HOST, None),
    (b"GET %s//rain/1" + HOST, None),
    (b"GET %s/rain/1;\\admin" + HOST, None),
    (b"GET http://169.254.169.254/calls" + HOST, None),
    (b"POST %s/search" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", None),
    (b"POST %s/search" + HOST + b"Content-Length: 99999999\r\n", None),
    (b"GET %s/rain/1?station=a%%0d%%0aX:y" + HOST, None),
    (b"GET %s/rain/1?station=%%ff" + HOST, None),
    (b"GET %s/rain/1?station" + HOST, None),
    (b"GET %s/rain/1" + HOST + b"Penstock-Use: user=" + b"a" * 5_000 + b"\r\n", None),
    (b"GET %s/rain/1" + HOST + b"Penstock-Use: purpose=%%ff\r\n", None),
    (b"GET %s/rain/1" + HOST + b"Penstock-Use: purpose=Marketing\r\n", None),
    (b"GET %s/rain/1" + HOST + b"X-Api-Key: mine\r\nCookie: a=b\r\nConnection: X-Api-Key\r\n", 200),
]


async def test_what_is_written_to_the_wire_by_hand_reaches_nothing_else(space, upstream, tmp_path):
    await publish(space, upstream, "rain-wire", tmp_path)
    agreement = await agreed(space, "rain-wire")
    await call(space, agreement, "/rain/1")
    url, header = address(space, agreement)
    port, path = int(url.split(":")[2].split("/")[0]), "/" + url.split("/", 3)[3]
    for line, wanted in WIRE:
        asked = len(upstream.asked)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        bearer = f"Authorization: {header['Authorization']}\r\nConnection: close\r\n".encode()
        said = (path.encode(), bearer) if line.count(b"%s") == 2 else (bearer,)
        writer.write(line % said + b"\r\n")
        async with asyncio.timeout(20):
            status = int((await reader.readline()).split()[1])
        writer.close()
        assert (status == 200, len(upstream.asked) - asked) == (wanted == 200, int(wanted == 200)), (line, status)
    assert upstream.heard[-1]["X-Api-Key"] == SECRET
    assert "Cookie" not in upstream.heard[-1]


async def test_a_token_of_one_interface_opens_no_other_and_none_opens_nothing(space, upstream, tmp_path):
    await publish(space, upstream, "rain-one", tmp_path)
    await publish(space, upstream, "rain-two", tmp_path, calls=["GET /rain/{day}"])
    one, two = await agreed(space, "rain-one"), await agreed(space, "rain-two")
    await asyncio.gather(call(space, one, "/rain/1"), call(space, two, "/rain/1"))
    (first, header), (second, _) = address(space, one), address(space, two)
    async with aiohttp.ClientSession() as session:
        for url, headers, wanted in (
            (first, header, 200),
            (second, header, 404),
            (first, {}, 401),
            (first, {"Authorization": "Bearer x"}, 401),
        ):
            async with session.get(url + "/rain/1", headers=headers) as answer:
                assert answer.status == wanted, await answer.text()
        async with session.get(first, headers=header) as answer:
            assert json.loads(await answer.read())["calls"] == CALLS


@pytest.mark.parametrize(
    "more",
    [
        {"tier": "kept"},
        {"unit": "MiB"},
        {"calls": None},
        {"calls": ["FETCH /x"]},
        {"calls": ["GET /a/../b"]},
        {"api": "ftp://localhost/"},
        {"api": "http://user:word@localhost/"},
        {"api": "http://localhost/?a=b"},
        {"api": None},
        {"secret": "/nowhere/at/all"},
        {"purpose": None, "region": None, "rules": {"permission": [{"action": "use", "constraint": {
            "leftOperand": "absoluteSize", "operator": "lteq", "rightOperand": 10}}]}},
    ],
)  # fmt: skip
async def test_what_cannot_be_called_is_not_published(space, upstream, tmp_path, more):
    status, text = await refused(publish(space, upstream, "never-api", tmp_path, **more))
    assert status == 400, text


async def test_a_secret_that_others_can_read_or_that_is_no_header_is_refused_without_a_word_of_it(
    space, upstream, tmp_path
):
    for text, mode in (("X-Api-Key: abc123\n", 0o644), ("abc123\n", 0o600), ("Host: abc123\n", 0o600)):
        secret = tmp_path / "bad.headers"
        secret.write_text(text)
        secret.chmod(mode)
        status, said = await refused(publish(space, upstream, "never-secret", tmp_path, secret=str(secret)))
        assert (status, "abc123" in said) == (400, False)


async def test_who_bought_files_calls_nothing(space):
    await space.publish("provider", "no-api", (70_000,), tier="plain")
    agreement = await agreed(space, "no-api")
    assert (await refused(call(space, agreement, "/")))[0] == 409
    assert (await refused(call(space, "00" * 32, "/")))[0] == 404


async def test_a_token_that_is_over_is_renewed_and_the_call_is_made_once(space, upstream, tmp_path):
    await publish(space, upstream, "rain-stale", tmp_path)
    agreement = await agreed(space, "rain-stale")
    await call(space, agreement, "/rain/1")
    lines = [row for row in space.rows("buyer", "transfers") if row["agreement"] == agreement]
    [line] = [row for row in lines if row["state"] == "STARTED"]
    stale = json.loads(line["address"])
    stale["endpointProperties"][0]["value"] = "stale"
    space.write("buyer", "UPDATE transfers SET address = ? WHERE id = ?", (json.dumps(stale), line["id"]))
    asked = len(upstream.asked)
    assert (await call(space, agreement, "/rain/2"))["status"] == 200
    assert len(upstream.asked) == asked + 1
    assert "/calls/" in address(space, agreement)[0]
    assert (await call(space, agreement, "/rain/3"))["status"] == 200


async def test_an_answer_is_signed_where_it_is_asked_for(space, upstream, tmp_path):
    await publish(space, upstream, "rain-signed", tmp_path)
    agreement = await agreed(space, "rain-signed")
    got = await call(space, agreement, "/search", method="POST", body='{"a": 1}', query={}, receipt=True)
    told = dict(got["receipt"])
    [row] = [one for one in space.rows("buyer", "agreements") if one["digest"] == agreement]
    provider = bytes.fromhex(json.loads(row["agreement"])["provider"].removeprefix("0x"))
    signed, body = bytes.fromhex(told.pop("signature")), got["body"].encode()
    made = Made(agreement, "POST", "/search", b'{"a": 1}', 200, body)
    assert call_receipt.check(told, signed, provider, made) == told
    for odd in (
        replace(made, answer=body + b" "),
        replace(made, status=201),
        replace(made, sent=b""),
        replace(made, target="/search?a=1"),
        replace(made, agreement="00" * 32),
    ):
        with pytest.raises(ContractError, match="another call"):
            call_receipt.check(told, signed, provider, odd)
    with pytest.raises(ContractError, match="not signed"):
        call_receipt.check({**told, "at": "2026-01-01T00:00:00Z"}, signed, provider, made)
    assert "receipt" not in await call(space, agreement, "/rain/1")
    status, text = await refused(call(space, agreement, "/long", receipt=True))
    assert (status, "not counted" in text) == (503, True), text
    copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
    assert sorted(row["calls"] for row in copies) == [0, 2], "what was not answered is not counted"
    await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})


async def test_an_answer_is_sealed_to_its_caller_with_its_receipt(space, upstream, tmp_path):
    await publish(space, upstream, "rain-sealed", tmp_path)
    agreement = await agreed(space, "rain-sealed")
    plain = await call(space, agreement, "/rain/1")
    got = await call(space, agreement, "/rain/1", sealed=True)
    assert {name: got[name] for name in plain} == plain
    assert got["receipt"]["status"] == "200"
    url, header = address(space, agreement)
    seal = {bearers.SEALED: X25519PrivateKey.generate().public_key().public_bytes_raw().hex()}
    async with aiohttp.ClientSession(headers=header) as session:
        async with session.get(url + "/rain/1", headers=seal) as answer:
            content = await answer.read()
            assert (answer.status, answer.headers["Content-Type"]) == (200, "application/octet-stream")
            assert plain["body"].encode() not in content
            assert bearers.RECEIPT not in answer.headers
        for odd in ("00" * 32, "ab", ""):
            async with session.get(url + "/rain/1", headers={bearers.SEALED: odd}) as answer:
                assert answer.status == 400, await answer.text()
    status, text = await refused(call(space, agreement, "/rain/1", method="HEAD", sealed=True))
    assert (status, "no body" in text) == (400, True), text
    status, text = await refused(call(space, agreement, "/long", sealed=True))
    assert (status, "not counted" in text) == (503, True), text
    await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
    copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
    assert sorted(row["calls"] for row in copies) == [0, 3]


async def test_an_agreement_keeps_the_calls_that_it_is_about(space, upstream, tmp_path):
    await publish(space, upstream, "rain-lasting", tmp_path)
    agreement = await agreed(space, "rain-lasting")
    assert (await call(space, agreement, "/rain/1"))["status"] == 200
    await publish(space, upstream, "rain-lasting", tmp_path, calls=["POST /search"])
    assert (await call(space, agreement, "/rain/2"))["status"] == 200
    await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
