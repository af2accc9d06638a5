"""What is lent to Arrow is back before the call returns: a process may end at once."""

from __future__ import annotations

import contextlib
import io
import sys
import time
import weakref
from typing import TYPE_CHECKING

import pytest

from catalog import lent
from catalog.tabular import NotATableError, read_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = 1000


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can: without waiting, some 40 of 1,000 readings left the stream held."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def left_behind(stream: io.BytesIO) -> int:
    before = sys.getrefcount(stream)
    with contextlib.suppress(NotATableError):
        read_csv(stream)
    return sys.getrefcount(stream) - before


@pytest.mark.parametrize("text", [b"a,b\n1,2\n3,4\n", b"", b"a,\xff\n\xff,2\n"], ids=["table", "empty", "not UTF-8"])
def test_no_thread_holds_a_stream_that_was_read(text, hurried):
    assert [left_behind(io.BytesIO(text)) for _ in range(TIMES)] == [0] * TIMES


def test_the_stream_of_a_caller_stays_open():
    stream = io.BytesIO(b"a\n1\n")
    assert read_csv(stream).rows == 1
    assert not stream.closed


def test_an_error_that_is_kept_holds_nothing_that_was_lent():
    seen: list[weakref.ref[lent.Lent]] = []

    def reading(out: lent.Lent) -> None:
        seen.append(weakref.ref(out))
        raise NotATableError("no table")

    with pytest.raises(NotATableError) as raised:
        lent.lend(io.BytesIO(b""), reading)
    assert raised.value.__traceback__ is not None
    assert seen[0]() is None


def test_who_never_gives_back_is_waited_for_a_bounded_time(monkeypatch):
    monkeypatch.setattr(lent, "BACK_SECONDS_MAX", 0.05)
    kept: list[lent.Lent] = []
    begun = time.monotonic()
    assert lent.lend(io.BytesIO(b""), lambda out: kept.append(out) or 7) == 7
    assert 0.05 <= time.monotonic() - begun < 5
