"""One file object, several threads: each reads where it has sought, and alone it is a file like any other."""

from __future__ import annotations

import io
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.client.opened_reader import OpenedReader

BYTES = random.Random(7).randbytes(1 << 18)
THREADS, READS = 4, 800


@pytest.fixture
def opened(tmp_path):
    """Open a file; the buffer is the library's."""
    (tmp_path / "file").write_bytes(BYTES)
    with OpenedReader(io.FileIO(tmp_path / "file")) as made:
        yield made


@pytest.fixture
def others():
    """Run something in another thread, always the same of its name."""
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        threads = {"first": first, "second": second}
        yield lambda name, act, *told: threads[name].submit(act, *told).result()


def test_a_thread_reads_where_it_has_sought_whatever_others_did_since(opened, others):
    others("first", opened.seek, 100)
    others("second", opened.seek, 200_000)
    assert others("second", opened.read, 10) == BYTES[200_000:200_010]
    assert others("first", opened.tell) == 100
    assert others("first", opened.read, 10) == BYTES[100:110]


def test_a_file_that_is_handed_on_goes_on_where_it_is(opened, others):
    assert others("first", opened.read, 10) == BYTES[:10]
    assert others("second", opened.read, 10) == BYTES[10:20]
    others("first", opened.seek, 500)
    assert others("second", opened.read, 10) == BYTES[500:510]
    assert others("first", opened.read, 10) == BYTES[510:520], "what was sought is read, and over"


def test_many_threads_that_seek_and_read_have_their_own_bytes(opened):
    """Without a place for each thread some of these are another's, as DuckDB met."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(seed):
        chance = random.Random(seed)
        wrong = 0
        for _ in range(READS):
            at, count = chance.randrange(len(BYTES)), chance.randrange(1, 5000)
            opened.seek(at)
            wrong += opened.read(count) != BYTES[at : at + count]
        return wrong

    try:
        with ThreadPoolExecutor(THREADS) as threads:
            assert sum(threads.map(work, range(THREADS))) == 0
    finally:
        sys.setswitchinterval(before)
    assert len(opened._sought) == 0


MOVES = st.one_of(
    st.tuples(st.sampled_from(["read", "read1", "readline", "peek"]), st.tuples(st.integers(0, 300))),
    st.tuples(st.just("seek"), st.tuples(st.integers(0, 3000), st.just(io.SEEK_SET))),
    st.tuples(st.just("seek"), st.tuples(st.integers(0, 50), st.just(io.SEEK_CUR))),
    st.tuples(st.just("seek"), st.tuples(st.integers(-500, 0), st.just(io.SEEK_END))),
    st.tuples(st.just("tell"), st.just(())),
)


@given(st.lists(MOVES, max_size=30))
def test_alone_it_is_a_file_like_any_other(moves):
    content = b"".join(b"%d,%d\n" % (line, line * line) for line in range(200))
    ours, plain = OpenedReader(io.BytesIO(content)), io.BufferedReader(io.BytesIO(content))
    for name, told in moves:
        assert getattr(ours, name)(*told) == getattr(plain, name)(*told)
    taken, same = bytearray(40), bytearray(40)
    assert (ours.readinto(taken), taken) == (plain.readinto(same), same)
    assert list(ours) == list(plain)
