"""The policy classes of the International Data Spaces: ours, one a class, and theirs where a folder of them is named.

PENSTOCK_IDS_POLICIES names a folder with their ODRL examples. Some of these files are not one JSON document, which is
said with line and column.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.document import read
from tests.every import every

OURS = {path.stem: path for path in sorted((Path(__file__).parents[1] / "classes").glob("*.json"))}
THEIRS = sorted(Path(os.environ.get("PENSTOCK_IDS_POLICIES") or "/nowhere").glob("*odrl*.json"))
IDSC, IDS = "https://w3id.org/idsa/code/", "https://w3id.org/idsa/core/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
CONSTRAINT, DUTY = ("permission", 0, "constraint", 0), ("permission", 0, "duty", 0)
REFINEMENT = (*DUTY, "action", 0, "refinement", 0)

# class -> where to look in the tree, and what is there
FACTS = {
    "01-consumer": (("permission", 0, "action"), ["use", "distribute"]),
    "02-connector": ((*CONSTRAINT, "leftOperand"), IDSC + "CONNECTOR"),
    "03-application": (
        (*CONSTRAINT, "rightOperand", 1),
        {"@value": "https://apps.example/tide-table", "@type": "xsd:anyURI"},
    ),
    "04-role": (("permission", 0, "assignee", "refinement", 0, "leftOperand"), VCARD + "hasRole"),
    "05-location": (CONSTRAINT, {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "CN-44"}),
    "06-purpose": ((*CONSTRAINT, "rightOperand"), ["Research", "Audit"]),
    "07-event": (CONSTRAINT, {"leftOperand": "event", "operator": "eq", "rightOperand": "Harbour Days 2026"}),
    "08-security-level": ((*CONSTRAINT, "leftOperand"), IDSC + "SECURITY_LEVEL"),
    "09-interval": (("permission", 0, "constraint", 1, "operator"), "lt"),
    "10-duration": ((*CONSTRAINT, "rightOperand"), {"@value": "P30D", "@type": "xsd:duration"}),
    "11-uses": ((*CONSTRAINT, "rightOperand"), 5),
    "12-delete": ((*DUTY, "action", 0, "value"), "delete"),
    "13-modify-in-transit": ((*DUTY, "action", 0, "value"), IDSC + "REPLACE"),
    "14-modify-at-rest": (("obligation", 0, "action"), [{"value": "anonymize"}]),
    "15-log": ((*REFINEMENT, "leftOperand"), "systemDevice"),
    "16-inform": ((*DUTY, "informedParty"), "did:web:master.harbour.example"),
    "17-next-policy": (DUTY, {"action": "nextPolicy", "hasPolicy": "urn:harbour:policy:third-parties"}),
    "18-artifact-state": (("permission", 0, "target", "refinement", 0, "leftOperand"), IDS + "artifact_state"),
    "19-sale": ((*REFINEMENT, "unit"), "http://dbpedia.org/resource/Euro"),
    "20-rental": ((*REFINEMENT, "rightOperand"), {"@value": "120.50", "@type": "xsd:decimal"}),
    "21-environment-state": ((*CONSTRAINT, "rightOperand"), "firewall-on"),
    "22-participant-location": (("permission", 0, "assignee", "@type"), "PartyCollection"),
    "23-consent": ((*DUTY, "consentingParty"), ["did:web:li.example", "did:web:wang.example"]),
    "24-data-class": (("permission", 0, "target", "source"), "urn:harbour:dataset:berths"),
    "25-anonymise-jointly": (("permission", 0, "action"), IDSC + "READ"),
}


def test_there_is_one_of_ours_for_each_class():
    assert list(OURS) == list(FACTS)
    assert [name[:2] for name in OURS] == [f"{number:02}" for number in range(1, 26)]


@every("name", OURS)
def test_a_class_of_ours_in_every_form(forms, name):
    tree = read(OURS[name].read_bytes())
    expanded = forms.expand(tree)
    flat = forms.flat(expanded)
    assert compact(expanded) == compact(flat) == compact(forms.prefixed(tree)) == read(forms.turtle(flat)) == tree
    place, expected = FACTS[name]
    found = tree
    for step in place:
        found = found[step]
    assert found == expected


@every("name", OURS)
def test_nothing_of_a_rule_is_lost(name):
    """What a rule of the file says in text is said by the tree, but for what only describes it."""
    text = OURS[name].read_text(encoding="utf-8")
    rules = json.dumps([value for key, value in read(text.encode()).items() if key in ("permission", "obligation")])
    values = re.findall(r'"@value": "([^"]+)"', text)
    assert {value for value in values if value not in rules} <= {"https://harbour.example/pip", "in Guangdong"}


@every("path", [*OURS.values(), *THEIRS], ids=lambda path: path.stem)
def test_a_file_is_read_or_said_to_be_no_json_document(forms, path):
    text = path.read_text(encoding="utf-8")
    try:
        json.loads(text)
    except json.JSONDecodeError:
        with pytest.raises(PolicyError, match=r"in line \d+, column \d+"):
            read(text.encode())
        return
    tree = read(text.encode())
    assert tree["@type"] == "Agreement"
    assert "pipEndpoint" not in json.dumps(tree)
    assert compact(forms.expand(tree)) == tree
