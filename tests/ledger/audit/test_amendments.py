"""Amendments in the audit: of two parties and one product, one in place of one, said by both; nothing is used after."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from contracts.tariff import Tariff
from ledger.audit import amendments, lifetimes
from ledger.audit.facts import ChainFacts
from ledger.audit.report import Report
from tests.ledger.audit.shelf import AT, LATER, book, event, found, shelf
from tests.ledger.audit.world import World

PROVIDER, BUYER, OTHER = "did:web:provider", "did:web:buyer", "did:web:other"
OLD, NEW, FORK = b"\xa1" * 32, b"\xb1" * 32, b"\xc1" * 32
USE = {"permission": [{"action": "use"}]}


def deal(digest=NEW, amends=OLD, provider=PROVIDER, buyer=BUYER, product="p"):
    terms = SimpleNamespace(amends=amends, product=product, parent=b"", not_after=LATER + timedelta(days=9))
    return SimpleNamespace(digest=digest, terms=terms, provider=provider, buyer=buyer)


def signed(digest):
    return event("agreement.signed", digest.hex(), digest.hex())


def amended(new=NEW, old=OLD, **more):
    fields = {"provider": PROVIDER, "buyer": BUYER}
    return event("agreement.amended", new.hex(), new.hex(), old.hex(), **fields, **more)


def ended(digest=OLD, **more):
    return event("agreement.ended", digest.hex(), digest.hex(), **more)


def whole(**more):
    return [signed(OLD), signed(NEW), amended(**more), ended(**more)]


BOTH = (deal(OLD, b""), deal())


def checked(provider, buyer, deals=BOTH, **read):
    report = Report()
    books = shelf(book(PROVIDER, *provider), book(BUYER, *buyer, **read))
    amendments.check(books, {one.digest.hex(): one for one in deals}, report)
    return [(code, who) for code, who, _ in found(report)]


def test_an_amendment_that_both_signed_and_put_in_force_is_nobodys_fault():
    assert checked(whole(), whole()) == []
    assert checked([signed(OLD), signed(NEW)], [signed(OLD), signed(NEW)]) == [], "nobody says that it is in force"


def test_those_before_are_told_the_newest_first():
    chain = [deal(bytes([at]), bytes([at + 1])) for at in range(90)]
    known = {one.digest.hex(): one for one in chain}
    assert list(amendments.earlier(chain[0], known)) == chain[1:65], "a chain has its limit"
    assert list(amendments.earlier(deal(OLD, b""), known)) == []


@pytest.mark.parametrize(
    "changed", [{"provider": OTHER}, {"buyer": OTHER}, {"product": "q"}], ids=["provider", "buyer", "product"]
)
def test_it_is_of_the_same_two_and_the_same_product(changed):
    found = checked([signed(OLD), signed(NEW)], [], [deal(OLD, b"", **changed), deal()])
    assert found == [("amendment-differs", PROVIDER)]


def test_what_it_amends_was_signed():
    assert checked([signed(NEW)], [], [deal()]) == [("amendment-orphaned", PROVIDER)]
    assert checked([], [signed(NEW)], [deal()]) == [], "the provider's log may have both, later than it was read"
    assert checked([signed(NEW), signed(OLD)], [], [deal()]) == [], "it is found wanting by itself"


def test_of_one_agreement_there_is_one_amendment():
    deals = (deal(OLD, b""), deal(), deal(FORK))
    more = [amended(FORK)]
    assert checked(whole() + more, whole() + more, deals) == [
        ("amendment-forked", PROVIDER),
        ("amendment-forked", BUYER),
    ]
    # the two may each say another: that is a fork as well
    other = [ended(), amended(FORK), ended(NEW)]
    assert ("amendment-forked", BUYER) in checked(whole(), other, deals)


def test_what_comes_into_force_was_signed_in_place_of_that_one():
    assert checked([amended(), ended()], [], ()) == [("amendment-unfounded", PROVIDER)]
    assert checked([amended(old=FORK), ended(FORK)], [], (deal(),))[-1] == ("amendment-unfounded", PROVIDER)
    assert checked([amended(), ended()], [], (deal(provider=OTHER), deal(OLD, b"", provider=OTHER))) == [
        ("amendment-unfounded", PROVIDER)
    ]


def test_the_one_before_it_ends_with_it():
    assert checked([amended()], whole()) == [("amendment-both-stand", PROVIDER)]


def test_both_say_so():
    assert checked(whole(), [signed(OLD), signed(NEW)]) == [("amendment-unsaid", BUYER)]
    assert checked(whole(), [], newest=AT) == [], "it may say so yet"
    assert checked(whole(), [ended(NEW)]) == [], "it ended before it came into force there"


def release(at):
    row = {"agreement": OLD.hex(), "edition": "", "transfer": "t", "use": 0, "ranges": [], "amount": 0, "readerKey": ""}
    return event("keys.released", "c1", "h", "1", rows=[row], time=at)


@pytest.mark.parametrize(("after", "codes"), [(0, []), (1, ["used-after-amendment"])])
def test_nothing_is_used_under_what_the_other_party_says_is_superseded(after, codes):
    report, at = Report(), AT + amendments.LATENCY + timedelta(microseconds=after)
    books = shelf(book(PROVIDER, release(at)), book(BUYER, amended(), ended()))
    deals = {one.digest.hex(): one for one in BOTH}
    lifetimes.check(books, deals, ChainFacts(), report)
    assert [(code, who) for code, who, _ in found(report)] == [(code, PROVIDER) for code in codes]


def test_a_stranger_s_word_ends_nothing_and_forks_nothing():
    report, deals = Report(), {one.digest.hex(): one for one in BOTH}
    late = release(AT + timedelta(days=1))
    books = shelf(book(OTHER, amended(), amended(FORK)), book(PROVIDER, late), book(BUYER))
    lifetimes.check(books, deals, ChainFacts(), report)
    amendments.check(books, deals, report)
    assert {(code, who) for code, who, _ in found(report)} == {("amendment-unfounded", OTHER)}


def test_nor_in_a_log_that_says_so_itself():
    report = Report()
    books = shelf(book(PROVIDER, amended(), ended(), release(AT + timedelta(days=1))))
    lifetimes.check(books, {OLD.hex(): deal(OLD, b"")}, ChainFacts(), report)
    assert [code for code, *_ in found(report)] == ["used-after-end"]


async def test_a_whole_audit_knows_them():
    world = World()
    tariff = Tariff("byte", 7, 1000, "CNY")
    old = world.sign(3, tariff, "kept", 0, USE)["digest"]
    new = world.sign(3, tariff, "kept", 0, {"permission": [{"action": "read"}]}, amends=old)["digest"]
    before = {one.code for one in (await world.audit()).findings}
    for name in ("provider", "buyer"):
        sides = {"provider": world["provider"].did, "buyer": world["buyer"].did}
        world.record(name, "agreement.amended", new.hex(), [new.hex(), old.hex()], **sides)
        world.record(name, "agreement.ended", old.hex(), [old.hex()], reason="superseded", by=sides["provider"])
    assert {one.code for one in (await world.audit()).findings} == before
    other = world.sign(4, tariff, "kept", 0, USE, amends=old)["digest"]
    world.record("provider", "agreement.amended", other.hex(), [other.hex(), old.hex()], **sides)
    found = {one.code for one in (await world.audit()).findings} - before
    assert {"amendment-forked", "amendment-differs"} <= found
