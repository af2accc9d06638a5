"""Whatever a source is, what is sealed of it opens to the same bytes, and one that changes fails the sealing."""

from __future__ import annotations

import gc
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.describe import describe
from connector.custody.errors import VaultError
from connector.custody.layout import CUTTERS
from connector.custody.origins.origin import WINDOW_BYTES, Distant
from connector.custody.sources import SCHEMES, Doors, check_address, source_of
from connector.net.outbound import Outbound
from tests.custody.served import Site
from tests.custody.test_seal_and_open import S, noise, opened, sealed_source
from tests.fault.extent import tried

# longer than one window, and no multiple of anything
LONG = noise(WINDOW_BYTES + S + 7, 3)
WANTED = LONG + LONG[::-1] + LONG


@pytest.fixture
def doors(tmp_path):
    return Doors(tmp_path, lambda: Outbound(development=True))


def read_back(folder, source):
    keys, blobs, sealed = sealed_source(folder, source)
    return opened(folder, keys, blobs, sealed)


@pytest.mark.parametrize(("manner", "most"), [("strong", 9), ("plain", 3), ("weak", 3), ("silent", 3)])
@pytest.mark.parametrize("content", [LONG, b"1", b""], ids=["long", "one", "empty"])
def test_files_of_web_servers(tmp_path, doors, manner, most, content):
    """By ranges of one version where the server names one, otherwise through a spool that leaves nothing behind."""
    with Site(content, manner) as site:
        source = source_of([site.url + "?v=1"], doors)
        assert read_back(tmp_path / "1", source) == {"table.bin": content}
        assert site.asked <= most
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1"]


def test_a_web_file_that_is_replaced_fails_the_sealing(tmp_path, doors):
    with Site(LONG, "strong") as site:
        planned = source_of([site.url], doors)
        site.content = noise(len(LONG), 9)
        with pytest.raises(VaultError, match="changed while it was sealed"):
            sealed_source(tmp_path, planned)


@pytest.mark.parametrize("manner", ["gone", "moved"])
def test_a_web_server_that_has_it_not_is_named(doors, manner):
    with Site(b"x", manner) as site, pytest.raises(VaultError, match=r"`http://127\.0\.0\.1:\d+/table\.bin` cannot"):
        source_of([site.url], doors)


@pytest.mark.parametrize("url", ["http://10.0.0.1/x", "https://localhost/x", "http://127.0.0.1:5432/x"])
def test_addresses_pass_the_gate(tmp_path, url):
    with pytest.raises(VaultError, match="cannot be read"):
        source_of([url], Doors(tmp_path, Outbound))


def test_addresses_never_keep_a_password():
    for place in ("https://me:pencil@example.org/a", "s3://k:pencil@data/a", "ftp://me:pencil@example.org"):
        with pytest.raises(VaultError, match="holds a password") as refused:
            check_address(place)
        assert "pencil" not in str(refused.value)
    with pytest.raises(VaultError, match="is no source"):
        check_address("ftp://example.org/a")
    assert check_address("/a/path") is None


def test_a_spool_is_gone_with_its_last_user(tmp_path, doors):
    def nameless() -> int:
        held = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        return sum(name.startswith(str(tmp_path)) for name in held)

    with Site(b"x" * 1000, "plain") as site:
        source = source_of([site.url], doors)
        assert nameless() == 1
        del source
        gc.collect()
        assert nameless() == 0


@settings(max_examples=tried(40))
@given(reads=st.lists(st.tuples(st.integers(0, 3 * WINDOW_BYTES), st.integers(0, 2 * WINDOW_BYTES)), max_size=6))
def test_distant_bytes_are_the_bytes_wherever_one_looks(reads):
    content, asked = WANTED, []

    def fetch(first: int, count: int) -> bytes:
        asked.append(count)
        return content[first : first + count]

    stream = Distant(len(content), fetch)
    for at, count in reads:
        stream.seek(at)
        assert stream.read(count) == content[at : at + count]
    assert max(asked, default=0) <= WINDOW_BYTES
    wanted = sum(count for _, count in reads)
    assert sum(asked) <= wanted + len(reads) * WINDOW_BYTES


def test_looking_here_and_there_asks_for_little():
    """A table's columns are read a megabyte here, a megabyte there: none of that costs a window."""
    asked = []

    def fetch(first: int, count: int) -> bytes:
        asked.append(count)
        return WANTED[first : first + count]

    stream = Distant(len(WANTED), fetch)
    for column in range(8):
        stream.seek(column * (1 << 20) * 2)
        stream.read(1 << 20)
    assert sum(asked) == 8 << 20
    asked.clear()
    stream.seek(0)
    while stream.read(1 << 16):
        pass
    assert len(asked) <= 2 + len(WANTED) // WINDOW_BYTES


def test_every_source_and_layout_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    assert not [scheme for scheme in SCHEMES if f"`{scheme}://" not in page and f"`{scheme}s://" not in page]
    assert not [layout for layout in CUTTERS if f"| `{layout}` |" not in page]


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_a_distant_table_is_described_like_one_that_is_here(tmp_path, doors, name):
    table = pa.table({"id": range(50_000), "when": ["2026-03-01"] * 50_000, "note": ["x" * 50] * 50_000})
    {"table.csv": pa.csv.write_csv, "table.parquet": pq.write_table}[name](table, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    with Site(content, "strong") as site, (tmp_path / name).open("rb") as here:
        (file,) = source_of([site.url.replace("table.bin", name)], doors).files
        with file.open() as there:
            assert describe(name, there) == describe(name, here)
        assert site.asked < 40
