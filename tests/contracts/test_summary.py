"""The words a signer reads: each part of the terms that they promise, and nothing is left out silently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.gate import Gate
from contracts.noise import Noise
from contracts.program import Programs
from contracts.summary import is_summary, summary
from contracts.tariff import Tariff
from tests.contracts.refusal import refused
from tests.contracts.weather import TERMS
from tests.every import every

FREELY = "openings without limit"
TERMS_SAY = "as the terms say"


def words(policy):
    """Return what is said of the purpose and of the openings."""
    said = summary(replace(TERMS, policy=policy)).split(" · ")
    return said[3].removeprefix("purpose "), said[5]


def one(left, operator, right):
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def permitting(*constraints):
    return {"permission": [{"action": "use", "constraint": list(constraints)}]}


def test_words_in_english_and_chinese():
    assert summary(TERMS) == (
        "Weather 2013 · sealed, keys leased per opening (counted by the key holder) · price 5.00 CNY per opening · "
        "purpose Research · until 2027-01-31T00:00:00Z · openings at most 3"
    )
    assert summary(TERMS, "zh") == (
        "Weather 2013 · 密封,密钥按次租用(次数由密钥方记录) · 价格 5.00 CNY / 次 · 用途 Research · "
        "截止 2027-01-31T00:00:00Z · 最多打开 3 次"
    )


def test_a_language_without_words_is_refused():
    with refused("language", "there are no words in `fr`; use one of en, zh"):
        summary(TERMS, "fr")


def test_a_text_is_the_summary_in_any_of_the_languages_to_the_letter():
    assert is_summary(summary(TERMS), TERMS)
    assert is_summary(summary(TERMS, "zh"), TERMS)
    assert not is_summary(summary(TERMS) + " ", TERMS)
    assert not is_summary("", TERMS)


def test_a_reviewer_is_named_and_what_goes_by_its_assent():
    reviewed, noise = Programs(5, "did:web:reviewer.example"), Noise(50, 500)
    for gate, english, chinese in (
        (Gate(("age",), programs=reviewed), "programs that did:web:reviewer.example assented to", "精确答复"),
        (Gate(("age",), programs=reviewed, noise=noise), "those that did:web:reviewer.example assented", "精确答复"),
        (Gate(("age",), programs=Programs(5), noise=noise), "one's own programs are run on it, 5 seconds each", "自带"),
    ):
        terms = replace(TERMS, tier="computed", lease_seconds=0, gate=gate)
        assert english in summary(terms)
        assert chinese in summary(terms, "zh")
        assert ("exactly" in summary(terms)) == bool(gate.reviewer)


@every(
    ("change", "said"),
    [
        ({"tariff": Tariff("byte", 300, 1 << 20, "CNY")}, "price 3.00 CNY per MiB"),
        ({"tariff": Tariff("byte", 7, 1000, "JPY")}, "price 7 JPY per 1000 bytes"),
        ({"tariff": Tariff("opening", 7, 10, "PNT")}, "price 7 minor units of PNT per 10 openings"),
        ({"tariff": Tariff("byte", 0, 1, "CNY")}, "price nothing"),
        ({"tier": "plain", "lease_seconds": 0}, "Weather 2013 · plain copy · "),
        ({"tier": "kept", "lease_seconds": 0}, " · sealed, keys kept (counts kept by the holder) · "),
        ({"title": "Tides {n}"}, "Tides {n} · "),
    ],
)
def test_words_of_other_terms(change, said):
    assert said in summary(replace(TERMS, **change))


def test_columns_and_what_is_made_of_the_data_are_said_at_the_end():
    some = replace(TERMS, columns={"delay": 3, "arrival": 2})
    assert summary(some) == summary(TERMS) + " · only the columns delay, arrival"
    assert summary(replace(TERMS, inherit=True)) == summary(TERMS) + " · what is made out of it stays under these terms"
    both = summary(replace(some, inherit=True), "zh")
    assert both == summary(TERMS, "zh") + " · 仅限列 delay、arrival · 由其衍生的数据仍受本条款约束"
    assert not is_summary(summary(TERMS), some)
    amended = replace(TERMS, amends=b"\x0f" * 32)
    assert summary(amended) == summary(TERMS) + " · in place of the agreement " + "0f" * 32
    assert summary(amended, "zh") == summary(TERMS, "zh") + " · 替代合约 " + "0f" * 32
    under = replace(TERMS, contract=b"\x0e" * 32)
    assert summary(under) == summary(TERMS) + " · under the contract " + "0e" * 32
    assert summary(under, "zh") == summary(TERMS, "zh") + " · 依据数字合约 " + "0e" * 32


def test_eight_names_are_said_and_how_many_more_there_are():
    names = [f"c{n}" for n in range(10)]
    eight, ten = (replace(TERMS, columns=dict.fromkeys(names[:n], 1)) for n in (8, 10))
    assert summary(eight).endswith("c0, c1, c2, c3, c4, c5, c6, c7")
    assert summary(ten).endswith("c0, c1, c2, c3, c4, c5, c6, c7 and 2 more, see the terms")
    assert words(permitting(one("purpose", "isAnyOf", [f"x#P{n}" for n in range(9)])))[0] == (
        "P0, P1, P2, P3, P4, P5, P6, P7 and 1 more, see the terms"
    )


# ---- purposes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["eq", "isA", "isAnyOf", "isPartOf", "odrl:isAllOf"])
def test_purposes_that_are_allowed_are_named(operator):
    assert words(permitting(one("purpose", operator, ["x#Care", "x#Study"])))[0] == "Care, Study"


@pytest.mark.parametrize("operator", ["neq", "isNoneOf"])
def test_purposes_that_are_not_allowed_are_named_as_such(operator):
    assert words(permitting(one("purpose", operator, ["x#Ads", "x#Sale"])))[0] == "not Ads, not Sale"


@pytest.mark.parametrize("operator", ["hasPart", "gt", "", None])
def test_a_purpose_that_is_compared_otherwise_is_in_the_terms(operator):
    assert words(permitting(one("purpose", operator, ["x#Ads", "x#Sale"])))[0] == TERMS_SAY
    assert words(permitting({"leftOperand": "purpose", "rightOperand": "x#Ads"}))[0] == TERMS_SAY


def test_a_purpose_is_named_once():
    policy = permitting(one("purpose", "eq", "x#Care"), one("purpose", "isA", "y/Care"), one("purpose", "eq", "Study"))
    assert words(policy)[0] == "Care, Study"


@every(
    "name",
    [
        "Care", "p:Care", "https://w3id.org/penstock/purpose#Care", "https://w3id.org/purpose/Care", "urn:purpose:Care",
        {"@id": "p:Care"}, {"@value": "Care"}, {"@value": "Care", "@id": "p:Sale"},
    ],
    ids=str,
)  # fmt: skip
def test_a_purpose_is_named_by_the_last_part_of_its_term(name):
    assert words(permitting(one("purpose", "eq", name)))[0] == "Care"
    assert words(permitting(one("purpose", "eq", [name])))[0] == "Care"


@pytest.mark.parametrize(
    "left",
    ["purpose", "odrl:purpose", "http://www.w3.org/ns/odrl/2/purpose", {"@id": "odrl:purpose"}],
    ids=str,
)
def test_an_operand_is_known_by_any_of_its_names(left):
    assert words(permitting(one(left, {"@id": "http://www.w3.org/ns/odrl/2/eq"}, "Care")))[0] == "Care"


@pytest.mark.parametrize("left", ["purposes", "spatial", {}, {"@value": "purpose"}, None], ids=str)
def test_another_operand_says_nothing_of_the_purpose(left):
    assert words(permitting(one(left, "eq", "Care"))) == ("any", FREELY)


# ---- openings ----------------------------------------------------------------------------------------------------


@every(
    ("operator", "right", "said"),
    [
        ("lteq", "3", "openings at most 3"),
        ("lteq", 3, "openings at most 3"),
        ("lteq", {"@value": "3", "@type": "xsd:integer"}, "openings at most 3"),
        ("odrl:eq", ["10"], "openings at most 10"),
        ("lt", "4", "openings at most 3"),
        ("lt", "1", "openings at most 0"),
        ("gt", "4", TERMS_SAY),
        ("", "4", TERMS_SAY),
        ("lteq", ["3", "4"], TERMS_SAY),
        ("lteq", [], TERMS_SAY),
        ("lteq", "-3", TERMS_SAY),
        ("lteq", "3.0", TERMS_SAY),
        ("lteq", "\u0663", TERMS_SAY),
        ("lteq", "many", TERMS_SAY),
        ("lteq", "", TERMS_SAY),
        ("lteq", None, TERMS_SAY),
    ],
)
def test_openings_are_counted_where_a_number_says_so(operator, right, said):
    assert words(permitting(one("count", operator, right)))[1] == said


def test_limits_that_differ_are_in_the_terms():
    three, four = one("count", "lteq", "3"), one("count", "lteq", "4")
    assert words(permitting(three, three))[1] == "openings at most 3"
    assert words(permitting(three, one("count", "lt", "4")))[1] == "openings at most 3"
    for limits in ((three, four), (three, one("count", "gt", "1")), (one("count", "gt", "1"), three)):
        assert words(permitting(*limits))[1] == TERMS_SAY


def test_a_limit_without_an_operator_or_a_number_is_in_the_terms():
    assert words(permitting({"leftOperand": "count", "rightOperand": "3"}))[1] == TERMS_SAY
    assert words(permitting({"leftOperand": "count", "operator": "lteq"}))[1] == TERMS_SAY


# ---- where constraints stand -------------------------------------------------------------------------------------


CARE, THREE = one("purpose", "eq", "Care"), one("count", "lteq", "3")


@every("member", ["constraint", "and", "or", "xone", "andSequence", "@list"])
def test_constraints_are_found_under_any_logical_operator(member):
    assert words({"permission": {member: [CARE, THREE]}}) == ("Care", "openings at most 3")
    assert words({"permission": {"constraint": {member: {"and": [CARE, {"@list": THREE}]}}}}) == (
        "Care",
        "openings at most 3",
    )


def test_all_that_stands_on_a_permission_is_read_in_order():
    policy = {"permission": [{"constraint": CARE, "and": [THREE]}, {"or": [one("purpose", "eq", "Study")]}]}
    assert words(policy) == ("Care, Study", "openings at most 3")


@every(
    "policy",
    [
        {}, {"permission": []}, {"permission": "use"}, {"permission": None}, {"permission": {"constraint": "purpose"}},
        {"prohibition": [{"constraint": [CARE, THREE]}]}, {"permission": {"duty": [{"constraint": [CARE, THREE]}]}},
        {"permission": [], "constraint": [CARE, THREE]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_on_a_permission_is_no_purpose_and_no_limit(policy):
    assert words(policy) == ("any", FREELY)
