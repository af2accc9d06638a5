"""What processes tell each other: soon, once, to the others alone, and no further."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import orjson
import pytest

from connector.store import beside
from connector.store.beside import Beside
from connector.store.errors import StoreClosed, StoreFailed

TURNS = 20


class Place:
    """What stands for the one server: what is told reaches every store on it, the teller's, too."""

    def __init__(self):
        self.hearers, self.told, self.fault = [], [], None

    def store(self):
        async def tell(text):
            if self.fault is not None:
                raise self.fault
            self.told.append(text)
            for hearer in self.hearers:
                hearer(text)

        return SimpleNamespace(on_told=self.hearers.append, tell=tell)


async def turns():
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def processes(place, count=2):
    """Return (process, what it heard) of so many."""
    made = []
    for _ in range(count):
        one, heard = Beside(place.store()), []
        one.hears["moved"] = lambda *words, heard=heard: heard.append(words)
        one.listen()
        made.append((one, heard))
    return made


async def test_the_others_hear_what_one_tells_and_it_does_not():
    place = Place()
    (one, own), (_, other), (_, third) = await processes(place, 3)
    one.tell("moved", "negotiation", "n1")
    await turns()
    assert (own, other, third) == ([], [("negotiation", "n1")], [("negotiation", "n1")])


async def test_what_was_heard_is_told_no_further():
    place = Place()
    (one, own), (two, _) = await processes(place)
    two.hears["moved"] = lambda *words: two.tell("moved", *words)
    one.tell("moved", "n1")
    await turns()
    assert own == []
    assert len(place.told) == 1


async def test_what_is_told_in_one_turn_goes_together_and_the_same_once():
    place = Place()
    (one, _), (_, heard) = await processes(place)
    for number in (1, 2, 1):
        one.tell("moved", str(number))
    await turns()
    assert heard == [("1",), ("2",)]
    assert len(place.told) == 1


async def test_more_than_a_notification_carries_goes_in_several(monkeypatch):
    monkeypatch.setattr(beside, "TOLD_BYTES_MAX", 100)
    place = Place()
    (one, _), (_, heard) = await processes(place)
    for number in range(30):
        one.tell("moved", f"number-{number}")
    await turns()
    assert heard == [(f"number-{number}",) for number in range(30)]
    assert max(len(orjson.dumps(orjson.loads(text)[1])) for text in place.told) <= 102


async def test_any_thread_may_tell():
    place = Place()
    (one, _), (_, heard) = await processes(place)
    teller = threading.Thread(target=one.tell, args=("moved", "n1"))
    teller.start()
    await asyncio.to_thread(teller.join)
    await turns()
    assert heard == [("n1",)]


@pytest.mark.parametrize("fault", [StoreFailed("gone"), StoreClosed("closed")])
async def test_what_cannot_be_told_stops_nobody(fault):
    place = Place()
    (one, _), (_, heard) = await processes(place)
    place.fault = fault
    one.tell("moved", "n1")
    await turns()
    place.fault = None
    one.tell("moved", "n2")
    await turns()
    assert heard == [("n2",)]
    await one.close()


async def test_who_hears_badly_silences_nobody(caplog):
    place = Place()
    (one, _), (two, heard) = await processes(place)
    two.hears["bad"] = lambda: 1 / 0
    one.tell("bad")
    one.tell("moved", "n1")
    await turns()
    assert heard == [("n1",)]
    assert "`bad` of another process could not be taken up" in caplog.text
