"""Each policy class is enforced: a use as it asks for, and one that is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

from policy.compile import compile_policy
from policy.decide import decide
from policy.errors import PolicyError
from policy.forms.document import read
from policy.parse import parse
from policy.request import Request
from policy.words.speak import explain
from policy.world import World
from tests.every import every

CLASSES = Path(__file__).parents[1] / "classes"
THEIRS = sorted(Path(os.environ.get("PENSTOCK_IDS_POLICIES") or "/nowhere").glob("*odrl*.json"))
# what the policy engine has no words for, by the end of the path that is refused
REFUSED = ("/rightOperandReference", "terms~1frequency")
CARRIER, BERTHS = "did:web:carrier.example", "urn:harbour:dataset:berths"
NOW = "2026-06-01T00:00:00Z"
EURO = "http://dbpedia.org/resource/Euro"


def act(action, at="2026-05-31T00:00:00Z", **context):
    return {"performed": [{"action": action, "at": at, "by": CARRIER, "target": BERTHS, "context": context}]}


def counted(operand, value):
    return {"counters": {"permission/0": {operand: value}}}


REPLACED = {"replaceWith": "skipper", "jsonPath": "$.crew.master"}
LOGGED = {"systemDevice": "https://clearing.example/log", "logLevel": "idsc:ON_ALLOW"}
PAID = {"payAmount": "120.50", "unit": EURO}
# class -> action, (context, world, outcome) of a use as it asks for, and of one that is not
USES = {
    "01-consumer": ("distribute", ({}, {}, "allow"), ({}, {"action": "sell"}, "default-deny")),
    "02-connector": (
        "display",
        ({"connector": "https://north.carrier.example/connector"}, {}, "allow"),
        ({"connector": "https://west.carrier.example/connector"}, {}, "deny"),
    ),
    "03-application": (
        "execute",
        ({"application": "urn:build:7"}, {"partOf": {"urn:build:7": ["https://apps.example/berth-planner"]}}, "allow"),
        ({"application": "urn:build:7"}, {}, "deny"),
    ),
    "04-role": ("display", ({"role": "pilot"}, {}, "allow"), ({"role": "clerk"}, {}, "deny")),
    "05-location": ("use", ({"spatial": "440300"}, {}, "allow"), ({"spatial": "450100"}, {}, "deny")),
    "06-purpose": ("read", ({"purpose": "Research"}, {}, "allow"), ({"purpose": "Marketing"}, {}, "deny")),
    "07-event": ("read", ({"event": "Harbour Days 2026"}, {}, "allow"), ({"event": "Fog"}, {}, "deny")),
    "08-security-level": (
        "derive",
        ({"securityLevel": "idsc:TRUST_SECURITY_PROFILE"}, {}, "allow"),
        ({"securityLevel": "idsc:BASE_SECURITY_PROFILE"}, {}, "deny"),
    ),
    "09-interval": ("use", ({}, {}, "allow"), ({}, {"now": "2026-09-30T16:00:00Z"}, "deny")),
    "10-duration": (
        "use",
        ({}, counted("elapsedTime", "2026-05-20T00:00:00Z"), "allow"),
        ({}, counted("elapsedTime", "2026-04-20T00:00:00Z"), "deny"),
    ),
    "11-uses": ("use", ({}, counted("count", 4), "allow"), ({}, counted("count", 5), "deny")),
    "12-delete": ("use", ({}, act("use"), "allow"), ({}, act("use", "2026-05-01T00:00:00Z"), "deny")),
    "13-modify-in-transit": ("use", ({}, act("replace", **REPLACED), "allow"), ({}, act("replace"), "conditional")),
    "14-modify-at-rest": ("use", ({}, act("anonymize"), "allow"), ({}, act("delete"), "conditional")),
    "15-log": ("use", ({}, act("logRecordSend", **LOGGED), "allow"), ({}, act("logRecordSend"), "conditional")),
    "16-inform": ("use", ({}, act("inform", notificationLevel="idsc:ON_DENY"), "allow"), ({}, {}, "conditional")),
    "17-next-policy": ("distribute", ({}, act("nextPolicy"), "allow"), ({}, {}, "conditional")),
    "18-artifact-state": (
        "distribute",
        ({"artifactState": ["idsc:encrypted", "idsc:anonymized"]}, {}, "allow"),
        ({"artifactState": "idsc:encrypted"}, {}, "deny"),
    ),
    "19-sale": (
        "read",
        ({}, act("compensate", **PAID), "allow"),
        ({}, act("compensate", payAmount="120.50"), "conditional"),
    ),
    "20-rental": (
        "read",
        ({}, act("compensate", "2026-02-01T00:00:00Z", **PAID), "allow"),
        ({}, act("compensate", "2025-02-01T00:00:00Z", **PAID), "conditional"),
    ),
    "21-environment-state": (
        "use",
        ({"environmentState": "firewall-on"}, {}, "allow"),
        ({"environmentState": "firewall-off"}, {}, "deny"),
    ),
    "22-participant-location": ("use", ({"spatial": "CN-31"}, {}, "allow"), ({"spatial": "DE"}, {}, "deny")),
    "23-consent": (
        "use",
        ({}, act("obtainConsent", consentingParty=["did:web:li.example", "did:web:wang.example"]), "allow"),
        ({}, act("obtainConsent", consentingParty="did:web:li.example"), "conditional"),
    ),
    "24-data-class": ("use", ({"dataClass": "open"}, {}, "allow"), ({"dataClass": "personal"}, {}, "deny")),
    "25-anonymise-jointly": (
        "read",
        ({}, act("compute", computeFunction="SUM"), "allow"),
        ({}, act("compute", computeFunction="AVG"), "conditional"),
    ),
}


def decided(compiled, action, context, world):
    world = {"now": NOW, **world}
    action = world.pop("action", action)
    request = {"assignee": CARRIER, "action": action, "target": BERTHS, "context": context}
    return decide(compiled, Request.from_json(request), World.from_json(world)).outcome


def test_there_is_a_use_for_each_class():
    assert sorted(USES) == sorted(path.stem for path in CLASSES.glob("*.json"))


@every("name", USES)
def test_a_class_is_enforced_in_every_form(forms, name):
    action, good, bad = USES[name]
    tree = read((CLASSES / f"{name}.json").read_bytes())
    flat = forms.flat(forms.expand(tree))
    for form in (tree, flat, forms.prefixed(tree), read(forms.turtle(flat))):
        compiled = compile_policy(parse(form))
        for context, world, outcome in (good, bad):
            assert decided(compiled, action, context, world) == outcome


@every("name", USES)
def test_a_class_is_explained_in_both_languages(name):
    policy = parse(read((CLASSES / f"{name}.json").read_bytes()))
    english, chinese = explain(policy, "en"), explain(policy, "zh")
    assert len(english) == len(chinese) == 3 + len(policy.obligations)
    assert CARRIER in english[1]
    assert any("一" <= character <= "鿿" for character in chinese[1])
    assert english != chinese


@every("path", [*CLASSES.glob("*.json"), *THEIRS], ids=lambda path: path.stem)
def test_a_file_is_explained_and_decided_or_refused_by_name(path):
    data = path.read_bytes()
    policy, refusal = _parsed(data)
    assert _is_no_json(data) == (refusal is not None and refusal.code == "bad-syntax")
    if refusal is not None:
        assert refusal.code == "bad-syntax" or refusal.path.endswith(REFUSED)
        return
    assert len(explain(policy, "en")) == len(explain(policy, "zh")) >= 3
    assert decided(compile_policy(policy), "use", {}, {}) in {"allow", "conditional", "deny", "default-deny"}


def _parsed(data):
    try:
        return parse(read(data)), None
    except PolicyError as error:
        return None, error


def _is_no_json(data):
    try:
        json.loads(data)
    except json.JSONDecodeError:
        return True
    return False
