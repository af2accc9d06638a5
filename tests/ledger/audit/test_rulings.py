"""Disputes in the audit: a ruling that was filed for, logged and executed is clean, and each lie about one is named."""

from __future__ import annotations

import pytest

from contracts.canonical import sha
from contracts.errors import ContractError
from ledger.checkpoint import origin_id
from ledger.dispute import Finding, judge
from ledger.ruling import Division, Ruling, divide, read_ruling, rule
from tests.ledger import test_dispute as case
from tests.ledger.audit.world import World, errors

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


@pytest.mark.parametrize("code", LIES)
async def test_a_lie_about_a_ruling_is_named(code):
    report = await disputed(**LIES[code]).audit()
    assert code in errors(report), [one.text() for one in report.findings]


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


@pytest.mark.parametrize("finding", list(case.CASES))
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


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"finding": "fine"}, {"reason": ""}, {"division": {}}, {"atFault": "buyer"}, {"more": 1}]
)
def test_a_ruling_that_is_not_canonical_is_refused(change):
    with pytest.raises(ContractError):
        read_ruling({**ruled(Finding.WRONG_KEY).json(), **change})
