"""A rehearsal keeps nothing and sends nothing, ends at the first trace, and does not touch what runs beside it."""

from __future__ import annotations

import asyncio

import pytest

from connector.net.outbound import Outbound
from connector.runtime import files, rehearsal
from connector.runtime.rehearsal import Rehearsed, rehearsing


def keep(key, *, trace=False):
    """Return an act that writes a row, and says so to the log if it is to leave a trace."""

    def act(tx):
        tx.insert("leases", name=key, holder="me", until=None)
        if trace:
            rehearsal.note(rehearsal.RECORD, "lease.taken", key, {"raw": b"\x01", "sum": 1 << 70, "rows": (1, None)})
        return key

    return act


async def kept(store):
    return sorted(row["name"] for row in await store.read(lambda tx: tx.find("leases")))


async def test_an_act_without_a_trace_is_undone_and_gone_on_from(store):
    with rehearsing() as played:
        assert await store.write(keep("x")) == "x"
        assert await store.write(keep("x"), short=True) == "x", "nothing of the first is there"
    assert (played.steps, await kept(store)) == ([], [])


async def test_the_first_trace_ends_it_and_is_told_whole(store):
    with rehearsing() as played, pytest.raises(Rehearsed):
        await store.write(keep("x", trace=True))
    told = {"raw": "01", "sum": str(1 << 70), "rows": [1, None]}
    assert played.steps == [{"step": "record", "what": "lease.taken", "about": "x", "content": told}]
    assert await kept(store) == []


async def test_what_fails_in_it_fails_as_in_earnest(store):
    await store.write(keep("x"))
    with rehearsing() as played, pytest.raises(Exception, match=r"leases|UNIQUE|taken"):
        await store.write(keep("x"))
    assert played.steps == []


async def test_what_others_do_meanwhile_is_done(store):
    """Their acts are in the same batches, and what follows from them is in earnest."""
    followed = []

    def followed_by(key):
        def act(tx):
            keep(key)(tx)
            tx.after(lambda: followed.append(rehearsal.current()))

        return act

    async def rehearse(number):
        with rehearsing():
            return await store.write(keep(f"never-{number}"))

    others = [store.write(followed_by(f"x-{number}"), short=number % 2 == 0) for number in range(20)]
    played = [rehearse(number) for number in range(20)]
    mixed = [each for pair in zip(played, others, strict=True) for each in pair]
    await asyncio.gather(*mixed)
    assert await kept(store) == sorted(f"x-{number}" for number in range(20))
    assert followed == [None] * 20


async def test_what_outlives_it_is_in_earnest(store):
    begun = asyncio.Event()

    async def later():
        await begun.wait()
        await store.write(keep("later", trace=True))

    with rehearsing() as played:
        task = asyncio.create_task(later())
    begun.set()
    await task
    assert (await kept(store), played.steps) == (["later"], [])


async def test_nothing_is_sent_and_no_file_written(tmp_path):
    path = tmp_path / "file"
    async with Outbound(development=True) as outbound:
        for act, step in (
            (outbound.post("http://localhost:7999/x", {"a": 1}), ("send", "POST", "http://localhost:7999/x", {"a": 1})),
            (asyncio.to_thread(files.write_atomic, path, b"x"), ("write", "file", str(path), None)),
            (asyncio.to_thread(files.remove, path), ("write", "removal", str(path), None)),
        ):
            with rehearsing() as played, pytest.raises(Rehearsed):
                await act
            assert [tuple(each.values()) for each in played.steps] == [step]
        with rehearsing() as played, pytest.raises(Exception, match="did not answer"):
            await outbound.get("http://localhost:7999/x")
        assert played.steps == []
    assert not path.exists()
