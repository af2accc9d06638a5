"""An assent: one spelling, signed by its reviewer, and what is run by it differs from it in nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import assent as assents
from contracts import signature
from contracts.assent import Assent, Signed, Wanted
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.gate import Gate, read
from contracts.joint import Joint
from contracts.lookup import LookUp
from contracts.noise import Noise
from contracts.program import Programs
from tests.every import every
from tests.fault.extent import tried

KEY, OTHER = bytes(range(1, 33)), bytes(range(2, 34))
UNTIL = datetime(2027, 6, 30, tzinfo=UTC)
PROVIDER, BUYER, REVIEWER = "did:web:grid.example", "did:web:buyer.example", "did:web:reviewer.example"
ASSENT = Assent(
    "sha-256:" + "ab" * 32,
    "select age, revenue from firms where sector = 'a  b'",
    (("slope", -10.0, 10.0),),
    (2.5,),
    "firms",
    PROVIDER,
    BUYER,
    REVIEWER,
    UNTIL,
    "a slope says nothing of one firm",
)
WANTED = Wanted(ASSENT.program, ASSENT.statement, ASSENT.tells, (2.5,), "firms", PROVIDER, BUYER)
SIGNED = Signed(ASSENT, signature.sign(ASSENT.digest, KEY))
NOW = UNTIL - timedelta(days=1)


def test_what_was_assented_to_is_run_until_its_end():
    assert ASSENT.refusal(WANTED, REVIEWER, NOW) == ""
    assert ASSENT.refusal(WANTED, REVIEWER, UNTIL - timedelta(seconds=1)) == ""
    assert "good until 2027-06-30T00:00:00Z" in ASSENT.refusal(WANTED, REVIEWER, UNTIL)
    assert ASSENT.refusal(WANTED, REVIEWER, None) == ""
    free = replace(ASSENT, parameters=None)
    for parameters in ((), (1.0, 2.0), (2.5,)):
        assert free.refusal(WANTED._replace(parameters=parameters), REVIEWER, NOW) == ""


@every("member, value", [
    ("program", "sha-256:" + "ac" * 32),
    ("statement", ASSENT.statement.replace("a  b", "a b")),
    ("statement", ASSENT.statement + " "),
    ("statement", ASSENT.statement.replace("select", "SELECT")),
    ("tells", (("slope", -10.0, 10.000000000000002),)),
    ("tells", (("slopes", -10.0, 10.0),)),
    ("tells", (*ASSENT.tells, ("age", 0.0, 1.0))),
    ("parameters", ()),
    ("parameters", (2.5000000000000004,)),
    ("product", "firms-2"),
    ("provider", "did:web:other.example"),
    ("buyer", "did:web:other.example"),
])  # fmt: skip
def test_whatever_differs_is_refused(member, value):
    assert ASSENT.refusal(WANTED._replace(**{member: value}), REVIEWER, NOW)


def test_a_sign_of_nothing_differs_and_another_reviewer_is_none():
    zero = replace(ASSENT, parameters=(0.0,))
    assert zero.refusal(WANTED._replace(parameters=(-0.0,)), REVIEWER, NOW)
    assert "the terms name the reviewer did:web:x" in ASSENT.refusal(WANTED, "did:web:x", NOW)


def test_one_for_any_buyer_is_for_all_but_its_reviewer():
    anybody = replace(ASSENT, buyer=assents.ANY)
    assert assents.read(canonical(Signed(anybody, SIGNED.signature).json())).assent == anybody
    assert anybody.digest != ASSENT.digest
    for buyer in (BUYER, "did:web:other.example"):
        assert not anybody.refusal(WANTED._replace(buyer=buyer), REVIEWER, NOW)
    assert anybody.refusal(WANTED._replace(buyer=REVIEWER), REVIEWER, NOW)
    assert anybody.refusal(WANTED._replace(program="sha-256:" + "cd" * 32), REVIEWER, NOW)


def test_it_is_read_as_it_is_written_and_signed_by_one():
    written = canonical(SIGNED.json())
    assert assents.read(written) == SIGNED
    assert SIGNED.is_by(signature.address(KEY))
    assert not SIGNED.is_by(signature.address(OTHER))
    assert not replace(SIGNED, assent=replace(ASSENT, why="no")).is_by(signature.address(KEY))


def test_one_bit_changed_is_another_assent_or_none():
    """Each bit of the file: it is not read, or its signature is not the reviewer's."""
    written, account = bytearray(canonical(SIGNED.json())), signature.address(KEY)
    for at in range(len(written) * 8):
        written[at // 8] ^= 1 << at % 8
        with suppress(ContractError):
            assert not assents.read(bytes(written)).is_by(account), at
        written[at // 8] ^= 1 << at % 8


@every("change", [
    {"v": 2},
    {"v": True},
    {"more": 1},
    {"program": "ab" * 32},
    {"program": 1},
    {"statement": ""},
    {"statement": " select 1"},
    {"statement": "s" * 8_193},
    {"tells": []},
    {"tells": "slope"},
    {"tells": [["slope", "-10.0"]]},
    {"tells": [["slope", -10.0, 10.0]]},
    {"tells": [["slope", "-10", "10.0"]]},
    {"tells": [["slope", "nan", "10.0"]]},
    {"tells": [["slope", "-10.0", "1e400"]]},
    {"tells": [["a", "0.0", "1.0"]] * 17},
    {"parameters": None},
    {"parameters": ["1"]},
    {"parameters": [1.0]},
    {"parameters": ["1.0"] * 257},
    {"product": ""},
    {"provider": "grid"},
    {"buyer": REVIEWER},
    {"until": "2027-06-30"},
    {"until": 5},
    {"why": "  "},
    {"why": "w" * 501},
    {"why": "a\nb"},
])  # fmt: skip
def test_what_is_no_assent_is_refused(change):
    document = json.loads(canonical(ASSENT.json())) | change
    with pytest.raises(ContractError):
        assents.from_json(document)


def test_what_lacks_a_member_or_is_too_long_is_refused():
    document = ASSENT.json()
    for name in document:
        left = {other: value for other, value in document.items() if other != name}
        if name == "parameters":
            assert assents.from_json(left).parameters is None
            continue
        with pytest.raises(ContractError):
            assents.from_json(left)
    for odd in (b"", b"[]", b"{}", b" " * 40_000, canonical({**SIGNED.json(), "signature": "00"})):
        with pytest.raises(ContractError):
            assents.read(odd)


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30)


@settings(max_examples=tried(100), deadline=None)
@given(
    st.lists(st.tuples(TEXTS, NUMBERS, NUMBERS), min_size=1, max_size=16),
    st.none() | st.lists(NUMBERS, max_size=20),
    TEXTS,
    st.integers(0, 10**9),
)  # fmt: skip
def test_any_assent_comes_back_as_it_was(tells, parameters, statement, until):
    made = replace(
        ASSENT,
        tells=tuple(tells),
        parameters=None if parameters is None else tuple(parameters),
        statement=statement,
        until=UNTIL + timedelta(seconds=until),
    )
    again = assents.from_json(json.loads(canonical(made.json())))
    assert canonical(again.json()) == canonical(made.json())
    assert again.digest == made.digest


def test_a_gate_names_its_reviewer_and_then_needs_no_noise():
    noise = Noise(50, 100)
    for gate in (
        Gate(("revenue",), "firm", programs=Programs(5, REVIEWER)),
        Gate(("revenue",), "firm", programs=Programs(5, REVIEWER), noise=noise),
    ):
        assert read(gate.json()) == gate
        assert gate.reviewer == REVIEWER
    before = Gate(("revenue",), "firm", programs=Programs(5), noise=noise)
    assert (before.reviewer, before.json()["programs"]) == (None, {"seconds": "5"}), "terms of before read as before"
    with pytest.raises(ContractError, match="noise"):
        Gate(("revenue",), "firm", programs=Programs(5))
    for other in ({"lookup": LookUp(3, 1)}, {"joint": Joint(("did:web:b", "did:web:c"), 3), "noise": noise}):
        with pytest.raises(ContractError):
            Gate(("revenue",), "firm", programs=Programs(5, REVIEWER), **other)
    for odd in ({"seconds": "5", "reviewer": ""}, {"seconds": "5", "reviewer": "x"}, {"reviewer": REVIEWER}):
        with pytest.raises(ContractError):
            read({**before.json(), "programs": odd})
