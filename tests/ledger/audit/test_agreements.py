"""What both sides signed: each log's own copy verified, both compared, and the licence on chain held against them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.canonical import sha
from ledger.audit import agreements, facts
from ledger.audit.agreements import DECIDED, ENDED, SIGNED
from ledger.audit.docket import Docket
from ledger.audit.report import Report
from ledger.audit.sums import Sums
from policy.parse import parse
from tests.ledger.audit.values import books_of, codes
from tests.ledger.audit.world import POLICY, World

OTHER = {
    "provider": b"\x01" * 20, "buyer": b"\x01" * 20, "product": b"\x01" * 32, "editionId": b"\x01" * 32,
    "termsDigest": b"\x01" * 32, "token": b"\x01" * 20, "priceCap": 1, "notAfter": 1, "splitHash": b"\x01" * 32,
}  # fmt: skip


class Signed:
    """The small world with its two agreements, hours after they were signed; altered before it is checked."""

    def __init__(self):
        self.world = World()
        self.world.go_on()
        self.kept, self.leased = (deal["digest"].hex() for deal in (self.world.kept, self.world.leased))
        self.provider, self.buyer = self.world["provider"], self.world["buyer"]
        self.unread, self.strangers, self.untold = (), (), set()
        self.until, self.unlicensed = timedelta(hours=2), False

    def at(self, name, part=None):
        return next(at for at, one in enumerate(self.world[name].records) if one.part == (part or self.kept))

    def alter(self, name, **changes):
        record = self.world[name].records[self.at(name)]
        self.world[name].records[self.at(name)] = replace(record, fields={**record.fields, **changes})

    def lose(self, name):
        del self.world[name].records[self.at(name)]

    def undecided(self):
        for diary in self.world.space.values():
            diary.records = [one for one in diary.records if one.kind != DECIDED]

    def chain(self):
        found = facts.gather(self.world.chain)
        signed = self.world["provider"].records[0].time
        found.until = None if self.until is None else signed + self.until
        return replace(found, licences={}) if self.unlicensed else found

    def read(self):
        space, books = books_of(self.world, unread=self.unread)
        known = {did: one for did, one in space.members.items() if one.role not in self.strangers}
        for name, did in [(name, self.world[name].did) for name in self.untold]:
            told, at = books[did].entries, self.at(name)
            told._open.execute("update entries set fields = x'' where idx = ?", (at,))
        return replace(space, members=known), books

    def check(self, *parts):
        report = Report()
        space, books = self.read()
        return agreements.check(space, books, self.chain(), parts or [self.kept], report), report


@pytest.fixture
def signed():
    return Signed()


def test_every_agreement_that_any_log_records_is_named_once(signed):
    assert agreements.signed(signed.read()[1]) == [signed.kept, signed.leased]
    signed.lose("provider")
    assert agreements.signed(signed.read()[1]) == [signed.leased, signed.kept]


def test_what_both_signed_is_a_deal_and_each_signature_in_each_log_is_counted(signed):
    deals, report = signed.check(signed.kept, signed.leased)
    assert (list(deals), report.findings) == ([signed.kept, signed.leased], [])
    assert report.signatures_verified == 2 * 2 * 2
    deal = deals[signed.kept]
    assert deal.digest.hex() == signed.kept
    assert deal.terms == signed.world.kept["terms"]
    assert (deal.provider, deal.buyer) == (signed.provider.did, signed.buyer.did)
    assert (deal.agreement.provider, deal.agreement.buyer) == (signed.provider.account, signed.buyer.account)
    assert deal.agreement.price_cap == 1500
    assert agreements.policy_of(deal) == parse(POLICY)
    sums = Sums()
    sums.say(deals.values())
    assert sums.payees == {signed.provider.account, signed.world["exchange"].account}


def test_what_nobody_signed_is_unsigned_and_what_one_signed_is_invalid(signed):
    signed.alter("buyer", providerSignature="", buyerSignature="")
    deals, report = signed.check()
    assert ("agreement-unsigned", signed.buyer.did) in codes(report)
    assert list(deals) == [signed.kept], "the other log's copy is good"
    for name in ("providerSignature", "buyerSignature"):
        one = Signed()
        one.alter("buyer", **{name: ""})
        found = codes(one.check()[1])
        assert ("agreement-invalid", one.buyer.did) in found
        assert ("agreement-unsigned", one.buyer.did) not in found


def test_what_was_not_disclosed_is_neither_verified_nor_compared(signed):
    signed.untold = {"provider"}
    deals, report = signed.check()
    assert (list(deals), report.findings, report.signatures_verified) == ([signed.kept], [], 2)
    signed.untold = {"buyer"}
    deals, report = signed.check()
    assert (list(deals), report.findings, report.signatures_verified) == ([signed.kept], [], 2)
    signed.untold = {"provider", "buyer"}
    deals, report = signed.check()
    assert (deals, report.findings, report.signatures_verified) == ({}, [], 0)


def test_what_is_filed_under_another_digest_is_invalid(signed):
    for name in ("provider", "buyer"):
        at = signed.at(name)
        signed.world[name].records[at] = replace(signed.world[name].records[at], part="5e" * 32)
    deals, report = signed.check("5e" * 32)
    assert (deals, report.signatures_verified) == ({}, 0)
    assert codes(report) == [("agreement-invalid", signed.provider.did), ("agreement-invalid", signed.buyer.did)]
    assert {one.facts["reason"] for one in report.findings} == {"it is filed under another digest"}


@pytest.mark.parametrize("stranger", ["provider", "buyer"])
def test_an_agreement_with_somebody_outside_the_space_is_none_of_it(signed, stranger):
    signed.strangers = (stranger,)
    deals, report = signed.check()
    assert deals == {}
    assert {one.code for one in report.findings} == {"agreement-of-strangers"}


@pytest.mark.parametrize("name", ["provider", "buyer"])
def test_an_agreement_is_missing_from_a_log_that_was_read_beyond_it(signed, name):
    signed.lose(name)
    deals, report = signed.check()
    assert (list(deals), codes(report)) == ([signed.kept], [("agreement-missing", signed.world[name].did)])
    signed.unread = (name,)
    assert signed.check()[1].findings == [], "nobody knows what it holds"


def test_what_ended_before_anything_came_of_it_the_other_side_may_never_have_had(signed):
    """A provider was restored to before it signed: its buyer signed, was refused, and ended what it had."""
    ended = replace(signed.buyer.records[signed.at("buyer")], kind=ENDED, fields={"reason": "refused", "by": "x"})
    signed.lose("provider")
    signed.undecided()
    signed.unlicensed = True
    missing = {("agreement-missing", signed.provider.did), ("licence-missing", signed.provider.did)}
    assert set(codes(signed.check()[1])) == missing
    signed.buyer.records.insert(signed.at("buyer") + 1, ended)
    assert signed.check()[1].findings == []
    signed.unlicensed = False
    assert codes(signed.check()[1]) == [("agreement-missing", signed.provider.did)], "who was licensed had it"
    decided = replace(ended, kind=DECIDED)
    signed.unlicensed = True
    signed.buyer.records.append(decided)
    assert set(codes(signed.check()[1])) == missing


def test_a_log_that_was_not_read_so_far_may_hold_it(signed):
    signed.lose("buyer")
    signed.buyer.records.pop()
    deals, report = signed.check()
    assert (list(deals), report.findings) == ([signed.kept], [])
    assert report.stale == {signed.buyer.did: 1}


def test_every_copy_is_compared_with_the_other_sides(signed):
    before = signed.provider.records[signed.at("provider")].fields
    changed = {**before["terms"], "title": "another"}
    signed.alter("buyer", terms=changed)
    deals, report = signed.check()
    assert list(deals) == [signed.kept]
    assert codes(report) == [("agreement-invalid", signed.buyer.did), ("counterparty-differs", signed.buyer.did)]
    told = report.findings[1].facts
    assert told["field"] == "terms"
    assert (told["mine"], told["theirs"]) == (sha(changed).hex()[:16], sha(before["terms"]).hex()[:16])
    assert told["other"] == f"{SIGNED} at index {signed.at('provider')} of {signed.provider.did}"


def test_what_cannot_be_hashed_differs_too(signed):
    signed.alter("buyer", buyerSignature=1 << 60)
    found = signed.check()[1]
    told = next(one for one in found.findings if one.code == "counterparty-differs").facts
    assert (told["field"], told["mine"]) == ("buyerSignature", "")


def without(signed, name):
    signed.world.chain = [one for one in signed.world.chain if one.name != name]


def test_an_edition_that_the_chain_does_not_know_is_its_providers(signed):
    without(signed, "EditionRegistered")
    assert codes(signed.check()[1]) == [("edition-unregistered", signed.provider.did)]


def test_a_licence_is_missing_once_something_was_decided_under_the_agreement(signed):
    without(signed, "LicenceGranted")
    signed.until = timedelta(0)
    assert codes(signed.check()[1]) == [("licence-missing", signed.provider.did)]


@pytest.mark.parametrize(
    ("until", "missing"),
    [(None, False), (timedelta(hours=1), False), (timedelta(hours=1, seconds=1), True)],
)
def test_a_licence_may_be_on_its_way_until_it_is_due(signed, until, missing):
    without(signed, "LicenceGranted")
    signed.undecided()
    signed.until = until
    report = signed.check()[1]
    assert codes(report) == ([("licence-missing", signed.provider.did)] if missing else [])
    assert report.stale == ({} if missing else {"chain": 1})


@pytest.mark.parametrize("field", OTHER)
def test_a_licence_says_what_was_signed(signed, field):
    for one in signed.world.chain:
        if one.name == "LicenceGranted":
            one.fields[field] = OTHER[field]
    report = signed.check()[1]
    assert codes(report) == [("licence-differs", signed.provider.did)]
    assert report.findings[0].facts["field"] == field


def licences(signed, known, parts=None, **at):
    """Check the licences; `at` says up to which block a member's log cites the chain, `parts` what is to be judged."""
    report = Report()
    space, books = signed.read()
    for name, block in at.items():
        books[signed.world[name].did] = replace(books[signed.world[name].did], block=block)
    agreements.check_licences(space, books, signed.chain(), known, Docket(parts), report)
    return report


def test_every_licence_is_of_an_agreement_that_some_log_records(signed):
    assert licences(signed, [signed.kept, signed.leased]).findings == []
    report = licences(signed, [signed.kept])
    assert codes(report) == [("licence-without-agreement", "chain")]
    assert licences(signed, [], frozenset()).findings == [], "those of before are not judged again"
    assert report.findings[0].facts["agreement"] == signed.leased
    signed.strangers = ("buyer", "provider")
    assert codes(licences(signed, [signed.kept])) == [("licence-without-agreement", "chain")]
    signed.strangers, signed.unread = (), ("buyer",)
    assert codes(licences(signed, [signed.kept])) == [("licence-without-agreement", "chain")]


@pytest.mark.parametrize("name", ["provider", "buyer"])
def test_a_log_that_was_not_read_up_to_the_licence_may_record_it(signed, name):
    granted = next(one.block for one in signed.world.chain[::-1] if one.name == "LicenceGranted")
    assert codes(licences(signed, [signed.kept], **{name: granted}))
    report = licences(signed, [signed.kept], **{name: granted - 1})
    assert (report.findings, report.stale) == ([], {signed.world[name].did: 1})
