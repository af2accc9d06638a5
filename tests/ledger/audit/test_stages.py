"""The stages of an audit: every check is asked, findings stand in one order, and work is cut for those who help."""

from __future__ import annotations

import pickle
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from contracts.tariff import Tariff
from ledger.audit import facts, figures, stages
from ledger.audit.audit import run
from ledger.audit.billing import read_orders
from ledger.audit.keys import RELEASED
from ledger.audit.report import Report
from ledger.audit.stages import SHARES, STAGES, Case, check_agreements, check_rest
from ledger.audit.workplace import ALONE_ENTRIES_MAX, Workplace
from tests.every import every
from tests.ledger.audit.diary import SUPERVISOR
from tests.ledger.audit.values import books_of
from tests.ledger.audit.world import ChainEvent, Given, World

OBLIGED = {"permission": [{"action": "use", "duty": [{"action": "delete", "penstock:mode": "post"}]}]}
BYTE = Tariff("byte", 7, 1000, "CNY")
# what the spoilt world gives to be found by each stage, some by more than one check
FOUND = {
    "keys": {"receipt-mismatch", "counterparty-differs"},
    "settlement": {"split-differs"},
    "rulings": {"division-without-ruling"},
    "prices": {"amount-differs-from-tariff", "copy-differs-from-tariff"},
    "lateness": {"entry-late"},
    "openings": {"openings-over-limit"},
    "decisions": {"decision-of-another-policy"},
    "lifetimes": {"used-after-end"},
    "sublicences": {"sublicence-orphaned"},
    "disposal": {"disposal-overdue"},
}


def spoilt():
    """Leave something to be found by every stage."""
    world = World()
    provider, buyer = world["provider"], world["buyer"]
    at = provider.find("keys.released", 2)
    late = provider.records[at].time - timedelta(minutes=2)
    provider.alter(at, amount="1", releasedAt=str(int(late.timestamp())))
    world.opening(3)
    name = world.kept["digest"].hex()
    copied = {"transfer": "07" * 32, "bytes": "9", "plainBytes": "9", "amount": "9", "rows": [[0, 1]], "metering": "x"}
    world.record("provider", "copy.served", name, ["07" * 32, "1"], **copied)
    asked = {"scope": "order", "policy": "00", "request": {"assignee": "a", "action": "use", "target": "t"}}
    asked |= {"world": {"now": "2026-03-01T12:00:00Z"}}
    world.decide("provider", world.kept, "0a" * 32, asked=asked)
    world.sign(3, BYTE, "kept", 0, {"permission": [{"action": "use"}]}, parent=b"\x0f" * 32)
    held = world.sign(4, BYTE, "kept", 0, OBLIGED)["digest"].hex()
    world.record("buyer", "replica.held", held, ["0e" * 32, held], place="here")
    world.record("buyer", "agreement.ended", held, [held], reason="over", by="us")
    world.clock += timedelta(days=2)
    world.record("buyer", "time.mark", buyer.origin, [], peers=[])
    world.chain = [event for event in world.chain if event.name != "Credited"]
    world.chain.append(ChainEvent("LicenceRevoked", {"agreementDigest": world.leased["digest"]}, 3))
    divide(world, world.channel_b)
    return world


def divide(world, channel, ruling=b"\x0d" * 32):
    fields = {"channelId": channel["id"], "toPayees": 0, "toPayer": 0, "ruling": ruling}
    world.chain.append(ChainEvent("Divided", fields, 2))


async def checked(world, place=None):
    """Verify the agreements of a world, then check the rest; return what each came to."""
    space, books = books_of(world)
    agreed, rest, place = Report(), Report(), place or Workplace()
    case = Case(space, books, facts.gather(world.chain), {}, {})
    deals = await check_agreements(case, place, agreed)
    tables = {deal["terms"].edition_id: deal["table"] for deal in (world.kept, world.leased)}
    case = replace(case, deals=deals, tables=tables)
    await check_rest(case, place, rest)
    return case, agreed, rest


async def test_an_honest_space_is_counted_by_every_stage(world):
    case, agreed, rest = await checked(world)
    assert agreed.findings == []
    assert list(case.deals) == [world.kept["digest"].hex(), world.leased["digest"].hex()]
    assert agreed.signatures_verified == 8, "of each side, in each log"
    # of the small world in values: its entries have no leaves to sign for, and its questions are not told
    assert rest.codes() == {"receipt-mismatch", "decisions-untold"}
    paid = world.channel_a["cumulative"] + world.channel_b["cumulative"]
    assert (rest.amount_agreed, rest.amount_settled, rest.openings) == (paid, paid, 2)
    moved = Report()
    for event in (event for book in case.books.values() for event in book.of(RELEASED)):
        figures.count(read_orders(event), case.deals, case.tables, moved)
    assert [rest.tallies[name]["amount"] for name in case.deals] == [one["amount"] for one in moved.tallies.values()]


async def test_every_stage_finds_what_is_its_own_and_tells_it_in_its_turn():
    _, _, rest = await checked(spoilt())
    assert set(FOUND) == set(STAGES)
    assert set().union(*FOUND.values()) <= rest.codes()
    order = [one.code for one in rest.findings]
    ends = [(min(map(order.index, FOUND[name])), max(map(order.index, FOUND[name]))) for name in STAGES]
    assert all(last < first for (_, last), (first, _) in pairwise(ends))


