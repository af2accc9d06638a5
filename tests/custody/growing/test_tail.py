"""A file that is appended, renamed, emptied and replaced: every line once and in order, whoever crashes when."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.custody.errors import VaultError
from connector.custody.growing.growing import READ_BYTES_MAX, READ_MESSAGES_MAX
from connector.custody.growing.tail import Tail

LINES = st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), LINES),
        st.tuples(st.just("half"), st.binary(min_size=1, max_size=5).map(lambda text: text.replace(b"\n", b"x"))),
        st.tuples(st.sampled_from(("rotate", "crash", "read")), st.none()),
    ),
    max_size=25,
)


def lines(path):
    """Return all lines of a file, read anew."""
    return once(Tail(path))[0]


def once(tail):
    """Return what is read, and the position behind it; it is closed."""
    try:
        return drained(tail)
    finally:
        asyncio.run(tail.close())


def drained(tail):
    """Return what is read until nothing is there, and the position behind it."""
    found, position = [], None
    while (read := asyncio.run(tail.read())) is not None:
        found += read.messages
        position = read.position
    return found, position


@given(STEPS)
def test_every_line_comes_once_and_in_order(steps):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grows.log"
        path.write_bytes(b"first\n")
        tail, written, rest, rotated = Tail(path), [b"first"], b"", 0
        kept, position = drained(tail)  # from now on it is known by more than its name
        for step, told in [*steps, ("append", [b"end"]), ("read", None)]:
            if step == "append" and told:
                with path.open("ab") as file:
                    file.write(b"".join(line + b"\n" for line in told))
                written += [rest + told[0], *told[1:]]
                rest = b""
            elif step == "half":
                with path.open("ab") as file:
                    file.write(told)
                rest += told
            elif step == "rotate":
                found, behind = drained(tail)  # what was renamed twice since it was read is out of reach
                kept, position, rotated = kept + found, behind or position, rotated + 1
                path.rename(path.with_name(f"grows.log.{rotated}"))
                path.write_bytes(b"begins\n")
                written += [*([rest] if rest else []), b"begins"]
                rest = b""
            elif step == "crash":
                once(tail)  # read, and not kept: it is read again
                tail = Tail(path, position)
            elif step == "read":
                found, behind = drained(tail)
                kept, position = kept + found, behind or position
        asyncio.run(tail.close())
        assert kept == written


def test_a_file_that_was_emptied_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "grows.log"
    path.write_bytes(b"one\ntwo\n")
    tail = Tail(path)
    assert drained(tail)[0] == [b"one", b"two"]
    path.write_bytes(b"three\n")
    assert once(tail)[0] == [b"three"]


def test_what_is_not_there_yet_is_waited_for(tmp_path):
    path = tmp_path / "grows.log"
    tail = Tail(path)
    assert drained(tail)[0] == []
    path.write_bytes(b"one\n")
    assert once(tail)[0] == [b"one"]


def test_many_short_lines_come_in_parts(tmp_path):
    path = tmp_path / "grows.log"
    path.write_bytes(b"\n" * (2 * READ_MESSAGES_MAX + 1))
    tail = Tail(path)
    assert len(asyncio.run(tail.read()).messages) == READ_MESSAGES_MAX
    assert len(once(tail)[0]) == READ_MESSAGES_MAX + 1
    assert len(lines(path)) == 2 * READ_MESSAGES_MAX + 1


def test_a_line_without_an_end_is_refused(tmp_path):
    path = tmp_path / "grows.log"
    path.write_bytes(b"x" * (READ_BYTES_MAX + 1))
    with pytest.raises(VaultError, match="more than"):
        lines(path)
