"""Laws of translation on random documents: both round trips, never another error, never wider."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.tc609 import codes
from policy.tc609.translate import to_odrl, to_tc609

IDS = st.sampled_from(["urn:a", "urn:b", "did:web:c"])
TEXTS = st.sampled_from(["440300", "CN", "3", "2027-01-01T00:00:00+08:00", "P30D", "x"])
OPERATORS = st.sampled_from([row.code for row in codes.OPERATORS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def limits(draw):
    """A constraint of the dictionary in its normal form."""
    row = draw(st.sampled_from(codes.CONSTRAINTS))
    one = st.sampled_from([c.code for c in codes.VALUE_CODES[row.wire]]) if row.wire in codes.VALUE_CODES else TEXTS
    if row.wire == "payAmount":
        value = draw(st.sampled_from(["1", "2.50 USD", 7]))
    else:
        value = draw(one | st.lists(one, min_size=1, max_size=2))
    return {"constraintName": row.wire, "constraintOperator": draw(OPERATORS), "constraintValue": value}


@st.composite
def plain_documents(draw):
    """Plain strategies in their normal form (docs/tc609.md)."""
    wires = st.sampled_from([row.wire for row in codes.ACTIONS])
    document = {}
    for key in ("permissionPolicies", "prohibitionPolicies", "obligationPolicies"):
        most = 1 if key.startswith("obligation") else 3
        for _ in range(draw(st.integers(0, 2))):
            consumer = draw(st.none() | IDS)
            strategy = {
                "subjectInfo": {"dataProductId": draw(IDS)},
                "executionNodeInfo": {"providerNodeId": "p"} | ({"consumerNodeId": consumer} if consumer else {}),
                "actions": draw(st.lists(wires, min_size=1, max_size=most, unique=True)),
            }
            if constraints := draw(st.lists(limits(), max_size=3)):
                strategy["constraints"] = constraints
            document.setdefault(key, []).append(strategy)
    return document


ATOMS = st.fixed_dictionaries(
    {
        "leftOperand": st.sampled_from(
            [row.odrl for row in codes.CONSTRAINTS] + ["purpose", "odrl:recipient", "region"]
        ),
        "operator": st.sampled_from([row.name for row in codes.OPERATORS]),
        "rightOperand": TEXTS | st.integers(0, 9) | st.lists(TEXTS, max_size=2) | st.builds(lambda x: {"@id": x}, IDS),
    },
    optional={"unit": st.sampled_from(["CNY", "USD", ""]), "uid": IDS},
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.builds(lambda key, parts: {key: parts}, st.sampled_from(["and", "or"]), st.lists(inner)),
    max_leaves=3,
)
ACTS = st.sampled_from(["use", "read", "odrl:print", "transfer", "penstock:download", codes.NAMESPACE + "access"])
ACTIONS = (
    ACTS
    | st.lists(ACTS, min_size=1, max_size=2)
    | st.builds(
        lambda act, refined: {"value": {"@id": act}, "refinement": refined}, ACTS, st.lists(CONDITIONS, max_size=1)
    )
)
RULES = st.fixed_dictionaries(
    {"action": ACTIONS},
    optional={
        "uid": IDS,
        "target": IDS | st.lists(IDS, min_size=1, max_size=2),
        "assignee": IDS | st.builds(lambda x: {"source": x, "refinement": []}, IDS),
        "constraint": CONDITIONS | st.lists(CONDITIONS, max_size=3),
        "duty": st.lists(st.builds(lambda act: {"action": act}, ACTS), max_size=1),
    },
)
POLICIES = st.fixed_dictionaries(
    {"assigner": IDS, "target": IDS, "permission": RULES | st.lists(RULES, min_size=1, max_size=2)},
    optional={
        "@type": st.sampled_from(["Set", "Offer", "Agreement"]),
        "uid": IDS,
        "assignee": IDS,
        "conflict": st.sampled_from(["perm", "prohibit"]),
        "odrl:prohibition": RULES | st.lists(RULES, max_size=2),
        "obligation": st.lists(RULES, max_size=2),
        "https://example.org/terms": JSON,
    },
)


def translated(translate, document):
    """Translate, or None where a PolicyError says why not; any other exception is a failure."""
    before = copy.deepcopy(document)
    try:
        return translate(document)
    except PolicyError:
        return None
    finally:
        assert repr(document) == repr(before)


@given(POLICIES)
@settings(max_examples=150, deadline=None)
def test_odrl_comes_back_as_it_was(policy):
    document = translated(to_tc609, policy)
    if document is not None:
        # through its text, as it travels
        assert to_odrl(json.loads(json.dumps(document))) == policy


@given(plain_documents())
@settings(max_examples=150, deadline=None)
def test_plain_strategies_come_back_as_they_were(document):
    policy = translated(to_odrl, document)
    if policy is not None:
        assert to_tc609(policy) == document


@given(JSON, POLICIES, plain_documents(), st.data())
@settings(max_examples=150, deadline=None)
def test_any_json_is_translated_or_refused(noise, policy, plain, data):
    translated(to_tc609, noise)
    translated(to_odrl, noise)
    for document, translate in ((policy, to_tc609), (plain, to_odrl), (translated(to_tc609, policy), to_odrl)):
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
