"""A near client is sent little at a time; how near one is, the kernel says."""

from __future__ import annotations

import socket

from connector.api import sending


def connected():
    """Return both ends of a connection over which something went."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        served, _ = server.accept()
    client.sendall(b"asked")
    assert served.recv(16) == b"asked"
    return client, served


def test_a_client_on_this_machine_is_near_and_one_that_is_far_is_not(monkeypatch):
    client, served = connected()
    with client, served:
        assert sending.is_near(served)
        monkeypatch.setattr(sending, "NEAR_SECONDS", 0)
        assert not sending.is_near(served)


def test_where_the_kernel_tells_no_round_trip_nobody_is_near(monkeypatch):
    client, served = connected()
    with client, served:
        monkeypatch.setattr(sending, "_LEAST_TRIP", slice(1_020, 1_024))
        assert not sending.is_near(served)
        monkeypatch.delattr(socket, "TCP_INFO")
        assert not sending.is_near(served)
