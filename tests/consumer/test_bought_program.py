"""A program that was bought: what is run is what was signed, opened once for a run, and written nowhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connector.compute.program import PROGRAM_BYTES_MAX, Named, digest_of
from connector.consumer import steps
from connector.consumer.bought_program import HELD_MAX, BoughtProgram, BoughtPrograms, run_of
from connector.consumer.held import Held
from connector.runtime.errors import Absent, InvalidInput, PeerMisbehaved
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.rows.use import ReadRow, ReadState
from contracts.application import Application
from policy.purposes import BASE
from tests.every import every

NOW = datetime(2026, 11, 30, tzinfo=UTC)
CODE = b"(module)"
SOLD = Application(digest_of(CODE), ("age",), (("mean", 0.0, 9.0),), (("factor", 0.0, 2.0),))
GOT = replace(
    steps.wanted("got", "app", {"purpose": BASE + "Research"}, NOW), state=State.COMPLETE, agreement="ab" * 32
)


class Opens:
    """Openings that give some bytes; `opened` are the ids by which it was asked."""

    def __init__(self, store, content=CODE):
        self.store, self.content, self.opened = store, content, []

    async def got(self, named):
        raise AssertionError(named)

    async def hold(self, key, got, purpose, _said, into):
        self.opened.append(key)
        await asyncio.sleep(0)
        into.content = self.content
        row = ReadRow(
            id=key, acquisition=got.id, agreement=got.agreement, purpose=purpose, state=ReadState.DONE,
            result={"number": len(self.opened), "charged": 7}, created=NOW,
        )  # fmt: skip
        await self.store.write(lambda tx: tx.put(row))


def programs(store, content=CODE):
    opens = Opens(store, content)
    return BoughtPrograms(SimpleNamespace(store=store), opens), opens


def bought(sold=SOLD, got=GOT):
    return BoughtProgram(got, SimpleNamespace(digest="ab" * 32), sold)


async def test_it_is_opened_once_for_a_run_until_that_is_answered(store):
    made, opens = programs(store)
    run = run_of("cd" * 32, "one")
    for _ in range(3):
        assert await made.opened(bought(), run, None, None) == CODE
    assert opens.opened == [f"run-{run}"]
    use = {"agreement": "ab" * 32, "opening": 1, "charged": "7"}
    assert await made.used(bought(), run) == await made.used(bought(), run) == use
    # after that, or a restart, it is opened anew, as another use
    await made.opened(bought(), run, None, None)
    assert opens.opened == [f"run-{run}", f"run-{run}/2"]
    assert (await made.used(bought(), run))["opening"] == 2


async def test_a_run_that_is_asked_twice_at_once_opens_it_once(store):
    made, opens = programs(store)
    assert await asyncio.gather(*(made.opened(bought(), "one", None, None) for _ in range(3))) == [CODE] * 3
    assert opens.opened == ["run-one"]


async def test_what_is_not_what_was_signed_is_not_run(store):
    made, _ = programs(store, b"(module (memory 1))")
    with pytest.raises(PeerMisbehaved, match="its provider sold"):
        await made.opened(bought(), "a-one", None, None)
    with pytest.raises(PeerMisbehaved):  # and is not held for the next time
        await made.opened(bought(), "a-one", None, None)


async def test_what_began_goes_on_and_what_was_denied_is_asked_anew(store):
    made, opens = programs(store)
    row = ReadRow(
        id="run-x",
        acquisition="got",
        agreement="ab" * 32,
        purpose=BASE + "Research",
        state=ReadState.ASKED,
        created=NOW,
    )
    await store.write(lambda tx: tx.insert(row))
    await made.opened(bought(), "x", None, None)
    await store.write(lambda tx: tx.insert(replace(row, id="run-y", state=ReadState.DENIED)))
    await made.opened(bought(), "y", None, None)
    await store.write(lambda tx: tx.insert(replace(row, id="run-z", purpose=BASE + "Teaching")))
    await made.opened(bought(), "z", None, None)
    assert opens.opened == ["run-x", "run-y/2", "run-z/2"]


async def test_so_many_are_held_at_the_most(store):
    made, opens = programs(store)
    for at in range(HELD_MAX + 1):
        await made.opened(bought(), f"{at}", None, None)
    await made.opened(bought(), f"{HELD_MAX}", None, None)
    assert len(opens.opened) == HELD_MAX + 1
    await made.opened(bought(), "0", None, None)
    assert len(opens.opened) == HELD_MAX + 2


@every(
    ("tells", "parameters", "text"),
    [
        (("mean",), (1.0,), "what its developer says"),
        ((), (), "it takes 1 parameters: factor"),
        ((), (3.0,), "`factor` is between"),
    ],
)
def test_it_is_run_as_its_developer_says(tells, parameters, text):
    with pytest.raises(InvalidInput, match=text):
        bought().named(("select age from t", tells, parameters, 100))


def test_its_words_are_those_of_the_program_itself():
    named = bought().named(("select age from t", (), (1.0,), 100))
    assert isinstance(named, Named)
    assert named.words() == named.with_code(CODE).words()
    assert named.digest == named.with_code(CODE).digest


def test_it_is_opened_for_what_it_was_bought_or_what_is_said():
    assert bought().purpose(None) == BASE + "Research"
    assert bought().purpose("Teaching") == BASE + "Teaching"
    with pytest.raises(InvalidInput, match="for a purpose"):
        bought(got=replace(GOT, mandate={})).purpose(None)


def test_it_is_given_as_many_columns_as_it_needs():
    with pytest.raises(InvalidInput, match="needs 1 columns, and the statement gives 2") as refusal:
        bought().named(("select age, revenue from t", (), (1.0,), 100))
    assert "in this order: age" in str(refusal.value.hint)


async def test_what_was_not_bought_is_absent(store):
    made, _ = programs(store)
    with pytest.raises(Absent, match="was not bought"):
        await made.one("anything")


@every("sizes", [(), (1, 1), (0,), (PROGRAM_BYTES_MAX + 1,)])
def test_what_is_held_is_one_small_file(sizes):
    files = [SimpleNamespace(name=f"f{at}", size=size) for at, size in enumerate(sizes)]
    held = Held(PROGRAM_BYTES_MAX)
    with pytest.raises(PeerMisbehaved):
        held.take(SimpleNamespace(files=lambda: files), 1)
    assert held.content == b""
