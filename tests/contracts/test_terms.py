"""Terms: one spelling of each member, its bounds, and a digest that covers all of it."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import blind
from contracts.application import Application
from contracts.canonical import canonical, load
from contracts.gate import Gate
from contracts.labels import H
from contracts.lookup import LookUp
from contracts.split import Split
from contracts.tariff import Tariff
from contracts.terms import Terms, product_key
from tests.contracts.refusal import refused
from tests.contracts.test_delegation import made
from tests.contracts.weather import TERMS
from tests.every import every

GOOD = TERMS.json()
SAID_THERE = "the gate says how many keys (`lookup=1000`)"


def test_terms_survive_their_json_and_a_change_of_any_member_changes_the_digest():
    document = load(canonical(TERMS.json()))
    assert Terms.from_json(document) == TERMS
    assert Terms.from_json(document).digest == TERMS.digest
    changes = {
        "product": "p", "title": "t", "edition_id": b"\x05" * 32, "policy": {}, "tariff": Tariff("byte", 1, 1, "CNY"),
        "token": b"\xc4" * 20, "split": Split(((b"\xa1" * 20, 10_000),)), "max_exposure": 1, "lock_ttl": 86_401,
        "claim_margin": 1, "stale_max": 1, "max_unpaid_bytes": 1, "lease_seconds": 1, "arbitrator": b"\x01" * 20,
        "not_after": datetime(2027, 2, 1, tzinfo=UTC), "salt": b"\x08" * 32,
        "columns": {"delay": 3}, "parent": b"\x09" * 32, "inherit": True, "blind_salt": b"\x0a" * 32,
        "facts": {"language": "zh", "dataField": ("day", "delay")}, "project": b"\x0b" * 32,
        "hosted": made(), "amends": b"\x0c" * 32, "contract": b"\x0d" * 32,
        "application": Application("sha-256:" + "0e" * 32, ("a",), (("b", 0.0, 1.0),)),
    }  # fmt: skip
    assert set(changes) | {"tier", "gate"} == {field.name for field in fields(Terms)}
    changed = [replace(TERMS, **{name: value}) for name, value in changes.items()]
    changed.append(replace(TERMS, tier="kept", lease_seconds=0))
    computed = replace(TERMS, tier="computed", lease_seconds=0, gate=Gate(("a", "b"), "who"))
    changed += [
        computed,
        replace(computed, gate=Gate(("a", "b"), "who", least=11)),
        replace(computed, gate=Gate(("a",))),
    ]
    digests = {terms.digest for terms in changed}
    assert len(digests) == len(changed)
    assert TERMS.digest not in digests
    assert [Terms.from_json(load(canonical(terms.json()))) for terms in changed] == changed


def test_the_digest_is_sha_256_of_the_canonical_json():
    assert TERMS.digest == hashlib.sha256(canonical(GOOD)).digest()
    assert GOOD["v"] == 1
    assert product_key("weather") == H("product", b"weather")


def test_what_is_optional_is_left_out_and_what_is_not_is_said_though_it_is_nothing():
    least = replace(
        TERMS, tier="plain", lease_seconds=0, max_exposure=0, lock_ttl=0, claim_margin=0, stale_max=0,
        max_unpaid_bytes=0, policy={},
    )  # fmt: skip
    said = least.json()
    assert set(said) == set(GOOD)
    assert not set(said) & {"columns", "parent", "inherit", "blindSalt", "facts", "gate"}
    assert (said["leaseSeconds"], said["maxExposure"], said["policy"]) == (0, "0", {})
    assert Terms.from_json(said) == least
    most = replace(
        TERMS, columns={"delay": 3}, parent=b"\x01" * 32, inherit=True, blind_salt=b"\x02" * 32,
        facts={"language": "zh", "dataField": ("day", "delay")},
    )  # fmt: skip
    said = most.json()
    assert {name: said[name] for name in set(said) - set(GOOD)} == {
        "columns": {"delay": "3"},
        "parent": "01" * 32,
        "inherit": True,
        "blindSalt": "02" * 32,
        "facts": {"language": "zh", "dataField": ["day", "delay"]},
    }
    assert Terms.from_json(said) == most


@every("tier", ["plain", "kept", "leased", "computed"])
def test_answers_pass_a_gate_in_one_tier_and_in_no_other(tier):
    gate = None if tier == "computed" else Gate(("a",))
    with refused("terms", "answers pass a `gate` in the tier `computed` and in no other"):
        replace(TERMS, tier=tier, lease_seconds=900 if tier == "leased" else 0, gate=gate)


def test_a_price_of_subjects_found_is_for_those_that_are_looked_up():
    looked, price = Gate(("a",), "who", lookup=LookUp(10, 1)), Tariff("match", 50, 1, "CNY")
    priced = replace(TERMS, tier="computed", lease_seconds=0, tariff=price, gate=looked)
    assert Terms.from_json(load(canonical(priced.json()))) == priced
    for tariff in (price, Tariff("subscription", 500, 100, "CNY", (), "match", "month")):
        with refused("terms", f"a price of subjects found is for those that are looked up: {SAID_THERE}"):
            replace(priced, tariff=tariff, gate=Gate(("a",), "who"))


def test_the_chain_knows_an_edition_by_its_id_or_blind():
    assert TERMS.registered_id == TERMS.edition_id
    hidden = replace(TERMS, blind_salt=b"\x0a" * 32)
    assert hidden.registered_id == blind.registered_id(TERMS.edition_id, b"\x0a" * 32) != TERMS.edition_id


@given(st.sampled_from(sorted(GOOD)))
def test_no_member_may_be_missing(name):
    with refused("terms", f"terms have other members than version 1 says: `{name}`"):
        Terms.from_json({key: value for key, value in GOOD.items() if key != name})


def test_members_beyond_those_of_the_version_are_named():
    with refused("terms", "terms have other members than version 1 says: `extra, more`"):
        Terms.from_json(GOOD | {"more": 1, "extra": 1, "parent": "01" * 32})
    for value in (None, [], "terms", 1):
        with refused("terms", "terms have other members than version 1 says: ``"):
            Terms.from_json(value)


@every("version", [0, 2, True, 1.0, "1", None])
def test_another_version_is_refused(version):
    with refused("version", "use version 1"):
        Terms.from_json(GOOD | {"v": version})


# the longest and the next longer of each text
TEXTS = {"product": 300, "title": 200}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_printable_and_has_an_end(name):
    longest = "x" * TEXTS[name]
    assert Terms.from_json(GOOD | {name: longest}).json()[name] == longest
    assert Terms.from_json(GOOD | {name: "é"}).json()[name] == "é"
    for wrong in ("", longest + "x", "a\nb", 5, ["a"], None):
        with refused("terms", f"`{name}` is not a printable text of 1 to {TEXTS[name]} characters"):
            Terms.from_json(GOOD | {name: wrong})


def test_a_tier_is_one_of_three():
    for tier in ("plain", "kept"):
        assert Terms.from_json(GOOD | {"tier": tier, "leaseSeconds": 0}).tier == tier
    for tier in ("gold", "x" * 20):
        with refused("unknown-tier", f"`{tier}` is not a tier; use one of plain, kept, leased, computed"):
            Terms.from_json(GOOD | {"tier": tier})
    with refused("terms", "`tier` is not a printable text of 1 to 20 characters"):
        Terms.from_json(GOOD | {"tier": "x" * 21})


def test_a_lease_has_a_length_in_its_tier_and_in_no_other():
    assert replace(TERMS, lease_seconds=1).lease_seconds == 1
    for change in ({"lease_seconds": 0}, {"tier": "kept"}, {"tier": "plain", "lease_seconds": 1}):
        with refused("terms", "leases last longer than 0 seconds in the tier `leased` and in no other"):
            replace(TERMS, **change)


def test_a_lock_lasts_as_long_as_a_claim_may_take():
    assert Terms.from_json(GOOD | {"lockTtl": 4200}).lock_ttl == 4200
    with refused("terms", "`lockTtl` is shorter than `claimMargin` + `staleMax`"):
        Terms.from_json(GOOD | {"lockTtl": 4199})


TEN_YEARS = 316_224_000  # of 366 days each, the longest duration that terms may name


@pytest.mark.parametrize("name", ["lockTtl", "leaseSeconds", "claimMargin", "staleMax"])
def test_a_duration_has_an_end(name):
    longest = {"lockTtl": TEN_YEARS, "claimMargin": 0, "staleMax": 0, name: TEN_YEARS}
    assert Terms.from_json(GOOD | longest).json()[name] == TEN_YEARS
    for wrong in (TEN_YEARS + 1, -1, True, 1.0, "1", None):
        with refused("terms", f"`{name}` is not a number of seconds from 0 to {TEN_YEARS}"):
            Terms.from_json(GOOD | longest | {name: wrong})


@pytest.mark.parametrize("name", ["maxExposure", "maxUnpaidBytes"])
def test_an_amount_is_a_decimal_string(name):
    assert Terms.from_json(GOOD | {name: str(2**128 - 1)}).json()[name] == str(2**128 - 1)
    for wrong in (500, "01", "-1"):
        with refused("not-decimal", f"`{name}`"):
            Terms.from_json(GOOD | {name: wrong})


def test_a_policy_is_an_object_of_limited_size():
    around = len(canonical({"x": ""}))
    largest = {"x": "y" * (65_536 - around)}
    assert Terms.from_json(GOOD | {"policy": largest}).policy == largest
    with refused("too-large", "the policy has more than 65536 bytes"):
        Terms.from_json(GOOD | {"policy": {"x": largest["x"] + "y"}})
    for wrong in ([], "use", None):
        with refused("terms", "`policy` is not a JSON object"):
            Terms.from_json(GOOD | {"policy": wrong})


def test_an_end_is_an_instant_in_utc_with_whole_seconds():
    assert Terms.from_json(GOOD | {"notAfter": "1970-01-01T00:00:00Z"}).not_after == datetime(1970, 1, 1, tzinfo=UTC)
    assert Terms.from_json(GOOD | {"notAfter": "2028-02-29T23:59:59Z"}).json()["notAfter"] == "2028-02-29T23:59:59Z"
    wrong = (
        "2027-01-31T00:00:00+00:00", "2027-02-30T00:00:00Z", "1969-12-31T23:59:59Z", "0000-01-31T00:00:00Z",
        "2027-01-31", "2027-01-31T00:00Z", "2027-01-31T00:00:00ZZ", " 2027-01-31T00:00:00Z", 1, None,
    )  # fmt: skip
    for value in wrong:
        with refused("terms", "`notAfter` is not an instant like `2027-01-31T00:00:00Z`"):
            Terms.from_json(GOOD | {"notAfter": value})
    other = datetime(2027, 1, 31, tzinfo=timezone(timedelta(hours=8)))
    for instant in (TERMS.not_after + timedelta(microseconds=1), other, other.replace(tzinfo=None)):
        with refused("terms", "`notAfter` is an instant in UTC with whole seconds"):
            replace(TERMS, not_after=instant)


@pytest.mark.parametrize("name", ["editionId", "salt", "parent", "blindSalt"])
def test_a_digest_is_64_lowercase_hex_digits(name):
    assert Terms.from_json(GOOD | {name: "ab" * 32}).json()[name] == "ab" * 32
    for wrong in ("aa", "ab" * 31, "ab" * 33, "AB" * 32, "", None):
        with refused("not-hex", f"`{name}` is not 64 lowercase hex digits"):
            Terms.from_json(GOOD | {name: wrong})


@pytest.mark.parametrize("name", ["token", "arbitrator"])
def test_an_address_is_checksummed(name):
    with refused("not-address", f"`{name}`"):
        Terms.from_json(GOOD | {name: "0x" + "c3" * 20})


def test_what_is_made_of_the_data_stays_or_the_member_is_left_out():
    assert Terms.from_json(GOOD | {"inherit": True}).inherit is True
    assert Terms.from_json(GOOD).inherit is False
    for wrong in (False, 1, "true", None):
        with refused("terms", "`inherit` is true or left out"):
            Terms.from_json(GOOD | {"inherit": wrong})


# ---- columns -----------------------------------------------------------------------------------------------------


def test_columns_are_named_with_their_groups():
    some = Terms.from_json(GOOD | {"columns": {"delay": "3", "x" * 512: "4294967294"}})
    assert some.columns == {"delay": 3, "x" * 512: 4_294_967_294}
    assert some.json()["columns"] == {"delay": "3", "x" * 512: "4294967294"}
    assert "columns" not in GOOD


def test_there_are_so_many_columns_and_no_more():
    most = {f"c{n}": str(n) for n in range(1, 4097)}
    assert len(Terms.from_json(GOOD | {"columns": most}).columns) == 4096
    for wrong in ({}, most | {"c4097": "4097"}, [], ["a"], None):
        with refused("terms", "`columns` is not an object of 1 to 4096 columns; leave it out for all"):
            Terms.from_json(GOOD | {"columns": wrong})


def test_a_group_stands_once_and_is_not_the_one_that_belongs_to_all():
    for wrong in ({"a": "1", "b": "1"}, {"a": "0"}, {"a": "1", "b": "0"}):
        with refused("terms", "`columns` names a group twice, or the one that belongs to all"):
            Terms.from_json(GOOD | {"columns": wrong})


@every(
    ("column", "group", "code"),
    [
        ("a", 3, "not-decimal"), ("a", "01", "not-decimal"), ("a", "4294967295", "out-of-range"),
        ("", "1", "terms"), ("x" * 513, "1", "terms"), ("a\n", "1", "terms"),
    ],
)  # fmt: skip
def test_a_column_has_a_printable_name_and_a_number(column, group, code):
    with refused(code, "`columns`"):
        Terms.from_json(GOOD | {"columns": {column: group}})
