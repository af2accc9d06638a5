"""A ruling: what of an unclaimed rest it gives to whom, when an arbitrator may decide, and how it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import sha
from contracts.errors import ContractError
from ledger.dispute.bundle import Signed
from ledger.dispute.ruling import Division, Ruling, divide, read_ruling, rule
from ledger.dispute.verdict import Finding, Verdict
from tests.every import every
from tests.ledger.dispute import test_verdict as case

WINDOW, CUMULATIVE, DEPOSIT = 250, 1000, 5000
UNITS = st.integers(0, 10**6)


@pytest.fixture(scope="module")
def bundle():
    """The last of several windows: 750 were owed before it."""
    made = case.make()
    voucher = replace(made.voucher.value, cumulative_amount=CUMULATIVE)
    return replace(made, voucher=Signed(voucher, made.voucher.signature))


def ruled(bundle, finding, claimed=600, **more):
    return rule(bundle, Verdict(finding, "as shown"), claimed=claimed, deposit=DEPOSIT, **more)


@pytest.mark.parametrize("finding", [Finding.WRONG_KEY, Finding.MALFORMED_EDITION])
@pytest.mark.parametrize(
    ("claimed", "division"),
    [
        (600, Division(150, 4250, 0)),
        (750, Division(0, 4250, 0)),
        (760, Division(0, 4240, 10)),
        (1000, Division(0, 4000, 250)),
    ],
)
def test_the_disputed_window_goes_back_and_what_was_owed_before_it_is_paid(bundle, finding, claimed, division):
    assert ruled(bundle, finding, claimed).division == division


@pytest.mark.parametrize(
    ("award", "division"),
    [(0, Division(150, 4250, 0)), (1, Division(151, 4249, 0)), (WINDOW, Division(400, 4000, 0))],
)
def test_the_arbitrator_decides_over_the_window_where_no_hash_does(bundle, award, division):
    found = ruled(bundle, Finding.NOT_AS_DESCRIBED, award=award, reason="half of it is noise")
    assert (found.division, found.reason) == (division, "half of it is noise")


def test_what_was_claimed_of_a_window_beyond_the_award_is_short(bundle):
    assert ruled(bundle, Finding.NOT_AS_DESCRIBED, 1000, award=100).division == Division(0, 4000, 150)


@pytest.mark.parametrize("award", [None, WINDOW + 1])
def test_an_award_is_needed_and_within_the_window(bundle, award):
    with pytest.raises(ContractError, match="no hash decides this: leave the payees 0 to 250"):
        ruled(bundle, Finding.NOT_AS_DESCRIBED, award=award)


@pytest.mark.parametrize("finding", [Finding.WRONG_KEY, Finding.BUYER_LIES])
def test_no_award_is_taken_where_the_bundle_decides(bundle, finding):
    with pytest.raises(ContractError, match=f"the bundle decides this by itself: {finding}"):
        ruled(bundle, finding, award=0)


@pytest.mark.parametrize("finding", [Finding.WRONG_BYTES, Finding.KEY_WITHHELD, Finding.BUYER_LIES])
def test_without_a_refund_the_channel_is_left_as_it_is(bundle, finding):
    assert ruled(bundle, finding).division is None


def test_a_ruling_says_what_it_is_about_and_why(bundle):
    found = ruled(bundle, Finding.WRONG_KEY)
    voucher = bundle.voucher.value
    assert found == Ruling(
        sha(bundle.json()), voucher.channel_id, voucher.account_hash, Finding.WRONG_KEY, "as shown", found.division
    )
    long = ruled(bundle, Finding.WRONG_KEY, reason="w" * 1001)
    assert long.reason == "w" * 1000
    assert read_ruling(long.json()) == long


@given(owed=UNITS, refund=UNITS, claimed=UNITS, rest=UNITS)
def test_no_unit_of_the_rest_is_lost_or_made(owed, refund, claimed, rest):
    found = divide(owed, refund, claimed, claimed + rest)
    assert found.to_payees + found.to_payer == rest
    assert found.to_payees == min(rest, owed - claimed if owed > claimed else 0)
    assert found.shortfall == min(refund, claimed - owed if claimed > owed else 0)


RULING = Ruling(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, Finding.WRONG_KEY, "a reason", Division(1, 2, 3))
DOCUMENT = {
    "v": 1,
    "dispute": "01" * 32,
    "channelId": "02" * 32,
    "accountHash": "03" * 32,
    "finding": "wrong-key",
    "atFault": "payee",
    "reason": "a reason",
    "division": {"toPayees": "1", "toPayer": "2", "shortfall": "3"},
}


@pytest.mark.parametrize("division", [RULING.division, None])
def test_a_ruling_is_written_and_read_as_its_document(division):
    ruling = replace(RULING, division=division)
    document = DOCUMENT if division else {**DOCUMENT, "division": None}
    assert ruling.json() == document
    assert read_ruling(document) == ruling
    assert ruling.digest == sha(document)


@every(
    ("change", "told"),
    [
        ({"v": 2}, "a ruling of version 1 is written canonically"),
        ({"atFault": "provider"}, "is written canonically"),
        ({"finding": "innocent"}, "no finding is called `innocent`"),
        ({"finding": ["wrong-key"]}, "no finding is called"),
        ({"dispute": "01" * 31}, "dispute"),
        ({"channelId": "02" * 33}, "channelId"),
        ({"accountHash": None}, "accountHash"),
        ({"reason": ""}, "reason"),
        ({"reason": "w" * 1001}, "reason"),
        ({"division": {}}, "division"),
        ({"division": {**DOCUMENT["division"], "toPayer": 2}}, "toPayer"),
        ({"division": {**DOCUMENT["division"], "shortfall": "-3"}}, "shortfall"),
        ({"more": 1}, "more"),
    ],
)
def test_a_document_that_is_no_ruling_is_refused(change, told):
    with pytest.raises(ContractError, match=told):
        read_ruling({**DOCUMENT, **change})
