"""Identifiers with check characters: what is made passes, what a pen or a tongue gets wrong does not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import identifiers
from catalog.errors import CatalogError
from catalog.identifiers import EXTENDED, LOCAL_MARK, Kind, read
from contracts.check_character import ALPHABET, CHECKS, check_character, passes
from tests.every import every

SUBJECT = "91440300MA5ABCDE0X"
characters = st.text(ALPHABET, min_size=6, max_size=6)
extensions = st.text(string.ascii_letters + string.digits + "_.-", max_size=32)


def weighed(code):
    """The sum of the standard as it is printed: W_i = 2^(i-1) mod 37 from the right."""
    return sum(CHECKS.index(one) * pow(2, at, 37) for at, one in enumerate(reversed(code))) % 37


@given(st.text(ALPHABET, min_size=1, max_size=60))
def test_the_check_character_makes_the_weighed_sum_one(body):
    code = body + check_character(body)
    assert weighed(code) == 1
    assert passes(code)


@pytest.mark.parametrize(("body", "check"), [("0", "1"), ("1", "*"), ("G123489654321", "Y")])
def test_known_values(body, check):
    """The last is a number of the kind that blood donations bear, for which others compute the same check."""
    assert check_character(body) == check


@given(st.sampled_from(Kind), characters, extensions)
def test_what_is_made_is_read_again_and_is_local(kind, random, extension):
    made = identifiers.made(kind, SUBJECT, "4403", random, extension if kind in EXTENDED else "")
    assert read(str(made)) == made
    assert made.local
    assert 32 <= len(str(made)) <= 65
    assigned = str(made)[:23] + "00" + str(made)[25:31]
    assert not read(assigned + check_character(assigned)).local


@given(st.sampled_from(Kind), characters, st.integers(0, 31), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(kind, random, at, other):
    code = str(identifiers.made(kind, SUBJECT, "0056", random))
    wrong = code[:at] + other + code[at + 1 :]
    assert passes(wrong) == (wrong == code)
    if wrong != code:
        with pytest.raises(CatalogError):
            read(wrong)


@given(st.sampled_from(Kind), characters, st.integers(0, 30))
def test_two_neighbours_in_the_wrong_order_are_noticed(kind, random, at):
    code = str(identifiers.made(kind, SUBJECT, "4403", random))
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert passes(swapped) == (swapped == code)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "no identifier"),
        ("6" + SUBJECT, "no identifier"),
        ("8" + SUBJECT + "4403" + "0" * 9, "no identifier"),
        ("6" + SUBJECT + "4403" + "0" * 8 + "*", "wrong check"),
        ("5" + SUBJECT + "4403" + "0" * 8 + check_character("5" + SUBJECT + "4403" + "0" * 8) + "•x", "no extension"),
    ],
)
def test_what_is_no_identifier_says_why(code, said):
    with pytest.raises(CatalogError, match=said):
        read(code)


@every(
    "wrong",
    [
        {"subject": "9144"},
        {"place": "SZ"},
        {"random": "abcdef"},
        {"random": "0"},
        {"extension": "x" * 33},
        {"extension": "a b"},
        {"kind": Kind.CONNECTOR, "extension": "x"},
    ],
)
def test_what_cannot_be_made(wrong):
    right = {"kind": Kind.PRODUCT, "subject": SUBJECT, "place": "4403", "random": "123456", "extension": ""}
    with pytest.raises(CatalogError):
        identifiers.made(**right | wrong)


def test_a_local_code_says_so_where_a_node_would_have_drawn():
    assert str(identifiers.made(Kind.RESOURCE, SUBJECT, "4403", "000001"))[23:25] == LOCAL_MARK
