"""Every row of the fault table, and that a voucher without a fault passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import signature
from contracts.errors import ContractError
from contracts.typed_data import Domain, KeyOffer, Voucher, digest
from contracts.voucher import FAULTS, NO_LOCK, Ground, check

KEY = b"\x42" * 32
DOMAIN = Domain(99, b"\x11" * 20, b"\x22" * 32)
OFFER = KeyOffer(b"\xc1" * 32, 7, b"\x0a" * 32, 1750, b"\x0b" * 32, b"\x0c" * 32, b"\x0d" * 32, 90_000)
VOUCHER = Voucher(OFFER.channel_id, 7, 1750, OFFER.account_hash, OFFER.lock, 90_000)
GROUND = Ground(DOMAIN, signature.address(KEY), 2000, OFFER, now=1000, least_ttl=4200)
ACKNOWLEDGED = replace(GROUND, expects=replace(OFFER, lock=NO_LOCK))

CASES = {
    "wrong-channel": ({"channel_id": b"\xc2" * 32}, GROUND),
    "wrong-seq": ({"seq": 8}, GROUND),
    "amount-under": ({"cumulative_amount": 1749}, GROUND),
    "amount-over": ({"cumulative_amount": 1751}, GROUND),
    "over-deposit": ({}, replace(GROUND, deposit=1749)),
    "wrong-account": ({"account_hash": b"\x0e" * 32}, GROUND),
    "wrong-lock": ({"lock": b"\x0e" * 32}, GROUND),
    "valid-until-past": ({"valid_until": 1000}, GROUND),
    "valid-until-near": ({"valid_until": 5199}, GROUND),
    "valid-until-set": ({"lock": NO_LOCK}, ACKNOWLEDGED),
}


def sign(voucher, key=KEY, domain=DOMAIN):
    return signature.sign(digest(domain, voucher), key)


def test_the_cases_are_the_table():
    assert list(CASES) == [fault.code for fault in FAULTS]


def test_a_right_voucher_and_a_right_acknowledgement_pass():
    assert check(VOUCHER, sign(VOUCHER), GROUND) == digest(DOMAIN, VOUCHER)
    assert check(replace(VOUCHER, valid_until=5200), sign(replace(VOUCHER, valid_until=5200)), GROUND)
    last = replace(VOUCHER, lock=NO_LOCK, valid_until=0)
    assert check(last, sign(last), ACKNOWLEDGED)


@pytest.mark.parametrize("code", CASES)
def test_each_fault_is_named(code):
    change, ground = CASES[code]
    wrong = replace(VOUCHER, **change)
    with pytest.raises(ContractError) as refusal:
        check(wrong, sign(wrong), ground)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "domain",
    [replace(DOMAIN, chain_id=98), replace(DOMAIN, verifying_contract=bytes(20)), replace(DOMAIN, salt=bytes(32))],
)
def test_a_voucher_of_another_deployment_is_a_strangers(domain):
    with pytest.raises(ContractError) as refusal:
        check(VOUCHER, sign(VOUCHER, domain=domain), GROUND)
    assert refusal.value.code == "foreign-signer"


def test_a_strangers_signature_is_refused():
    with pytest.raises(ContractError) as refusal:
        check(VOUCHER, sign(VOUCHER, key=b"\x43" * 32), GROUND)
    assert refusal.value.code == "foreign-signer"
