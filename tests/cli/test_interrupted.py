"""Who stops looking at a purchase is told that the server goes on with it, and how to stop that."""

from __future__ import annotations

import asyncio

import pytest

from connector.cli import get


async def test_the_server_goes_on_and_so_is_said(monkeypatch, capsys):
    async def interrupted(_own, _identifier):
        await asyncio.sleep(60)

    monkeypatch.setattr(get, "follow", interrupted)
    watching = asyncio.create_task(get._watch(None, "tides"))
    await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    said = capsys.readouterr()
    assert said.out == ""
    for word in ("goes on", "--id tides", "penstock transfer pause tides"):
        assert word in said.err


async def test_whoever_sees_it_end_is_told_nothing_of_that(monkeypatch, capsys):
    async def followed(_own, identifier):
        return {"id": identifier}

    monkeypatch.setattr(get, "follow", followed)
    assert await get._watch(None, "tides") == {"id": "tides"}
    assert capsys.readouterr().err == ""
