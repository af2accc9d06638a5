"""How revenue is shared: nothing is lost, and a split that does not share the whole is refused."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from contracts import address
from contracts.split import Split
from tests.contracts.refusal import refused
from tests.every import every

SPLITS = st.lists(st.integers(1, 1400), max_size=7).map(
    lambda bps: Split(tuple((bytes([n + 1]) * 20, each) for n, each in enumerate((10_000 - sum(bps), *bps))))
)
SMALL = Split(((b"\xa1" * 20, 5_000), (b"\xb2" * 20, 3_333), (b"\xc3" * 20, 1_667)))


def even(payees):
    """Return the parts of so many payees; the first has what the others leave."""
    return ((b"\x01" * 20, 10_000 - payees + 1), *((bytes([n]) * 20, 1) for n in range(2, payees + 1)))


@given(SPLITS, st.lists(st.integers(0, 10**12), max_size=20).map(sorted))
def test_shares_of_growing_cumulatives_never_lose_a_unit_nor_shrink(split, cumulatives):
    before = split.shares(0)
    for cumulative in cumulatives:
        after = split.shares(cumulative)
        assert sum(after) == cumulative
        assert all(now >= then for now, then in zip(after[1:], before[1:], strict=True))
        before = after


def test_what_cannot_be_shared_evenly_is_the_first_payees():
    assert [SMALL.shares(amount) for amount in (0, 1, 3, 10_000)] == [
        (0, 0, 0),
        (1, 0, 0),
        (3, 0, 0),
        (5_000, 3_333, 1_667),
    ]
    assert SMALL.shares(100) == (51, 33, 16)
    assert Split(((b"\xa1" * 20, 10_000),)).shares(7) == (7,)


@given(SPLITS)
def test_split_hash_is_that_of_the_abi(split):
    payees, bps = zip(*split.parts, strict=True)
    assert split.hash == keccak(encode(["address[]", "uint256[]"], [list(payees), list(bps)]))
    assert Split.from_json(split.json()) == split


def test_a_split_is_written_with_checksummed_payees_in_their_order():
    assert SMALL.json() == [
        {"payee": address.show(b"\xa1" * 20), "bps": 5_000},
        {"payee": address.show(b"\xb2" * 20), "bps": 3_333},
        {"payee": address.show(b"\xc3" * 20), "bps": 1_667},
    ]


def test_a_split_has_eight_payees_and_no_more():
    assert sum(Split(even(8)).shares(10_000)) == 10_000
    for parts in ((), even(9)):
        with refused("split", "a split has 1 to 8 payees"):
            Split(parts)


@pytest.mark.parametrize("bps", [(9_999,), (10_001,), (10_000, 0), (10_001, -1), (5_000, 5_001)])
def test_basis_points_are_positive_and_share_the_whole(bps):
    with refused("split", "the basis points of a split are positive and sum to 10000"):
        Split(tuple((bytes([n]) * 20, each) for n, each in enumerate(bps)))


def test_no_payee_stands_twice():
    with refused("split", "a payee stands twice in the split"):
        Split(((b"\xa1" * 20, 5_000), (b"\xb2" * 20, 1_000), (b"\xa1" * 20, 4_000)))


A = "0x" + "11" * 20


@every(
    "value",
    [
        None, {}, "all", ({"payee": A, "bps": 10_000},), [[A, 10_000]], [{"payee": A}], [{"bps": 10_000}],
        [{"payee": A, "bps": 10_000, "name": "a"}], [{"payee": A, "bps": "10000"}], [{"payee": A, "bps": 10_000.0}],
        [{"payee": A, "bps": 5_000}, None], [{"payee": A, "bps": True}],
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_list_of_parts_is_refused(value):
    with refused("split", "a split is a list of `{payee, bps}`"):
        Split.from_json(value)


def test_a_payee_is_an_address():
    with refused("not-address", "`payee` is not a checksummed address"):
        Split.from_json([{"payee": "provider", "bps": 10_000}])
    with refused("split", "a split has 1 to 8 payees"):
        Split.from_json([])
