"""Who has no data directory of the server names its address and token; what cannot be so is refused at once."""

from __future__ import annotations

import gc
import threading

import penstock
import pytest

from connector.client.address import Address
from connector.client.client import Client
from connector.client.waiting import WaitingClient
from tests.every import every


@every(
    ("where", "token", "words"),
    [
        ("ftp://buyer.example", "x", "no address of a server"),
        ("https://", "x", "no address of a server"),
        ("http://buyer.example:7001", "x", "others read the token"),
        ("https://buyer.example:7001", "", "needs its token"),
        ("penstock-data", "x", "is a data directory"),
    ],
)
def test_what_cannot_be_asked_is_said(where, token, words):
    with pytest.raises(penstock.InvalidInput, match=words):
        penstock.connect(where, token=token)


@every(
    ("url", "base", "here"),
    [
        ("https://buyer.example:7001/", "https://buyer.example:7001", False),
        ("https://buyer.example/management", "https://buyer.example", False),
        ("http://localhost:7703", "http://localhost:7703", True),
        ("https://127.0.0.1:7703/", "https://127.0.0.1:7703", True),
    ],
)
def test_an_address_is_named_in_any_of_its_forms(url, base, here):
    address = Address.named(url, "secret")
    assert (address.base(), address.here) == (base, here)
    assert address.below("status") == base + "/management/status"
    assert address.headers() == {"Authorization": "Bearer secret"}
    assert "at `" + base in str(address.explained(penstock.PeerUnreachable("nobody")))


async def test_a_server_elsewhere_opens_nothing_here(tmp_path):
    async with Client("https://buyer.example:7001", token="secret") as client:
        with pytest.raises(penstock.Conflict, match="another machine"):
            await client.open_here("got", purpose="Research", to=tmp_path)
        with pytest.raises(penstock.Conflict, match="another machine"):
            await client.open("got", purpose="Research")
        assert client._place("/srv/in.csv") == "/srv/in.csv"
        assert client._place("s3://bucket/in.csv") == "s3://bucket/in.csv"


def test_nobody_is_connected_to_where_no_server_was_started(tmp_path):
    before = set(threading.enumerate())
    with pytest.raises(penstock.ServerAbsent):
        penstock.connect(tmp_path)
    assert set(threading.enumerate()) <= before


def test_what_nobody_closes_ends_when_nobody_has_it(tmp_path):
    (tmp_path / "server.json").write_text('{"url": "http://localhost:1"}')
    client = penstock.connect(tmp_path)
    assert isinstance(client, WaitingClient)
    thread = client._thread
    with client as same:
        assert same is client
    assert not thread.is_alive()
    with pytest.raises(penstock.Conflict, match="closed"):
        client.status()
    thread = penstock.connect(tmp_path)._thread
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()
