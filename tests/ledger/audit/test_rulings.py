"""Disputes in the audit: a ruling that was filed for, logged and executed is clean, and each lie about one is named."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts.canonical import sha
from contracts.errors import ContractError
from ledger.audit import rulings
from ledger.audit.facts import ChainFacts, ChannelFacts, Claim, Divided
from ledger.audit.keys import Ends, Window
from ledger.audit.report import Report
from ledger.dispute.ruling import Division, Ruling, divide, read_ruling, rule
from ledger.dispute.verdict import Finding, judge
from ledger.log.checkpoint import origin_id
from tests.every import every
from tests.ledger.audit.diary import Record
from tests.ledger.audit.shelf import AT, book, event, shelf
from tests.ledger.audit.world import World, errors
from tests.ledger.dispute import test_verdict as case

BUNDLE = sha("the bundle")


class Disputed(World):
    """The honest trade, but the last window of the kept edition brought a wrong key and the arbitrator undid it."""

    filed = ("buyer", "exchange")
    finding = Finding.WRONG_KEY
    faulted = True
    executed = True
    logged = True
    more = 0  # what the ruling leaves the payees of the disputed window
    paid = 0  # what the chain gave the payees besides
    ruled_by = "regulator"

    def settle(self, channel):
        if channel is not self.channel_a:
            super().settle(channel)
            return
        account, seq, part = channel["last"].hex(), str(channel["seq"]), channel["id"].hex()
        window = int(self["buyer"].records[self["buyer"].find("keys.received", channel["seq"])].fields["amount"])
        if self.faulted:
            self.record("buyer", "keys.faulted", part, [account, seq], code="key")
        for name in self.filed:
            self.record(name, "dispute.filed", part, [account], bundle=BUNDLE.hex())
        left = channel["cumulative"] - window + self.more
        division = Division(left, 10_000 - left, 0)
        ruling = Ruling(BUNDLE, channel["id"], channel["last"], self.finding, "as the bundle shows", division)
        if self.executed:
            self._divide(channel, left + self.paid, ruling)
        if self.logged:
            fields = {"bundle": BUNDLE.hex(), "ruling": ruling.json(), "tx": "00"}
            self.record(self.ruled_by, "dispute.ruled", part, [account], **fields)

    def _divide(self, channel, left, ruling):
        split = self.kept["terms"].split
        for (payee, _), share in zip(split.parts, split.shares(left), strict=True):
            self.mine("Credited", channelId=channel["id"], account=payee, amount=share)
        self.mine("Closed", channelId=channel["id"], claimed=left, returned=10_000 - left)
        parts = {"toPayees": left, "toPayer": 10_000 - left}
        self.mine("Divided", channelId=channel["id"], **parts, ruling=ruling.digest)
        self.record(
            "provider", "channel.closed", channel["id"].hex(), [channel["id"].hex()], cumulative=str(left), tx="00"
        )


def disputed(**changes):
    return type("Changed", (Disputed,), changes)()


async def test_a_ruling_that_was_filed_for_and_executed_is_clean():
    report = await disputed().audit()
    assert report.clean, [one.text() for one in report.findings]
    assert "dispute-not-ruled" not in report.codes()


LIES = {
    "dispute-suppressed": {"filed": ("buyer",)},
    "ruling-without-dispute": {"filed": ()},
    "ruling-unfounded": {"faulted": False},
    "ruling-not-executed": {"executed": False},
    "division-without-ruling": {"logged": False},
    "ruling-executed-otherwise": {"paid": 5},
    "ruling-beyond-window": {"more": 1},
    "ruling-by-another": {"ruled_by": "exchange"},
}


@every("code", LIES)
async def test_a_lie_about_a_ruling_is_named(code):
    world = disputed(**LIES[code])
    world.go_on()
    report = await world.audit()
    assert code in errors(report), [one.text() for one in report.findings]


async def test_a_fault_that_names_no_window_founds_no_ruling():
    world = disputed(faulted=False)
    world["buyer"].records.append(Record("keys.faulted", world.channel_a["id"].hex(), (), {"code": "key"}, world.clock))
    world.go_on()
    assert {"ruling-unfounded", "field-malformed"} <= errors(await world.audit())


async def test_a_filing_without_a_ruling_is_a_warning():
    report = await disputed(executed=False, logged=False).audit()
    assert "dispute-not-ruled" in report.codes() - errors(report)


async def test_a_ruling_that_cannot_be_read_is_named():
    world = disputed()
    at = world["regulator"].find("dispute.ruled")
    world["regulator"].alter(at, ruling={"v": 1})
    assert "field-malformed" in errors(await world.audit())


@pytest.mark.parametrize(("by", "wrong"), [("regulator", set()), ("exchange", {"ruling-by-another"})])
async def test_on_two_heads_of_one_log_the_supervisor_rules(world, by, wrong):
    part, link = origin_id(world["provider"].origin), [bytes(32).hex()]
    ruling = Ruling(BUNDLE, part, bytes(32), Finding.LOG_FORKED, "it signed two heads", None)
    for name in ("buyer", "exchange"):
        world.record(name, "dispute.filed", part.hex(), link, bundle=BUNDLE.hex())
    world.record(by, "dispute.ruled", part.hex(), link, bundle=BUNDLE.hex(), ruling=ruling.json())
    assert errors(await world.audit()) == wrong


# --- the ruling itself


def ruled(finding, **chain):
    bundle = case.CASES[finding]()
    return rule(bundle, judge(bundle, case.DOMAINS), **{"claimed": 0, "deposit": 1000, **chain})


@every("finding", list(case.CASES))
def test_money_moves_only_where_the_verdict_is_a_refund_or_nobody_s(finding):
    award = {"award": 100} if finding is Finding.NOT_AS_DESCRIBED else {}
    ruling = ruled(finding, **award)
    moves = {
        Finding.WRONG_KEY: Division(0, 1000, 0),
        Finding.MALFORMED_EDITION: Division(0, 1000, 0),
        Finding.NOT_AS_DESCRIBED: Division(100, 900, 0),
    }
    assert ruling.division == moves.get(finding)
    assert read_ruling(ruling.json()) == ruling
    assert ruling.dispute == sha(case.CASES[finding]().json())


@pytest.mark.parametrize(
    ("finding", "award"), [("wrong-key", 1), ("not-as-described", None), ("not-as-described", 251)]
)
def test_who_may_judge_what_is_refused(finding, award):
    with pytest.raises(ContractError):
        ruled(Finding(finding), award=award)


def test_what_was_claimed_already_is_a_shortfall_and_no_more_than_the_window():
    assert divide(70, 30, 0, 500) == Division(70, 430, 0)
    assert divide(70, 30, 40, 500) == Division(30, 430, 0)
    assert divide(70, 30, 100, 500) == Division(0, 400, 30)
    assert divide(70, 30, 400, 500) == Division(0, 100, 30)
    assert divide(700, 30, 0, 500) == Division(500, 0, 0)


@every("change", [{"v": 2}, {"finding": "fine"}, {"reason": ""}, {"division": {}}, {"atFault": "buyer"}, {"more": 1}])
def test_a_ruling_that_is_not_canonical_is_refused(change):
    with pytest.raises(ContractError):
        read_ruling({**ruled(Finding.WRONG_KEY).json(), **change})


# --- each check alone

CHANNEL, ACCOUNT, ARBITER = b"\xc1" * 32, b"\xaa" * 32, b"\7" * 20
JUDGE, PAYER, PAYEE, EXCHANGE = (f"did:web:{name}" for name in ("judge", "payer", "payee", "exchange"))
ACCOUNTS = {JUDGE: ARBITER, PAYER: b"\1" * 20, PAYEE: b"\2" * 20, EXCHANGE: b"\3" * 20}
MEMBERS = {
    did: SimpleNamespace(did=did, address=one, accounts=(one,), origin=f"{did}/log") for did, one in ACCOUNTS.items()
}
BY_ADDRESS = {one.address: one for one in MEMBERS.values()}


def alone(logs, *, facts=None, ends=(), supervisor=JUDGE, short=()):
    """Return (code, subject, facts) of what is found in logs of these events."""
    space = SimpleNamespace(members=MEMBERS, exchange=EXCHANGE, by_address=BY_ADDRESS.get)
    space.supervisor = MEMBERS.get(supervisor)
    books = shelf(*(book(did, *events, **({"newest": AT, "block": 0} if did in short else {})) for did, events in logs))
    report = Report()
    rulings.check(space, books, [one(books) for one in ends], facts or ChainFacts(), report)
    return [(one.code, one.subject) for one in report.findings]


def filing(bundle=BUNDLE):
    return event("dispute.filed", CHANNEL.hex(), ACCOUNT.hex(), bundle=bundle.hex())


def ruling_of(left=None, finding=Finding.WRONG_KEY, channel=CHANNEL, deposit=1000):
    division = None if left is None else Division(left, deposit - left, 0)
    return Ruling(BUNDLE, channel, ACCOUNT, finding, "so it is", division)


def ruled_by(ruling):
    part = ruling.channel_id.hex()
    return event("dispute.ruled", part, ACCOUNT.hex(), bundle=BUNDLE.hex(), ruling=ruling.json())


def chain_of(divided=None, to_payer=None, ruling=None, claimed=0, arbiter=ARBITER):
    """A channel of a deposit of 1000, perhaps divided."""
    opened = {"arbitrator": arbiter, "payer": ACCOUNTS[PAYER], "payee": ACCOUNTS[PAYEE]}
    claims = [Claim(claimed, b"", 3)] if claimed else []
    done = None
    if divided is not None:
        claims.append(Claim(claimed + divided, b"", 4))
        rest = 1000 - claimed - divided if to_payer is None else to_payer
        done = Divided(divided, rest, (ruling or ruling_of(divided, deposit=1000 - claimed)).digest, 5)
    return ChainFacts(channels={CHANNEL: ChannelFacts(opened, claims, deposit=1000, divided=done)})


FAULT = event("keys.faulted", CHANNEL.hex(), ACCOUNT.hex(), "1", code="key")
BOTH = (EXCHANGE, [filing()]), (PAYER, [filing(), FAULT])


def windows(released=(), received=()):
    """The ends of the channel: windows are (account hash, amount, cumulative)."""

    def made(books):
        ends = [{at: Window(None, at, *one) for at, one in enumerate(some)} for some in (released, received)]
        return Ends(CHANNEL.hex(), books.get(PAYEE), books.get(PAYER), *ends, frozenset())

    return made


def given(left, finding=Finding.WRONG_KEY, claimed=0):
    """A ruling that leaves the payees so much, and the chain that did so."""
    one = ruling_of(left, finding, deposit=1000 - claimed)
    return (*BOTH, (JUDGE, [ruled_by(one)])), chain_of(left, ruling=one, claimed=claimed)


WINDOW = (ACCOUNT.hex(), 30, 100)  # the disputed one: 70 to 100
BEFORE = ("bb" * 32, 70, 70)


@every(
    ("finding", "left", "claimed", "right"),
    [
        (Finding.WRONG_KEY, 70, 0, True),
        (Finding.WRONG_KEY, 69, 0, False),
        (Finding.WRONG_KEY, 71, 0, False),
        (Finding.WRONG_KEY, 20, 50, True),
        (Finding.NOT_AS_DESCRIBED, 70, 0, True),
        (Finding.NOT_AS_DESCRIBED, 100, 0, True),
        (Finding.NOT_AS_DESCRIBED, 69, 0, False),
        (Finding.NOT_AS_DESCRIBED, 101, 0, False),
        (Finding.NOT_AS_DESCRIBED, 50, 50, True),
        (Finding.NOT_AS_DESCRIBED, 51, 50, False),
    ],
)
@every("side", ["released", "received"])
def test_the_disputed_window_alone_moves(finding, left, claimed, right, side):
    logs, facts = given(left, finding, claimed)
    ends = windows(**{side: [BEFORE, WINDOW]})
    assert alone(logs, facts=facts, ends=[ends]) == ([] if right else [("ruling-beyond-window", JUDGE)])
    assert alone(logs, facts=facts, ends=[windows(released=[BEFORE])]) == [], "of a window that is in no log, nothing"
    assert alone(logs, facts=facts) == []


def test_a_ruling_is_executed_as_it_says():
    logs, facts = given(70)
    other = chain_of(60, ruling=ruling_of(70))
    assert alone(logs, facts=other) == [("ruling-executed-otherwise", JUDGE)]
    assert alone(logs, facts=chain_of(70, to_payer=0)) == [("ruling-executed-otherwise", JUDGE)]
    assert alone(logs, facts=chain_of()) == [("ruling-not-executed", JUDGE)]
    assert alone(logs, facts=chain_of(70, ruling=ruling_of(1))) == [
        ("ruling-not-executed", JUDGE),
        ("division-without-ruling", JUDGE),
    ]
    nothing = (*BOTH, (JUDGE, [ruled_by(ruling_of(None))]))
    assert alone(nothing, facts=chain_of()) == []
    assert alone(nothing) == [("channel-unknown", JUDGE)]
    assert alone(logs, facts=facts, ends=[windows(released=[BEFORE, WINDOW])]) == []


def test_a_refund_is_for_what_its_payer_found_faulty():
    logs, facts = given(70)
    quiet = ((EXCHANGE, [filing()]), (PAYER, [filing()]), logs[-1])
    assert alone(quiet, facts=facts, ends=[windows()]) == [("ruling-unfounded", JUDGE)]
    assert alone(quiet, facts=facts, ends=[windows()], short=[PAYER]) == []
    assert alone(logs, facts=facts, ends=[windows()]) == []
    assert alone(quiet[::2], facts=facts, ends=[windows()]) == [], "a payer without a log says nothing"
    _, facts = given(70, Finding.NOT_AS_DESCRIBED)
    award = (*quiet[:2], (JUDGE, [ruled_by(ruling_of(70, Finding.NOT_AS_DESCRIBED))]))
    assert alone(award, facts=facts, ends=[windows()]) == []


def test_a_ruling_is_about_what_a_party_filed():
    (_, judged), facts = given(70)[0][-1], given(70)[1]
    assert alone([(JUDGE, judged)], facts=facts) == [("ruling-without-dispute", JUDGE)]
    for did in (PAYER, PAYEE):
        assert alone([(JUDGE, judged), (did, [])], facts=facts, short=[did]) == [], "it may be in that log yet"
    assert alone([(JUDGE, judged), (EXCHANGE, [])], facts=facts, short=[EXCHANGE]) == [
        ("ruling-without-dispute", JUDGE)
    ]
    assert alone([(JUDGE, judged), (EXCHANGE, [])], short=[EXCHANGE]) == [("channel-unknown", JUDGE)]


def test_the_exchange_keeps_what_was_filed():
    mine = (PAYER, [filing()])
    assert alone([mine, (EXCHANGE, [])]) == [("dispute-suppressed", EXCHANGE), ("dispute-not-ruled", PAYER)]
    assert alone([mine, (EXCHANGE, [])], short=[EXCHANGE]) == [("dispute-not-ruled", PAYER)]
    assert alone([mine]) == [("dispute-not-ruled", PAYER)]
    logs, facts = given(70)
    assert alone(logs, facts=facts) == []


def test_a_division_has_its_ruling_in_the_arbitrator_s_log():
    facts = chain_of(70)
    assert alone([], facts=facts) == [("division-without-ruling", JUDGE)]
    assert alone([(JUDGE, [])], facts=facts) == [("division-without-ruling", JUDGE)]
    assert alone([(JUDGE, [])], facts=facts, short=[JUDGE]) == []
    assert alone([], facts=chain_of(70, arbiter=b"\t" * 20)) == [("division-without-ruling", "chain")]
    assert alone([], facts=chain_of()) == []


def test_who_rules_is_the_channel_s_arbitrator_or_of_a_log_the_supervisor():
    logs, _ = given(70)
    one = ruling_of(70)
    assert alone(logs, facts=chain_of(70, ruling=one, arbiter=ACCOUNTS[EXCHANGE])) == [("ruling-by-another", JUDGE)]
    forked = ruling_of(None, Finding.LOG_FORKED, origin_id(MEMBERS[PAYEE].origin))
    logs = (*BOTH, (JUDGE, [ruled_by(forked)]))
    assert alone(logs) == []
    assert alone(logs, supervisor=EXCHANGE) == [("ruling-by-another", JUDGE)]
    assert alone(logs, supervisor=None) == [("ruling-by-another", JUDGE)]


@pytest.mark.parametrize("wrong", ["bundle", "part"])
def test_an_entry_is_about_its_own_ruling(wrong):
    one = ruled_by(ruling_of(None))
    if wrong == "bundle":
        one.fields["bundle"] = "00" * 32
    else:
        one.part = "c2" * 32
    names = alone([*BOTH, (JUDGE, [one])], facts=chain_of())
    assert ("field-malformed", JUDGE) in names
