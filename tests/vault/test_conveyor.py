"""Pieces on their way: digested in order whatever order they are sealed in, in bounded memory, ended by what fails."""

from __future__ import annotations

import random
import threading
import time

import pytest
from blake3 import blake3

from connector.vault.conveyor import SLOTS, Conveyor
from connector.vault.places import SECTOR_BYTES

SIZE = 3 * SECTOR_BYTES + 1


def test_the_whole_is_digested_in_order_with_few_slots():
    draw, whole, sealed, used, lock = random.Random(1), blake3(), {}, set(), threading.Lock()

    def seal(slot, number):
        time.sleep(draw.random() / 2000)
        with lock:
            used.add(id(slot))
            sealed[number] = bytes(slot.plain[: slot.size])

    with Conveyor(SIZE) as conveyor:
        for number in range(200):
            slot = conveyor.take()
            slot.size = draw.randrange(1, SIZE + 1)
            slot.plain[: slot.size] = draw.randbytes(slot.size)
            whole.update(slot.plain[: slot.size])
            conveyor.put(slot, lambda slot, number=number: seal(slot, number))
        assert conveyor.finish() == whole.digest()
    assert sorted(sealed) == list(range(200))
    assert blake3(b"".join(sealed[number] for number in range(200))).digest() == whole.digest()
    assert len(used) == SLOTS


@pytest.mark.parametrize("at", [0, SLOTS - 1, 3 * SLOTS])
def test_what_fails_in_a_thread_is_raised_where_the_pieces_come_from(at):
    def seal(_slot, number):
        if number == at:
            raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space left"), Conveyor(SIZE) as conveyor:
        for number in range(3 * SLOTS + 1):
            slot = conveyor.take()
            slot.size = 1
            conveyor.put(slot, lambda slot, number=number: seal(slot, number))
        conveyor.finish()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("sealer", "digester"))]
