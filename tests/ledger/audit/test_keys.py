"""The two logs of a channel, window by window: what each has, what each lacks, and what binds the figures."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from contracts.typed_data import Batch, Domain, Order, Range, Receipt, Voucher, digest, struct_hash
from ledger.audit import keys
from ledger.audit.docket import Docket
from ledger.audit.facts import ChainFacts, ChannelFacts, Claim
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import AT, book, event, found, shelf

HOLDER, PAYER, THIRD = "did:web:holder", "did:web:payer", "did:web:third"
CHANNEL, ACCOUNT = "c1" * 32, "aa" * 32
DOMAIN = Domain(7, b"\x11" * 20, b"\x22" * 32)
ACCOUNTS = {b"\1" * 20: HOLDER, b"\2" * 20: PAYER}
SPACE = SimpleNamespace(
    domains=SimpleNamespace(channels=DOMAIN, registry=DOMAIN),
    by_address=lambda account: SimpleNamespace(did=ACCOUNTS[account]) if account in ACCOUNTS else None,
)


def window(kind, seq, amount, cumulative, account=ACCOUNT, **more):
    """An event without orders: its account hash is not made again."""
    fields = {"amount": str(amount), "cumulative": str(cumulative), "voucherDigest": "v", **more}
    return event(kind, CHANNEL, account, str(seq), **fields)


def released(seq=1, amount=5, cumulative=5, **more):
    return window(keys.RELEASED, seq, amount, cumulative, **more)


def received(seq=1, amount=5, cumulative=5, **more):
    return window(keys.RECEIVED, seq, amount, cumulative, **more)


def chain(*accounts, payee=b"\1" * 20, payer=b"\2" * 20):
    claims = [Claim(5, bytes.fromhex(account), 3) for account in accounts]
    return ChainFacts(channels={bytes.fromhex(CHANNEL): ChannelFacts({"payee": payee, "payer": payer}, claims)})


def checked(holder=(), payer=(), facts=None, report=None, short=(), **read):
    """Return the ends and what was found besides that the orders cannot be read: the events have none."""
    report = report or Report()
    logs = [book(did, *events, **(read if did in short else {})) for did, events in ((HOLDER, holder), (PAYER, payer))]
    ends = keys.check(SPACE, shelf(*logs), facts or chain(), CHANNEL, report)
    return ends, [one for one in found(report) if one[0] != "field-malformed"]


def test_what_both_logs_have_alike_is_fine():
    ends, names = checked([released(), released(2, 4, 9)], [received(), received(2, 4, 9)])
    assert names == []
    assert (ends.channel, ends.holder.party.did, ends.payer.party.did) == (CHANNEL, HOLDER, PAYER)
    assert [(one.seq, one.account_hash, one.amount, one.cumulative) for one in ends.released.values()] == [
        (1, ACCOUNT, 5, 5),
        (2, ACCOUNT, 4, 9),
    ]
    assert ends.received.keys() == {1, 2}


def test_every_channel_of_log_or_chain_is_looked_at():
    logs = shelf(book(HOLDER, event(keys.RELEASED, "b2")), book(PAYER, event(keys.RECEIVED, "a1"), event("x", "d4")))
    assert keys.channels(logs, chain(), Docket()) == ["a1", "b2", CHANNEL]
    assert keys.channels(logs, chain(), Docket(frozenset({"d4"}))) == ["a1", "b2"]


def test_a_seq_comes_once_and_in_order():
    assert checked([released(), released()], [received()])[1] == [("release-repeated", HOLDER, 1)]
    both = [received(), received(2, 4, 9), received(3, 1, 10)]
    _, names = checked([released(2, 4, 9), released(), released(3, 1, 10)], both)
    assert names == [("release-out-of-order", HOLDER, 1)]
    ends, _ = checked([released(), released(1, 7, 7)])
    assert ends.released[1].amount == 5, "the first one counts"


@pytest.mark.parametrize("kind", [released, received])
def test_amounts_add_up_within_one_log(kind):
    whose = {"holder" if kind is released else "payer": [kind(), kind(2, 4, 8), kind(3, 1, 9)]}
    report = Report()
    name = HOLDER if kind is released else PAYER
    assert [one for one in checked(**whose, report=report)[1] if one[0] == "cumulative-broken"] == [
        ("cumulative-broken", name, 1)
    ]
    [finding] = [one for one in report.findings if one.code == "cumulative-broken"]
    assert finding.facts.items() >= {"seq": "2", "mine": "8", "theirs": "9"}.items()


SOON = AT + timedelta(seconds=1)


def test_a_release_has_its_voucher_in_the_other_log_unless_that_was_not_read_so_far():
    assert checked([released()])[1] == [("release-without-voucher", HOLDER, 0)]
    assert checked([released()], short=[PAYER], newest=SOON)[1] == []
    both = [released(), released(2, 4, 9)]
    assert checked(both, [received(2, 9, 9)], short=[PAYER], newest=SOON)[1][0] == (
        "release-without-voucher",
        HOLDER,
        0,
    )
    assert ("release-without-voucher", HOLDER, 1) not in checked(both, [received()], short=[PAYER], newest=SOON)[1]


def test_a_receipt_has_its_release():
    assert checked([], [received()])[1] == [("receipt-without-release", HOLDER, 0)]
    assert checked([], [received()], short=[HOLDER], newest=SOON)[1] == []


def test_nobody_s_log_lacks_anything():
    assert keys.check(SPACE, shelf(book(PAYER, received())), chain(), CHANNEL, Report()).holder is None
    report = Report()
    keys.check(SPACE, shelf(book(PAYER, received())), chain(), CHANNEL, report)
    keys.check(SPACE, shelf(book(HOLDER, released())), chain(), CHANNEL, report)
    assert report.codes() <= {"field-malformed"}


def test_a_fault_that_was_logged_is_in_place_of_a_receipt():
    fault = event(keys.FAULTED, CHANNEL, ACCOUNT, "1", code="key")
    ends, names = checked([released()], [fault])
    assert (ends.faulted, names) == ({1}, [("key-faulted", PAYER, 0)])
    assert checked([released()], [event(keys.FAULTED, CHANNEL, ACCOUNT, code="key")])[1] == [
        ("release-without-voucher", HOLDER, 0)
    ]


@pytest.mark.parametrize("name", ["amount", "cumulative", "voucherDigest", "rows"])
def test_each_figure_is_compared(name):
    report = Report()
    other = received()
    other.fields[name] = "6"
    _, names = checked([released()], [other], report=report)
    assert ("counterparty-differs", HOLDER, 0) in names
    [finding] = [one for one in report.findings if one.code == "counterparty-differs"]
    assert finding.facts.items() >= {"field": name, "theirs": "6", "seq": "1"}.items()
    assert PAYER in finding.facts["other"]


def test_the_account_hash_is_compared():
    report = Report()
    checked([released()], [received(account="bb" * 32)], report=report)
    [finding] = [one for one in report.findings if one.code == "counterparty-differs"]
    assert finding.facts.items() >= {"field": "accountHash", "mine": ACCOUNT, "theirs": "bb" * 32}.items()


def voucher(seq=1, cumulative=5, lock="0c" * 32, until=9):
    one = Voucher(bytes.fromhex(CHANNEL), seq, cumulative, bytes.fromhex(ACCOUNT), bytes.fromhex(lock), until)
    return digest(DOMAIN, one).hex()


SHOWN = {"lock": "0c" * 32, "validUntil": "9"}


@every(
    ("more", "names"),
    [
        ({**SHOWN, "voucherDigest": voucher()}, []),
        ({**SHOWN, "voucherDigest": voucher(until=8)}, ["voucher-mismatch"]),
        ({"lock": "0c" * 32, "voucherDigest": "v"}, []),
        ({"validUntil": "9", "voucherDigest": "v"}, []),
        ({**SHOWN, "lock": "zz"}, []),
    ],
)
@every("who", ["holder", "payer"])
def test_a_voucher_is_made_again_where_enough_is_told(who, more, names):
    one = (released if who == "holder" else received)(**more)
    mine = HOLDER if who == "holder" else PAYER
    assert [one for one in checked(**{who: [one]})[1] if one[0] == "voucher-mismatch"] == [
        (name, mine, 0) for name in names
    ]


NAMED = {"voucherDigest": "01" * 32, "offerDigest": "02" * 32, "decisionDigest": "03" * 32}


def receipt(at, leaf=bytes(32)):
    one = Receipt(bytes.fromhex(CHANNEL), 1, *(bytes.fromhex(NAMED[name]) for name in NAMED), leaf, at)
    return digest(DOMAIN, one).hex()


@every(
    ("more", "told", "names"),
    [
        ({**NAMED, "releasedAt": "77"}, receipt(77), []),
        (NAMED, receipt(int(AT.timestamp())), []),
        ({**NAMED, "releasedAt": "77"}, receipt(78), ["receipt-mismatch"]),
        ({**NAMED, "releasedAt": "77"}, receipt(77, b"\1" * 32), ["receipt-mismatch"]),
        ({**NAMED, "releasedAt": "77"}, "", ["receipt-mismatch"]),
        ({"voucherDigest": "01" * 32}, "anything", []),
        ({**NAMED, "offerDigest": "zz"}, receipt(77), []),
    ],
)
def test_a_receipt_names_the_very_entry(more, told, names):
    pair = [released(**more)], [received(voucherDigest="01" * 32, receiptDigest=told)]
    assert checked(*pair)[1] == [(name, HOLDER, 0) for name in names]


def test_where_there_is_no_window_of_the_payer_there_is_no_receipt():
    assert checked([released(**NAMED)])[1] == [("release-without-voucher", HOLDER, 0)]


def test_keys_that_were_read_off_the_chain_have_no_receipt():
    pair = [released(**NAMED)], [received(voucherDigest="01" * 32, receiptDigest="")]
    assert checked(*pair, chain(ACCOUNT))[1] == [("keys-from-chain", HOLDER, 0)]
    assert checked(*pair, chain("bb" * 32))[1] == [("receipt-mismatch", HOLDER, 0)]
    pair[1][0].fields["receiptDigest"] = receipt(int(AT.timestamp()))
    assert checked(*pair, chain(ACCOUNT))[1] == []


def batch(prev, amount=5):
    """Orders as an event tells them, and their account hash."""
    one = Order(b"\1" * 32, b"\2" * 32, b"\3" * 32, 1, (Range(4, 2),), amount, b"\5" * 32)
    row = {"agreement": "01" * 32, "transfer": "02" * 32, "edition": "03" * 32, "use": "1", "ranges": [["4", "2"]]}
    return [{**row, "amount": str(amount), "readerKey": "05" * 32}], struct_hash(
        Batch(bytes.fromhex(prev), (one,))
    ).hex()


def test_each_batch_is_hashed_again_on_the_one_before():
    rows, first = batch(CHANNEL)
    _, second = batch(first)
    mine = [released(account=first, rows=rows), released(2, 5, 10, account=second, rows=rows)]
    theirs = [received(account=first, rows=rows), received(2, 5, 10, account=second, rows=rows)]
    report = Report()
    checked(mine, theirs, report=report)
    assert not report.findings
    mine[1].fields["rows"] = theirs[1].fields["rows"] = batch(first, 6)[0]
    assert checked(mine, theirs)[1] == [("account-hash-differs", HOLDER, 1)]
    assert checked(mine[::-1], theirs, report=report)[1][-1] == ("account-hash-differs", HOLDER, 0)


@pytest.mark.parametrize(("kind", "who", "named"), [(released, "holder", HOLDER), (received, "payer", PAYER)])
def test_a_channel_that_the_chain_does_not_know_is_named_once(kind, who, named):
    ends, names = checked(**{who: [kind(), kind(2, 4, 9)]}, facts=ChainFacts())
    assert [one for one in names if one[0] == "channel-unknown"] == [("channel-unknown", named, 0)]
    assert (ends.holder is None, ends.payer is None) == (who == "payer", who == "holder")


def test_the_ends_are_those_of_the_chain():
    third = book(THIRD, released())
    logs = shelf(third, book(HOLDER), book(PAYER))
    assert keys.check(SPACE, logs, chain(), CHANNEL, Report()).holder.party.did == HOLDER
    assert keys.check(SPACE, logs, chain(payee=b"\t" * 20), CHANNEL, Report()).holder.party.did == THIRD
    assert keys.check(SPACE, logs, chain(payer=b"\t" * 20), CHANNEL, Report()).payer is None
    fourth = book(THIRD, received())
    ends = keys.check(SPACE, shelf(fourth, book(PAYER)), chain(payer=b"\t" * 20), CHANNEL, Report())
    assert ends.payer.party.did == THIRD


def test_a_window_that_cannot_be_read_is_none():
    report = Report()
    ends, names = checked([released(amount="a lot"), released(2, 5, 5)], [received(2, 5, 5)], report=report)
    assert (list(ends.released), names) == ([2], [])
    assert ("field-malformed", HOLDER, 0) in found(report)
