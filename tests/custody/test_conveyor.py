"""Loads on their way: filled one at a time in order, sealed all at once in bounded memory, ended by what fails."""

from __future__ import annotations

import random
import threading
import time

import pytest

from connector.custody.conveyor import CARRIERS, LOAD_BYTES, SLOT_BYTES, carry
from connector.custody.places import SECTOR_BYTES
from tests.every import every

LOADS = 40
SIZES = (1, SECTOR_BYTES, SECTOR_BYTES + 1, SLOT_BYTES)


class Source:
    """Loads of one piece of pseudo-random bytes each; fails at load `breaks_at`."""

    def __init__(self, loads=LOADS, breaks_at=None):
        self.draw = random.Random(1)
        self.given: list[bytes] = []
        self.loads = loads
        self.breaks_at = breaks_at
        self.alone = threading.Lock()

    def fill(self, slot):
        assert self.alone.acquire(blocking=False), "one at a time"
        try:
            number = len(self.given)
            if number == self.breaks_at:
                raise OSError(5, "the source broke")
            if number == self.loads:
                return False
            slot.clear(number)
            size = self.draw.choice(SIZES)
            assert slot.takes(size)
            piece = slot.add(number, 0, size, size)
            piece[:8] = self.draw.randbytes(8)[: len(piece)]
            self.given.append(bytes(piece))
            return True
        finally:
            self.alone.release()


class Sink:
    """Takes what was sealed by its place; fails at load `breaks_at`."""

    def __init__(self, breaks_at=None):
        self.taken: dict[int, bytes] = {}
        self.slots: set[int] = set()
        self.breaks_at = breaks_at

    def seal(self, slot):
        (piece,) = slot.pieces
        if slot.place == self.breaks_at:
            raise OSError(28, "no space left")
        time.sleep(0.001)  # what other carriers do meanwhile must not reach this slot
        self.slots.add(id(slot))
        self.taken[slot.place] = bytes(slot.plain[piece.at : piece.at + piece.size])


def carriers_left():
    return [thread for thread in threading.enumerate() if thread.name.startswith("sealer")]


def test_every_load_arrives_whole_in_a_few_slots():
    source, sink = Source(), Sink()
    carry(source.fill, sink.seal)
    assert [sink.taken[number] for number in range(LOADS)] == source.given
    assert len(sink.slots) <= CARRIERS


def test_a_slot_takes_pieces_by_whole_sectors():
    def fill(slot):
        slot.clear(0)
        while slot.takes(1):
            slot.add(len(slot.pieces), 0, 1, 1)
        return not found

    found: list[list[int]] = []
    carry(fill, lambda slot: found.append([piece.at for piece in slot.pieces]))
    assert found[0] == list(range(0, LOAD_BYTES, SECTOR_BYTES))


@every("at", [0, 1, CARRIERS, LOADS - 1])
@every("side", ["source", "sink"])
def test_what_fails_ends_the_work_and_is_raised(side, at):
    source = Source(breaks_at=at if side == "source" else None)
    sink = Sink(breaks_at=at if side == "sink" else None)
    with pytest.raises(OSError, match=r"the source broke|no space left"):
        carry(source.fill, sink.seal)
    assert not carriers_left()
    assert side == "sink" or len(source.given) == at
    assert at not in sink.taken
