"""Files of any kind: which are read, and what is said about the others."""

from __future__ import annotations

import json

import pytest

from policy.errors import PolicyError
from policy.forms.document import MAX_JSON_BYTES, MAX_TURTLE_BYTES, read
from policy.forms.json_text import MAX_DEPTH_LEVELS, MAX_VALUES
from policy.forms.turtle import MAX_LIST_ITEMS, MAX_STATEMENTS
from tests.every import every

TREE = {"@type": "Set", "permission": [{"action": "use", "target": "urn:x:1"}]}
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ODRL = "http://www.w3.org/ns/odrl/2/"
TURTLE = f"PREFIX o: <{ODRL}>\n"
SET = TURTLE + "[] a o:Set ; o:permission [ o:action o:use ; o:target <urn:x:1> ] ."

SAME = {
    "json": json.dumps(TREE),
    "json with blanks": "\r\n\t " + json.dumps(TREE, indent=2),
    "json in a list": json.dumps([TREE]),
    "turtle": SET,
    "turtle that begins with a bracket": f"[ a <{ODRL}Set> ] <{ODRL}permission> "
    f"[ <{ODRL}action> <{ODRL}use> ; <{ODRL}target> <urn:x:1> ] .",
    "turtle after a comment": "# { not JSON }\n" + SET.replace("PREFIX o:", "@prefix o:").replace(">\n", "> .\n"),
}


@every("text", SAME.values(), ids=SAME)
@every("mark", ["", "\ufeff"])
def test_a_file_of_any_form(text, mark):
    assert read((mark + text).encode()) == TREE


WRONG_JSON = {
    "two documents": ('{\n}\n\n{"@type": "Set"}', "something follows the first JSON document in line 4, column 1: put"),
    "something after it": ("{} x", "something follows the first JSON document in line 1, column 4"),
    "a comma too many": ('{"a": 1,\n}', "a key in quotes is expected in line 2, column 1: look for a comma too many"),
    "a comma too few": ('{"a": "b"\n "c": 1}', "`,` or `}` is expected in line 2, column 2: look for a comma"),
    "no colon": ('{"a" 1}', "`:` is expected after a key in line 1, column 6"),
    "a key twice": ('{"a": {\n  "b": 1,\n  "b": 2}}', "the key `b` is written twice in line 3, column 3: keep"),
    "NaN": ('{"a": NaN}', "a JSON value is expected in line 1, column 7"),
    "an infinity": ('{"a": -Infinity}', "a JSON value is expected in line 1, column 7"),
    "a number beyond": ('{"a": 1e999}', "the number `1e999` is beyond what every reader holds in line 1, column 7"),
    "an integer beyond": ('{"a": [9007199254740992]}', "is beyond what every reader holds in line 1, column 8"),
    "digits without end": ('{"a": ' + "9" * 5000, "a number of more than 64 characters in line 1, column 7"),
    "a leading zero": ("[01]", "`,` or `]` is expected in line 1, column 3"),
    "half a pair": ('{"a": "\\ud800"}', "half of a surrogate pair is no text in line 1, column 7"),
    "half a pair in a key": ('{"\\udfff": 1}', "half of a surrogate pair is no text in line 1, column 2"),
    "a line in a text": ('{"a": "x\ny"}', "invalid control character at in line 1, column 9"),
    "a text without end": ('{"a": "x', "unterminated string starting at in line 1, column 7"),
    "an odd escape": ('{"a": "\\x"}', "escape"),
    "an end too soon": ('{"a":\n', "the JSON document ends too soon in line 2, column 1"),
    "an object without end": ('{"a": 1', "`,` or `}` is expected in line 1, column 8"),
    "single quotes": ("{'a': 1}", "a key in quotes is expected in line 1, column 2"),
    "a word": ('{"a": yes}', "a JSON value is expected in line 1, column 7"),
    "too deep": ("[" * (MAX_DEPTH_LEVELS + 2), "deeper than 64 levels in line 1, column 66"),
    "too many values": ("[" + "1," * MAX_VALUES + "1]", "values is passed in line 1, column 100000"),
}  # fmt: skip


@every(("text", "words"), WRONG_JSON.values(), ids=WRONG_JSON)
def test_wrong_json_is_refused_with_line_and_column(text, words):
    with pytest.raises(PolicyError) as caught:
        read(text.encode())
    assert caught.value.code == "bad-syntax"
    assert words in str(caught.value)


