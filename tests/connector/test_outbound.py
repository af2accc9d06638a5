"""The door outward opens no socket to a place it must not go, and bounds what comes back."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.net import outbound
from connector.net.address_rules import is_public
from connector.net.addresses import Gate
from connector.net.outbound import Outbound
from connector.runtime.errors import AddressRefused, PeerUnreachable
from tests.hostile.addresses import LOOPBACK, NEVER, PLACES, PLAIN


class NoNetwork:
    """Counts what must not happen: names looked up, sockets made, connections begun."""

    def __init__(self):
        self.resolved = []
        self.connected = []

    def answer(self, *addresses):
        async def resolve(_resolver, host, port=0, family=socket.AF_INET):
            self.resolved.append(host)
            return [
                {
                    "hostname": host,
                    "host": address,
                    "port": port,
                    "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                    "proto": 0,
                    "flags": 0,
                }
                for address in addresses
            ]

        return resolve


@pytest.fixture
def net(monkeypatch):
    """A network that is watched: names resolve as the test says, no packet leaves."""
    watched = NoNetwork()

    async def connect(_loop, sock, address):
        watched.connected.append(address)
        raise ConnectionRefusedError("the test's network ends here")

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", watched.answer("93.184.215.14"))
    monkeypatch.setattr(asyncio.BaseEventLoop, "sock_connect", connect)
    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", connect)
    return watched


def test_there_are_cases_enough():
    assert len(set(NEVER + LOOPBACK + PLAIN)) >= 200


@pytest.mark.parametrize("development", [False, True])
@pytest.mark.parametrize("url", NEVER)
async def test_a_forbidden_address_opens_nothing(net, url, development):
    async with Outbound(development=development) as door:
        with pytest.raises(AddressRefused):
            await door.get(url.replace("https:", "http:") if development else url)
    assert net.resolved == net.connected == []


@pytest.mark.parametrize("url", LOOPBACK)
async def test_loopback_needs_development(net, url):
    async with Outbound() as door:
        with pytest.raises(AddressRefused):
            await door.get(url)
    assert net.resolved == net.connected == []
    Gate(development=True).check(url)


@pytest.mark.parametrize("url", PLAIN)
async def test_plain_http_needs_development(net, url):
    async with Outbound() as door:
        with pytest.raises(AddressRefused, match="plain http"):
            await door.get(url)
    assert net.connected == []


@pytest.mark.parametrize("addresses", PLACES)
async def test_a_name_with_one_private_address_is_refused(net, monkeypatch, addresses):
    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", net.answer(*addresses))
    async with Outbound() as door:
        with pytest.raises(AddressRefused):
            await door.get("https://example.org/")
    assert net.resolved == ["example.org"]
    assert net.connected == []


async def test_a_public_name_is_connected_at_the_address_that_was_checked(net):
    async with Outbound() as door:
        with pytest.raises(PeerUnreachable, match=r"example\.org"):
            await door.get("https://example.org/")
    assert [address[0] for address in net.connected] == ["93.184.215.14"]
    assert net.resolved == ["example.org"]


async def test_a_callback_address_is_vetted_without_a_connection(net, monkeypatch):
    monkeypatch.setattr(outbound, "VETTED_SECONDS", 0.0)
    async with Outbound() as door:
        door.check("https://example.org/dsp")
        assert net.resolved == []
        await door.vet("https://example.org/dsp")
        with pytest.raises(AddressRefused):
            door.check("https://user@example.org/dsp")
        monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", net.answer("93.184.215.14", "10.0.0.7"))
        with pytest.raises(AddressRefused):
            await door.vet("https://example.org/dsp")

        async def unknown(_self, host, port=0, family=socket.AF_INET):
            raise OSError("no such name")

        monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", unknown)
        with pytest.raises(PeerUnreachable):
            await door.vet("https://example.org/dsp")
    assert net.connected == []


async def test_a_name_is_asked_for_once_for_many_callbacks_and_again_before_a_socket(net, monkeypatch):
    async with Outbound() as door:
        for path in ("/a", "/b"):
            await door.vet("https://example.org" + path)
        assert net.resolved == ["example.org"]
        await door.vet("https://example.org:8443/a")
        assert len(net.resolved) == 2
        monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", net.answer("10.0.0.7"))
        with pytest.raises(AddressRefused):
            await door.get("https://example.org/a")
    assert net.connected == []


async def test_a_name_that_changes_its_mind_gains_nothing(net, monkeypatch):
    """DNS rebinding: public when checked, private when asked again."""
    answers = iter([("93.184.215.14",), ("127.0.0.1",)])

    async def resolve(_self, host, port=0, family=socket.AF_INET):
        return await net.answer(*next(answers))(_self, host, port, family)

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    async with Outbound() as door:
        for _ in range(2):
            with pytest.raises((PeerUnreachable, AddressRefused)):
                await door.get("https://example.org/")
    assert {address[0] for address in net.connected} == {"93.184.215.14"}


async def test_the_socket_itself_is_the_last_look(net, monkeypatch):
    """Even if the first two checks were fooled, no socket is made for a private address."""

    async def fooled(_self, host, port=0, family=socket.AF_INET):
        return await net.answer("10.0.0.7")(_self, host, port, family)

    monkeypatch.setattr(Gate, "resolve", fooled)
    async with Outbound() as door:
        with pytest.raises((AddressRefused, PeerUnreachable)):
            await door.get("https://example.org/")
    assert net.connected == []


def test_named_networks_are_permitted_and_only_those():
    gate = Gate(development=False, networks=("10.8.0.0/16",))
    gate.check_address("10.8.3.4")
    gate.check("http://10.8.3.4:7001/")
    for other in ("10.9.0.1", "127.0.0.1", "169.254.169.254"):
        with pytest.raises(AddressRefused):
            gate.check_address(other)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_ipv6_is_never_public(address):
    number = int(address)
    for form in (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert not is_public(ipaddress.IPv6Address(form))


@given(st.ip_addresses())
def test_what_the_standard_library_calls_special_is_never_public(address):
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    assert not (is_public(address) and special)
