"""The outbox alone: nobody's silence holds others up, answers decide what comes next, pauses grow."""

import asyncio
import itertools
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from connector.negotiation import outbox as module
from connector.negotiation.asking import SILENCE, Heard
from connector.negotiation.outbox import DELIVERED, EXPIRED, REFUSED, Outbox
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.every import every


class Bench:
    def __init__(self, store, clock):
        self.store, self.clock = store, clock
        self.outcomes = {}
        self.attempts = []
        self.answer = lambda peer: (200, None)
        self.accepts = True
        self.flying = self.most = 0
        self.said = SILENCE
        self.box = Outbox(store, self.deliver, clock.now, self.settled, self.ask, self)

    async def deliver(self, peer, url, body):
        self.attempts.append((peer, self.clock.now()))
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            answer = self.answer(peer)
            if asyncio.iscoroutine(answer):
                answer = await answer
            return answer
        finally:
            self.flying -= 1

    async def about(self, process, subject, heard):
        """As `Reminding`: nobody has lost anything."""
        return False

    async def ask(self, process, subject):
        assert process == "p"
        return self.said

    def settled(self, tx, row, outcome, now):
        if outcome.kind == DELIVERED and not self.accepts:
            return False
        assert row.subject not in self.outcomes
        self.outcomes[row.subject] = outcome
        return True

    async def send(self, *subjects, peer="did:a", seconds=60, kind="k"):
        def act(tx):
            now = self.clock.now()
            for subject in subjects:
                about = {"process": "p", "subject": subject, "kind": kind, "now": now}
                self.box.enqueue(
                    tx, peer=peer, url="http://x", body={}, deadline=now + timedelta(seconds=seconds), **about
                )

        await self.store.write(act)

    async def until(self, *subjects):
        async with asyncio.timeout(30):
            while not set(subjects) <= set(self.outcomes):
                await asyncio.sleep(0.002)
        return [self.outcomes[subject] for subject in subjects]


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, "RETRY_FIRST_SECONDS", 0.005)


@pytest.fixture
async def bench(clock, tmp_path):
    store = await Store.open(tmp_path / "store.db", TABLES)
    bench = Bench(store, clock)
    bench.box.start()
    yield bench
    await bench.box.close()
    await store.close()


async def test_a_delivered_message_leaves(bench):
    await bench.send("s")
    assert (await bench.until("s"))[0].kind == DELIVERED
    await bench.store.write(lambda tx: None)  # `settled` is told inside the act; wait for its commit
    assert await bench.store.read(lambda tx: tx.find("outbox")) == []


async def test_an_act_that_fails_sends_nothing(bench):
    def act(tx):
        now = bench.clock.now()
        about = {"process": "p", "subject": "s", "kind": "k", "now": now, "deadline": now}
        bench.box.enqueue(tx, peer="did:a", url="http://x", body={}, **about)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bench.store.write(act)
    await bench.send("other")
    await bench.until("other")
    assert len(bench.attempts) == 1


async def hang():
    await asyncio.sleep(60)


async def test_a_peer_that_hangs_does_not_hold_others_up(bench):
    bench.answer = lambda peer: hang() if peer == "did:hangs" else (200, None)
    await bench.send(*(f"h{n}" for n in range(100)), peer="did:hangs")
    await bench.send("s", peer="did:honest")
    assert (await bench.until("s"))[0].kind == DELIVERED
    assert bench.most <= module.FLIGHTS_PER_PEER + 1


async def test_many_messages_to_many_peers_all_arrive_within_the_limit(bench):
    async def slowly():
        await asyncio.sleep(0.001)
        return 200, None

    bench.answer = lambda peer: slowly()
    for peer in range(10):
        await bench.send(*(f"{peer}/{n}" for n in range(20)), peer=f"did:{peer}")
    await bench.until(*(f"{peer}/{n}" for peer in range(10) for n in range(20)))
    assert bench.most <= module.FLIGHTS
    assert len(bench.attempts) == 200


async def test_more_messages_than_places_to_one_peer_all_arrive(bench):
    """Flights land one by one, so that those under way hide the rows that wait for their places."""
    turns = itertools.count()

    async def staggered():
        await asyncio.sleep(0.002 * (1 + next(turns) % 17))
        return 200, None

    bench.answer = lambda peer: staggered()
    names = [f"n{number}" for number in range(3 * module.FLIGHTS_PER_PEER)]
    await bench.send(*names)
    await bench.until(*names)
    assert bench.most <= module.FLIGHTS_PER_PEER
    assert len(bench.attempts) == len(names)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
