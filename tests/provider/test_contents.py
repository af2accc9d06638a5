"""When small files are packed: where their list is dear and packs cost less, unless somebody says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from catalog.dataset import Dataset, distributions_of
from catalog.profile import FileProfile
from connector.custody.blobs import Blobs
from connector.custody.packing import FILES_MIN
from connector.custody.packs import packs_of
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from connector.provider.contents import billed, check, contents
from connector.runtime.errors import InvalidInput
from ledger.edition.index import Index
from tests.every import every

PIECE = 64 * 1024
BRIEF = {"unit": "MiB", "tier": "kept"}


@pytest.fixture
def made(tmp_path):
    """Return what would be sealed of files of so many bytes."""

    def make(count, size, brief=None, *, packed=False, more=()):
        drawn, folder = Random(1), tmp_path / "in"
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:04}.txt").write_bytes(drawn.randbytes(size))
        for name, content in more:
            (folder / name).write_bytes(content)
        source = source_of([folder])
        files = tuple(FileProfile(file.name, "text/plain", file.size) for file in source.files)
        dataset = Dataset("d", "D", "", (), files, distributions_of("kept"), 1)
        return contents(source, dataset, BRIEF | (brief or {}), PIECE, tmp_path, packed=packed)

    return make


CASES = {
    "many tiny ones": ((100, 20), {}, True),
    "one too few": ((FILES_MIN - 1, 20), {}, False),
    "just enough": ((FILES_MIN, 20), {}, True),
    "their list is cheap": ((20, 4_000), {}, False),
    "their list is cheap, and they are packed already": ((20, 3_900), {"packed": True}, True),
    "a large one beside them makes the list cheap": ((100, 20), {"more": [("large", bytes(400_000))]}, False),
    "never": ((100, 20), {"brief": {"pack": "never"}}, False),
    "always": ((2, 4_000), {"brief": {"pack": "always"}}, True),
    "always, and nothing is small": ((2, 70_000), {"brief": {"pack": "always"}}, False),
    "rows are sold": ((100, 20), {"brief": {"unit": "row"}}, False),
    "pieces are sold": ((100, 20), {"brief": {"unit": "piece"}}, False),
    "another layout": ((100, 20), {"brief": {"layout": "cdc"}}, False),
    "plain copies": ((100, 20), {"brief": {"tier": "plain"}}, False),
    "plain copies, always": ((100, 20), {"brief": {"tier": "plain", "pack": "always"}}, True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_packed(made, case):
    files, more, packed = CASES[case]
    found = made(*files, **more)
    assert (found.dataset.packing is not None) == packed
    assert packed == any(file.name.endswith(".tar.xz") for file in found.source.files)


def test_what_is_foreseen_is_what_is_billed(made, tmp_path):
    found = made(100, 20, more=[("large", bytes(100_000))], brief={"pack": "always"})
    told = Brief(b"\x05" * 32, 1, "did:web:p", piece_bytes=PIECE, media_type=found.media_type, schema=found.schema)
    run, now = Keys(tmp_path / "keys").draw_run(), datetime(2026, 11, 23, tzinfo=UTC)
    sealed = seal(found.source, run, Blobs(tmp_path / "blobs"), told, sealed_at=now)
    foreseen = found.foreseen(BRIEF, PIECE)
    assert billed(found.dataset, sealed.table, "kept") == foreseen
    assert foreseen.bytes == sealed.header.plain_bytes
    assert isinstance(sealed.index, Index)
    assert packs_of(sealed.index) == {"small-files-1.tar.xz"}
    assert found.schema["schema"] == {"large": []}


REFUSED = [{"unit": "row"}, {"unit": "piece"}, {"layout": "aligned"}, {"layout": "cdc"}]


@every("more", REFUSED)
def test_packs_that_cannot_be_are_refused(more):
    check(BRIEF | more)
    with pytest.raises(InvalidInput, match="cannot be packed"):
        check(BRIEF | more | {"pack": "always"})
