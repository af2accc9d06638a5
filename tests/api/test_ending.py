"""An agreement ends, and what was held under it is destroyed: at its holder, by its word to the provider, and tried."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest

from connector.custody import remains
from connector.custody.remains import Copies
from connector.licence.erasing import ENDED, ERASED, Erasing
from tests.api.command import commanded, penstock
from tests.api.running import rule, running
from tests.api.space import PURPOSE
from tests.api.test_erasing import held

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED, WITHIN_SECONDS = 3, 30


async def destroyed(space, role, agreement):
    """Return what a participant shows of an agreement's destruction, as soon as there is something."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (told := (await space.doors[role].call("GET", f"things/{agreement}"))["destroyed"]):
            await asyncio.sleep(0.1)
    return told


async def bought(space, product, key):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    await space.doors["buyer"].call("POST", "acquisitions", {"id": key, "product": product, "mandate": mandate})
    return (await space.complete(key))["agreement"]


async def opened(space, acquisition, key, to):
    line = ("open", acquisition, "--purpose", PURPOSE, "--id", key, "--to", to)
    return await commanded(*line, "--data", space.people["buyer"].data, "--json")


async def settled(space, agreement):
    """Close what was paid through, so that nothing speaks for the sealed bytes any more."""
    await penstock(space, "provider", "settle", agreement)
    async with asyncio.timeout(WITHIN_SECONDS):
        while any(row["state"] != "closed" for row in space.rows("buyer", "channels") if row["agreement"] == agreement):
            await penstock(space, "buyer", "settle", agreement)


async def test_what_was_bought_is_destroyed_when_it_is_revoked_and_both_sides_say_so(space):
    await space.publish("provider", "objected", (70_000,))
    agreement = await bought(space, "objected", "objected")
    inside = space.folder / "opened" / "buyer" / "objected"  # where the console lays what it opens
    outside = space.folder / "reports"
    for number, place in enumerate((inside, outside)):
        assert (await opened(space, "objected", f"objected-{number}", place)).code == 0
    [replica] = [row for row in space.rows("buyer", "replicas") if row["agreement"] == agreement]
    data = space.people["buyer"].data
    sealed, keys = data / "sealed" / replica["path"], data / "keys" / "vault"
    assert sealed.exists()
    assert any(replica["key_id"] in path.name for path in keys.rglob("*"))
    await settled(space, agreement)
    await penstock(space, "provider", "admin", "revoke", agreement, "--reason", "the data subject has objected")
    [own] = await destroyed(space, "buyer", agreement)
    [told] = await destroyed(space, "provider", agreement)
    assert own["text"] == told["text"]
    assert own["holder"] == told["holder"] == space.did("buyer")
    for words in ("grade B", ENDED, f"sealed bytes {ERASED}", "files erased: 1", "not under our control: 1"):
        assert words in own["text"], own
    assert not sealed.exists()
    assert not any(replica["key_id"] in path.name for path in keys.rglob("*"))
    assert not list(inside.iterdir())
    assert list(outside.iterdir())
    again = await opened(space, "objected", "objected-late", outside.with_name("late"))
    assert (again.code, b"destroyed" in again.err) == (REFUSED, True), again
    assert not outside.with_name("late").exists()
    for role in ("buyer", "provider"):
        listed = (await penstock(space, role, "vault", "destroyed"))["destroyed"]
        assert [row["text"] for row in listed if row["agreement"] == agreement] == [own["text"]]
    kinds = [row["kind"] for row in space.rows("buyer", "log_entries") if agreement in row["part"]]
    assert kinds.count("replica.deleted") == 1


async def test_another_agreement_on_the_same_bytes_keeps_them_and_opens_them(space):
    paths = await space.publish("provider", "shared", (70_000,))
    first, second = [await bought(space, "shared", key) for key in ("shared-first", "shared-second")]
    await settled(space, first)
    await penstock(space, "buyer", "admin", "revoke", first, "--reason", "one is enough")
    [own] = await destroyed(space, "buyer", first)
    assert "another agreement is on the same bytes" in own["text"]
    to = space.folder / "shared-second"
    assert (await opened(space, "shared-second", "shared-second-1", to)).code == 0
    assert [path.read_bytes() for path in to.iterdir()] == [path.read_bytes() for path in paths]
    await settled(space, second)
    await penstock(space, "buyer", "admin", "revoke", second, "--reason", "none is enough")
    [own] = await destroyed(space, "buyer", second)
    assert f"sealed bytes {ERASED}" in own["text"]


async def test_a_plain_copy_of_ours_goes_with_its_agreement(space):
    await space.publish("provider", "plainly", (70_000,), tier="plain")
    agreement = await bought(space, "plainly", "plainly")
    folder = space.people["buyer"].data / "sealed" / f"{agreement}{remains.COPY_SUFFIX}"
    assert folder.is_dir()
    await penstock(space, "buyer", "admin", "revoke", agreement, "--reason", "done with it")
    [own] = await destroyed(space, "buyer", agreement)
    assert "the plain copy is deleted" in own["text"]
    assert not folder.exists()
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    assert "opening-undecided" not in {one["code"] for one in found["findings"]}


STEPS = ("begin", "destroy", "remove", "finish")


@pytest.mark.parametrize("step", STEPS)
async def test_whatever_stops_it_in_the_middle_the_next_run_ends_it_and_says_so_once(tmp_path, monkeypatch, step):
    async with running(tmp_path) as holder:
        connector = holder.connector
        digest, replica, key = await held(holder, rule(("count", "lteq", "9")))
        laid = tmp_path / "laid"
        laid.write_bytes(b"plain")
        monkeypatch.setattr(remains, "copies", lambda *_: Copies((laid,), 0))
        places = {
            "begin": (Erasing, "_begin"),
            "destroy": (type(connector.secrets), "destroy"),
            "remove": (remains, "remove"),
            "finish": (Erasing, "_finish"),
        }
        await connector.erasing.close()
        await connector.agreements.revoke(digest, "we are done")
        with monkeypatch.context() as stopping:
            place, name = places[step]

            def stops(*_, **__):
                raise RuntimeError("the power is gone")

            stopping.setattr(place, name, stops)
            with suppress(RuntimeError):
                await connector.erasing.erase(replica, ENDED)
            assert not await holder.events("replica.deleted", digest)
        connector.erasing.start()

        async def gone():
            return (await holder.row("replicas", id=replica))["state"] == "deleted"

        await holder.until(gone)
        assert not connector.secrets.holds(key)
        assert not laid.exists()
        assert len(await holder.events("replica.deleted", digest)) == 1
        assert len(await holder.store.read(lambda tx: tx.find("destructions", "agreement = ?", (digest,)))) == 1
        assert Path(tmp_path).exists()