async def test_a_refusal_is_final_and_says_why(bench, status):
    bench.answer = lambda peer: (status, {"reason": ["because"]})
    await bench.send("s")
    (outcome,) = await bench.until("s")
    assert outcome.kind == REFUSED
    assert str(status) in outcome.reason
    assert "because" in outcome.reason
    assert len(bench.attempts) == 1


async def test_not_found_is_asked_again_a_few_times(bench):
    bench.answer = lambda peer: (404, None)
    await bench.send("s")
    assert (await bench.until("s"))[0].kind == REFUSED
    assert len(bench.attempts) == module.NOT_FOUND_ATTEMPTS + 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_trouble_is_retried_with_growing_pauses_until_it_is_over(bench, status):
    answers = iter([status] * 5)
    bench.answer = lambda peer: (next(answers, 200), None)
    await bench.send("s")
    assert (await bench.until("s"))[0].kind == DELIVERED
    times = [at for _, at in bench.attempts]
    assert len(times) == 6
    assert times[5] - times[4] > (times[1] - times[0])


async def test_trouble_to_the_end_is_expired(bench):
    bench.answer = lambda peer: (503, None)
    await bench.send("s", seconds=1.0)  # time for three attempts, also on a slow machine
    (outcome,) = await bench.until("s")
    assert outcome.kind == EXPIRED
    assert "503" in outcome.reason
    assert len(bench.attempts) > 2


@pytest.mark.parametrize(("status", "kind"), [(503, EXPIRED), (400, REFUSED)])
async def test_the_peer_is_asked_for_its_state_before_a_message_is_given_up(bench, status, kind):
    bench.answer = lambda peer: (status, None)
    bench.said = Heard("AGREED", "it says so")
    await bench.send("s", seconds=0.1)
    (outcome,) = await bench.until("s")
    assert (outcome.kind, outcome.heard) == (kind, bench.said)


async def test_a_message_is_hastened(bench, monkeypatch):
    monkeypatch.setattr(module, "RETRY_FIRST_SECONDS", 1000.0)
    monkeypatch.setattr(module, "RETRY_MOST_SECONDS", 1000.0)
    answers = iter([503])
    bench.answer = lambda peer: (next(answers, 200), None)
    await bench.send("s")
    while not (await bench.store.read(lambda tx: tx.find("outbox")))[0]["attempts"]:
        await asyncio.sleep(0.002)
    assert await bench.store.write(lambda tx: bench.box.hasten(tx, "none", bench.clock.now())) is None
    assert await bench.store.write(lambda tx: bench.box.hasten(tx, "s", bench.clock.now()))
    assert (await bench.until("s"))[0].kind == DELIVERED


async def test_nonsense_as_an_answer_is_no_answer(bench):
    bench.accepts = False
    await bench.send("s", seconds=0.1)
    assert (await bench.until("s"))[0].kind == EXPIRED
    assert len(bench.attempts) > 2


async def test_the_row_says_what_went_wrong(bench):
    bench.answer = lambda peer: (502, {"reason": ["gateway"]})
    await bench.send("s")
    while not (row := (await bench.store.read(lambda tx: tx.find("outbox")))[0])["attempts"]:
        await asyncio.sleep(0.002)
    assert "502" in row["error"]
    assert "gateway" in row["error"]


async def test_a_dropped_message_settles_nothing(bench):
    bench.answer = lambda peer: (503, None)
    await bench.send("s")
    while not bench.attempts:
        await asyncio.sleep(0.002)
    dropped = await bench.store.read(lambda tx: bench.box.under_way(tx, "s"))
    await bench.store.write(lambda tx: bench.box.drop(tx, dropped))
    assert dropped.subject == "s"
    bench.answer = lambda peer: (200, None)
    await bench.send("other")
    await bench.until("other")
    assert "s" not in bench.outcomes


@every("attempts", range(0, 200, 7))
def test_pauses_grow_and_stay_bounded(attempts):
    pause = module._pause(attempts).total_seconds()
    most = module.RETRY_MOST_SECONDS * (1 + module.JITTER_FRACTION)
    assert 0 < pause <= most


