"""Typed values as JSON: each member has one spelling, and any other is refused by its name."""

from __future__ import annotations

import pytest

from contracts import address
from contracts.ranges import RowSet
from contracts.typed_data import Agreement, Batch, Order, Range, Voucher
from contracts.typed_json import from_json, row_set, to_json, to_ranges
from tests.contracts.refusal import refused
from tests.every import every

PROVIDER, BUYER, TOKEN = b"\xa1" * 20, b"\xb2" * 20, b"\xc3" * 20
AGREEMENT = Agreement(
    PROVIDER, BUYER, b"\x03" * 32, b"\x04" * 32, b"\x05" * 32, TOKEN, 2**128 - 1, 0, b"\x06" * 32, "weather · 天气"
)
ORDER = Order(b"\x01" * 32, b"\x07" * 32, b"\x04" * 32, 255, (Range(0, 1), Range(3, 2)), 250, b"\x08" * 32)
VOUCHER = Voucher(b"\xc1" * 32, 2**64 - 1, 1750, b"\x0a" * 32, b"\x0b" * 32, 0)
ORDER_JSON = {
    "agreementDigest": "01" * 32,
    "transferId": "07" * 32,
    "editionId": "04" * 32,
    "use": 255,
    "ranges": [[0, 1], [3, 2]],
    "amount": "250",
    "readerKey": "08" * 32,
}
DOCUMENTS = [
    (
        AGREEMENT,
        {
            "provider": address.show(PROVIDER),
            "buyer": address.show(BUYER),
            "product": "03" * 32,
            "editionId": "04" * 32,
            "termsDigest": "05" * 32,
            "token": address.show(TOKEN),
            "priceCap": "340282366920938463463374607431768211455",
            "notAfter": "0",
            "splitHash": "06" * 32,
            "summary": "weather · 天气",
        },
    ),
    (
        VOUCHER,
        {
            "channelId": "c1" * 32,
            "seq": "18446744073709551615",
            "cumulativeAmount": "1750",
            "accountHash": "0a" * 32,
            "lock": "0b" * 32,
            "validUntil": "0",
        },
    ),
    (ORDER, ORDER_JSON),
    (Batch(b"\xc1" * 32, (ORDER, ORDER)), {"prev": "c1" * 32, "orders": [ORDER_JSON, ORDER_JSON]}),
]


@pytest.mark.parametrize(("value", "document"), DOCUMENTS, ids=lambda each: type(each).__name__)
def test_a_value_has_one_json(value, document):
    assert to_json(value) == document
    assert from_json(type(value), document) == value


@pytest.mark.parametrize("document", [None, [], "voucher", {}])
def test_a_value_has_exactly_its_members(document):
    words = "a Voucher has exactly channelId, seq, cumulativeAmount, accountHash, lock, validUntil"
    for wrong in (document, to_json(VOUCHER) | {"extra": "1"}, dict(list(to_json(VOUCHER).items())[1:])):
        with refused("members", words):
            from_json(Voucher, wrong)


@every(
    ("value", "name", "wrong", "code"),
    [
        (VOUCHER, "seq", "07", "not-decimal"),
        (VOUCHER, "seq", 7, "not-decimal"),
        (VOUCHER, "seq", str(2**64), "out-of-range"),
        (VOUCHER, "cumulativeAmount", "-1", "not-decimal"),
        (VOUCHER, "cumulativeAmount", "1e3", "not-decimal"),
        (VOUCHER, "cumulativeAmount", str(2**128), "out-of-range"),
        (VOUCHER, "lock", "AA" * 32, "not-hex"),
        (VOUCHER, "lock", "0x" + "aa" * 32, "not-hex"),
        (VOUCHER, "lock", "aa" * 31, "not-hex"),
        (VOUCHER, "lock", "aa" * 33, "not-hex"),
        (AGREEMENT, "provider", "0x17c5185167401ed00cf5f5b2fc97d9bbfdb7d025", "not-address"),
        (ORDER, "use", 256, "out-of-range"),
        (ORDER, "use", -1, "out-of-range"),
        (ORDER, "use", True, "out-of-range"),
        (ORDER, "use", "0", "out-of-range"),
        (AGREEMENT, "summary", None, "not-text"),
        (AGREEMENT, "summary", ["weather"], "not-text"),
    ],
)
def test_a_misspelt_member_is_refused_by_its_name(value, name, wrong, code):
    with refused(code, f"`{name}`"):
        from_json(type(value), to_json(value) | {name: wrong})


def test_a_text_has_two_thousand_characters_and_no_more():
    longest = "天" * 2000
    assert from_json(Agreement, to_json(AGREEMENT) | {"summary": longest}).summary == longest
    with refused("not-text", "`summary` is not a text of at most 2000 characters"):
        from_json(Agreement, to_json(AGREEMENT) | {"summary": longest + "天"})


def test_codes_go_from_0_to_255():
    assert [from_json(Order, ORDER_JSON | {"use": code}).use for code in (0, 255)] == [0, 255]


@pytest.mark.parametrize("ranges", [None, [[0, 1], [1, 1]], [[3, 1], [0, 1]], [[0, 0]], [[0, 1.0]]], ids=str)
def test_ranges_are_in_canonical_form(ranges):
    with refused("ranges"):
        from_json(Order, ORDER_JSON | {"ranges": ranges})


def test_an_order_names_rows_in_at_most_1024_ranges():
    ranges = [[2 * place, 1] for place in range(1025)]
    assert len(from_json(Order, ORDER_JSON | {"ranges": ranges[:1024]}).ranges) == 1024
    with refused("ranges", "at most 1024 pairs"):
        from_json(Order, ORDER_JSON | {"ranges": ranges})
    with refused("ranges", "`ranges` names no row"):
        from_json(Order, ORDER_JSON | {"ranges": []})


def test_a_batch_has_1_to_64_orders():
    for count in (1, 64):
        assert len(from_json(Batch, {"prev": "c1" * 32, "orders": [ORDER_JSON] * count}).orders) == count
    for orders in ([], [ORDER_JSON] * 65, ORDER_JSON, None):
        with refused("orders", "`orders` is not a list of 1 to 64 orders"):
            from_json(Batch, {"prev": "c1" * 32, "orders": orders})
    with refused("members", "a Order has exactly"):
        from_json(Batch, {"prev": "c1" * 32, "orders": [ORDER_JSON, None]})


def test_the_rows_of_an_order_are_a_row_set_and_back():
    rows = RowSet(((0, 1), (3, 2)))
    assert row_set(ORDER.ranges) == rows
    assert to_ranges(rows) == ORDER.ranges
    with refused("ranges", "out of order"):
        row_set((Range(3, 2), Range(0, 1)))
