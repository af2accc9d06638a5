"""The interfaces where each side shows a certificate, over TLS under a private authority. `make test-ndi`."""

from __future__ import annotations

import json
import ssl

import aiohttp
import pytest
import pytest_asyncio

from connector.net import tls
from tests.api.authority import Authority
from tests.api.command import penstock
from tests.api.test_tls import SecureSpace

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEARCH = {"keywords": "", "offset": "0", "limit": "1"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certified")
    made = SecureSpace(folder, Authority(folder / "certificates"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PENSTOCK_SERVER_PEER_CERTIFICATES", "required")
        made.prepare(monkeypatch)
        try:
            await made.start()
            yield made
        finally:
            await made.stop()


async def asked(space, *shown):
    """Return status and answer of the buyer's search at the provider, with a certificate and its key, or with none."""
    context = tls.trusting(str(space.authority.bundle), *map(str, shown))
    at, headers = space.url("provider") + "/catalogSearch", space.bearer("buyer", "provider")
    told = {"json": SEARCH, "headers": headers, "ssl": context}
    async with aiohttp.ClientSession() as session, session.post(at, **told) as answer:
        return answer.status, json.loads(await answer.read())


async def test_both_sides_show_certificates_and_trade(secure):
    [path] = await secure.publish("provider", "certified", (70_000,), tier="plain")
    words = ("get", "certified", "--at", "ndi+" + secure.url("provider"), "--max-price", "10.00")
    folder = secure.folder / "got"
    await penstock(secure, "buyer", *words, "--to", folder, "--purpose", "AirTrafficResearch")
    assert [one.read_bytes() for one in folder.iterdir()] == [path.read_bytes()]


async def test_a_certificate_that_is_not_the_callers_is_refused(secure):
    own = [secure.folder / "certificates" / f"buyer.{kind}" for kind in ("pem", "key")]
    status, told = await asked(secure, *own)
    assert (status, told["code"]) == (200, "10000")
    status, told = await asked(secure)
    assert (status, told["code"]) == (401, "12009")
    status, told = await asked(secure, *secure.authority.certificate("elsewhere", address="127.0.0.9"))
    assert (status, told["code"]) == (401, "12009")
    assert "127.0.0.1" in told["message"]


async def test_a_certificate_of_nobody_that_is_believed_or_over_opens_no_connection(secure):
    others = Authority(secure.folder / "others"), Authority(secure.folder / "over", days=-1)
    for authority in others:
        shown = authority.certificate("buyer")
        with pytest.raises((aiohttp.ClientError, ssl.SSLError, OSError)):
            await asked(secure, *shown)
