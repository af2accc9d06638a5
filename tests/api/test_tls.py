"""A space in which everything travels over https, under certificates of a private authority named in settings."""

from __future__ import annotations

import asyncio
import sys

import pytest
import pytest_asyncio

from connector.demo.processes import Participant, free_ports
from connector.net import tls
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime.clock import Clock
from tests.api.authority import Authority
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = ("exchange", "provider", "buyer")
PRODUCT = "over-tls"


class SecureSpace(Space):
    """Three participants outside development, each with a certificate for 127.0.0.1."""

    def __init__(self, folder, authority):
        super().__init__(folder, Clock().now)
        self.authority = authority
        self.outbound = Outbound(networks=["127.0.0.0/8"], trust=tls.trusting(str(authority.bundle)))

    def prepare(self, monkeypatch):
        ports = dict(zip(PEOPLE, free_ports(len(PEOPLE)), strict=True))
        urls = {role: f"https://127.0.0.1:{port}" for role, port in ports.items()}
        monkeypatch.setenv("PENSTOCK_SERVER_TRUST", str(self.authority.bundle))
        monkeypatch.setenv("PENSTOCK_SERVER_NETWORKS", "127.0.0.0/8")
        for role in PEOPLE:
            certificate, key = self.authority.certificate(role)
            monkeypatch.setenv("PENSTOCK_SERVER_TLS_CERTIFICATE", str(certificate))
            monkeypatch.setenv("PENSTOCK_SERVER_TLS_KEY", str(key))
            given = {"name": role, "roles": (role,), "region": "US-NY", "port": ports[role]}
            exchange = "" if role == "exchange" else urls["exchange"]
            initialise(self.folder / role, **given, exchange=exchange, development=False, public_url=urls[role])
            self.people[role] = Participant(self.folder / role)
        return urls


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    made = SecureSpace(folder, Authority(folder / "certificates"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        made.urls = made.prepare(monkeypatch)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_two_connectors_trade_over_tls(secure):
    """Negotiated, signed, licensed on the exchange's chain, pulled and paid for; every address is https."""
    assert {status["url"] for status in secure.status.values()} == set(secure.urls.values())
    assert not any(status["development"] for status in secure.status.values())
    await secure.publish("provider", PRODUCT, (70_000,))
    await secure.get(PRODUCT)
    view = await secure.complete(PRODUCT)
    assert view["negotiation"]["price"] == "1000"
    document = (await secure.outbound.get(secure.url("provider") + "/.well-known/did.json")).json()
    assert all(service["serviceEndpoint"].startswith("https://") for service in document["service"])
    talks = [row for role in ("provider", "buyer") for row in secure.rows(role, "negotiations")]
    assert {row["state"] for row in talks} == {"FINALIZED"}
    assert all(row["callback"].startswith("https://127.0.0.1:") for row in talks)


async def test_the_command_line_believes_what_its_server_believes(secure):
    command = [sys.executable, "-m", "connector.cli.main", "find", "--at", secure.did("provider")]
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    data = ("--data", str(secure.people["buyer"].data))
    process = await asyncio.create_subprocess_exec(*command, *data, **pipes)
    out, err = await process.communicate()
    assert process.returncode == 0, err
    assert secure.did("provider") in out.decode()


async def test_who_does_not_name_the_authority_hears_nothing(secure):
    async with Outbound(networks=["127.0.0.0/8"]) as stranger:
        with pytest.raises(Exception, match="certificate"):
            await stranger.get(secure.url("exchange") + "/space")


async def test_a_certificate_for_another_address_is_refused(secure):
    """The chain is good, the name is not."""
    certificate, key = secure.authority.certificate("elsewhere", address="127.0.0.9")
    context = tls.serving(str(certificate), str(key))
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Exception, match="IP address mismatch"):
        await secure.outbound.get(f"https://127.0.0.1:{port}/space")
    server.close()
