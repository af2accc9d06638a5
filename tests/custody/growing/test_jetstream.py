"""A stream of a real NATS server: every message once and in order, from a position on."""

from __future__ import annotations

import asyncio
import json

import pytest
from nats.js.client import JetStreamContext

from connector.custody.errors import VaultError
from connector.custody.growing.jetstream import JetStream
from tests import jetstream


async def drained(source, least=0):
    """Read until nothing comes any more, and `least` messages have come (a slow machine's server takes its time)."""
    found, position = [], None
    async with asyncio.timeout(jetstream.WITHIN_SECONDS):
        while (one := await source.read()) is not None or len(found) < least:
            if one is not None:
                found += [json.loads(message) for message in one.messages]
                position = one.position
    await source.close()
    return found, position


async def test_messages_come_once_in_order_and_from_a_position_on(absent):
    async with jetstream.running(absent) as (address, client):
        stream = client.jetstream()
        await stream.add_stream(name="RAIN", subjects=["rain.>"])
        for number in range(1_200):
            await stream.publish(f"rain.k{number % 3}", str(number).encode())
        await stream.publish("rain.k0", b"\xff\n")
        found, position = await drained(JetStream(f"{address}/RAIN"), 1_201)
        assert [one["data"] for one in found[:-1]] == [str(number) for number in range(1_200)]
        assert [one["sequence"] for one in found] == list(range(1, 1_202))
        assert found[-1]["base64"] == "/wo="
        assert found[0]["at"].endswith("Z")
        assert position == "1201"
        assert (await drained(JetStream(f"{address}/RAIN", position)))[0] == []
        await stream.publish("rain.k1", b"new")
        assert [one["data"] for one in (await drained(JetStream(f"{address}/RAIN", position), 1))[0]] == ["new"]
        of_one = await drained(JetStream(f"{address}/RAIN?subject=rain.k1"), 401)
        assert {one["subject"] for one in of_one[0]} == {"rain.k1"}
        assert len(of_one[0]) == 401


async def test_what_the_client_drops_is_asked_again(absent, monkeypatch):
    real = JetStreamContext.pull_subscribe

    async def narrow(self, *given, **told):
        return await real(self, *given, **told, pending_bytes_limit=100_000)

    monkeypatch.setattr(JetStreamContext, "pull_subscribe", narrow)
    async with jetstream.running(absent) as (address, client):
        stream = client.jetstream()
        await stream.add_stream(name="RAIN", subjects=["rain.>"])
        for number in range(120):
            await stream.publish("rain.k", bytes([number]) * 3_000)
        found, _ = await drained(JetStream(f"{address}/RAIN"), 120)
        assert [one["sequence"] for one in found] == list(range(1, 121))


async def test_a_stream_or_a_server_that_is_not_there_is_said(absent):
    async with jetstream.running(absent) as (address, _):
        with pytest.raises(VaultError, match="NONE"):
            await JetStream(f"{address}/NONE").look()
        with pytest.raises(VaultError, match="NONE"):
            await JetStream(f"{address}/NONE").read()
    with pytest.raises(VaultError, match="cannot be read"):
        await JetStream(f"{address}/RAIN").look()
    with pytest.raises(VaultError, match="names no stream"):
        JetStream("nats://h:1/")
    with pytest.raises(VaultError, match="`token` has no place"):
        JetStream("nats://h:1/RAIN?token=x")
