"""A few seeds of the simulated space, the same each time; `make simulate` looks for others."""

from __future__ import annotations

import pytest

from connector.operation.plan import year
from tests.simulation import seed as seeds
from tests.simulation.kept import Kept
from tests.simulation.seed import Played, play
from tests.simulation.simulate import APART, simulate

FIRST, SEEDS = 18, 3
# a reorganisation takes a parcel of four claims, which came again one by one: one was mined, and passed for all
HALF_A_PARCEL = 8
# what a reorganisation took back offers too little since gas became dearer, and all that follows stands behind it
BEHIND_WHAT_IS_TOO_CHEAP = 338971372
# a participant is restored while its node does not answer
RESTORED_IN_THE_DARK = 338963557
# a block is taken back while who has something in it is away for longer than a reorganisation is deep
TAKEN_BACK_WHILE_AWAY = 338964451

# two that are restored at one time ask each other before they act
RESTORED_TOGETHER = 338962098
# a transfer whose request, and one whose start, finds the other side away for longer than its deadline
REQUESTED_TOO_LATE, STARTED_TOO_LATE = 269538932, 338964435
# a provider goes on with a back-up that has the agreement and not the transfer: another one is asked for
FORGOTTEN_TRANSFER = 1625414352
# … or one in which a window is offered that was paid for since, on a channel that is closed
FORGOTTEN_WINDOW = 1605193911
# a provider has seen a channel closed, and a reorganisation takes that back before its buyer has
CLOSED_AND_TAKEN_BACK = 43704752
# the last word of a negotiation arrives; its answers, and the question after its deadline, do not
FINALIZED_UNHEARD = 43707136
# a request arrives, its answer does not, and its sender is away until its deadline is over
ANSWERED_IN_VAIN = 269541953
# an acknowledgement is lost whose seq its payee has offered already
USED_MEANWHILE = 131493764
# orders whose provider goes on with a back-up of before their agreement, and of before its channel …
FORGOTTEN = 338965202
# … and of one whose channel it learns of again by its buyer's request
LEARNT_OF_AGAIN = 131490238
# … and one that its buyer signed last, and its provider never took up: the buyer's log has it, and that it ended
NEVER_TAKEN_UP = 890534402
# … and one whose provider has forgotten the agreement before it brought the licence on chain
FORGOTTEN_UNLICENSED = 1605193949


@pytest.fixture(scope="module")
def calm():
    played = play(FIRST, members=12, calm=True)
    assert not played.broken
    return played


@pytest.mark.parametrize(
    "seed",
    [
        *range(FIRST, FIRST + SEEDS),
        HALF_A_PARCEL,
        BEHIND_WHAT_IS_TOO_CHEAP,
        RESTORED_IN_THE_DARK,
        TAKEN_BACK_WHILE_AWAY,
        RESTORED_TOGETHER,
        REQUESTED_TOO_LATE,
        STARTED_TOO_LATE,
        FORGOTTEN_TRANSFER,
        FORGOTTEN_WINDOW,
        CLOSED_AND_TAKEN_BACK,
        FINALIZED_UNHEARD,
        USED_MEANWHILE,
    ],
)
def test_a_space_in_trouble_ends_with_its_books_in_order(seed, record_property):
    played = play(seed)
    record_property("simulated seeds", 1)
    assert not played.broken, f"python -m tests.simulation --seed {seed} --only"
    assert played.figures["complete"] == played.figures["orders"] > 0


def test_a_request_that_arrived_and_was_given_up_accuses_nobody():
    played = play(ANSWERED_IN_VAIN)
    assert not played.broken, f"python -m tests.simulation --seed {ANSWERED_IN_VAIN} --only"
    assert played.figures["complete"] == played.figures["orders"] - 1


@pytest.mark.parametrize(
    ("seed", "ended"), [(FORGOTTEN, 2), (LEARNT_OF_AGAIN, 1), (NEVER_TAKEN_UP, 2), (FORGOTTEN_UNLICENSED, 1)]
)
def test_orders_that_their_provider_forgot_end_in_words_with_its_books_in_order(seed, ended):
    played = play(seed)
    assert not played.broken, f"python -m tests.simulation --seed {seed} --only"
    assert played.figures["complete"] == played.figures["orders"] - ended


@pytest.mark.parametrize("side", ["provider", "buyer"])
def test_a_plan_says_what_a_calm_space_counts(calm, side):
    orders = calm.figures["orders"]
    planned = year.of_windows(side, "events", calm.figures["windows"] / orders)
    assert calm.figures[f"{side} events"] / orders == pytest.approx(planned, rel=APART)


def test_a_seed_is_played_again_as_it_was():
    first, second = play(FIRST), play(FIRST)
    assert first.trace == second.trace
    assert first.digest == second.digest


def test_another_seed_is_another_story():
    assert seeds.plan_of(FIRST) != seeds.plan_of(FIRST + 1)


def test_a_seed_that_held_is_not_played_again_and_one_that_broke_is(tmp_path):
    path = tmp_path / "seeds"
    kept = Kept(path, FIRST)
    kept.keep(Played(FIRST, figures={"orders": 2}))
    with path.open("a") as file:
        file.write('\n{"seed": 19, "figures": {"ord')  # the power went
    Kept(path, FIRST).keep(Played(20))
    again = Kept(path, FIRST + 7)
    assert (again.first, again.seeds, again.figures["orders"]) == (FIRST, {FIRST, 20}, 2)
    said = []
    assert not simulate(FIRST, 1, 1, say=said.append, kept=again)
    assert "1 passed, 0 failed" in said[-1]
    assert not Kept(path, FIRST, calm=True).seeds
