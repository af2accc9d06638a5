"""The interfaces where each side shows a certificate, over TLS under a private authority. `make test-ndi`."""

from __future__ import annotations

import json
import os
import signal
import ssl
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from connector.net import tls
from tests.api.authority import Authority
from tests.api.command import penstock
from tests.api.test_tls import SecureSpace
from tests.ndi.journey import held

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZE = 70_000
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
    [path] = await secure.publish("provider", "certified", (SIZE,), tier="plain")
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


async def test_a_push_comes_from_who_shows_the_certificate_of_the_provider(secure):
    [contract] = (await penstock(secure, "buyer", "ndi", "list"))["contracts"]
    provider = secure.people["provider"].pid
    os.kill(provider, signal.SIGSTOP)  # its own push comes when the others were tried
    made = await penstock(secure, "buyer", "ndi", "push", contract["contractId"])
    for shown in ((), secure.authority.certificate("another", address="127.0.0.9")):
        status, told = await pushed(secure, contract, made, *shown)
        assert (status, told["code"]) == (401, "12009"), shown
    os.kill(provider, signal.SIGCONT)
    await held(lambda: arriving(secure, made)["state"] == "COMPLETED")
    [came] = Path(made["folder"]).iterdir()
    assert came.stat().st_size == SIZE


def arriving(space, made):
    """Return the transfer of a push at its buyer."""
    [row] = [row for row in space.rows("buyer", "transfers") if row["id"] == made["transfer"]]
    return row


async def pushed(space, contract, made, *shown):
    """Push a byte to the buyer in the provider's name, with its token, and with a certificate or none."""
    [row] = [one for one in space.rows("buyer", "contracts") if one["code"] == contract["contractId"]]
    told = json.loads(arriving(space, made)["address"])["endpointProperties"]
    sequence = made["transfer"].removeprefix("urn:uuid:").replace("-", "")
    headers = {
        "Authorization": next(one["value"] for one in told if one["name"] == "authorization"),
        "sequenceNum": sequence,
        "productId": contract["product"],
        "ctrlInstructiontId": row["instruction"],
        "sourceConnectorId": space.did("provider"),
        "targetConnectorId": space.did("buyer"),
    }
    context = tls.trusting(str(space.authority.bundle), *map(str, shown))
    at = f"{space.url('buyer')}/bulkPush/{sequence}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(at, headers=headers, data=b"x", ssl=context) as answer,
    ):
        return answer.status, json.loads(await answer.read())


async def test_a_certificate_of_nobody_that_is_believed_or_over_opens_no_connection(secure):
    others = Authority(secure.folder / "others"), Authority(secure.folder / "over", days=-1)
    for authority in others:
        shown = authority.certificate("buyer")
        with pytest.raises((aiohttp.ClientError, ssl.SSLError, OSError)):
            await asked(secure, *shown)
