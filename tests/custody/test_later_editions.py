"""A later edition repeats what did not change, row and secret, and each edition lives and dies by its own key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.custody import edition, erasure
from connector.custody.blobs import Blobs
from connector.custody.errors import VaultError
from connector.custody.former import Former
from connector.custody.reader import Reader
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from connector.provider.renewal import is_new
from connector.store.rows.vault import EditionRow
from ledger.edition.row import RUN_BYTES
from tests.custody.test_seal_and_open import NOW, S, noise, write
from tests.fault.extent import tried

SERIES = b"\x07" * 32


class Shop:
    """A provider who seals one series, edition after edition."""

    def __init__(self, folder, series=SERIES):
        self.folder, self.series = folder, series
        self.keys, self.blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
        self.sealed = []

    def row(self, number: int) -> EditionRow:
        """Return an edition as the database keeps it."""
        kept = []
        edition.record(SimpleNamespace(insert=kept.append), self.sealed[number], product="p", now=NOW)
        return kept[0]

    def seal(self, content: dict[str, bytes], **brief):
        folder = write(self.folder / str(len(self.sealed)), content)
        former = Former(self.keys, self.row(-1)) if self.sealed else None
        told = Brief(
            self.series, len(self.sealed) + 1, "did:web:p", prev=former and former.edition_id, piece_bytes=S, **brief
        )
        run, source = self.keys.draw_run(), source_of([folder])
        self.sealed.append(seal(source, run, self.blobs, told, sealed_at=NOW, former=former))
        return self.sealed[-1]

    def opened(self, number: int) -> dict[str, bytes]:
        made, to = self.sealed[number], self.folder / f"out{number}"
        secrets = edition.row_secrets(self.keys, self.row(number), made.table, range(len(made.table)))
        with self.blobs.open(made.edition_id, made.table) as file:
            paths = Reader(file, secrets).open_files(to)
        return {path.relative_to(to).as_posix(): path.read_bytes() for path in paths}


def own(sealed) -> int:
    """Return how many data rows of an edition are of its own run."""
    return sum(row.head.slot[:RUN_BYTES] == sealed.run.run for row in sealed.table) - sealed.table.index_rows


def test_unchanged_pieces_are_repeated_through_three_editions(tmp_path):
    shop = Shop(tmp_path)
    first = noise(4 * S + 9, 1)
    second = first[:S] + noise(S, 2) + first[2 * S :]
    third = second[: 3 * S] + noise(S, 3) + second[4 * S :]
    for number, (content, fresh) in enumerate([(first, 5), (second, 1), (third, 1)]):
        sealed = shop.seal({"a": content, "b": noise(10, 9)})
        assert own(sealed) == fresh + (number == 0)
        assert shop.opened(number) == {"a": content, "b": noise(10, 9)}
    one, two, three = (set(made.table) for made in shop.sealed)
    assert len(one & two) == 5
    assert len(two & three) == 5
    assert len(one & three) == 4
    assert three - one - two
    assert shop.sealed[2].header.prev == shop.sealed[1].edition_id


@pytest.mark.parametrize("forgotten", [0, 1])
def test_each_edition_needs_its_own_key_alone(tmp_path, forgotten):
    shop = Shop(tmp_path)
    content = {"a": noise(3 * S, 1)}
    for tail in (b"1", b"2"):
        shop.seal({"a": content["a"] + tail})
    kept = 1 - forgotten
    row = shop.row(forgotten)
    assert shop.keys.destroy(row.key_id)
    fresh = Keys(tmp_path / "keys")
    shop.keys = fresh
    assert shop.opened(kept) == {"a": content["a"] + (b"1", b"2")[kept]}
    with pytest.raises(VaultError, match="does not exist"):
        edition.row_secrets(fresh, row, shop.sealed[forgotten].table, [1])


def test_nothing_is_repeated_of_an_edition_that_was_erased(tmp_path):
    shop = Shop(tmp_path)
    shop.seal({"a": noise(3 * S, 1)})
    assert shop.keys.destroy(shop.row(0).key_id)
    sealed = shop.seal({"a": noise(3 * S, 1)})
    assert own(sealed) == 3
    assert is_new(sealed, Former(shop.keys, shop.row(0)), {})
    assert shop.opened(1) == {"a": noise(3 * S, 1)}


async def test_the_deletion_record_says_what_other_editions_keep(tmp_path, store):
    shop = Shop(tmp_path / "shop")
    for tail in (b"1", b"2"):
        shop.seal({"a": noise(3 * S, 1) + tail})
    for number in (0, 1):
        row = shop.row(number)
        await store.write(lambda tx, row=row: tx.insert(row))
    for number, (grade, kept) in enumerate([("B", "3"), ("A", "0")]):
        row = shop.row(number)
        key = await store.write(lambda tx, row=row: erasure.begin(tx, EditionRow, row.id))
        shop.keys.destroy(key)
        done = await store.write(
            lambda tx, row=row: erasure.finish(tx, shop.keys, EditionRow, row.id, rest_elsewhere=False)
        )
        assert (done["grade"], done["piecesKeptForOtherEditions"]) == (grade, kept)


def test_nothing_is_repeated_across_series(tmp_path):
    shop = Shop(tmp_path)
    shop.seal({"a": noise(S, 1)})
    other = Brief(b"\x08" * 32, 1, "did:web:p", piece_bytes=S)
    former = Former(shop.keys, shop.row(0))
    source = source_of([write(tmp_path / "other", {"a": noise(S, 1)})])
    with pytest.raises(AssertionError, match="within one series"):
        seal(source, shop.keys.draw_run(), shop.blobs, other, sealed_at=NOW, former=former)


@settings(max_examples=tried(15))
@given(
    before=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    after=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    padding=st.sampled_from((0, S)),
)
def test_any_two_editions_open_and_no_row_comes_twice(tmp_path_factory, before, after, padding):
    """A former row is used once, so equal pieces of one edition stay apart."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    for number, pieces in enumerate((before, after)):
        content = {"a": b"".join(noise(S, piece) for piece in pieces) + b"end"}
        sealed = shop.seal(content, padding=padding)
        assert shop.opened(number) == content
        assert len({row.encode() for row in sealed.table}) == len(sealed.table)
    repeated = set(shop.sealed[0].table) & set(shop.sealed[1].table)
    assert len(repeated) == len(set(before) & set(after)) + 1