WRONG = {
    "nothing": (b"", "missing"),
    "blanks": (b"\xef\xbb\xbf \n", "missing"),
    "no text": (b"\xff{}", "bad-syntax"),
    "another encoding": ('{"a": "é"}'.encode("latin-1"), "bad-syntax"),
    "a JSON text": (b'"use"', "bad-type"),
    "a JSON number": (b"3", "bad-type"),
    "a JSON list of nothing": (b" [ ] ", "bad-type"),
    "too long": (b" " * (MAX_JSON_BYTES + 1), "too-large"),
    "too long a turtle": (b"#" * (MAX_TURTLE_BYTES + 1), "too-large"),
    "another language": (b"permission:\n- action: use\n", "bad-syntax"),
    "turtle without an end": (SET[:-2].encode(), "bad-syntax"),
    "turtle with an unbound prefix": (b"[] a odrl:Set .", "bad-syntax"),
    "turtle with a formula": (b"{ <a> <b> <c> } <d> <e> .", "bad-syntax"),
    "turtle that implies": (b"<a> => <b> .", "bad-syntax"),
    "turtle about a text": (b'"a" <b> <c> .', "bad-syntax"),
    "turtle with half a pair": (rb'<a> <b> "\ud800" .', "bad-value"),
    "turtle with half a pair in a name": (rb"<\udfff> <b> <c> .", "bad-value"),
    "turtle nested too deep": (b"<a> <b> " + b"[ <p> " * 2000, "too-large"),
    "turtle with too many statements": (b"<a> <b> " + b"1, " * MAX_STATEMENTS + b"2 .", "too-large"),
    "turtle with too long a list": (b"<a> <b> ( " + b"1 " * (MAX_LIST_ITEMS + 1) + b") .", "bad-syntax"),
    "turtle without a policy": (b"<a> <b> <c> . <d> <e> <f> .", "missing"),
    "turtle with two policies": ((SET + "[] a o:Offer .").encode(), "duplicate"),
    "a prohibition that nobody links": ((SET + "[] a o:Prohibition ; o:action o:use .").encode(), "misplaced"),
    "a list in a list": ((SET + "<d> <e> ( ( 1 ) ) .").encode(), "bad-type"),
    "a list that ends nowhere": ((SET + f"<d> <e> _:l . _:l <{RDF}first> 1 .").encode(), "bad-syntax"),
    "an order that is none": (
        (TURTLE + "[] a o:Set ; o:permission [ o:constraint [ o:andSequence [], [ o:x 1 ] ] ] .").encode(),
        "misplaced",
    ),
}


@every(("data", "code"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_refused(data, code):
    with pytest.raises(PolicyError) as caught:
        read(data)
    assert caught.value.code == code


def test_turtle_says_where_it_is_wrong():
    with pytest.raises(PolicyError) as caught:
        read((TURTLE + "[] a o:Set ;\n o:permission .").encode())
    assert "not Turtle: line 3" in str(caught.value)


def test_turtle_keeps_what_was_written():
    text = (
        TURTLE
        + """
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <urn:x:p> a o:Agreement ; o:permission <use> .
        <use> o:action [ <http://www.w3.org/1999/02/22-rdf-syntax-ns#value> o:print ] ; o:constraint
            [ o:leftOperand o:payAmount ; o:operator o:eq ; o:rightOperand "500.00"^^xsd:decimal ; o:unit "EUR" ],
            [ o:leftOperand o:count ; o:operator o:isAnyOf ; o:rightOperand
                ( 3 4.50 "2026-01-01T08:00Z"^^xsd:dateTime ) ],
            [ o:andSequence ( [ o:leftOperand <#here> ] [ o:leftOperand o:event ] ) ] ."""
    )
    decimal, instant = (
        {"@value": "4.50", "@type": "xsd:decimal"},
        {"@value": "2026-01-01T08:00Z", "@type": "xsd:dateTime"},
    )
    paid = {"@value": "500.00", "@type": "xsd:decimal"}
    assert read(text.encode()) == {
        "@id": "urn:x:p",
        "@type": "Agreement",
        "permission": [
            {
                "@id": "use",
                "action": [{"value": "print"}],
                "constraint": [
                    {"leftOperand": "payAmount", "operator": "eq", "rightOperand": paid, "unit": "EUR"},
                    {"leftOperand": "count", "operator": "isAnyOf", "rightOperand": [3, decimal, instant]},
                    {"andSequence": [{"leftOperand": "#here"}, {"leftOperand": "event"}]},
                ],
            }
        ],
    }
