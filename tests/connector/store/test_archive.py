"""Old entries of the log rest in objects: they read as before, whatever a crash leaves, and what is erased is gone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.custody.archiving import Archiving
from connector.custody.log_objects import Folder
from connector.runtime.clock import Clock
from connector.store import archive
from connector.store.bundles import Bundles, decode, encode
from connector.store.entries import entry_at
from connector.store.erasure import erase
from connector.store.errors import EvidenceBroken
from connector.store.kept_log import KeptLog
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import fsck
from ledger.log import policy as log_policy
from ledger.log.policy import LogPolicy
from tests.connector.store.own_log import NOW, OWNER, evidence_of, grow, meddling
from tests.connector.store.test_kept_log import HYBRID

SIZE = 3 * 256 + 40
MOVED = 2 * 256
COSIGNED = "UPDATE checkpoints SET cosigned = note"


class Failing(Folder):
    """A folder that fails at one step, once."""

    at = ""

    def _fails(self, step):
        if self.at == step:
            self.at = ""
            raise OSError("the power went")

    def put(self, name, data):
        self._fails("before")
        super().put(name, data)
        self._fails("written")

    def get(self, name, size):
        data = super().get(name, size)
        if self.at == "other":
            self.at = ""
            return data[:-1] + bytes([data[-1] ^ 1])
        return data

    def remove(self, name):
        self._fails("remove")
        super().remove(name)
        self._fails("removed")


class Kept:
    """A log of some bundles whose newest head is cosigned, and who moves its entries."""

    def __init__(self, store, folder):
        self.store, self.folder, self.evidence = store, folder, evidence_of()
        self.objects = store.bundles.objects
        settings = SimpleNamespace(
            log=SimpleNamespace(archive=True), vault=SimpleNamespace(blobs=""), store=SimpleNamespace(database="")
        )
        self.archiving = Archiving(SimpleNamespace(store=store, settings=settings, clock=Clock()))
        self.move = self.archiving.chore

    def files(self):
        self.store.bundles.forget()
        return sorted((self.folder / "log").glob("*"))

    async def cosign(self):
        with meddling(self.store) as execute:
            execute(COSIGNED)

    async def slim(self):
        rows = await self.store.read(lambda tx: tx.find("log_entries", order="idx"))
        return [row["idx"] for row in rows if row["entry"] is None]

    async def all(self):
        """Everything that a reader of the log gets."""
        self.store.bundles.forget()

        def read(tx):
            tiles = [self.evidence.tile(tx, f"tile/entries/{number:03}") for number in range(3)]
            tiles += [self.evidence.tile(tx, f"tile/0/{number:03}") for number in range(3)]
            single = [(entry_at(tx, at), self.evidence.addenda(tx, at)) for at in range(0, SIZE, 37)]
            return tiles, single, [self.evidence.proof(tx, at) for at in (0, 300)], self.evidence.size(tx)

        return await self.store.read(read)

    async def flaws(self):
        self.store.bundles.forget()
        policy = LogPolicy((self.evidence.vkey,), {}, {}, log_policy.NONE)
        # fsck awaits nothing that waits
        return await self.store.read(lambda tx: _run(fsck.check, KeptLog(tx, (HYBRID, OWNER)), policy))


def _run(check, log, policy):
    checking = check(log.fetch, policy, log)
    with pytest.raises(StopIteration) as done:
        checking.send(None)
    return done.value.value.flaws


@pytest.fixture
async def kept(store, tmp_path):
    folder = tmp_path / "data"
    opened = await Store.open(store.path, TABLES, bundles=Bundles(Failing(folder)))
    made = Kept(opened, folder)
    await grow(opened, made.evidence, SIZE)
    await made.cosign()
    yield made
    await opened.close()


async def test_moved_entries_read_as_before_and_rest_once(kept):
    before = await kept.all()
    await kept.move()
    assert await kept.slim() == list(range(MOVED))
    assert len(kept.files()) == 2
    assert await kept.all() == before
    assert await kept.flaws() == []
    await kept.move()  # nothing is due
    assert len(kept.files()) == 2
    if not isinstance(kept.store.path, str):
        box = next(each.box for each, _ in before[1] if each.idx == 37)
        assert box not in kept.store.path.read_bytes()  # neither in a row nor in a free page
    await grow(kept.store, kept.evidence, 3)
    assert await kept.flaws() == []


async def test_what_no_witness_has_signed_stays(kept):
    with meddling(kept.store) as execute:
        execute("UPDATE checkpoints SET cosigned = NULL")
    await kept.move()
    assert await kept.slim() == kept.files() == []


async def test_tables_on_a_server_keep_all_where_there_is_no_bucket(kept):
    told = kept.archiving._core.settings
    told.store.database = "postgresql://penstock@db/penstock"
    assert not kept.archiving.applies()
    told.vault.blobs = "s3://bucket"
    assert kept.archiving.applies()
    told.log.archive = False
    await kept.move()
    assert await kept.slim() == kept.files() == []


@pytest.mark.parametrize("at", ["before", "written", "other"])
async def test_a_move_that_fails_loses_nothing_and_is_made_again(kept, at):
    before = await kept.all()
    kept.objects.at = at
    with pytest.raises((OSError, EvidenceBroken)):
        await kept.move()
    assert await kept.slim() == []
    assert await kept.all() == before
    await kept.move()
    assert (len(kept.files()), len(await kept.slim())) == (2, MOVED)
    assert await kept.all() == before


@pytest.mark.parametrize("at", ["", "remove", "removed"])
async def test_an_erased_box_is_in_no_object(kept, at):
    await kept.move()
    told = await kept.store.read(lambda tx: entry_at(tx, 74))
    first = kept.files()
    event = await kept.store.write(lambda tx: erase(tx, kept.evidence, 74, "asked for", NOW))
    assert event == SIZE
    assert len(await kept.slim()) == MOVED - 256  # its bundle is in the tables again
    kept.objects.at = at
    if at:
        with pytest.raises(OSError, match="power"):
            await kept.move()
    await kept.cosign()
    await kept.move()
    again = kept.files()
    assert (len(again), len(set(first) & set(again)), len(await kept.slim())) == (2, 1, MOVED)
    for path in again:
        assert told.box not in [content.box for content in decode(path.read_bytes())]
    after = await kept.store.read(lambda tx: (entry_at(tx, 74), kept.evidence.addenda(tx, 74)))
    assert (after[0].entry, after[0].box, after[1]) == (told.entry, None, {})
    assert await kept.flaws() == []


async def test_what_is_erased_while_its_bundle_moves_is_not_taken_from_the_tables(kept):
    number, contents = await kept.store.read(archive.due)
    put = kept.objects.put
    erased = []

    def meanwhile(name, data):
        put(name, data)
        if not erased:
            erased.append(kept.store.submit(lambda tx: erase(tx, kept.evidence, 74, "asked for", NOW)).result())

    kept.objects.put = meanwhile
    await kept.move()
    assert (number, len(contents), await kept.slim()) == (0, 256, [])
    await kept.cosign()
    await kept.move()
    assert (len(kept.files()), len(await kept.slim())) == (2, MOVED)
    assert await kept.store.read(lambda tx: entry_at(tx, 74).box) is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "cannot be read: No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes"),
        (lambda path: path.write_bytes(b"\0" + path.read_bytes()[1:]), "was changed"),
    ],
)
async def test_a_lost_or_changed_object_is_named(kept, spoil, words):
    await kept.move()
    spoil(kept.files()[1])
    [flaw] = await kept.flaws()
    assert (flaw.code, flaw.place) == ("resource-lost", "tile/entries/001")
    assert words in flaw.seen
    with pytest.raises(EvidenceBroken, match="the object `log/000000000001-"):
        await kept.store.read(lambda tx: entry_at(tx, 300))
    assert await kept.store.read(lambda tx: entry_at(tx, 7).idx) == 7  # others stand


async def test_who_does_not_say_where_objects_lie_reads_none(kept, store):
    await kept.move()
    with pytest.raises(EvidenceBroken, match="it was not said where"):
        await store.read(lambda tx: entry_at(tx, 7))
    assert await store.read(lambda tx: entry_at(tx, MOVED).idx) == MOVED


def test_an_object_is_exactly_one_bundle():
    data = encode([(b"one", b"box"), (b"two", None), (b"", b"")])
    assert decode(data) == [(b"one", b"box"), (b"two", None), (b"", b"")]
    for wrong in (data[:-1], b"", b"no"):
        with pytest.raises(ValueError, match="cannot be opened"):
            decode(wrong)
