"""An opening that writes files is ended in the middle when the exchange stops its use: no file of it has a name."""

from __future__ import annotations

import asyncio
import threading

import pytest
import pytest_asyncio

from catalog.watching import Stop
from connector.consumer import copying
from connector.custody.reader import Reader
from connector.licence import halts
from connector.runtime.cut import Cut
from connector.runtime.errors import NotPermitted
from connector.store.rows.use import ReadRow, ReadState
from tests.api.running import rule, running
from tests.consumer.test_key_export import PURPOSE, held, kinds

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXCHANGE, REASON = "did:web:exchange.example", "the source was attacked"
ONCE, TWICE = rule(("count", "lteq", "1")), rule(("count", "lteq", "2"))
WHY = f"the exchange `{EXCHANGE}` has stopped its use: {REASON}"
WITHIN_SECONDS = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def holder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    async with running(folder, roles=("provider", "buyer")) as made:
        made.source = folder / "source.bin"
        yield made


class Slow:
    """Pieces of an opening: all are as they are, but that after some the reader waits until it is let go on."""

    def __init__(self, monkeypatch):
        self.begun, self.go_on, opened = threading.Event(), threading.Event(), Reader._open
        self.left = 2

        def wait(reader, number):
            found = opened(reader, number)
            self.left -= 1
            if not self.left:
                self.begun.set()
                assert self.go_on.wait(WITHIN_SECONDS)
            return found

        monkeypatch.setattr(Reader, "_open", wait)


async def stopped(holder, *digests):
    """Have exactly these agreements stopped, as the exchange answers."""
    connector, now = holder.connector, holder.connector.clock.now()
    stops = [Stop("0a" * 16, digest, REASON, now) for digest in digests]
    await holder.store.write(lambda tx: halts.follow(tx, connector.core.evidence, stops, EXCHANGE, connector.did, now))


def asked(digest, to, key="first"):
    return {"id": f"{digest[:8]}-{key}", "acquisition": digest, "purpose": PURPOSE, "to": str(to)}


async def begun(holder, slow, body):
    """Begin an opening, and return it when it has read something."""
    opening = asyncio.create_task(holder.connector.openings.open(body))
    assert await asyncio.to_thread(slow.begun.wait, WITHIN_SECONDS)
    return opening


async def looked_at(monkeypatch, end):
    """Return an event that is set when a cut was said."""
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()

    def said(cut, why):
        end(cut, why)
        loop.call_soon_threadsafe(heard.set)

    monkeypatch.setattr(Cut, "end", said)
    return heard


@pytest.mark.parametrize("there", [False, True])
async def test_what_writes_files_is_ended_and_leaves_nothing(holder, tmp_path, monkeypatch, there):
    digest, to = await held(holder, TWICE), tmp_path / "opened"
    if there:
        to.mkdir()
        (to / "before").write_text("ours")
    slow, cut = Slow(monkeypatch), await looked_at(monkeypatch, Cut.end)
    body = {**asked(digest, to), "overwrite": there}
    opening = await begun(holder, slow, body)
    await stopped(holder, digest)
    assert [one.agreement for one in holder.connector.running_uses.page()] == [digest]  # it is not obeyed yet
    await asyncio.wait_for(cut.wait(), WITHIN_SECONDS)
    slow.go_on.set()
    with pytest.raises(NotPermitted, match="was cut") as fault:
        await opening
    assert WHY in str(fault.value)
    assert holder.connector.running_uses.page() == []
    assert sorted(path.name for path in tmp_path.rglob("*")) == (["before", "opened"] if there else [])

    row = await holder.store.read(lambda tx: tx.get(ReadRow, id=body["id"]))
    assert row.state == ReadState.DENIED
    assert WHY in row.reason
    assert [kind for kind in await kinds(holder, digest) if kind.startswith("opening")] == []

    await stopped(holder)
    with pytest.raises(NotPermitted, match="was cut"):  # as it was decided
        await holder.connector.openings.open(body)
    done = await holder.connector.openings.open({**body, "id": f"{digest[:8]}-another"})
    assert (to / "source.bin").read_bytes() == holder.source.read_bytes()
    assert done["bytes"] == holder.source.stat().st_size


async def test_an_opening_that_nobody_stopped_is_looked_at_and_goes_on(holder, tmp_path, monkeypatch):
    """Its count is used up by itself, which is no reason to cut it."""
    digest, slow = await held(holder, ONCE), Slow(monkeypatch)
    opening = await begun(holder, slow, asked(digest, tmp_path / "opened"))
    await asyncio.sleep(1.2)
    slow.go_on.set()
    await opening
    assert (tmp_path / "opened" / "source.bin").read_bytes() == holder.source.read_bytes()


async def test_what_was_written_before_it_was_cut_gets_no_name(holder, tmp_path, monkeypatch):
    """A cut after the last piece: everything is staged, and nothing of it is there."""
    digest, written = await held(holder, ONCE), Reader._write_all

    def then_cut(reader, *more):
        found = written(reader, *more)
        reader._cut.end("no more")
        return found

    monkeypatch.setattr(Reader, "_write_all", then_cut)
    with pytest.raises(NotPermitted, match="no more"):
        await holder.connector.openings.open(asked(digest, tmp_path / "opened"))
    assert list(tmp_path.iterdir()) == []


async def test_a_copy_in_plain_is_cut_alike(tmp_path, monkeypatch):
    kept, to, cut = tmp_path / "kept", tmp_path / "to", Cut()
    kept.mkdir()
    for name in ("one", "two"):
        (kept / name).write_bytes(bytes(3 * copying.READ_BYTES))
    checked = Cut.check

    def ends(made):
        checked(made)
        made.seen = getattr(made, "seen", 0) + 1
        if made.seen == 4:
            made.end("no more")

    monkeypatch.setattr(Cut, "check", ends)
    with pytest.raises(NotPermitted, match="no more"):
        copying.hand_out(kept, ["one", "two"], to, cut)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    monkeypatch.setattr(Cut, "check", checked)
    assert len(copying.hand_out(kept, ["one", "two"], to)) == 2


async def test_the_first_word_of_a_cut_counts():
    cut = Cut()
    cut.check()
    cut.end("first")
    cut.end("second")
    with pytest.raises(NotPermitted, match="first"):
        cut.check()
