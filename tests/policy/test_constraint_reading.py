"""Constraints as they are read: what becomes of each member, and which operator, value, unit and place are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy.calendar import Duration
from policy.constraint_reading import PERIODS
from policy.errors import PolicyError
from policy.model import Constraint, Logical
from policy.nodes import LONG_LIST
from policy.parse import parse

PURPOSE = "https://w3id.org/penstock/purpose#"
PLACE = "/permission/0/constraint/0"
USAGE = {"@id": "odrl:policyUsage"}


@pytest.fixture
def read(atom):
    """Read one constraint of a permission."""

    def read_one(*members, **more):
        return read_all(atom(*members, **more))[0]

    return read_one


@pytest.fixture
def refused(atom):
    """Say why one constraint of a permission is refused."""
    return lambda *members, **more: refusal({"constraint": [atom(*members, **more)]})


def read_all(*written):
    return parse({"permission": [{"action": "use", "constraint": list(written)}]}).permissions[0].constraints


def refusal(members, kind="permission", action="use"):
    rule = {"action": action} | members
    document = {"permission": [{"action": "use"}], kind: [rule]}
    if kind == "duty":
        document = {"permission": [{"action": "use", "duty": [rule]}]}
    with pytest.raises(PolicyError) as caught:
        parse(document)
    return caught.value.code, caught.value.path, caught.value.problem, caught.value.hint


def duty(*terms, action="compensate"):
    return parse({"permission": [{"action": "use", "duty": [{"action": action, "constraint": list(terms)}]}]})


# ids and numbers of constraints --------------------------------------------------------------------------------------


def test_a_constraint_is_called_by_its_id_or_else_by_its_place(atom):
    found = read_all({"uid": "mine", **atom("role", "eq", "lead")}, {"or": [atom("role", "eq", "lead")]})
    assert found == (
        Constraint("mine", PLACE, "role", "eq", ("lead",)),
        Logical(
            "permission/0/constraint/1",
            "/permission/0/constraint/1",
            "or",
            (Constraint("permission/0/constraint/1/or/0", "/permission/0/constraint/1/or/0", "role", "eq", ("lead",)),),
        ),
    )


def test_an_id_is_used_once_in_a_policy(atom):
    twice = {"uid": "x", **atom("role", "eq", "lead")}
    said = ("duplicate", "/permission/0/constraint/1", "id `x` is used twice", "counters and duties go by id")
    assert refusal({"constraint": [twice, twice]}) == said
    assert refusal({"constraint": [{"uid": "x", "and": [twice]}]})[:2] == ("duplicate", PLACE + "/and/0")


def test_a_policy_has_so_many_constraints_and_no_more(atom):
    """1,024, those inside of others and the others themselves counted alike."""
    one = atom("role", "eq", "lead")
    rules = [{"action": "use", "constraint": [one] * 256} for _number in range(3)]
    rest = [{"or": [one]}, *[one] * 253]
    assert len(parse({"permission": [*rules, {"action": "use", "constraint": [*rest, one]}]}).permissions) == 4
    with pytest.raises(PolicyError, match="more than 1024 constraints in a policy at `/permission/3/constraint/255`"):
        parse({"permission": [*rules, {"action": "use", "constraint": [*rest, one, one]}]})


def test_constraints_lie_in_one_another_so_deep_and_no_deeper(atom):
    nested = atom("purpose", "eq", "urn:purpose")
    for level in range(1, 9):
        assert read_all(nested), f"{level} levels"
        nested = {"and": [nested]}
    said = ("too-large", PLACE + "/and/0" * 8, "constraints nested deeper than 8 levels", "")
    assert refusal({"constraint": [nested]}) == said


# joined constraints --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["and", "or", "xone", "andSequence"])
def test_parts_are_written_as_a_list_one_alone_or_as_a_list_of_json_ld(atom, operator):
    lead, staff = atom("role", "eq", "lead"), atom("role", "eq", "staff")
    (joined,) = read_all({operator: [lead, staff]})
    assert (joined.operator, [part.right for part in joined.parts]) == (operator, [("lead",), ("staff",)])
    assert read_all({"@type": "LogicalConstraint", operator: {"@list": [lead, staff]}}) == (joined,)
    assert read_all({operator: lead})[0].parts == read_all({operator: {"@list": lead}})[0].parts == joined.parts[:1]
    assert refusal({"constraint": [{operator: {"@list": [lead], "note": "x"}}]})[0] == "unknown-term"


def test_one_constraint_has_one_operator_that_joins(atom):
    one = atom("role", "eq", "lead")
    said = ("misplaced", PLACE, "`and`, `or` together in one constraint", "nest them")
    assert refusal({"constraint": [{"or": [one], "and": [one]}]}) == said
    assert refusal({"constraint": [{"or": [one]} | one]})[2] == (
        "`leftOperand`, `operator`, `or`, `rightOperand` together in one constraint"
    )


def test_an_operator_joins_something():
    said = ("missing", PLACE + "/xone", "`xone` over nothing", "")
    assert refusal({"constraint": [{"xone": []}]}) == refusal({"constraint": [{"xone": {"@list": []}}]}) == said


def test_what_a_duty_asks_for_is_not_joined(atom):
    joined = {"or": [atom("role", "eq", "lead")]}
    said = (
        "unsupported",
        "/permission/0/duty/0/constraint/0",
        "`or` in a duty is not supported",
        "write a duty for each",
    )
    assert refusal({"constraint": [joined]}, "duty", "inform") == said
    terms = (
        duty(atom("role", "eq", "lead"), atom("media", "eq", "print"), action="inform").permissions[0].duties[0].terms
    )
    assert [term.left for term in terms] == ["role", "media"]


def test_a_constraint_says_no_other_class(atom):
    assert read_all({"@type": "Constraint", **atom("role", "eq", "lead")})
    assert refusal({"constraint": [{"@type": "Duty", **atom("role", "eq", "lead")}]})[:2] == (
        "unknown-term",
        PLACE + "/@type",
    )
    assert refusal({"constraint": ["x"]}) == ("bad-type", PLACE, "a constraint is an object", "")


# left operand and operator -------------------------------------------------------------------------------------------


def test_a_left_operand_is_known_by_any_of_its_names(read):
    for name in ("spatial", "odrl:spatial", "region", "vcard:hasGeo"):
        assert read(name, "isPartOf", "US").left == "spatial"
    assert read("count", "term-lteq", "3").operator == "lteq"
    assert read("count", "odrl:lteq", "3").operator == "lteq"


def test_a_left_operand_that_is_not_enforced_says_why(refused):
    assert refused("valueExpression", "eq", "1") == (
        "unsupported",
        PLACE + "/leftOperand",
        "`valueExpression` is not supported (text of a policy is never run as code)",
        "say it with `dataField` and `dataRecord`",
    )
    assert refused("colour", "eq", "red") == (
        "unknown-term",
        PLACE + "/leftOperand",
        "unknown left operand `colour`",
        "docs/policy.md lists the left operands",
    )


def test_a_left_operand_stands_where_it_means_something(atom):
    for kind, path in (("prohibition", "/prohibition/0"), ("obligation", "/obligation/0")):
        said = ("misplaced", f"{path}/constraint/0", f"`count` cannot stand in a {kind}", "it belongs in a permission")
        assert refusal({"constraint": [atom("count", "lteq", "3")]}, kind) == said


def test_an_operator_is_one_of_twelve_and_fits_its_operand(refused):
    path = PLACE + "/operator"
    listed = "use one of eq, neq, lt, lteq, gt, gteq, isA, isPartOf, isAnyOf, isNoneOf, isAllOf, hasPart"
    assert refused("count", "like", "3") == ("unknown-term", path, "unknown operator `like`", listed)
    said = ("unsupported", path, "operator `eq` does not fit `count`", "`count` takes lt, lteq")
    assert refused("count", "eq", "3") == said


@pytest.mark.parametrize(("key", "what"), [("leftOperand", "left operand"), ("operator", "operator")])
def test_left_operand_and_operator_are_named(atom, key, what):
    written = atom("role", "eq", "lead")
    del written[key]
    assert refusal({"constraint": [written]}) == ("missing", PLACE, f"no `{key}`", f"name the {what}")


# right operands ------------------------------------------------------------------------------------------------------


def test_a_right_operand_is_there(atom):
    written = atom("role", "eq", "lead")
    del written["rightOperand"]
    assert refusal({"constraint": [written]}) == ("missing", PLACE, "no `rightOperand`", "")


@pytest.mark.parametrize("written", ["a", ["a"], {"@list": ["a"]}, {"@list": "a"}, {"@value": "a"}, [{"@id": "a"}]])
def test_one_value_is_written_alone_or_in_a_list(read, written):
    assert read("role", "eq", written).right == ("a",)
    assert read("role", "isAnyOf", written).right == ("a",)


def test_several_values_are_a_list(read, refused):
    assert read("role", "isAnyOf", ["a", "b"]).right == ("a", "b")
    assert read("role", "isAnyOf", {"@list": ["b", "a"]}).right == ("b", "a")
    assert refused("role", "eq", ["a", "b"]) == (
        "bad-type",
        PLACE + "/rightOperand",
        "`eq` takes one value, not a list",
        "use isAnyOf",
    )


def test_a_list_has_so_many_values_and_no_more(read, refused):
    many = [f"r{number}" for number in range(257)]
    assert read("role", "isAnyOf", many[:256]).right == tuple(many[:256])
    said = ("too-large", PLACE + "/rightOperand", "`isAnyOf` takes 1 to 256 values")
    assert refused("role", "isAnyOf", many) == (*said, LONG_LIST)
    assert refused("role", "isAnyOf", []) == (*said, "")


def test_a_value_that_cannot_be_read_is_found_in_its_list(refused):
    assert refused("count", "lteq", "x")[1] == PLACE + "/rightOperand"
    assert refused("recipient", "isAnyOf", ["x", "urn:a"])[1] == PLACE + "/rightOperand/0"
    assert refused("recipient", "isAnyOf", {"@list": ["urn:a", "x"]})[1] == PLACE + "/rightOperand/1"


def test_a_datatype_beside_the_values_is_that_of_each(read, refused):
    assert read("count", "lteq", "3", dataType="xsd:integer").right == (3,)
    assert refused("count", "lteq", "3", dataType="xsd:date")[2].endswith("#date` does not fit")
    assert refused("role", "isAnyOf", ["a", "b"], dataType="xsd:date")[1] == PLACE + "/rightOperand/0"
    assert read("role", "eq", {"@id": "urn:lead"}, dataType="xsd:anyURI").right == ("urn:lead",)


def test_the_use_itself_dates_duties_and_nothing_else(atom, refused):
    terms = duty(atom("event", "gt", USAGE), action="delete").permissions[0].duties[0]
    assert (terms.mode.value, terms.terms) == ("post", ())
    said = ("`policyUsage` is the use itself", "it dates a duty, by `event`")
    assert refused("event", "gt", USAGE) == ("misplaced", PLACE + "/rightOperand", *said)
    assert refused("role", "eq", USAGE)[2:] == said
    assert refusal({"constraint": [atom("event", "gt", USAGE)]}, "prohibition")[2:] == said
    assert refusal({"constraint": [atom("role", "eq", USAGE)]}, "duty", "inform")[2:] == said


def test_a_month_measures_no_time_that_was_used(read, refused):
    for left in ("meteredTime", "absoluteTemporalPosition"):
        assert read(left, "lteq", "P31D").right == (Duration(0, Fraction(31 * 86400)),)
        assert refused(left, "lteq", "P1M") == (
            "bad-value",
            PLACE + "/rightOperand",
            f"a month has no length of its own for `{left}`",
            "write days or hours",
        )
    assert read("elapsedTime", "lteq", "P1M").right == (Duration(1),)
    assert refused("absoluteTemporalPosition", "isAnyOf", ["P1D", "P1Y"])[0] == "bad-value"


# units and periods ---------------------------------------------------------------------------------------------------


def test_a_unit_is_named_where_it_must_be_and_nowhere_where_there_is_none(read, refused):
    assert read("resolution", "lteq", "720").unit == ""
    assert read("resolution", "lteq", "720", unit="penstock:dpi").unit == "dpi"
    assert read("payAmount", "gteq", "5", unit={"@id": "EUR"}).unit == "EUR"
    assert refused("payAmount", "gteq", "5") == (
        "missing",
        PLACE,
        "`payAmount` has no `unit`",
        "name the currency or token",
    )
    assert refused("count", "lteq", "5", unit="EUR") == ("unsupported", PLACE + "/unit", "`count` takes no unit", "")


def test_a_unit_has_so_many_characters_and_no_more(read, refused):
    assert read("resolution", "lteq", "720", unit="E" * 128).unit == "E" * 128
    said = ("too-large", PLACE + "/unit", "a unit has at most 128 characters", "")
    assert refused("resolution", "lteq", "720", unit="E" * 129) == said


PERIOD = {
    "annual": Duration(12),
    "semiannual": Duration(6),
    "quarterly": Duration(3),
    "monthly": Duration(1),
    "biweekly": Duration(0, Fraction(14 * 86400)),
    "weekly": Duration(0, Fraction(7 * 86400)),
    "daily": Duration(0, Fraction(86400)),
}


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize("prefix", ["", "freq:", "http://purl.org/cld/freq/"])
def test_an_amount_is_paid_every_so_often_by_the_names_of_the_dublin_core(read, name, prefix):
    assert read("payAmount", "eq", "5", unit="EUR", every={"@id": prefix + name}).every == PERIOD[name]


def test_an_amount_is_paid_once_or_every_duration(read, refused):
    assert read("payAmount", "eq", "5", unit="EUR").every is None
    assert read("payAmount", "eq", "5", unit="EUR", every="P2Y").every == Duration(24)
    assert refused("payAmount", "eq", "5", unit="EUR", every="often") == (
        "bad-value",
        PLACE + "/every",
        "`often` is not a period",
        f"write a duration such as P1M, or one of {', '.join(PERIOD)}",
    )
    assert refused("role", "eq", "lead", every="P1M") == (
        "misplaced",
        PLACE + "/every",
        "`role` does not recur",
        "only an amount is paid every so often",
    )
