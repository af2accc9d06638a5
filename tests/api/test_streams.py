"""A source that grows as a product: followed by a buyer's connector into a file, counted, billed, cut off, resumed."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from tests.api.refusals import refused

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def publish(space, product, source, **more):
    told = {"stream": str(source), "files": None, "tier": "plain", "unit": "message", "pieceKiB": None}
    return await space.publish_files("provider", product, [], **{**told, **more})


async def agreed(space, product):
    await space.get(product)
    return (await space.complete(product))["agreement"]


async def follow(space, agreement, to=None, **more):
    body = {"to": None if to is None else str(to), "since": None, "purpose": None, **more}
    return await space.doors["buyer"].call("POST", f"agreements/{agreement}/stream", body)


async def stop(space, agreement):
    return await space.doors["buyer"].call("POST", f"agreements/{agreement}/stream/end", {})


async def seen(space, agreement):
    page = await space.doors["buyer"].call("GET", "streams")
    return next(one for one in page["streams"] if one["agreement"] == agreement)


def append(source, *lines):
    with source.open("ab") as file:
        file.write(b"".join(line.encode() + b"\n" for line in lines))


async def until(look, seconds=20):
    async with asyncio.timeout(seconds):
        while not (found := look()):
            await asyncio.sleep(0.02)
        return found


async def test_a_file_that_is_appended_is_followed_counted_and_billed(space, tmp_path):
    source, to = tmp_path / "rain.ndjson", tmp_path / "got.ndjson"
    append(source, "one", "two")
    await publish(space, "rain-stream", source)
    agreement = await agreed(space, "rain-stream")
    [described] = await space.opened("rain-stream")
    assert json.loads(described) == {
        "form": "penstock/stream/1",
        "each": "line",
        "sealing": "AES-256-GCM",
        "lines": "newline",
    }
    assert str(source).encode() not in described

    begun = await follow(space, agreement, to)
    assert begun["state"] == "following"
    await until(lambda: to.exists() and to.read_bytes() == b"one\ntwo\n")
    append(source, "three")
    before = time.monotonic()
    await until(lambda: to.read_bytes().endswith(b"three\n"))
    assert time.monotonic() - before < 5
    with source.open("ab") as file:
        file.write(b"half a li")
    await asyncio.sleep(0.5)
    assert to.read_bytes() == b"one\ntwo\nthree\n"
    append(source, "ne")
    await until(lambda: to.read_bytes().endswith(b"half a line\n"))

    told = await stop(space, agreement)
    assert (told["state"], told["messages"], told["missed"]) == ("stopped", "4", 0)
    append(source, "five")
    await asyncio.sleep(0.7)
    assert to.read_bytes().count(b"\n") == 4
    copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
    assert sorted(row["calls"] for row in copies) == [0, 4]

    def receipts():
        found = [row["receipt"] for row in space.rows("provider", "copies") if row["agreement"] == agreement]
        return found if all(found) else None

    found = [json.loads(one) for one in await until(receipts)]
    assert sorted(int(one["amount"]) for one in found) == [0, 4000]
    assert to.stat().st_size in [int(one["bytes"]) for one in found]

    again = await follow(space, agreement, to)
    assert again["state"] == "following"
    await until(lambda: to.read_bytes().endswith(b"five\n"))
    assert to.read_bytes() == b"one\ntwo\nthree\nhalf a line\nfive\n"
    await stop(space, agreement)


async def test_both_are_killed_and_every_message_is_there_once(space, tmp_path):
    source, to = tmp_path / "counted.log", tmp_path / "got.log"
    append(source, *(f"line {n}" for n in range(100)))
    await publish(space, "counted-stream", source)
    agreement = await agreed(space, "counted-stream")
    await follow(space, agreement, to)
    await until(lambda: to.exists() and b"line 99\n" in to.read_bytes())
    for at, role in enumerate(("buyer", "provider", "buyer"), start=1):
        writing = asyncio.create_task(asyncio.to_thread(trickle, source, range(at * 100, at * 100 + 100)))
        await asyncio.sleep(0.3)
        await space.people[role].kill()
        await space.people[role].start(space.environment)
        await writing
        if role == "buyer":  # what a crash leaves behind what was counted
            with to.open("ab") as file:
                file.write(b"torn")
        await arrived(to, f"line {at * 100 + 99}\n".encode())
    assert to.read_text().splitlines() == [f"line {n}" for n in range(400)]
    assert (await seen(space, agreement))["messages"] == "400"
    taken = next(row for row in space.rows("provider", "batches_taken") if row["agreement"] == agreement)
    assert taken["messages"] == 400
    await stop(space, agreement)


async def arrived(to, last):
    await until(lambda: last in to.read_bytes(), 40)


def trickle(source, numbers):
    for number in numbers:
        append(source, f"line {number}")
        time.sleep(0.005)


async def test_a_revoked_agreement_ends_its_stream_at_once(space, tmp_path):
    source, to = tmp_path / "cut.log", tmp_path / "got.log"
    append(source, "before")
    await publish(space, "cut-stream", source)
    agreement = await agreed(space, "cut-stream")
    await follow(space, agreement, to)
    await until(lambda: to.exists() and to.read_bytes() == b"before\n")
    await space.doors["provider"].call("POST", f"agreements/{agreement}/revoke", {"reason": "no more"})
    append(source, "after")
    await asyncio.sleep(2)
    assert not to.exists() or to.read_bytes() == b"before\n"

    async def ended():
        return (await seen(space, agreement))["state"] == "ended"

    async with asyncio.timeout(20):
        while not await ended():
            await asyncio.sleep(0.1)
    status, text = await refused(follow(space, agreement, tmp_path / "again.log"))
    assert status in (403, 409), text
