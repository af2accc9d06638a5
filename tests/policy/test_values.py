"""Values as they are written: what each type of operand reads, in which one form it is kept, what is refused how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.calendar import Duration, Rate, week_window
from policy.errors import PolicyError
from policy.values import instant, is_iri, number, plain, read_instant, read_value, scalar, show, show_all
from policy.vocabulary.operands import OPERANDS
from tests.every import every

PURPOSE = "https://w3id.org/penstock/purpose#"
XSD = "http://www.w3.org/2001/XMLSchema#"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WEEK = "Mo-Fr 09:00-17:00 Asia/Shanghai"


def refusal(left, value):
    with pytest.raises(PolicyError) as caught:
        read_value(left, value, "/right")
    assert caught.value.path == "/right"
    return caught.value.code, caught.value.problem, caught.value.hint


# what each type reads ------------------------------------------------------------------------------------------------


@every(
    ("left", "text", "read"),
    [
        ("dateTime", "2026-06-01T20:00:00+08:00", NOON),
        ("resolution", "-12.50", Fraction(-25, 2)),
        ("count", "0", 0),
        ("count", "12", 12),
        ("payAmount", "12.50", Fraction(25, 2)),
        ("elapsedTime", "P1M", Duration(1)),
        ("frequency", "40/PT1M", Rate(40, Duration(0, Fraction(60)))),
        ("timeWindow", WEEK, week_window(WEEK)),
        ("version", "v1.4.0.0", (1, 4)),
        ("version", "1.0", (1,)),
        ("version", "1.0.2", (1, 0, 2)),
        ("version", "0", (0,)),
        ("version", "0.0", (0,)),
        ("purpose", "Audit", PURPOSE + "Audit"),
        ("purpose", "https://example.org/other", "https://example.org/other"),
        ("spatial", "CN-GD", "CN-44"),
        ("spatial", "440000", "CN-44"),
        ("spatial", "urn:zone:pacific", "urn:zone:pacific"),
        ("recipient", "did:web:lab.example", "did:web:lab.example"),
        ("role", "odrl:lead", "lead"),
        ("unitOfCount", "user", "user"),
        ("language", "zh-Hant-TW", "zh-hant-tw"),
        ("fileFormat", "text/CSV", "text/csv"),
        ("fileFormat", "https://www.iana.org/assignments/media-types/text/csv", "text/csv"),
        ("fileFormat", "text/*", "text/*"),
        ("fileFormat", "urn:Format:X", "urn:Format:X"),
        ("networkAddress", "10.1.7.9", "10.1.7.9/32"),
        ("networkAddress", "2001:DB8::/32", "2001:db8::/32"),
        ("executionEnv", "05", "tee"),
        ("executionEnv", "tee", "tee"),
    ],
)
def test_each_type_is_read_into_its_one_form(left, text, read):
    assert scalar(left, text) == read
    assert type(scalar(left, text)) is type(read)
    assert read_value(left, text, "/right") == read


REFUSED = [
    ("resolution", "1,5", "bad-value", "`1,5` is not a number", "write a decimal number such as 12.5"),
    ("count", "03", "bad-value", "`03` is not a count", "write a whole number from 0, without sign"),
    ("payAmount", "-1", "bad-value", "`-1` is not an amount", "write a decimal number such as 12.50"),
    ("elapsedTime", "30", "bad-value", "`30` is not a duration", "write it as P30D or PT1H30M (ISO 8601)"),
    ("frequency", "40", "bad-value", "`40` is not a rate", "write 100/PT1M for a hundred in any minute"),
    ("timeWindow", "Mo", "bad-value", "`Mo` is not a weekly window", f"write it as `{WEEK}`"),
    ("version", "1.x", "bad-value", "`1.x` is not a version", "write dotted numbers such as 1.4"),
    (
        "purpose",
        PURPOSE + "Adit",
        "unknown-purpose",
        f"`{PURPOSE}Adit` is not in the purpose scheme",
        f"use a purpose below {PURPOSE}",
    ),
    (
        "spatial",
        "UK",
        "unknown-region",
        "`UK` is not a region",
        "use a code such as US, US-NY, CN-44 or 440300, or an IRI",
    ),
    ("recipient", "lab", "bad-value", "`lab` is not a party", "use the party's IRI, such as its DID"),
    (
        "unitOfCount",
        "team",
        "bad-value",
        "`team` is not known here",
        "write one of agreement, assignee, connector, device, organisation, user",
    ),
    ("language", "e", "bad-value", "`e` is not a language tag", "write it as zh or en-GB (BCP 47)"),
    ("fileFormat", "csv", "bad-value", "`csv` is not a media type", "write it as text/csv or text/*"),
    ("networkAddress", "10.1", "bad-value", "`10.1` is not a network", "write it as 10.1.0.0/16 or 2001:db8::/32"),
    ("encryptMode", "99", "bad-value", "`99` is no `encryptMode`", "use one of 01 plaintext, 02 ciphertext, 03 other"),
    ("dateTime", "noon", "bad-value", "`noon` is not an instant", "write it as 2026-01-31T18:00:00+08:00"),
    (
        "dateTime",
        "2026-01-31T18:00:00",
        "no-time-zone",
        "`2026-01-31T18:00:00` has no time zone",
        "write it as 2026-01-31T18:00:00+08:00",
    ),
    ("dateTime", "2026-02-30T00:00:00Z", "bad-value", "`2026-02-30T00:00:00Z` is not in the calendar", ""),
]


@every(("left", "text", "code", "problem", "hint"), REFUSED)
def test_what_is_not_in_the_form_of_its_type_is_refused_with_the_form(left, text, code, problem, hint):
    assert scalar(left, text) is None
    assert refusal(left, text) == (code, problem, hint)


def test_every_type_has_its_refusal_tried_here():
    free = {"term"} - {OPERANDS[left].type.value for left, *_rest in REFUSED}
    assert {OPERANDS[left].type for left, *_rest in REFUSED} >= {row.type for row in OPERANDS.values()} - free


def test_a_value_has_so_many_characters_and_no_more():
    longest = "urn:" + "x" * 2044
    assert read_value("recipient", longest, "/right") == longest
    assert read_value("role", "x", "/right") == "x"
    said = ("bad-value", "a value has 1 to 2048 characters", "")
    assert refusal("recipient", longest + "x") == refusal("role", "") == said


@pytest.mark.parametrize("text", ["a:b", "did:web:x", "https://example.org/a?b#c", "z+9.-:x"])
def test_an_iri_has_a_scheme(text):
    assert is_iri(text) is True


@every("text", ["", "a", "a:", ":b", "9:x", "a b:c", "a:b c", "a:b\n", "a:<b>"])
def test_what_has_no_scheme_or_has_blanks_is_no_iri(text):
    assert is_iri(text) is False


# the JSON a value is written in --------------------------------------------------------------------------------------


@every(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        ({"@value": "x", "@id": "y"}, "x"),
        ({"@id": "y"}, "y"),
        ({"@value": 3}, "3"),
        ({}, None),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (10**18 - 1, "9" * 18),
        (1 - 10**18, "-" + "9" * 18),
        (10**18, None),
        (-(10**18), None),
        (12.5, "12.5"),
        (1e-7, "0.0000001"),
        (9e17, "9" + "0" * 17),
        (1e18, None),
        (-1e18, None),
        (float("inf"), None),
        (float("nan"), None),
        (None, None),
        (["x"], None),
    ],
)
def test_the_text_of_a_json_value(value, text):
    assert plain(value) == text


@pytest.mark.parametrize("value", [None, ["x"], 10**18, float("nan"), {"@value": None}])
def test_a_value_without_text_is_refused(value):
    said = "a value is text, a number, or an object with @value or @id"
    assert refusal("role", value) == ("bad-type", said, "")


@pytest.mark.parametrize("value", [{}, {"value": "x"}, {"@type": "xsd:string"}, {"@id": "x", "@type": "xsd:string"}])
def test_a_value_object_has_a_value_or_is_a_name_alone(value):
    said = "a value object has @value and @type, or @id alone"
    assert refusal("role", value) == ("unknown-term", said, "")
    assert refusal("role", {"@value": "x"} | value | {"unit": "EUR"}) == ("unknown-term", said, "")


def test_a_value_object_names_its_language_and_its_datatype():
    assert read_value("role", {"@value": "x", "@language": "en"}, "/right") == "x"
    assert read_value("role", {"@value": "x", "@language": "en", "@type": "xsd:string"}, "/right") == "x"
    assert read_value("role", {"@id": "x"}, "/right") == "x"
    assert read_value("count", {"@value": "3"}, "/right") == 3
    assert refusal("role", {"@value": "x", "@type": ["xsd:string"]}) == ("bad-type", "@type of a value is not text", "")


FITTING = {
    ("dateTime", "2026-06-01T12:00:00Z"): {"dateTime", "dateTimeStamp"},
    ("count", "3"): {"integer", "nonNegativeInteger", "positiveInteger", "int", "long", "short"},
    ("resolution", "3"): {"integer", "decimal", "float", "double", "string"},
    ("payAmount", "3"): {"integer", "decimal", "float", "double", "string"},
    ("elapsedTime", "P1D"): {"duration", "dayTimeDuration", "yearMonthDuration", "string"},
    ("language", "en"): {"string", "anyURI", "language"},
    ("executionEnv", "05"): {"string", "anyURI", "integer"},
    ("version", "1.4"): {"string", "anyURI", "decimal"},
    ("role", "1"): {"string", "anyURI", "integer", "decimal", "float", "double", "token", "boolean"},
    ("recipient", "urn:a"): {"string", "anyURI"},
    ("fileFormat", "text/csv"): {"string", "anyURI"},
}
WHOLE = FITTING["count", "3"]
NAMED = {name for names in FITTING.values() for name in names}


@every(("left", "text"), FITTING)
def test_a_datatype_fits_the_type_or_is_refused(left, text):
    for name in sorted(NAMED | {"date"}):
        for prefix in ("xsd:", XSD):
            value = {"@value": text, "@type": prefix + name}
            if name in FITTING[left, text] or (name in WHOLE and "integer" in FITTING[left, text]):
                assert read_value(left, value, "/right") == scalar(left, text), name
            else:
                code, problem, hint = refusal(left, value)
                assert (code, problem) == ("bad-value", f"datatype `{prefix}{name}` does not fit"), name
                assert hint.startswith("use one of xsd:")


def test_a_datatype_that_does_not_fit_is_told_which_do():
    hint = refusal("dateTime", {"@value": "2026-06-01T12:00:00Z", "@type": "xsd:date"})[2]
    assert hint == "use one of xsd:dateTime, xsd:dateTimeStamp"


# instants and numbers ------------------------------------------------------------------------------------------------


@every(
    ("text", "read"),
    [
        ("2026-06-01T12:00Z", NOON),
        ("2026-06-01T12:00:00Z", NOON),
        ("2026-06-01T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2026-06-01T07:00:00-05:00", NOON),
        ("2026-06-01T12:00:00", None),
        ("2026-06-01", None),
        ("2026-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-06-01T12:00:00z", None),
        ("", None),
    ],
)
def test_an_instant_has_a_zone_and_is_kept_in_utc(text, read):
    assert instant(text) == read
    assert read is None or instant(text).tzinfo is UTC


def test_an_instant_of_a_document_is_text():
    assert read_instant("2026-06-01T12:00Z", "/now") == NOON
    for value, code in ((1780315200, "bad-value"), (None, "bad-value"), ("2026-06-01", "no-time-zone")):
        with pytest.raises(PolicyError) as caught:
            read_instant(value, "/now")
        assert (caught.value.code, caught.value.path) == (code, "/now")


@every("text", ["", "+1", ".5", "1.", "01", "1e3", "\u0661", "1" * 19, "0." + "1" * 19])
def test_what_is_no_decimal_number_of_eighteen_digits_is_none(text):
    assert number(text) is None


def test_a_number_is_exact():
    assert number("0.1") == Fraction(1, 10)
    assert number("-" + "1" * 18 + "." + "1" * 18) == -Fraction(int("1" * 36), 10**18)


# writing -------------------------------------------------------------------------------------------------------------


@every(
    ("value", "text"),
    [
        (NOON, "2026-06-01T12:00:00Z"),
        (NOON.astimezone(timezone(timedelta(hours=8))), "2026-06-01T12:00:00Z"),
        ((1, 4), "1.4"),
        (Fraction(25, 2), "12.5"),
        (Fraction(3), "3"),
        (Fraction(-1, 4), "-0.25"),
        (Fraction(-3), "-3"),
        (Fraction(1, 100), "0.01"),
        (Fraction(0), "0"),
        (3, "3"),
        (Duration(1, Fraction(90)), "P1MT1M30S"),
        (week_window(WEEK), WEEK),
        ("urn:a", "urn:a"),
    ],
)
def test_a_value_is_written_as_it_is_read(value, text):
    assert show(value) == text


def test_several_values_are_written_with_commas():
    assert show_all((NOON, Fraction(1, 2), "x")) == "2026-06-01T12:00:00Z, 0.5, x"
    assert show_all(()) == ""


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=18))
def test_what_is_written_of_a_number_reads_as_the_number(amount):
    assert number(show(Fraction(amount))) == Fraction(amount)
