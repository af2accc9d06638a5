"""The specification's section 9 vector, and every type against a second implementation (eth-account)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import address, signature
from contracts.errors import ContractError
from contracts.ranges import RowSet
from contracts.typed_data import (
    TYPES,
    Agreement,
    Batch,
    Domain,
    KeyOffer,
    Order,
    Range,
    Receipt,
    Voucher,
    digest,
    members,
    struct_hash,
)
from contracts.typed_json import from_json, to_json, to_ranges
from tests.contracts.refusal import refused
from tests.every import every
from tests.fault.extent import tried

DOMAIN = Domain(1234567890123, b"\x11" * 20, b"\x22" * 32)
KEY = b"\x42" * 32
LOCK = bytes.fromhex("e0e77a507412b120f6ede61f62295b1a7b2ff19d3dcc8f7253e51663470c888e")
MASKED_HASH = bytes.fromhex("864999371ae6cc21309b3b6fc8709f66fa5567671eb6b89bda2a3ceb85d3694b")
AGREEMENT = Agreement(
    provider=b"\xa1" * 20,
    buyer=b"\xb2" * 20,
    product=b"\x03" * 32,
    edition_id=b"\x04" * 32,
    terms_digest=b"\x05" * 32,
    token=b"\xc3" * 20,
    price_cap=1000000,
    not_after=1800000000,
    split_hash=b"\x06" * 32,
    summary="weather 2013, research, 3 openings",
)


def order() -> Order:
    ranges = (Range(0, 1), Range(3, 2))
    return Order(digest(DOMAIN, AGREEMENT), b"\x07" * 32, b"\x04" * 32, 0, ranges, 250, b"\x08" * 32)


def voucher() -> Voucher:
    return Voucher(b"\xc1" * 32, 7, 1750, struct_hash(Batch(b"\xc1" * 32, (order(),))), LOCK, 1790000000)


def offer() -> KeyOffer:
    v = voucher()
    return KeyOffer(
        v.channel_id, 7, v.account_hash, 1750, LOCK, MASKED_HASH, decision_digest=b"\x09" * 32, valid_until=1790000000
    )


def test_vector_domain_separator():
    assert DOMAIN.separator.hex() == "cba9307ab0668fea49616139bc32ab72011806fed2d653f6be250e4a756b1b62"


def test_vector_agreement_digest():
    assert digest(DOMAIN, AGREEMENT).hex() == "3ede552c3183aa6cf5aa3426afde567e2266186073fd34240f0da13ec5168d46"


def test_vector_account_hash():
    batch = Batch(b"\xc1" * 32, (order(),))
    assert struct_hash(batch).hex() == "b4e1aa70e36a5f506473992d02d5175beb49c609b4b78476e6931b5f1b1fdff4"


def test_vector_offer_digest():
    assert digest(DOMAIN, offer()).hex() == "88ffea014c7349128e8f7be51b44e690a20755c21cece153e76bd3bb9e0ab2a8"


def test_vector_voucher_digest_and_signature():
    assert digest(DOMAIN, voucher()).hex() == "b61ff411fc844b359eba587e458e6d5106d1a2dc5324ad20bdb360cc6b333b6d"
    assert address.show(signature.address(KEY)) == "0x17c5185167401eD00cF5F5b2fc97D9BBfDb7D025"
    assert signature.sign(digest(DOMAIN, voucher()), KEY).hex() == (
        "ed72b443572c350fe69d848c54867702a467cf177b3ba6f1a67367e52170d744"
        "206e40f0dca7b61cbbcd772bd2099d14b9b5e7dfbb1445b67c59da0e20dda294"
        "1b"
    )


def test_vector_receipt_digest():
    receipt = Receipt(
        channel_id=b"\xc1" * 32,
        seq=7,
        voucher_digest=digest(DOMAIN, voucher()),
        offer_digest=digest(DOMAIN, offer()),
        decision_digest=b"\x09" * 32,
        log_leaf=b"\x0a" * 32,
        released_at=1780000000,
    )
    assert digest(DOMAIN, receipt).hex() == "61f3f551e000e5a714cabbba85da4c993f776a2a09afecb3bc24ab345b18b94e"


# ---- every type against eth-account ------------------------------------------------------------------------------

ROW_SETS = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 50)), min_size=1, max_size=4).map(RowSet.of)
ORDERS = st.deferred(lambda: typed(Order))
VALUES = {
    "address": st.binary(min_size=20, max_size=20),
    "bytes32": st.binary(min_size=32, max_size=32),
    "uint8": st.integers(0, 255),
    "uint64": st.integers(0, 2**64 - 1),
    "uint128": st.integers(0, 2**128 - 1),
    "string": st.text(max_size=40),
    "Range[]": ROW_SETS.map(to_ranges),
    "Order[]": st.lists(ORDERS, min_size=1, max_size=3).map(tuple),
}


def typed(kind: type) -> st.SearchStrategy:
    return st.builds(kind, **{field: VALUES[solidity] for solidity, _, field in members(kind)})


def plain(value: object) -> object:
    """Say a typed value in the plain form that eth-account reads."""
    if type(value) in TYPES:
        return {name: plain(getattr(value, field)) for _, name, field in members(type(value))}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value


def reference(domain: Domain, value: object):
    types = {
        kind.__name__: [{"name": name, "type": solidity} for solidity, name, _ in members(kind)]
        for kind in (type(value), Range, Order)
    }
    used = {"Batch": ("Order", "Range"), "Order": ("Range",)}.get(type(value).__name__, ())
    about = {
        "name": "Penstock",
        "version": "1",
        "chainId": domain.chain_id,
        "verifyingContract": domain.verifying_contract,
        "salt": domain.salt,
    }
    kept = {name: rows for name, rows in types.items() if name == type(value).__name__ or name in used}
    return encode_typed_data(domain_data=about, message_types=kept, message_data=plain(value))


@every("kind", TYPES, ids=lambda kind: kind.__name__)
def test_digest_and_signature_agree_with_eth_account(kind):
    @settings(max_examples=tried(25))
    @given(typed(kind))
    def check(value):
        message = reference(DOMAIN, value)
        theirs = Account.sign_message(message, KEY)
        ours = digest(DOMAIN, value)
        assert ours == bytes(theirs.message_hash)
        assert signature.sign(ours, KEY) == bytes(theirs.signature)
        assert bytes.fromhex(Account.recover_message(message, signature=signature.sign(ours, KEY))[2:]) == (
            signature.recover(ours, bytes(theirs.signature))
        )

    check()


@every("kind", TYPES, ids=lambda kind: kind.__name__)
def test_json_round_trip(kind):
    @settings(max_examples=tried(25))
    @given(typed(kind))
    def check(value):
        assert from_json(kind, json.loads(json.dumps(to_json(value)))) == value

    check()


@every("kind", TYPES, ids=lambda kind: kind.__name__)
def test_every_member_changes_the_digest_and_none_may_be_missing_or_foreign(kind):
    @settings(max_examples=tried(25))
    @given(typed(kind), typed(kind))
    def check(one, two):
        for _, name, field in members(kind):
            changed = {f: getattr(one, f) for _, _, f in members(kind)} | {field: getattr(two, field)}
            same = getattr(one, field) == getattr(two, field)
            assert (struct_hash(kind(**changed)) == struct_hash(one)) is same
            document = to_json(one)
            del document[name]
            with pytest.raises(ContractError):
                from_json(kind, document)
        with pytest.raises(ContractError):
            from_json(kind, to_json(one) | {"extra": 1})

    check()


ENDS = [(Voucher, "seq", 2**64), (Voucher, "cumulative_amount", 2**128), (Order, "use", 256), (Range, "count", 2**64)]


@pytest.mark.parametrize(("kind", "field", "end"), ENDS)
def test_values_out_of_range_have_no_digest(kind, field, end):
    value = {Voucher: voucher(), Order: order(), Range: Range(0, 1)}[kind]
    for number in (0, end - 1):
        assert struct_hash(replace(value, **{field: number}))
    for number in (-1, end, True, 1.0, "1"):
        with refused("out-of-range", f"`{number}` is not a uint"):
            struct_hash(replace(value, **{field: number}))


def test_values_of_another_length_have_no_digest():
    for prev in (b"short", bytes(31), bytes(33), bytearray(32), "00" * 16):
        with refused("wrong-length", "a value of 32 bytes was expected"):
            struct_hash(Batch(prev, ()))
    for token in (bytes(19), bytes(21), bytes(32)):
        with refused("wrong-length", "a value of 20 bytes was expected"):
            struct_hash(replace(AGREEMENT, token=token))


def test_a_domain_is_one_chain_one_program_and_one_deployment():
    others = [
        replace(DOMAIN, chain_id=0),
        replace(DOMAIN, chain_id=2**256 - 1),
        replace(DOMAIN, verifying_contract=bytes(20)),
        replace(DOMAIN, salt=bytes(32)),
    ]
    assert len({domain.separator for domain in (DOMAIN, *others)}) == 5
    with refused("out-of-range", "is not a uint256"):
        digest(replace(DOMAIN, chain_id=2**256), voucher())
    with refused("wrong-length", "a value of 20 bytes"):
        digest(replace(DOMAIN, verifying_contract=bytes(32)), voucher())
    with refused("wrong-length", "a value of 32 bytes"):
        digest(replace(DOMAIN, salt=bytes(31)), voucher())


def test_members_are_named_as_in_the_specification_and_as_in_python():
    assert members(Range) == (("uint64", "first", "first"), ("uint64", "count", "count"))
    assert members(Batch) == (("bytes32", "prev", "prev"), ("Order[]", "orders", "orders"))
    assert members(Order)[3:] == (
        ("uint8", "use", "use"),
        ("Range[]", "ranges", "ranges"),
        ("uint128", "amount", "amount"),
        ("bytes32", "readerKey", "reader_key"),
    )
