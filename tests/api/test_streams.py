"""A source that grows as a product: followed by a buyer's connector into a file, counted, billed, cut off, resumed."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from connector.custody import batches, bearers
from tests import jetstream, postgres
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

    def taken():
        return next(row["messages"] for row in space.rows("provider", "batches_taken") if row["agreement"] == agreement)

    # what is in the file is counted a moment later, on both sides
    await until(lambda: taken() == 400)
    async with asyncio.timeout(20):
        while (await seen(space, agreement))["messages"] != "400":
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    assert (taken(), (await seen(space, agreement))["messages"]) == (400, "400"), "and none is counted twice"
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


async def test_changes_of_a_database_are_followed(space, tmp_path, absent):
    import psycopg

    if postgres.program("postgres") is None:
        absent("no PostgreSQL server is installed (Debian: postgresql)")
    with tempfile.TemporaryDirectory(dir=postgres.MEMORY) as name:
        Path(name).chmod(0o755)
        with postgres.running(Path(name) / "server", "-c fsync=off -c wal_level=logical") as reached:
            base = f"postgresql:///postgres?host={quote(reached['PGHOST'], safe='')}&user={reached['PGUSER']}"
            place = f"{base}&slot=sold&publication=rain"
            status, text = await refused(publish(space, "slot-stream", place))
            assert (status, "pg_create_logical_replication_slot" in text) == (409, True), text
            with psycopg.connect(base, autocommit=True) as there:
                there.execute("CREATE TABLE rain (id int PRIMARY KEY, mm numeric)")
                there.execute("CREATE PUBLICATION rain FOR TABLE rain")
                there.execute("SELECT pg_create_logical_replication_slot('sold', 'pgoutput')")
                await publish(space, "slot-stream", place)
                agreement, to = await agreed(space, "slot-stream"), tmp_path / "got.ndjson"
                await follow(space, agreement, to)
                for number in range(20):
                    there.execute("INSERT INTO rain VALUES (%s, 1.5)", (number,))
                await until(lambda: to.exists() and to.read_bytes().count(b"\n") == 20)
                rows = [json.loads(line)["row"] for line in to.read_text().splitlines()]
                assert rows == [{"id": str(number), "mm": "1.5"} for number in range(20)]
                held = there.execute("SELECT confirmed_flush_lsn FROM pg_replication_slots").fetchone()
                assert held is not None
                await stop(space, agreement)
                await given_up(space, "slot-stream", agreement)


async def test_messages_of_a_stream_are_followed(space, tmp_path, absent):
    async with jetstream.running(absent) as (address, client):
        await client.jetstream().add_stream(name="RAIN", subjects=["rain.>"])
        await publish(space, "nats-stream", f"{address}/RAIN?subject=rain.k1")
        agreement, to = await agreed(space, "nats-stream"), tmp_path / "got.ndjson"
        await follow(space, agreement, to)
        for number in range(10):
            await client.jetstream().publish(f"rain.k{number % 2}", str(number).encode())
        await until(lambda: to.exists() and to.read_bytes().count(b"\n") == 5)
        assert [json.loads(line)["data"] for line in to.read_text().splitlines()] == list("13579")
        await stop(space, agreement)
        await given_up(space, "nats-stream", agreement)


async def given_up(space, product, agreement):
    """Offer a product no more, and end what was sold of it, so that its source is read no more before it goes."""
    await space.doors["provider"].call("POST", f"products/{product}/unpublication", {"reason": "the source ends"})
    await asyncio.sleep(1)
    assert await reads(space, product), "what was sold is served to its end"
    await space.doors["provider"].call("POST", f"agreements/{agreement}/revoke", {"reason": "the source ends"})
    async with asyncio.timeout(20):
        while await reads(space, product):
            await asyncio.sleep(0.1)


async def reads(space, product):
    page = await space.doors["provider"].call("GET", "streams/sold")
    return next(one for one in page["streams"] if one["product"] == product)["reads"]


def line_of(space, agreement):
    """Return where the batches of an agreement are, and the header that lets a stock client in."""
    found = [row for row in space.rows("buyer", "transfers") if row["agreement"] == agreement and row["address"]]
    address = [json.loads(row["address"]) for row in found if row["state"] == "STARTED"][-1]
    return bearers.stream_of(address), {"Authorization": bearers.of_address(address)}


async def test_a_stock_client_opens_batches_and_lies_are_refused(space, tmp_path):
    source = tmp_path / "stock.log"
    append(source, "a", "bb")
    await publish(space, "stock-stream", source)
    agreement = await agreed(space, "stock-stream")
    await follow(space, agreement, tmp_path / "got.log", since="now")
    await until(lambda: [one for one in space.rows("provider", "streams") if one["product"] == "stock-stream"])
    url, headers = line_of(space, agreement)
    async with aiohttp.ClientSession(headers=headers) as client:
        async with client.get(url) as answer:
            assert await answer.json() == {"oldest": 1, "newest": 1}
        async with client.get(url, params={"after": "0"}) as answer:
            sealed, told = await answer.read(), answer.headers
            assert b"bb" not in sealed
        batch = batches.Batch(
            int(told[batches.NUMBER]),
            bytes.fromhex(told[batches.PREVIOUS]),
            int(told[batches.MESSAGES]),
            int(told[batches.BYTES]),
            batches.sha256(sealed).digest(),
        )
        word = {"head": batch.head.hex(), "messages": "2", "bytes": "5"}
        for lie, expected in (
            (word | {"head": "00" * 32}, 409),
            (word | {"messages": "1"}, 409),
            (word | {"bytes": "4"}, 409),
            (word | {"signature": "11" * 65}, 401),
            (word | {"more": "1"}, 400),
            ({}, 400),
            ([], 400),
        ):
            async with client.post(f"{url}/1", json=lie) as answer:
                assert answer.status == expected, (lie, await answer.text())
        copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
        assert {row["calls"] for row in copies} == {0}, "what was refused is not counted"
        for _ in range(2):
            async with client.post(f"{url}/1", json=word) as answer:
                assert answer.status == 200, await answer.text()
                own = bytes.fromhex((await answer.json())["key"])
        assert batches.opened(own, batch, sealed) == b"a\nbb\n"
        copies = [row for row in space.rows("provider", "copies") if row["agreement"] == agreement]
        assert sorted(row["calls"] for row in copies) == [0, 2], "asked for twice, counted once"
        for path in ("?after=-1", "?after=x", "?after=1&seconds=x", f"?after={'9' * 5000}"):
            async with client.get(url + path) as answer:
                assert answer.status == 400
        for index in ("0", "2", "x"):
            async with client.post(f"{url}/{index}", json=word) as answer:
                assert answer.status in (400, 401, 404, 409), index
    async with aiohttp.ClientSession() as stranger, stranger.get(url, params={"after": "0"}) as answer:
        assert answer.status == 401
    await stop(space, agreement)


async def test_what_is_no_stream_is_refused_before_anything_is_published(space, tmp_path):
    source = tmp_path / "some.log"
    append(source, "one")
    asks = {"leftOperand": "absoluteSize", "operator": "lteq", "rightOperand": {"@value": "5", "@type": "xsd:integer"}}
    for more, words in (
        ({"stream": str(tmp_path / "none.log")}, "there is no file"),
        ({"stream": "relative.log"}, "no source that grows"),
        ({"stream": "ftp://host/x"}, "no source that grows"),
        ({"stream": "nats://user:secret@host/RAIN"}, "no password"),
        ({"stream": "postgresql://h/d?table=x"}, "no place in the address"),
        ({"tier": "kept", "unit": "MiB"}, "stays with its buyer"),
        ({"unit": "call"}, "not priced by"),
        ({"mask": {"a": "hash"}}, "says nothing of a stream"),
        ({"sample": 5}, "says nothing of a stream"),
        (
            {"purpose": None, "region": None, "rules": {"permission": [{"action": "use", "constraint": [asks]}]}},
            "or a stream, brings nobody knows",
        ),
    ):
        status, text = await refused(publish(space, "no-stream", **{"source": source} | {"unit": "message"} | more))
        assert status in (400, 409, 422), (more, status, text)
        assert words in text, (more, text)
        assert "secret" not in text
    assert not [row for row in space.rows("provider", "products") if row["id"] == "no-stream" and row["edition"]]
    await publish(space, "plain-stream", source, unit="free", price=0)
    agreement = await agreed(space, "plain-stream")
    for body, words in (({"since": "yesterday"}, "no beginning"), ({"to": str(source)}, "there is a file")):
        _, text = await refused(follow(space, agreement, **body))
        assert words in text
    _, text = await refused(follow(space, "00" * 32))
    assert "no agreement of ours" in text
