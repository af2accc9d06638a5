"""Typed values as bytes: what is packed comes back equal, and what is not exactly one packed value is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractError
from contracts.typed_data import TYPES, Order, Range, Voucher, members
from contracts.typed_packed import pack, unpack
from tests.contracts.refusal import refused

VOUCHER = Voucher(b"\xc1" * 32, 2**64 - 1, 2**128 - 1, b"\x0a" * 32, b"\x0b" * 32, 0)
ORDER = Order(b"\x01" * 32, b"\x07" * 32, b"\x04" * 32, 255, (Range(0, 1), Range(3, 2)), 250, b"\x08" * 32)


def numbers(bits):
    return st.integers(0, 2**bits - 1)


MEMBERS = {
    "address": st.binary(min_size=20, max_size=20),
    "bytes32": st.binary(min_size=32, max_size=32),
    "uint8": numbers(8),
    "uint64": numbers(64),
    "uint128": numbers(128),
    "string": st.text(max_size=20),
}


def values(kind):
    parts = (MEMBERS[solidity] if solidity in MEMBERS else several(solidity) for solidity, _, _ in members(kind))
    return st.builds(kind, *parts)


def several(solidity):
    [kind] = [each for each in TYPES if f"{each.__name__}[]" == solidity]
    return st.lists(values(kind), max_size=3).map(tuple)


@given(st.sampled_from(list(TYPES)).flatmap(values))
def test_a_packed_value_comes_back_equal(value):
    packed = pack(value)
    assert unpack(type(value), packed) == value
    for wrong in (packed[:-1], packed + b"\0"):
        with pytest.raises(ContractError):
            unpack(type(value), wrong)


@given(st.binary(max_size=300))
def test_bytes_are_one_value_or_refused(packed):
    for kind in (Order, Voucher):
        with suppress(ContractError):
            assert pack(unpack(kind, packed)) == packed


def test_the_widths_are_those_of_the_types():
    assert len(pack(VOUCHER)) == 3 * 32 + 8 + 16 + 8
    assert len(pack(ORDER)) == 4 * 32 + 1 + 16 + 4 + 2 * 16


def test_what_no_type_holds_is_refused():
    for wrong in ({"seq": 2**64}, {"seq": -1}, {"cumulative_amount": 2**128}):
        with refused("out-of-range", "a Voucher has a number too large for its type"):
            pack(replace(VOUCHER, **wrong))
    with refused("wrong-length", "32 bytes"):
        pack(replace(VOUCHER, lock=b"\x0b" * 31))


def test_a_count_beyond_what_is_there_is_refused_at_once():
    at = 3 * 32 + 1
    with refused("packed", "it counts 4294967295 values"):
        unpack(Order, pack(ORDER)[:at] + b"\xff" * 4 + pack(ORDER)[at + 4 :])
