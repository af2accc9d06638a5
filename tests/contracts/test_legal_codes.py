"""Codes of organisations: real ones pass, and no single wrong character does."""

from __future__ import annotations

from contracts.legal_codes import CREDIT_ALPHABET, credit_check, is_credit_code, is_lei
from tests.every import every

# of companies that publish them
CREDIT_CODES = ("9144030071526726XG", "91330100799655058B", "914403001922038216", "91110000600037341L")
LEIS = ("5493001KJTIIGC8Y1R12", "213800WSGIIZCXF1P572")


@every("code", CREDIT_CODES)
def test_a_credit_code_passes_and_none_with_one_other_character_does(code):
    assert is_credit_code(code)
    assert credit_check(code[:-1]) == code[-1]
    for place, right in enumerate(code):
        wrong = [one for one in CREDIT_ALPHABET if one != right]
        assert not any(is_credit_code(code[:place] + one + code[place + 1 :]) for one in wrong), place


@every("code", LEIS)
def test_an_lei_passes_and_none_with_one_other_digit_does(code):
    assert is_lei(code)
    for place, right in enumerate(code):
        others = [one for one in "0123456789" if one != right and right.isdecimal()]
        assert not any(is_lei(code[:place] + one + code[place + 1 :]) for one in others), place


OTHERWISE = {
    "nothing": "",
    "in small letters": CREDIT_CODES[0].lower(),
    "longer": CREDIT_CODES[0] + "0",
    "with a space": " " + CREDIT_CODES[0],
    "with a line after it": CREDIT_CODES[0] + "\n",
    "with a letter that no code has": "9144030071526726OG",
    "with a wide digit": "91440300715267\N{FULLWIDTH DIGIT TWO}6XG",
    "an LEI in small letters": LEIS[0].lower(),
    "an LEI with a line after it": LEIS[0] + "\n",
    "an LEI that is shorter": LEIS[0][:-1],
}


@every("name", OTHERWISE)
def test_what_is_written_otherwise_is_none(name):
    assert not is_credit_code(OTHERWISE[name])
    assert not is_lei(OTHERWISE[name])
