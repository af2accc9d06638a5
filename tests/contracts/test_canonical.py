"""JSON that is hashed: one way to write a value, and two readers of a document never differ."""

from __future__ import annotations

import hashlib
import json
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from contracts import canonical as writing
from contracts.canonical import MAX_DEPTH_LEVELS, canonical, composed, is_plain, load, sha, values_at_most
from contracts.errors import ContractError
from contracts.labels import H, X
from tests.effort import within
from tests.every import every

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@given(VALUES)
def test_canonical_form_reads_back_and_is_a_fixed_point(value):
    text = canonical(value)
    assert load(text) == value
    assert canonical(load(text)) == text


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_an_object_is_composed_of_what_its_members_are_written_as(value):
    assert composed({name: canonical(member) for name, member in value.items()}) == canonical(value)


def test_what_nests_too_deep_is_not_written_at_once():
    deep = []
    for _ in range(MAX_DEPTH_LEVELS - 1):
        deep = [deep]
    assert is_plain(deep)
    assert not is_plain([deep])
    assert canonical([deep]) == rfc8785.dumps([deep])


@given(VALUES)
def test_spelling_does_not_change_the_digest(value):
    spelt = json.dumps(value, indent=3, ensure_ascii=True).encode()
    assert sha(load(spelt)) == sha(value)


@given(VALUES)
def test_both_writers_write_the_same(value):
    assert canonical(value) == rfc8785.dumps(value)


LARGEST = 2**53 - 1
PLAIN = [
    "é", True, False, None, 0, LARGEST, -LARGEST, [], {}, (), [None, "é", 1, [2, ("x",)]],
    {"b": "\U0001f600", "a": {"d": [1], "c": None}},
]  # fmt: skip


@every("value", PLAIN, ids=str)
def test_what_is_plain_is_written_and_read_once(value, monkeypatch):
    """The careful writer and the second reader cost many times as much: most of what is signed never meets them."""
    expected = rfc8785.dumps(value)
    monkeypatch.delattr(writing.rfc8785, "dumps")
    monkeypatch.delattr(writing.json, "loads")
    assert canonical(value) == expected
    assert canonical(load(expected)) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, b"1"),
        ([-0.0], b"[0]"),
        ({"a": 1e21}, b'{"a":1e+21}'),
        ({"\ufb33": 1, "a": 2}, b'{"a":2,"\xef\xac\xb3":1}'),
    ],
)
def test_fractions_and_keys_of_other_scripts_are_written_with_care(value, text):
    assert canonical(value) == text


def test_a_digest_is_sha_256_of_the_canonical_form():
    assert sha({"b": 1, "a": "é"}) == hashlib.sha256('{"a":"é","b":1}'.encode()).digest()


@every("value", [{1: 2}, 2**53, -(2**53), b"x", {1, 2}, "\ud800", {"a": ["\udc00"]}, {"\ud800": 1}])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(ContractError):
        canonical(value)


def test_a_deep_value_is_written_or_refused_never_cut():
    deep = 1
    for _ in range(300):
        deep = [deep]
    assert canonical(deep) == b"[" * 300 + b"1" + b"]" * 300
    endless = []
    endless.append(endless)
    with pytest.raises(ContractError):
        canonical(endless)


