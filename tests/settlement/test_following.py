"""A channel's row as the chain has it: what brings money waits for its confirmations, what takes it does not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.settlement.following import BLOCKS_AGAIN, Following, as_known
from connector.store.rows.channel import ChannelRow, ChannelState, Side
from contracts.split import Split
from ledger.chain.errors import ChainUnreachable
from ledger.chain.several import SETTLED_BLOCKS
from ledger.edition import mask
from tests.core import core
from tests.every import every

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROW = ChannelRow(
    id="c1" * 32, role=Side.PAYEE, peer="", agreement="", payer=bytes(20), payee=bytes(20), signer=bytes(20),
    token=bytes(20), split=Split(((bytes(20), 10_000),)), arbitrator=bytes(20),
    salt=b"", seq=0, account_hash=b"", created=AT,
    state=ChannelState.OPEN, deposit=100, expiry=AT, frozen_for=0, cumulative=90, claimed=0, claimed_lock=None,
)  # fmt: skip


def channel(**changes):
    usual = {"deposit": 100, "claimed": 0, "expiry": AT, "frozen_until": None, "frozen_for": 0, "closed": False}
    return SimpleNamespace(**{**usual, **changes})


@pytest.mark.parametrize("pair", [(None, channel()), (channel(), None), (None, None)])
def test_a_channel_that_a_reorganisation_took_holds_nothing(pair):
    assert as_known(ROW, *pair, AT) == {"deposit": 0, "claimed": 0}


def test_the_lesser_of_now_and_confirmed_counts_but_all_that_is_claimed():
    later = AT + timedelta(days=1)
    more, less = channel(deposit=200, expiry=later, claimed=9), channel(claimed=5)
    for newest, final, claimed in ((more, less, 9), (less, more, 5)):
        known = as_known(ROW, newest, final, AT)
        assert (known["deposit"], known["expiry"], known["claimed"]) == (100, AT, claimed)


@every(
    ("state", "until", "known", "given_back"),
    [
        ("open", None, "open", 3),
        ("frozen", None, "open", 3),
        ("open", 1, "frozen", 3),
        ("frozen", 0, "open", 7),  # over in its last second
        ("open", -1, "open", 7),
        ("stopped", 1, "stopped", 3),
        ("closing", 1, "closing", 3),
        ("stopped", -1, "stopped", 7),
    ],
)
def test_a_freeze_holds_what_moves_and_gives_time_back_when_it_is_over(state, until, known, given_back):
    frozen_until = None if until is None else AT + timedelta(seconds=until)
    newest = channel(frozen_until=frozen_until, frozen_for=7)
    found = as_known(replace(ROW, state=state, frozen_for=3), newest, newest, AT)
    assert (found["state"], found["frozen_for"]) == (known, given_back)


def hash_of(number):
    return bytes([number % 256])


@dataclass
class World:
    """A chain, a store of one row, and what was asked of both."""

    rows: list = field(default_factory=lambda: [ROW])
    found: dict = field(default_factory=dict)  # block, None for the newest → the channel there
    touched: tuple = ()
    confirmations: int = 0
    asked: list = field(default_factory=list)
    away: bool = False
    facts: dict = field(default_factory=dict)
    hashes: dict = field(default_factory=dict)  # block → its hash, where it is not `hash_of`
    last: int | None = None  # the newest block with a transaction of ours

    @property
    def chain(self):
        return self

    async def block(self, number):
        self.asked.append(("block", number))
        return SimpleNamespace(number=number, hash=self.hashes.get(number, hash_of(number)))

    async def read(self, look):
        return look(SimpleNamespace(find=lambda *_: list(self.rows), get=lambda _row, name: self.facts.get(name)))

    async def write(self, work):
        def update(_table, _key, **known):
            self.rows[0] = replace(self.rows[0], **known)

        work(SimpleNamespace(update=update, put=self._put, delete=self._delete))

    def _put(self, row):
        self.facts[row.name] = row

    def _delete(self, _row, name):
        self.facts.pop(name, None)

    async def again(self, block):
        self.asked.append(("again", block))

    async def last_mined(self):
        return self.last

    async def events(self, _program, name, first=None, last=None, channelId=b""):  # noqa: N803 - a field on chain
        if name == "Claimed":
            assert channelId.hex() == ROW.id
            return [SimpleNamespace(fields={"preimage": told}) for told in (b"1" * 32, b"2" * 32, bytes(32))]
        self.asked.append(("events", first, last))
        return [SimpleNamespace(fields={"channelId": bytes.fromhex(one)}) for one in self.touched] + [
            SimpleNamespace(fields={})
        ]

    async def channel(self, _channel, at=None):
        if self.away:
            raise ChainUnreachable("gone")
        self.asked.append(("channel", at))
        return self.found.get(at, self.found.get(None))

    async def note_closed(self, row):
        self.asked.append(("closed", row.id))

    def seen(self, following, number, past=0, name=b""):
        asyncio.run(following.seen(SimpleNamespace(number=number, hash=name or hash_of(number), at=AT), past))
        said, self.asked = self.asked, []
        return said


def followed(**about):
    world = World(**about)
    chain = SimpleNamespace(confirmations=world.confirmations)
    ground = core(store=world, settings=SimpleNamespace(chain=chain))
    return world, Following(ground, world, world, world)


def test_the_first_block_looks_at_all_and_a_block_seen_before_at_nothing():
    world, following = followed(found={None: channel(deposit=150)})
    assert world.seen(following, 50) == [("again", 50 - SETTLED_BLOCKS), ("channel", None)]
    assert world.rows[0].deposit == 150
    assert world.seen(following, 50) == []
    assert world.seen(following, 51) == [("events", 51, 51)]


def again(world):
    """Follow the same world in a process that was started anew."""
    chain = SimpleNamespace(confirmations=world.confirmations)
    return Following(core(store=world, settings=SimpleNamespace(chain=chain)), world, world, world)


@every("last, first", [(None, 50), (20, 20), (50, 50), (60, 50)])
def test_a_start_looks_back_to_the_last_of_ours_however_long_nobody_was_here(last, first):
    """What was mined just before it ended may have been taken back long before it begins again."""
    world = World(last=last)
    assert world.seen(again(world), 50)[0] == ("again", first - SETTLED_BLOCKS)


@every("confirmations", [0, 3])
def test_a_start_reads_what_has_happened_since_the_block_that_was_kept(confirmations):
    world, following = followed(found={None: channel()}, confirmations=confirmations)
    for number in range(50, 60):
        world.seen(following, number)
    first, stand = 51 - confirmations, [("block", 50)] * 2
    assert world.seen(again(world), 70) == [("again", 70 - SETTLED_BLOCKS), *stand, ("events", first, 70)]


def test_a_start_asks_for_all_where_the_kept_block_stands_no_more():
    world, following = followed(found={None: channel()})
    world.seen(following, 50)
    world.hashes[50] = b"another"
    assert world.seen(again(world), 70)[1:] == [("block", 50), ("channel", None)]
    assert marks(world) == (70, 70)


def test_a_start_asks_for_all_where_what_a_row_took_over_was_taken_back():
    world, following = followed(found={None: channel()})
    world.seen(following, 50)
    world.touched, world.found = (ROW.id,), {None: channel(deposit=200)}
    world.seen(following, 60)
    assert (marks(world), world.rows[0].deposit) == ((50, 60), 200)
    # while we were away the chain took block 60 and its deposit back: there is no event of that
    world.hashes[60], world.touched, world.found = b"another", (), {None: channel()}
    assert ("channel", None) in world.seen(again(world), 70)
    assert world.rows[0].deposit == 100


@every("first", [True, False])
def test_what_was_cut_off_is_read_again(first):
    world, following = followed(found={None: channel()})
    if not first:
        world.seen(following, 40)
    world.away, world.touched = True, (ROW.id,)
    world.seen(following, 50)
    world.away = False
    assert ("channel", None) in world.seen(again(world), 70)


def test_how_far_was_followed_is_kept_now_and_then():
    world, following = followed(found={None: channel()})
    kept = set()
    for number in range(51, 300):
        world.seen(following, number)
        kept.add(marks(world))
    assert kept == {(51, 51), (151, 151), (251, 251)}


def marks(world):
    """Return up to which block events are read, and from which rows have taken something over."""
    told = world.facts["channels-followed"].value
    return int(told["read"]["block"]), int(told["taken"]["block"])


def test_only_what_was_touched_or_is_frozen_is_looked_at_later():
    world, following = followed(found={None: channel()})
    world.seen(following, 50)
    world.touched = (ROW.id,)
    assert world.seen(following, 51) == [("events", 51, 51), ("channel", None)]
    world.touched = ("c2" * 32,)
    assert world.seen(following, 52) == [("events", 52, 52)]
    world.rows[0] = replace(world.rows[0], state="frozen")
    assert world.seen(following, 53) == [("events", 53, 53), ("channel", None)]
    assert world.rows[0].state == "open"


def test_another_past_looks_at_all_again_and_sends_again_what_it_took():
    world, following = followed(found={None: channel()})
    world.seen(following, 5000)
    assert world.seen(following, 5001, past=1) == [("again", 4001), ("channel", None)]
    assert world.seen(following, 5002, past=1) == [("events", 5002, 5002)]


def test_a_deposit_counts_where_it_is_confirmed_and_events_are_read_from_there():
    world, following = followed(found={None: channel(deposit=300), 48: channel(deposit=200)}, confirmations=2)
    assert world.seen(following, 50)[1:] == [("channel", None), ("channel", 48)]
    assert world.rows[0].deposit == 200
    assert world.seen(following, 51) == [("again", 51), ("events", 49, 51)]
    young, early = followed(found={None: channel(), 0: channel(deposit=1)}, confirmations=9)
    assert young.seen(early, 3)[1:3] == [("channel", None), ("channel", 0)]
    assert young.rows[0].deposit == 1
    assert young.seen(early, 4)[1] == ("events", 0, 4)


def test_what_was_mined_since_the_last_look_and_taken_back_is_sent_again():
    world, following = followed(rows=[], confirmations=2)
    world.seen(following, 50)
    # the block that was seen stands, so nothing else tells of it
    assert world.seen(following, 60) == [("again", 51)]
    assert world.seen(following, 61) == [("again", 61)]


def test_where_no_channel_is_open_no_events_are_read():
    world, following = followed(rows=[])
    assert world.seen(following, 50) == [("again", 50 - SETTLED_BLOCKS)]
    assert world.seen(following, 51) == []


def test_a_channel_that_is_not_on_the_chain_any_more_holds_nothing():
    world, following = followed(confirmations=2)
    assert world.seen(following, 50)[1:] == [("channel", None), ("channel", 48), ("again", 50 - BLOCKS_AGAIN)]
    assert world.rows[0].deposit == 0


def test_an_unreachable_chain_is_asked_for_the_same_block_again():
    world, following = followed(found={None: channel()}, away=True)
    world.seen(following, 50)
    world.away = False
    assert ("channel", None) in world.seen(following, 50)


@pytest.mark.parametrize(("now", "lost"), [({"claimed": 4}, True), ({"deposit": 99}, True), ({"claimed": 6}, False)])
def test_what_the_chain_took_back_is_sent_again(now, lost):
    world, following = followed(found={None: channel(**{"claimed": 5, **now})})
    world.rows[0] = replace(world.rows[0], claimed=5)
    assert (("again", 50 - BLOCKS_AGAIN) in world.seen(following, 50)) is lost


def test_a_closed_channel_is_noted_as_that_and_not_followed():
    world, following = followed(found={None: channel(closed=True, deposit=1)})
    assert ("closed", ROW.id) in world.seen(following, 50)
    assert world.rows[0].deposit == 100


@every(
    ("about", "claimed", "known"),
    [
        ({}, 91, mask.lock(b"2" * 32)),
        ({}, 90, None),
        ({"role": "payer"}, 91, None),
        ({"claimed": 91, "claimed_lock": b"before"}, 91, b"before"),
        ({"claimed": 91, "claimed_lock": b"before"}, 92, mask.lock(b"2" * 32)),
        ({"claimed": 91}, 91, mask.lock(b"2" * 32)),
    ],
)
def test_a_payee_that_was_paid_for_more_than_it_knows_asks_what_for(about, claimed, known):
    world, following = followed(found={None: channel(claimed=claimed)})
    world.rows[0] = replace(world.rows[0], **about)
    world.seen(following, 20)
    assert world.rows[0].claimed_lock == known
