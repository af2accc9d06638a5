"""Who waits for something that is got is woken by its moves, and by no other's."""

from __future__ import annotations

import asyncio

from connector.consumer.moves import PROGRESS_SECONDS, Moves


class Hand:
    """A clock to turn by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


async def test_a_move_wakes_all_who_wait_for_it_and_nobody_else():
    moves = Moves(Hand())
    waiting = [moves.next("one"), moves.next("one")]
    other = moves.next("other")
    moves.tell("one")
    assert [moved.is_set() for moved in waiting] == [True, True]
    assert not other.is_set()
    assert not moves.next("one").is_set(), "the next move is another"


async def test_progress_is_told_now_and_then_and_a_state_at_once():
    clock = Hand()
    moves, told = Moves(clock), []
    for step in range(30):
        clock.seconds = step * PROGRESS_SECONDS / 10
        moved = moves.next("one")
        moves.progress("one")
        told.append(moved.is_set())
    assert sum(told) == 3
    moved = moves.next("one")
    moves.tell("one")
    assert moved.is_set()


async def test_nothing_is_kept_of_what_nobody_waits_for():
    moves = Moves(Hand())
    task = asyncio.create_task(moves.next("gone").wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    del task
    moves.progress("ended")
    moves.forget("ended")
    assert not moves._next
    assert not moves._told