async def test_a_row_that_is_due_again_before_its_flight_has_ended_is_not_forgotten(bench, monkeypatch):
    monkeypatch.setattr(module, "RETRY_FIRST_SECONDS", 0.0)
    answers = iter([503] * 200)
    bench.answer = lambda peer: (next(answers, 200), None)
    await bench.send("s")
    assert (await bench.until("s"))[0].kind == DELIVERED
    assert len(bench.attempts) == 201


async def test_an_outcome_that_could_not_be_stored_is_asked_for_again(bench, monkeypatch):
    """Another process holds the database while the answer comes; nothing else wakes the outbox afterwards."""
    monkeypatch.setattr("connector.store.connection.LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(bench.store.path, isolation_level=None)) as other:

        async def answer():
            if len(bench.attempts) == 1:
                other.execute("BEGIN IMMEDIATE")
                asyncio.get_running_loop().call_later(0.2, other.execute, "COMMIT")
            return 200, None

        bench.answer = lambda peer: answer()
        await bench.send("s")
        assert (await bench.until("s"))[0].kind == DELIVERED
    assert len(bench.attempts) > 1


# --- an answer that rests: the peer usually goes on by itself


async def resting(bench, subject="s"):
    """Send a message that the peer usually follows, and wait until its answer rests; return its row."""
    bench.answer = lambda peer: (200, {})
    await bench.send(subject, kind="request")
    async with asyncio.timeout(30):
        while not bench.box.rests(subject):
            await asyncio.sleep(0.002)
    return await bench.store.read(lambda tx: bench.box.under_way(tx, subject))


async def idle(bench):
    """Wait until nothing is under way, nothing rests and nothing is remembered."""
    async with asyncio.timeout(30):
        while bench.box._flights or bench.box._flown or bench.box._gone or bench.box._takings:
            await asyncio.sleep(0.002)


async def test_an_answer_that_nothing_follows_is_taken_alone(bench):
    row = await resting(bench)
    assert row is not None
    assert bench.outcomes == {}
    assert (await bench.until("s"))[0].kind == DELIVERED
    await idle(bench)
    assert await bench.store.read(lambda tx: tx.find("outbox")) == []
    assert len(bench.attempts) == 1


async def test_an_answer_is_taken_in_the_act_that_goes_on_with_its_process(bench):
    await resting(bench)
    assert await bench.store.write(lambda tx: bench.box.take(tx, "s"))
    assert bench.outcomes["s"].kind == DELIVERED
    await idle(bench)
    assert not bench.box.rests("s")
    assert not await bench.store.write(lambda tx: bench.box.take(tx, "s"))


async def test_a_look_that_began_before_its_flight_does_not_send_a_resting_message_again(bench):
    """Due rows are read in another thread: by then a new row may have flown and been answered."""
    row = await resting(bench)
    bench.box._launch(row)
    assert not bench.box._flights
    assert (await bench.until("s"))[0].kind == DELIVERED
    await idle(bench)
    assert len(bench.attempts) == 1


async def test_an_act_that_fails_leaves_the_answer_where_it_was(bench):
    def act(tx):
        bench.box.take(tx, "s")
        bench.outcomes.clear()  # it never happened
        raise ZeroDivisionError

    await resting(bench)
    with pytest.raises(ZeroDivisionError):
        await bench.store.write(act)
    assert bench.box.rests("s")
    assert (await bench.until("s"))[0].kind == DELIVERED
    await idle(bench)


async def test_an_answer_to_a_message_that_was_dropped_meanwhile_is_nothing(bench):
    answer = asyncio.get_running_loop().create_future()

    async def slowly():
        return await answer

    bench.answer = lambda peer: slowly()
    await bench.send("s", kind="request")
    row = await bench.store.read(lambda tx: bench.box.under_way(tx, "s"))
    await bench.store.write(lambda tx: bench.box.drop(tx, row))
    answer.set_result((200, {}))
    await idle(bench)
    assert not bench.box.rests("s")
    assert bench.outcomes == {}


async def test_a_newer_answer_takes_the_place_of_one_of_the_past(bench):
    row = await resting(bench)
    await bench.store.write(lambda tx: bench.box.drop(tx, row))
    await bench.send("s", kind="request")
    assert (await bench.until("s"))[0].kind == DELIVERED
    await idle(bench)
    assert not bench.box.rests("s")
    assert await bench.store.read(lambda tx: tx.find("outbox")) == []
    assert len(bench.attempts) == 2