async def test_what_is_wrong_with_an_agreement_is_told_before_the_rest(world):
    world.chain.append(
        ChainEvent("LicenceGranted", {"agreementDigest": b"\x0e" * 32, "provider": b"", "buyer": b""}, 1)
    )
    world["buyer"].alter(0, buyerSignature="00")
    case, agreed, rest = await checked(world)
    assert [one.code for one in agreed.findings] == [
        "agreement-invalid",
        "counterparty-differs",
        "licence-without-agreement",
    ]
    assert not rest.codes() & agreed.codes()
    assert list(case.deals) == [world.kept["digest"].hex(), world.leased["digest"].hex()]


async def test_a_space_in_which_nothing_happened_has_nothing_to_be_found(world):
    world.chain.clear()
    for one in world.space.values():
        one.records[:] = [record for record in one.records if record.kind == "time.mark"]
    for diary in world.space.values():
        if not diary.records:
            world.record(diary.name, "time.mark", diary.origin, [], peers=[])
    case, agreed, rest = await checked(world)
    assert (case.deals, agreed.findings, rest.findings) == ({}, [], [])


# --- help


class Helper(Executor):
    """Does at once what it is given, as it would cross into another process and back, and remembers the shares."""

    def __init__(self):
        self.shares = []

    def submit(self, work, /, *args, **kwargs):
        self.shares += [one for one in args if isinstance(one, stages.Share)]
        done = Future()
        done.set_result(crossed(work(*crossed(args), **kwargs)))
        return done

    def sizes(self, work):
        return [len(one.names) for one in self.shares if one.work is work]


def crossed(value):
    return pickle.loads(pickle.dumps(value))


@pytest.fixture
def helped(tmp_path):
    """Audit a world with help; return the report and who helped."""

    async def audit(world, entries=ALONE_ENTRIES_MAX):
        helper = Helper()
        place = Workplace(str(tmp_path / "entries.db"), helper)
        place.expect(entries)
        return await run(Given(world), SUPERVISOR, place), helper

    return audit


async def test_help_finds_what_is_found_without(helped):
    world = spoilt()
    report, helper = await helped(world)
    assert helper.shares
    assert report.json() == (await world.audit()).json()


async def test_agreements_on_columns_and_with_facts_cross_to_those_who_help(helped, world):
    world.sign(3, BYTE, "kept", 0, OBLIGED, columns={"price": 1, "day": 2})
    world.sign(4, BYTE, "kept", 0, OBLIGED, facts={"language": "en", "dataField": ("day", "price")})
    report, _ = await helped(world)
    assert report.json() == (await world.audit()).json()


class Ended(Executor):
    """Helps a few times, and is ended by the system then."""

    def __init__(self, times):
        self.left, self.helper = times, Helper()

    def submit(self, work, /, *args, **kwargs):
        self.left -= 1
        if self.left == -2:
            raise BrokenExecutor
        if self.left >= 0:
            return self.helper.submit(work, *args, **kwargs)
        gone = Future()
        gone.set_exception(BrokenExecutor("a process was terminated abruptly"))
        return gone


@every("times", [0, 1, 3, 8])
async def test_who_helps_and_is_ended_is_done_without(times, tmp_path):
    world = spoilt()
    place = Workplace(str(tmp_path / f"{times}.db"), Ended(times))
    place.expect(ALONE_ENTRIES_MAX)
    report = await run(Given(world), SUPERVISOR, place)
    assert report.json() == (await world.audit()).json()
    assert place.hands is None


async def test_a_small_space_is_checked_without_help(helped, world):
    assert not (await helped(world, 0))[1].shares


async def test_channels_are_cut_into_runs_of_one_size(helped, world):
    for number in range(2 * SHARES - 1):
        world.open_channel(world.kept, bytes([number]) * 32)
    _, helper = await helped(world)
    sizes = helper.sizes(stages.by_channel)
    whole, left = divmod(2 * SHARES + 1, 3)
    assert sizes == [3] * whole + [left] * bool(left)
    named = [name for one in helper.shares if one.work is stages.by_channel for name in one.names]
    assert named == sorted(named)
    assert {*named} >= {world.channel_a["id"].hex(), world.channel_b["id"].hex()}


async def test_a_share_of_channels_has_what_the_chain_says_of_them_alone(helped, world):
    _, helper = await helped(world)
    for share in helper.shares:
        if share.work is stages.by_channel:
            assert [one.hex() for one in share.facts.channels] == list(share.names)


async def test_disputes_are_judged_with_the_channels_that_log_or_chain_says_were_ruled_on(helped, world):
    divide(world, world.channel_a)
    world.record("regulator", "dispute.ruled", world.channel_b["id"].hex(), ["0a" * 32], bundle="", ruling={})
    world.open_channel(world.kept, b"\xcc" * 32)
    _, helper = await helped(world)
    [share] = [one for one in helper.shares if one.work is stages._ruled]
    assert list(share.names) == [world.channel_a["id"].hex(), world.channel_b["id"].hex()]
