"""Every row of the fault table, and that a voucher without a fault passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import signature
from contracts.typed_data import Domain, KeyOffer, Voucher, digest
from contracts.voucher import FAULTS, NO_LOCK, Ground, check
from tests.contracts.refusal import refused
from tests.every import every

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
    "valid-until-past": ({"valid_until": 1000}, replace(GROUND, least_ttl=0)),
    "valid-until-near": ({"valid_until": 5199}, GROUND),
    "valid-until-set": ({"lock": NO_LOCK}, ACKNOWLEDGED),
}


WORDS = {fault.code: fault.words for fault in FAULTS}


def sign(voucher, key=KEY, domain=DOMAIN):
    return signature.sign(digest(domain, voucher), key)


def test_the_cases_are_the_table():
    assert list(CASES) == [fault.code for fault in FAULTS]


def test_a_right_voucher_and_a_right_acknowledgement_pass():
    assert check(VOUCHER, sign(VOUCHER), GROUND) == digest(DOMAIN, VOUCHER)
    assert check(replace(VOUCHER, valid_until=5200), sign(replace(VOUCHER, valid_until=5200)), GROUND)
    assert check(VOUCHER, sign(VOUCHER), replace(GROUND, deposit=1750))
    assert bytes(32) == NO_LOCK
    last = replace(VOUCHER, lock=NO_LOCK, valid_until=0)
    assert check(last, sign(last), ACKNOWLEDGED)


@every("code", CASES)
def test_each_fault_is_named(code):
    change, ground = CASES[code]
    wrong = replace(VOUCHER, **change)
    with refused(code, f"the voucher is refused: {WORDS[code]}"):
        check(wrong, sign(wrong), ground)


def test_a_lock_lasts_until_the_second_before_it_lapses_and_an_acknowledgement_for_ever():
    soon = replace(GROUND, least_ttl=0)
    assert check(replace(VOUCHER, valid_until=1001), sign(replace(VOUCHER, valid_until=1001)), soon)
    for until in (1, 90_000):
        wrong = replace(VOUCHER, lock=NO_LOCK, valid_until=until)
        with refused("valid-until-set"):
            check(wrong, sign(wrong), ACKNOWLEDGED)


def test_of_several_faults_the_first_of_the_table_is_named():
    wrong = replace(VOUCHER, seq=8, cumulative_amount=1, valid_until=0)
    with refused("wrong-seq"):
        check(wrong, sign(wrong), GROUND)


@pytest.mark.parametrize(
    "domain",
    [replace(DOMAIN, chain_id=98), replace(DOMAIN, verifying_contract=bytes(20)), replace(DOMAIN, salt=bytes(32))],
)
def test_a_voucher_of_another_deployment_is_a_strangers(domain):
    with refused("foreign-signer"):
        check(VOUCHER, sign(VOUCHER, domain=domain), GROUND)


def test_a_strangers_signature_is_refused():
    with refused("foreign-signer"):
        check(VOUCHER, sign(VOUCHER, key=b"\x43" * 32), GROUND)
