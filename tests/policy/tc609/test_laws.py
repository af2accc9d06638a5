"""Laws of translation on random documents: both round trips, the same decisions, never wider, never another error."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.compile import compile_policy
from policy.decide import decide
from policy.decision import Outcome
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.parse import parse
from policy.request import Request
from policy.tc609 import codes
from policy.tc609.translate import to_odrl, to_tc609
from policy.world import Act, World
from tests.fault.extent import tried

PRODUCTS, PARTIES = ["urn:a", "urn:b"], ["did:web:x", "did:web:y"]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANYWHERE = [
    ("time", ["02", "11"], ["2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00Z"]),
    ("timeWindow", ["01", "09"], ["Mo-Fr 09:00-17:00 Asia/Shanghai"]),
    ("region", ["07", "08", "09"], ["CN", "CN-GD", "440300", ["CN", "US"]]),
    ("networkAddress", ["09"], ["192.0.2.0/24"]),
    ("dataSize", ["10", "11"], ["5", 7]),
    ("dateRecord", ["06", "07"], ["r1", ["r1", "r2"]]),
    ("dataField", ["07", "08"], [["origin"], ["origin", "delay"]]),
    ("application", ["01", "07"], ["urn:app"]),
    ("machineLearningModels", ["12"], ["urn:model"]),
    ("executionEnv", ["05", "07"], ["05", ["02", "05"]]),
    ("deliveryMethod", ["01"], ["03"]),
]
COUNTED = [
    ("count", ["10", "11"], ["1", 2]),
    ("frequency", ["11"], ["2/PT1M"]),
    ("payAmount", ["11"], ["2.50 USD", "1"]),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def limits(draw, rows):
    name, operators, values = draw(st.sampled_from(rows))
    operator, value = draw(st.sampled_from(operators)), draw(st.sampled_from(values))
    return {"constraintName": name, "constraintOperator": operator, "constraintValue": copy.copy(value)}


@st.composite
def plain_documents(draw):
    """Plain strategies that can be enforced, in their normal form (docs/tc609.md)."""
    wires = st.sampled_from([row.wire for row in codes.ACTIONS])
    document = {}
    for key in draw(st.lists(st.sampled_from(["permission", "prohibition", "obligation"]), min_size=1, max_size=4)):
        consumer = draw(st.none() | st.sampled_from(PARTIES))
        strategy = {
            "subjectInfo": {"dataProductId": draw(st.sampled_from(PRODUCTS))},
            "executionNodeInfo": {"providerNodeId": "p"} | ({"consumerNodeId": consumer} if consumer else {}),
            "actions": draw(st.lists(wires, min_size=1, max_size=1 if key == "obligation" else 3, unique=True)),
        }
        rows = ANYWHERE + (COUNTED if key == "permission" else [])
        if constraints := draw(st.lists(limits(rows), max_size=3)):
            strategy["constraints"] = constraints
        document.setdefault(f"{key}Policies", []).append(strategy)
    return document


def atom(left, operator, right, **more):
    return st.just({"leftOperand": left, "operator": operator, "rightOperand": right} | more)


CARRIED = st.one_of(
    atom("dateTime", "lteq", "2027-01-01T00:00:00Z"),
    atom("dateTime", "gt", {"@value": "2026-07-01T00:00:00Z", "@type": "xsd:dateTime"}),
    atom("spatial", "isPartOf", "CN"),
    atom("spatial", "isNoneOf", ["US", "CN-GD"]),
    atom("absoluteSize", "lteq", 5),
    atom("absoluteSize", "gt", 5),
    atom("executionEnv", "isAnyOf", ["tee", "02"]),
    atom("encryptMode", "eq", "ciphertext"),
    atom("dataField", "isAnyOf", "origin"),
)
ATOMS = CARRIED | st.one_of(
    atom("purpose", "isA", "https://w3id.org/penstock/purpose#Research"),
    atom("recipient", "isAnyOf", PARTIES),
    atom("absoluteSize", "lteq", "5", unit="megabyte"),
)
CONDITIONS = CARRIED | st.recursive(
    ATOMS,
    lambda inner: st.builds(
        lambda key, parts: {key: parts}, st.sampled_from(["and", "or", "xone"]), st.lists(inner, min_size=1, max_size=2)
    ),
    max_leaves=3,
)
LIMITS = atom("count", "lteq", 1) | atom("payAmount", "lteq", "5", unit="CNY") | atom("payAmount", "lt", 5, unit="USD")
ACTS = ["use", "read", "print", "transfer", "sell", "distribute", "delivery", "reproduce", "download", "policyTransmit"]
ACTIONS = st.one_of(
    st.sampled_from(["use", "read", "distribute"]),
    st.sampled_from(ACTS),
    st.lists(st.sampled_from(ACTS), min_size=2, max_size=3, unique=True),
    st.builds(lambda act, more: [{"value": act, "refinement": [more]}], st.sampled_from(ACTS), ATOMS),
)
UNTIL = {"leftOperand": "dateTime", "operator": "lt", "rightOperand": "2027-01-01T00:00:00Z"}
RECEIVED = {"leftOperand": "recipient", "operator": "eq", "rightOperand": "did:web:x"}
DUTIES = st.fixed_dictionaries(
    {"action": st.sampled_from(["compensate", "delete", "inform", "alert"])}, optional={"constraint": st.just([UNTIL])}
)


RARELY = st.integers(0, 5).map(lambda number: number == 0)


@st.composite
def rules(draw, kind):
    rule = {"action": draw(ACTIONS)} if kind != "obligation" else draw(DUTIES)
    conditions = CONDITIONS if kind == "prohibition" else CONDITIONS | LIMITS
    if kind != "obligation" and (found := draw(st.lists(conditions, max_size=2))):
        rule["constraint"] = found
    several = kind != "obligation" and draw(RARELY)
    rule["target"] = list(PRODUCTS) if several else draw(st.sampled_from(PRODUCTS))
    if kind == "permission" or draw(st.booleans()):
        rule["assignee"] = draw(st.sampled_from(PARTIES))
    if draw(RARELY):
        more = {"permission": "duty", "prohibition": "remedy", "obligation": "consequence"}[kind]
        rule[more] = [draw(DUTIES)]
    return rule


@st.composite
def policies(draw):
    """Policies that parse, in their one form."""
    most = {"permission": 2, "prohibition": 1, "obligation": 1}
    found = {kind: draw(st.lists(rules(kind), min_size=kind == "permission", max_size=most[kind])) for kind in most}
    members = {"@type": draw(st.sampled_from(["Set", "Agreement"])), "assigner": "did:web:p"}
    more = {
        "@id": "urn:policy",
        "inheritFrom": "urn:parent",
        "https://example.org/terms": {"a": "1"},
        "conflict": "perm",
    }
    members |= {key: member for key, member in more.items() if draw(RARELY)}
    return members | {kind: listed for kind, listed in found.items() if listed}


CONTEXTS = st.fixed_dictionaries(
    {
        "purpose": st.just("https://w3id.org/penstock/purpose#Research"),
        "recipient": st.sampled_from(PARTIES),
        "spatial": st.sampled_from(["CN-GD", "CN-BJ", "US"]),
        "executionEnv": st.sampled_from(["tee", "sandbox"]),
        "encryptMode": st.just("ciphertext"),
        "dataField": st.sampled_from(["origin", "delay"]),
        "payAmount": st.just("1"),
    },
    optional={"unit": st.just("CNY"), "absoluteSize": st.sampled_from([3, 6])},
)
REQUESTS = st.builds(Request, st.sampled_from(PARTIES), st.sampled_from(ACTS), st.sampled_from(PRODUCTS), CONTEXTS)
ACTED = st.builds(
    Act,
    st.sampled_from([*ACTS, "compensate", "delete", "inform", "alert"]),
    st.just(NOW),
    by=st.sampled_from(PARTIES),
    target=st.sampled_from([*PRODUCTS, ""]),
)
WORLDS = st.builds(lambda acts: World(NOW, performed=tuple(acts)), st.lists(ACTED, max_size=4))


def compiled(tree):
    return compile_policy(parse({key: member for key, member in tree.items() if key != "inheritFrom"}))


@given(policies(), REQUESTS, WORLDS)
@settings(max_examples=tried(60), deadline=None)
def test_odrl_comes_back_as_it_was_and_decides_as_it_did(policy, request, world):
    assert compact(policy) == policy
    # through its text, as it travels
    back = to_odrl(json.loads(json.dumps(to_tc609(policy))))
    assert back == policy
    assert decide(compiled(back), request, world) == decide(compiled(policy), request, world)


@given(plain_documents())
@settings(max_examples=tried(60), deadline=None)
def test_plain_strategies_come_back_as_they_were_and_parse(document):
    policy = to_odrl(document)
    assert compact(policy) == policy
    assert len(parse(policy).obligations) == len(document.get("obligationPolicies", []))
    assert to_tc609(policy) == document


def as_others_read_it(document):
    """Write what a reader knows who sees no expansion, and can neither do nor show to hold an `expansionItem`."""
    known = {}
    for key, strategies in document.items():
        for strategy in strategies:
            plain = {name: member for name, member in strategy.items() if name != "policyExpansion"}
            plain["actions"] = [action for action in strategy["actions"] if action != "expansionItem"]
            if key == "obligationPolicies" and plain["actions"] != strategy["actions"]:
                return None
            if any(each["constraintName"] == "expansionItem" for each in plain.get("constraints", [])):
                continue
            if plain["actions"]:
                known.setdefault(key, []).append(plain)
    return known if "permissionPolicies" in known else None


@given(policies(), CONTEXTS, WORLDS)
@settings(max_examples=tried(120), deadline=None)
def test_plain_fields_never_permit_more_than_the_policy(policy, context, world):
    known = as_others_read_it(to_tc609(policy))
    if known is None:
        return
    # as if it were in force for whomever it names
    plain, whole = compiled(to_odrl(known) | {"@type": "Set"}), compiled(policy)
    for asked in product(PARTIES, ACTS, PRODUCTS):
        request = Request(*asked, context)
        if decide(plain, request, world).outcome is Outcome.ALLOW:
            assert decide(whole, request, world).outcome is Outcome.ALLOW


def translated(translate, document):
    """Translate, or None where a PolicyError says why not; any other exception is a failure."""
    before = repr(document)
    try:
        return translate(document)
    except PolicyError:
        return None
    finally:
        assert repr(document) == before


RICH = {
    "@id": "urn:policy",
    "@type": "Agreement",
    "assigner": "did:web:p",
    "target": "urn:a",
    "assignee": "did:web:x",
    "permission": [
        {
            "action": [{"value": "use", "refinement": [UNTIL]}],
            "constraint": [UNTIL, {"or": [UNTIL, UNTIL]}],
            "duty": [{"action": "inform"}],
        }
    ],
    "prohibition": [{"action": ["sell", "distribute"], "remedy": [{"action": "delete"}]}],
}
LIMIT = {"constraintName": "dataField", "constraintOperator": "07", "constraintValue": ["a", "b"]}
NODES = {"providerNodeId": "p", "providerNodeName": "P", "consumerNodeId": "c"}
PLAIN = {
    f"{kind}Policies": [
        {"subjectInfo": {"dataProductId": "a"}, "executionNodeInfo": NODES, "actions": ["read"], "constraints": [LIMIT]}
    ]
    for kind in ("permission", "prohibition", "obligation")
}


@given(JSON, st.data())
@settings(max_examples=tried(80), deadline=None)
def test_any_json_is_translated_or_refused(noise, data):
    translated(to_tc609, noise)
    translated(to_odrl, noise)
    for document, translate in ((RICH, to_tc609), (PLAIN, to_odrl), (to_tc609(RICH), to_odrl)):
        assert translated(translate, document) is not None
        translated(translate, data.draw(spoilt(document, noise)))


@st.composite
def spoilt(draw, document, noise):
    """Put something else in a random place of a document."""
    if isinstance(document, dict) and document and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(document)))
        return document | {key: draw(spoilt(document[key], noise))}
    if isinstance(document, list) and document and draw(st.integers(0, 4)):
        index = draw(st.integers(0, len(document) - 1))
        return [*document[:index], draw(spoilt(document[index], noise)), *document[index + 1 :]]
    return noise
