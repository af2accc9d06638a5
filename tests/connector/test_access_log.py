"""The access log holds who, what and how it ended, keeps to its days and its room, and never holds up a request."""

from __future__ import annotations

import asyncio
import errno
import json
import stat
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.operation import access_log
from connector.operation.access_log import AccessLog
from connector.runtime import files, rehearsal, traceparent
from connector.runtime.rehearsal import rehearsing
from connector.runtime.spans import CAME, WENT, Span

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIB = 1_048_576


class World:
    """A log in a folder, at a time of the test's own."""

    def __init__(self, folder, days=3, most_bytes=MIB) -> None:
        self.now = NOW
        self.folder = folder / "access"
        self.log = AccessLog(self.folder, SimpleNamespace(now=lambda: self.now), days, most_bytes)

    def came(self, what="GET /health", **more):
        span = Span(traceparent.received(None), more.pop("side", CAME), what, self.now, **more)
        self.log.ended(span)
        return span

    async def written(self):
        await self.log.close()
        return [json.loads(line) for path in self.files() for line in path.read_text().splitlines()]

    def files(self):
        return sorted(self.folder.iterdir())


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


async def test_a_line_says_who_what_and_how_it_ended(world):
    more = {"who": "did:web:a", "status": 200, "seconds": 0.0123456, "bytes_in": 7, "bytes_out": 9, "about": "secret"}
    span = world.came("POST /sealed/{edition}/pieces", code="", **more)
    world.came("GET ", status=404, code="absent", remote="127.0.0.1")
    world.came("GET /there", side=WENT)
    first, second = await world.written()
    assert first == {
        "time": "2026-03-01T12:00:00Z", "request": span.place.trace, "who": "did:web:a", "method": "POST",
        "route": "/sealed/{edition}/pieces", "status": 200, "code": "", "ms": 12.346, "in": 7, "out": 9,
    }  # fmt: skip
    assert (second["who"], second["route"], second["from"], second["code"]) == (
        "unproven",
        "none",
        "127.0.0.1",
        "absent",
    )
    [path] = world.files()
    assert path.name == "2026-03-01.001.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_lines_are_written_though_nobody_closes_and_go_on_after_a_start(world, monkeypatch):
    monkeypatch.setattr(access_log, "WRITE_SECONDS", 0)
    for count in (1, 2):
        world.came()
        async with asyncio.timeout(30):
            while not world.files() or len(world.files()[0].read_bytes().splitlines()) < count:
                await asyncio.sleep(0.01)
    again = World(world.folder.parent)
    again.came()
    assert len(await again.written()) == 3
    assert len(again.files()) == 1, "the file of the day is gone on with"


async def test_what_is_too_old_goes_with_the_first_line_of_a_day(world):
    for day in range(5):
        world.now = NOW + timedelta(days=day)
        world.came()
        await world.written()
    assert [path.name[:10] for path in world.files()] == ["2026-03-03", "2026-03-04", "2026-03-05"]


async def test_it_takes_no_more_room_than_it_may_and_the_oldest_goes_first(tmp_path):
    most = 40_000
    world = World(tmp_path, days=30, most_bytes=most)
    for number in range(60):
        for _ in range(10):
            world.came(f"GET /{number}", who="did:web:a")
        await world.log.close()
        assert sum(path.stat().st_size for path in world.files()) <= most
    lines = await world.written()
    assert lines[-1]["route"] == "/59"
    numbers = [int(line["route"][1:]) for line in lines]
    assert numbers == sorted(numbers)
    assert numbers[0] > 0, "the oldest are gone"
    assert len(lines) > 100, "and no more than was needed"


async def test_a_disk_that_fails_loses_lines_and_says_so_once(world, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "append", full)
        for _ in range(3):
            world.came()
            await world.log.close()
    assert [record.message for record in caplog.records if "lines are lost" in record.message] == [
        "the access log cannot be written, its lines are lost: [Errno 28] no space left on device"
    ]
    world.came("GET /after")
    assert [line["route"] for line in await world.written()] == ["/after"]


async def test_more_lines_than_may_wait_are_counted_and_not_kept(world, monkeypatch):
    monkeypatch.setattr(access_log, "LINES_MAX", 2)
    for _ in range(5):
        world.came()
    *_, last = await world.written()
    assert last == {"lost": 3}


async def test_a_request_that_rehearses_is_written_down_like_any_other(world, monkeypatch):
    monkeypatch.setattr(access_log, "WRITE_SECONDS", 0)
    with rehearsing():
        assert rehearsal.current() is not None
        world.came("POST /rehearsal")
        async with asyncio.timeout(30):
            while not world.files():
                await asyncio.sleep(0.01)
    assert [line["route"] for line in await world.written()] == ["/rehearsal"]
