"""Boxes at their limits: what they hold, who opens them, and what a key closes."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import canonical
from contracts.labels import H
from ledger.log import disclosure, wrapping
from ledger.log.disclosure import BOX_LIMIT_BYTES, NONCE_BYTES, BoxKey, Disclosure, DisclosureError
from tests.every import every

WRAPPED = 80  # a key for boxes, wrapped for an X25519 key
ONE, TWO = (X25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (5, 6))
FIRST, SECOND = (key.public_key().public_bytes_raw() for key in (ONE, TWO))
LEAF = bytes(range(32))
SALT = "00" * 16


def boxed(*rows):
    return disclosure.seal([json.dumps(row, separators=(",", ":")).encode() for row in rows], FIRST, LEAF)


def test_every_field_has_a_salt_of_its_own():
    texts = disclosure.conceal({"a": 1, "b": 2, "c": 3}, lambda count: bytes(range(count)))
    salts = [bytes(range(at, at + 16)).hex() for at in (0, 16, 32)]
    assert [json.loads(text) for text in texts] == [[salts[0], "a", 1], [salts[1], "b", 2], [salts[2], "c", 3]]


def test_a_recipient_is_named_by_the_hash_of_its_key():
    assert disclosure.recipient_id(FIRST) == H("recipient", FIRST)[:8].hex()
    assert disclosure.recipient_id(FIRST) != disclosure.recipient_id(SECOND)


def test_digests_are_sorted():
    found = disclosure.digests([bytes([at]) for at in range(9)])
    assert list(found) == sorted(found)


def test_a_key_closes_each_box_with_another_nonce_for_all_its_recipients():
    key = BoxKey([FIRST, SECOND])
    assert (key.closed, len(key.name), set(key.wrapped)) == (0, 16, {*map(disclosure.recipient_id, (FIRST, SECOND))})
    closed = [key.close(disclosure.conceal({"n": at}), LEAF) for at in range(3)]
    assert [int.from_bytes(box[:NONCE_BYTES]) for box in closed] == [1, 2, 3]
    assert key.closed == 3
    for owner, public in ((ONE, FIRST), (TWO, SECOND)):
        wrapped = key.wrapped[disclosure.recipient_id(public)]
        assert len(wrapped) == WRAPPED
        assert [disclosure.unseal(wrapped + box, owner, LEAF)[0].value for box in closed] == [0, 1, 2]


def test_a_key_is_wrapped_again_by_who_can_open_it():
    key = BoxKey([FIRST])
    wrapped, box = key.wrapped[disclosure.recipient_id(FIRST)], key.close(disclosure.conceal({"n": 7}), LEAF)
    again = disclosure.wrap_again(wrapped, ONE, SECOND)
    assert disclosure.unseal(again + box, TWO, LEAF)[0].value == 7
    for wrong, owner in ((wrapped, TWO), (wrapped[:-1], ONE), (b"", ONE)):
        with pytest.raises(DisclosureError, match="does not open"):
            disclosure.wrap_again(wrong, owner, SECOND)


def test_a_wrapped_key_has_its_length():
    for count in (16, 24):
        short = wrapping.wrap(bytes(count), FIRST, disclosure._INFO)
        with pytest.raises(ValueError, match="another length"):
            disclosure._unwrapped(short, ONE)


def test_a_box_may_be_as_large_as_its_limit():
    around = len(boxed([SALT, "a", ""]))
    most = boxed([SALT, "a", "x" * (BOX_LIMIT_BYTES - around)])
    assert len(most) == BOX_LIMIT_BYTES == 1 << 20
    assert disclosure.unseal(most, ONE, LEAF)[0].name == "a"
    for wrong in (boxed([SALT, "a", "x" * (BOX_LIMIT_BYTES - around + 1)]), most[: WRAPPED + NONCE_BYTES], b""):
        with pytest.raises(DisclosureError, match="too short, or over"):
            disclosure.unseal(wrong, ONE, LEAF)
    with pytest.raises(DisclosureError, match="does not open"):
        disclosure.unseal(most[: WRAPPED + NONCE_BYTES + 1], ONE, LEAF)


def test_a_box_holds_as_many_fields_as_an_entry_may_have():
    rows = [[SALT, str(at), at] for at in range(65)]
    assert len(disclosure.unseal(boxed(*rows[:64]), ONE, LEAF)) == 64
    with pytest.raises(DisclosureError, match="at most 64"):
        disclosure.unseal(boxed(*rows), ONE, LEAF)


def test_an_empty_box_discloses_nothing():
    assert disclosure.unseal(boxed(), ONE, LEAF) == []


@pytest.mark.parametrize("salt", [SALT, "ab" * 64])
def test_a_disclosure_is_salt_name_and_value(salt):
    assert disclosure.unseal(boxed([salt, "a", None]), ONE, LEAF) == [Disclosure(salt, "a", None)]


@every(
    ("row", "match"),
    [
        ([SALT, "a"], "list of salt"),
        ([SALT, "a", 1, 2], "list of salt"),
        ([SALT, 5, 1], "list of salt"),
        ({"salt": SALT, "name": "a", "value": 1}, "list of salt"),
        ("abc", "list of salt"),
        ([5, "a", 1], "the salt of `a` is not 16 to 64 bytes of hex"),
        (["00" * 15, "a", 1], "the salt of `a`"),
        (["00" * 65, "a", 1], "the salt of `a`"),
        ([SALT + "0", "a", 1], "the salt of `a`"),
        (["AB" * 16, "a", 1], "the salt of `a`"),
    ],
)
def test_anything_else_is_refused(row, match):
    with pytest.raises(DisclosureError, match=match):
        disclosure.unseal(boxed([SALT, "b", 1], row), ONE, LEAF)


def test_a_box_holds_a_list():
    key = BoxKey([FIRST])
    nonce = bytes(NONCE_BYTES)
    box = key.wrapped[disclosure.recipient_id(FIRST)] + nonce
    with pytest.raises(DisclosureError, match="holds a list"):
        disclosure.unseal(box + key._cipher.encrypt(nonce, b'{"a":1}', disclosure._INFO + LEAF), ONE, LEAF)
    with pytest.raises(DisclosureError, match="does not open"):
        disclosure.unseal(box + key._cipher.encrypt(nonce, b"no json", disclosure._INFO + LEAF), ONE, LEAF)


def test_an_entry_commits_to_each_value_once():
    one, other = Disclosure(SALT, "a", 1), Disclosure("11" * 16, "a", 2)
    sd = disclosure.digests([one.text(), other.text()])
    assert disclosure.check([], sd) == {}
    assert disclosure.check([other], sd) == {"a": 2}
    with pytest.raises(DisclosureError, match="twice"):
        disclosure.check([one, other], sd)
    with pytest.raises(DisclosureError, match="does not commit"):
        disclosure.check([Disclosure(SALT, "a", 2)], sd)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)
SALTS = st.sampled_from([SALT, SALT, "ab" * 17, "AB" * 16, "00" * 15, " " + "0" * 31, 5])
SPELLINGS = st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")])


def outcome(made, *args):
    try:
        return made(*args)
    except DisclosureError as error:
        return str(error)


@given(st.lists(st.tuples(SALTS, st.sampled_from("abc"), VALUES), max_size=3), SPELLINGS, st.booleans())
def test_what_a_box_shows_is_what_is_read_of_it_and_checked(rows, spelling, is_whole):
    texts = [json.dumps(row, separators=spelling, sort_keys=True, ensure_ascii=False).encode() for row in rows]
    sd = disclosure.digests(texts if is_whole else texts[1:])
    box = disclosure.seal(texts, FIRST, LEAF)
    told = outcome(lambda: disclosure.check(disclosure.unseal(box, ONE, LEAF), sd))
    assert outcome(disclosure.shown, box, ONE, LEAF, sd) == told


def test_a_value_that_is_not_canonical_is_not_shown_by_a_digest_of_it_as_it_is_spelled():
    text = b'["%b","a",1.0]' % SALT.encode()
    box = disclosure.seal([text], FIRST, LEAF)
    with pytest.raises(DisclosureError, match="does not commit"):
        disclosure.shown(box, ONE, LEAF, disclosure.digests([text]))
    assert disclosure.shown(box, ONE, LEAF, disclosure.digests([canonical([SALT, "a", 1.0])])) == {"a": 1}