def test_rfc_8785_example():
    """The sample of RFC 8785 section 3.2.2, with its numbers as doubles."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert (
        canonical(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_sort_by_utf16_units():
    assert canonical({"\U0001f600": 1, "\ufb33": 2}) == '{"\U0001f600":1,"\ufb33":2}'.encode()


REFUSED = {
    b'{"a":1,"a":2}': "duplicate-key",
    b'[{"x":{"k":1,"k":1}}]': "duplicate-key",
    b'{"a":1,"\\u0061":2}': "duplicate-key",
    b'"\\ud800"': "not-json",
    b'{"\\udc00":1}': "not-json",
    b'"\xed\xa0\x80"': "not-json",
    b'"\xff"': "not-json",
    b"NaN": "not-json",
    b"[Infinity]": "not-json",
    b"[-Infinity]": "not-json",
    b"[1e999]": "not-json",
    b"[1,]": "not-json",
    b"[01]": "not-json",
    b"": "not-json",
    b"\xef\xbb\xbf{}": "not-json",
    b"{} {}": "not-json",
    b"9007199254740992": "unsafe-integer",
    b"-9007199254740992": "unsafe-integer",
    b"1" + b"0" * 300: "unsafe-integer",
    b"1" + b"0" * 309: "not-json",
    b"1" + b"0" * 100_000: "not-json",
    b"-1" + b"0" * 300: "unsafe-integer",
    b"[" * 32 + b'{"a":' * 33 + b"1" + b"}" * 33 + b"]" * 32: "too-deep",
    b"[" * 65 + b"]" * 65: "too-deep",
    b"[" * 100_000 + b"]" * 100_000: "not-json",
    b'{"a":' * 900 + b"1" + b"}" * 900: "too-deep",
    b'"' + b"x" * (1 << 20) + b'"': "too-large",
}


@every(("document", "code"), REFUSED.items(), ids=lambda value: str(value)[:24])
def test_refused_documents(document, code):
    with pytest.raises(ContractError) as refusal:
        load(document)
    assert refusal.value.code == code


@given(st.integers(-(2**70), 2**70) | st.integers(2**53 - 3, 2**53 + 3) | st.integers(-(2**53) - 3, -(2**53) + 3))
def test_an_integer_is_read_exactly_where_a_double_holds_it_and_refused_elsewhere(number):
    document = b'{"in":[%d,"%d"]}' % (number, number)
    if abs(number) < 2**53:
        assert load(document) == {"in": [number, str(number)]}
        return
    with pytest.raises(ContractError) as refusal:
        load(document)
    assert refusal.value.code == "unsafe-integer"


def test_a_key_that_stands_twice_among_many_is_found_in_one_pass():
    keys = [b'"%d":0' % number for number in range(50_000)]
    document = b"{" + b",".join([*keys, keys[-1]]) + b"}"
    quick = within(1, "to look for each key among all the others takes 20 s")
    with quick, pytest.raises(ContractError, match="`49999` stands twice"):
        load(document)


def test_so_many_values_are_not_read():
    assert values_at_most(b"[1,[2,{}]]") == 5
    assert load(b"[1,[2,{}]]", max_values=5) == [1, [2, {}]]
    with pytest.raises(ContractError) as refusal:
        load(b"[1,[2,{}]]", max_values=4)
    assert refusal.value.code == "too-many"


def test_limits_are_inclusive():
    assert load(b"[" * 64 + b"]" * 64) is not None
    assert load(b"9007199254740991") == 2**53 - 1
    assert load(b" [9007199254740991, -9007199254740991]") == [LARGEST, -LARGEST]
    assert load(b'"' + b"x" * 8 + b'"', max_bytes=10) == "x" * 8
    with pytest.raises(ContractError, match="the document has 10 bytes, at most 9 are read"):
        load(b'"' + b"x" * 8 + b'"', max_bytes=9)
    longest = b'"' + b"x" * ((1 << 20) - 2) + b'"'
    assert load(longest) == "x" * ((1 << 20) - 2)
    with pytest.raises(ContractError, match="at most 1048576 are read"):
        load(longest + b" ")


def test_a_reader_says_how_deep_it_reads():
    """The levels are counted before anything looks inside: a key that stands twice deeper down is not met."""
    assert load(b'[{"a":[1]}]', max_depth=3) == [{"a": [1]}]
    for document in (b'[{"a":[1]}]', b'[{"a":[{"b":1,"b":2}]}]'):
        with pytest.raises(ContractError, match="the document nests deeper than 2 levels"):
            load(document, max_depth=2)


def test_only_brackets_that_nest_are_levels():
    """Depth is that of the value: what stands in a text or side by side is none."""
    assert load(b'"' + b"[" * 100 + b'"') == "[" * 100
    assert load(b"[" + b",".join([b"[[]]"] * 100) + b"]") == [[[]]] * 100
    assert load(b'{"a":' * 64 + b"1" + b"}" * 64)["a"]["a"]
    assert load(b"[" * 32 + b'{"a":' * 32 + b"1" + b"}" * 32 + b"]" * 32)[0][0]


@every("value", [math.nan, math.inf, 2**53, "\ud800", {1: 2}, {"\ud800": 1}, b"x", object()])
def test_values_without_a_canonical_form(value):
    with pytest.raises(ContractError) as refusal:
        canonical([value])
    assert refusal.value.code == "not-canonical"


# ---- labels ------------------------------------------------------------------------------------------------------


@given(
    st.binary(max_size=40), st.sampled_from(["chunk-secret", "plain-salt"]), st.binary(max_size=60), st.integers(1, 200)
)
def test_expansion_agrees_with_cryptography(key, label, info, n):
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    key = key.ljust(32, b"k")
    tag = b"penstock/" + label.encode() + b"/v1\0" + info
    assert X(key, label, info, n) == HKDFExpand(SHA256(), n, tag).derive(key)


def test_expansion_has_limits():
    for n in (0, -1, 255 * 32 + 1):
        with pytest.raises(ValueError, match="cannot expand"):
            X(b"k" * 32, "chunk-secret", b"", n)


def test_labels_and_versions_separate_digests():
    import hashlib

    assert H("plain", b"ab", b"c") == hashlib.sha256(b"penstock/plain/v1\0abc").digest()
    assert H("plain", b"x") != H("product", b"x")
